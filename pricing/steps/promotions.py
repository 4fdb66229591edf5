"""The night's step promotions: what those that are over did, measured anew where anything changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db.models import Q
from django.utils import timezone

from core.organisation import today
from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import looks_back
from forecasting.steps.common import complete_of, cut_of
from pricing.models import Promotion, PromotionEffect, PromotionProduct
from pricing.selectors.promotion_prices import normal_prices
from pricing.selectors.promotion_runs import ran_or_will
from pricing.selectors.promotion_series import Around, SeriesReader
from pricing.selectors.promotions import channels_with
from pricing.services.kept_promotions import promotion_outcomes_write
from pricing.services.promotion_effects import effects_write
from products.models import Product

PRODUCTS = 50


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The products with a promotion that is over. A run that looks back measures nothing."""
    if looks_back(run):
        return
    over = Q(promotion__store_end__lt=today()) | Q(promotion__state=Promotion.State.CANCELLED)
    rows = PromotionProduct.objects.filter(ran_or_will("promotion__"), over)
    if run.scope is not None:
        rows = rows.filter(product__in=run.scope)
    found = sorted(set(rows.values_list("product_id", flat=True)))
    for begin in range(0, len(found), PRODUCTS):
        yield {"products": found[begin : begin + PRODUCTS], "span": cut_of(run)[2]}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    reader = SeriesReader(complete_of(payload))
    there = {
        (promotion, product): digest
        for promotion, product, digest in PromotionEffect.objects.filter(
            product__in=payload["products"]
        ).values_list("promotion_id", "product_id", "input_hash")
    }
    rows, computed = [], set()
    listed = _listed(payload["products"])
    products = Product.objects.filter(pk__in=payload["products"]).select_related("line").order_by("pk")
    for product in products:
        for around in reader.around(product):
            price = listed.get((around.promotion.pk, product.pk))
            if there.get((around.promotion.pk, product.pk)) != _digest(around, price):
                rows.append(measured(around, run, price))
                computed.add(product.pk)

    def write() -> ChunkOutcome:
        effects_write(products=payload["products"], rows=rows)
        promotion_outcomes_write(products=payload["products"])
        return ChunkOutcome(computed=len(computed), skipped=len(payload["products"]) - len(computed))

    return write


def _listed(products: Sequence[int]) -> Mapping[tuple[int, int], Decimal]:
    """By promotion and product what a unit normally cost by the lists, where its depth hangs on that."""
    told = Q(promotion__amount__isnull=False) | Q(effective_price__isnull=False)
    rows = PromotionProduct.objects.filter(ran_or_will("promotion__"), told, product__in=products, price=None)
    asked = list(rows.select_related("promotion").prefetch_related(channels_with("promotion__")))
    prices = normal_prices(asked)
    return {(row.promotion_id, row.product_id): prices[row.pk] for row in asked if row.pk in prices}


def _digest(around: Around, price: Decimal | None) -> str:
    return around.digest if price is None else sha256(f"{around.digest} {price}".encode()).hexdigest()


def measured(around: Around, run: NightlyRun, price: Decimal | None = None) -> PromotionEffect:
    """An unsaved row; rounded, so that another machine's last digit changes nothing."""
    from pricing.engine import promotion_effect as engine

    row = PromotionEffect(
        promotion=around.promotion,
        product=around.product,
        measure=around.measure,
        reason=around.reason,
        run=run,
        engine_version=engine.VERSION,
        normal_price=price,
        input_hash=_digest(around, price),
        computed_at=timezone.now(),
    )
    if around.reason:
        return row
    effect = engine.promotion_effect(around.window())
    if isinstance(effect, engine.Refused):
        row.reason = effect.reason
        return row
    row.method = around.step
    row.data_until = around.starts[-1]
    row.baseline, row.sold = _units(effect.baseline), _units(effect.sold)
    row.uplift, row.uplift_lo80, row.uplift_hi80 = (
        round(value, 5) for value in (effect.uplift.value, effect.uplift.lo80, effect.uplift.hi80)
    )
    if effect.after is not None:
        row.after, row.after_lo80, row.after_hi80 = map(
            _units, (effect.after.value, effect.after.lo80, effect.after.hi80)
        )
    _sisters(row, around)
    row.course = [
        [str(day), units, *map(_units, expected), promo]
        for day, units, expected, promo in zip(
            around.starts, around.units, effect.expected.T.tolist(), around.promo, strict=True
        )
    ]
    return row


def _sisters(row: PromotionEffect, around: Around) -> None:
    """Each sister that can be said something of, and all of them together."""
    from pricing.engine import promotion_effect as engine

    draws = {pk: engine.sister_effect(around.window(pk)) for pk, _units, _busy in around.sisters}
    known = {pk: found for pk, found in draws.items() if found is not None}
    if not known:
        return
    each = {pk: engine.range_of(found) for pk, found in known.items()}
    row.sister_rows = [
        [pk, _units(one.value), _units(one.lo80), _units(one.hi80)] for pk, one in sorted(each.items())
    ]
    # Apart from each other: the draws of one sister are turned against those of the next.
    total = engine.range_of(engine.apart([known[pk] for pk in sorted(known)]))
    row.sisters, row.sisters_lo80, row.sisters_hi80 = map(_units, (total.value, total.lo80, total.hi80))


def _units(value: float) -> float:
    return round(value, 3)
