"""What promotions did, as it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pricing.models import Promotion, PromotionEffect
from products.models import Product
from products.selectors.access import products_visible, visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree
from products.selectors.units import unit_of


@dataclass(frozen=True)
class SisterEffect:
    product: Product
    units: float
    lo80: float
    hi80: float


@dataclass(frozen=True)
class EffectShown:
    """An effect with its unit and the sister products in the person's sight."""

    effect: PromotionEffect
    unit: str
    sisters: tuple[SisterEffect, ...]


def effects_shown(user: Any, promotion: Promotion) -> list[EffectShown]:
    """The effects of a promotion that the person sees whole, by product."""
    rows = promotion.effects.select_related("product__line", "measure").order_by("product__name", "product")
    found = list(rows)
    if not found:
        return []
    sister_ids = {sister[0] for row in found for sister in row.sister_rows}
    seen = products_visible(user).in_bulk(sister_ids) if sister_ids else {}
    tree = line_tree()
    return [
        EffectShown(
            row,
            unit_of(tree, row.product, row.measure),
            tuple(SisterEffect(seen[pk], *rest) for pk, *rest in row.sister_rows if pk in seen),
        )
        for row in found
    ]


def product_effects(
    user: Any, product: Product, promotions: Iterable[Promotion]
) -> dict[int, PromotionEffect]:
    """The product's effects, by promotion."""
    return {promotion: row for (_, promotion), row in effects_of(user, [product], promotions).items()}


def effects_of(
    user: Any, products: Iterable[Product], promotions: Iterable[Promotion]
) -> dict[tuple[int, int], PromotionEffect]:
    """The effects by product and promotion; for a person limited to channels none: they may be over more."""
    if visible_channel_ids(user) is not None:
        return {}
    lines = visible_line_ids(user)
    seen = [product.pk for product in products if lines is None or product.line_id in lines]
    rows = PromotionEffect.objects.filter(product__in=seen, promotion__in=[row.pk for row in promotions])
    return {(row.product_id, row.promotion_id): row for row in rows}
