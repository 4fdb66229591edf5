"""What promotions did, as it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models.expressions import RawSQL

from accounts.rows import from_row, row_of
from pricing.models import Promotion, PromotionEffect
from products.models import Product
from products.selectors.access import products_visible, visible_channel_ids, visible_line_ids
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

_SISTERS = "SELECT (s->>0)::bigint FROM jsonb_array_elements(pricing_promotioneffect.sister_rows) s"


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
    """The effects of a promotion that the person sees whole, by product. One query, and the lines."""
    named = RawSQL(_SISTERS, [])  # noqa: S611  nothing of it is from outside
    sisters = ArraySubquery(products_visible(user).filter(pk__in=named).values_list(row_of(Product)))
    rows = promotion.effects.annotate(seen=sisters).select_related("product__line", "measure")
    found: list[Any] = list(rows.order_by("product__name", "product"))
    if not found:
        return []
    seen = {sister["id"]: from_row(Product, sister) for row in found for sister in row.seen or ()}
    tree = line_tree()
    return [
        EffectShown(
            row,
            unit_of(tree, row.product, row.measure),
            tuple(SisterEffect(seen[pk], *rest) for pk, *rest in row.sister_rows if pk in seen),
        )
        for row in found
    ]


def effects_measured(promotions: Iterable[Promotion]) -> dict[tuple[int, int], PromotionEffect]:
    """What could be measured of promotions that the person sees whole, by promotion and product. One
    query."""
    rows = PromotionEffect.objects.filter(promotion__in=[row.pk for row in promotions], reason="")
    rows = rows.select_related("measure").defer("course", "sister_rows")
    return {(row.promotion_id, row.product_id): row for row in rows}


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
