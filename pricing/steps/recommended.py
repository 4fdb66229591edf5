"""The night's step of recommended prices: where anything they follow from changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.numbers import significant
from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import looks_back
from pricing.models import CostLine, RecommendedPrice
from pricing.selectors.recommended import recommended
from pricing.selectors.recommended_tonight import Tonight, recommended_tonight
from pricing.services.recommended import recommended_write
from products.models import Product

from .all_products import all_products

# Of seven digits two machines agree.
DIGITS = 7


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if not looks_back(run) and (CostLine.objects.exists() or RecommendedPrice.objects.exists()):
        yield from (payload for payload in all_products(run) if "products" in payload)


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    asked = payload["products"]
    products = list(Product.objects.filter(pk__in=asked).select_related("line"))
    there = dict(RecommendedPrice.objects.filter(product__in=asked).values_list("product_id", "input_hash"))
    tonight = recommended_tonight(products, run.local_date)
    due = {product: one for product, one in tonight.items() if there.get(product.pk) != one.sign}
    found = {product.pk: _row(product, one) for product, one in due.items()}
    rows = [row for row in found.values() if row is not None]
    gone = (there.keys() - {product.pk for product in tonight}) | {
        pk for pk, row in found.items() if row is None
    }

    def write() -> ChunkOutcome:
        recommended_write(rows=rows, gone=gone)
        return ChunkOutcome(computed=len(due), skipped=len(asked) - len(due))

    return write


def _row(product: Product, tonight: Tonight) -> RecommendedPrice | None:
    found = recommended(tonight.ground, tonight.start, tonight.limit)
    if found is None or found.answer.outcome.margin is None:
        return None
    margin, price = found.answer.outcome.margin, tonight.ground.price
    figures = (margin.now, margin.total.mean, margin.total.lo80, margin.total.hi80)
    now, mean, low, high = (significant(value, DIGITS) for value in figures)
    return RecommendedPrice(
        product=product,
        price_list=price.price_list,
        price_now=price.amount,
        price=Decimal(found.asked.price),
        margin_now=now,
        margin=mean,
        margin_lo80=low,
        margin_hi80=high,
        better=None if margin.better is None else round(margin.better, 4),
        at_edge=found.at_edge,
        start_date=found.asked.start,
        computed_at=timezone.now(),
        input_hash=tonight.sign,
    )
