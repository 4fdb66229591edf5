"""Terms, bonuses and sales as tests of them need them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from core.organisation import today
from pricing.engine.terms import Step
from pricing.models import Term
from pricing.services.terms import term_set
from products.models import Channel, Measure, Product, SalesMonth
from tests.factories import user_factory

D = Decimal
SCALE = [Step(D(0), D("0.01")), Step(D(1_000), D("0.02")), Step(D(5_000), D("0.03"))]
JULY = datetime.datetime(2026, 7, 15, 10, tzinfo=datetime.UTC)
PAID: dict[str, Any] = {
    "year": 2026,
    "amount": D(90),
    "settled_date": datetime.date(2026, 7, 1),
    "reference": "CN-1",
}


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


def said(kind: str, rate: str | None = None, channel: Channel | None = None, **values: Any) -> Term:
    days = 14 if kind == "payment" and rate else None
    values = {"line": None, "start_date": day(-200), "user": user_factory(), "days": days} | values
    return term_set(kind=kind, channel=channel, rate=None if rate is None else D(rate), **values)


def bonus_of(channel: Channel, steps: list[Step] = SCALE, **values: Any) -> Term:
    return said("bonus", channel=channel, steps=steps, **{"basis": "revenue"} | values)


def sell(product: Product, channel: Channel, year: int, months: Any, revenue: int, volume: int = 10) -> None:
    units = Measure.objects.get(code="units")
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product=product,
            measure=units,
            channel=channel,
            month=datetime.date(year, month, 1),
            volume=volume,
            revenue=revenue,
            days=30,
        )
        for month in months
    )
