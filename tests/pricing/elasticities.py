"""Prices and sales that answer them, for tests."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.months import month_add, month_end, month_start
from core.organisation import today
from forecasting.models import Finding
from pricing.models import Elasticity, PriceList
from pricing.selectors.elasticities import elasticity_of, elasticity_rows
from products.models import Channel, Measure, Product, ProductMonth, SalesFact, SalesMonth
from tests.factories import channel_factory, price_factory, price_list_factory, user_factory

DAY = datetime.timedelta(days=1)
LEVELS = (10, 11, 9.5, 10.5, 9, 11.5)


def answers_of(*products: Product) -> dict[int, tuple[float, float, str]]:
    """What the forecast takes the elasticity of each to be."""
    found = {product.pk: product for product in products}
    return elasticity_of(found, elasticity_rows(found))


def last() -> datetime.date:
    return month_add(month_start(today()), -1)


def prices_give(product: Product, price_list: PriceList, levels: Sequence[float], months: int) -> None:
    """Prices that stand equally long, one after the other."""
    first = month_add(last(), 1 - months)
    each = months // len(levels)
    for place, amount in enumerate(levels):
        price_factory(
            product=product,
            price_list=price_list,
            start_date=month_add(first, place * each),
            amount=Decimal(str(amount)),
        )


def price_then(levels: Sequence[float], months: int, month: datetime.date) -> float:
    first = month_add(last(), 1 - months)
    place = (month.year - first.year) * 12 + month.month - first.month
    return levels[min(max(place, 0) // (months // len(levels)), len(levels) - 1)]


def sales_answering(
    product: Product,
    channel: Channel,
    *,
    e: float = -2.0,
    levels: Sequence[float] = LEVELS,
    months: int = 48,
    weekly: bool = False,
    total: bool = True,
    measure: str = "units",
    lies: Mapping[datetime.date, float] | None = None,
) -> None:
    """Volumes of which 1 % dearer takes ``e`` %, by the month or the week; ``total``: all that is sold;
    ``lies``: how widely it lies by month, which volumes follow."""
    of: dict[str, Any] = {"product": product, "measure": Measure.objects.get(code=measure)}
    first = month_add(last(), 1 - months)

    def volume(day: datetime.date, days: int) -> float:
        wobble = 1 + ((day.toordinal() * 7919) % 11 - 5) / 300
        wobble *= (lies or {}).get(month_start(day), 1.0)
        return round(40 * days * wobble * (price_then(levels, months, month_start(day)) / 10) ** e, 2)

    monthly = [month_add(first, n) for n in range(months)]
    ProductMonth.objects.bulk_create(
        ProductMonth(**of, month=m, volume=volume(m, month_end(m).day), revenue=9000, days=month_end(m).day)
        for m in (monthly if total else ())
    )
    SalesMonth.objects.bulk_create(
        SalesMonth(**of, channel=channel, month=m, volume=volume(m, month_end(m).day), days=month_end(m).day)
        for m in monthly
    )
    if weekly:
        start = first - first.weekday() * DAY + 7 * DAY
        SalesFact.objects.bulk_create(
            SalesFact(**of, channel=channel, start_date=day, period="W", volume=volume(day, 7))
            for n in range((month_end(last()) - start).days // 7)
            if (day := start + n * 7 * DAY)
        )


def product_answering(product: Product, channel: Channel, **fields: Any) -> Product:
    """With prices on a list for everybody, and sales that answer them."""
    levels, months = fields.get("levels", LEVELS), fields.get("months", 48)
    own = PriceList.objects.filter(kind="own", channel=None).first() or price_list_factory()
    prices_give(product, own, levels, months)
    sales_answering(product, channel, **fields)
    return product


def channel_answering(product: Product, *, e: float, **fields: Any) -> Channel:
    """A channel with prices of its own, and sales there that answer them."""
    channel = channel_factory()
    levels, months = fields.get("levels", LEVELS[::-1]), fields.get("months", 48)
    prices_give(product, price_list_factory(channel=channel), levels, months)
    sales_answering(product, channel, e=e, **{"total": False, "levels": levels, **fields})
    return channel


def elasticity_factory(product: Product, **fields: Any) -> Elasticity:
    """As a night would have found it: normal about its estimate."""
    from statistics import NormalDist

    e, sd = fields.pop("estimate", -2.5), fields.pop("sd", 0.4)
    of = NormalDist(e, sd)
    given: dict[str, Any] = {
        "product": product,
        "measure": Measure.objects.get(code="units"),
        "as_of": last(),
        "frequency": "weeks",
        "price_kind": "own",
        "observations": 148,
        "lowest_price": 9.0,
        "highest_price": 11.0,
        "pending": False,
        "method": "quasi_poisson",
        "reason_code": "own_weeks",
        "reason_params": {"weeks": 148, "spread_pct": 5.1, "needed": 26, "changes": 5, "answered_pct": 3.0},
        "estimate": e,
        "sd": sd,
        "lo80": of.inv_cdf(0.1),
        "hi80": of.inv_cdf(0.9),
        "lo95": of.inv_cdf(0.025),
        "hi95": of.inv_cdf(0.975),
        "quantiles": [round(of.inv_cdf((i + 0.5) / 64), 4) for i in range(64)],
        "engine_version": "1",
        "input_hash": "",
        "computed_at": "2026-01-01T00:00Z",
    }
    return Elasticity.objects.create(**given | fields)


def flagged(product: Product, month: datetime.date, measure: str = "units") -> Finding:
    """A month that a person marked as not to be counted."""
    return Finding.objects.create(
        product=product,
        measure=Measure.objects.get(code=measure),
        kind=Finding.Kind.FLAGGED,
        state=Finding.State.CONFIRMED,
        first=month,
        last=month,
        seen=1,
        note="out of stock",
        decided_by=user_factory(),
        decided_at=timezone.now(),
    )
