"""The roll-ups against a plain Python oracle, on many random sets of facts, and their laws."""

from __future__ import annotations

import datetime
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.months import month_add, month_start
from products.models import ProductMonth, SalesFact, SalesMonth
from products.services.rollup import rollup_rebuild, rollup_touched, touched_create
from tests.factories import channel_factory, measure_factory, product_factory

pytestmark = pytest.mark.django_db

START = datetime.date(2025, 11, 1)
DAYS = {"D": 1, "W": 7}
Fact = tuple[int, int, datetime.date, str, Decimal | None, Decimal | None]


def ends_on(start: datetime.date, period: str) -> datetime.date:
    if period == "M":
        return month_add(start, 1) - datetime.timedelta(1)
    return start + datetime.timedelta(DAYS[period] - 1)


@st.composite
def fact_sets(draw: Any) -> list[Fact]:
    """Facts of two products in two channels, none covering another's time: (product, channel, start, period,
    volume, revenue)."""
    facts: list[Fact] = []
    amount = st.one_of(st.none(), st.decimals(-999, 9999, places=4))
    money = st.one_of(st.none(), st.decimals(-999, 9999, places=2))
    for product in (0, 1):
        for channel in (0, 1):
            day = START + datetime.timedelta(draw(st.integers(0, 40)))
            for _ in range(draw(st.integers(0, 8))):
                period = draw(st.sampled_from("DWM"))
                if period == "M" and day.day > 1:
                    day = month_add(month_start(day), 1)
                volume, revenue = draw(amount), draw(money)
                if volume is not None or revenue is not None:
                    facts.append((product, channel, day, period, volume, revenue))
                day = ends_on(day, period) + datetime.timedelta(1 + draw(st.integers(0, 20)))
    return facts


def rounded(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), ROUND_HALF_UP)


def oracle(facts: list[Fact], *, level: bool) -> dict[tuple[int, int, datetime.date], list[Any]]:
    """(product, channel, month) → [volume, average, revenue, days], day by day and by hand."""
    months: dict[tuple[int, int, datetime.date], dict[str, Any]] = defaultdict(
        lambda: {"volume": [], "states": [], "revenue": [], "days": 0}
    )
    for product, channel, start, period, volume, revenue in sorted(facts, key=lambda fact: fact[2]):
        end = ends_on(start, period)
        days = [start + datetime.timedelta(step) for step in range((end - start).days + 1)]
        here = [day for day in days if month_start(day) == month_start(start)]
        first = months[product, channel, month_start(start)]
        first["days"] += len(here)
        last = months[product, channel, month_start(end)]
        if volume is not None:
            last["states"].append(volume)
        for name, value, places in (("volume", volume, "0.0001"), ("revenue", revenue, "0.01")):
            if value is None:
                continue
            share = value if last is first else rounded(value * len(here) / len(days), places)
            first[name].append(share)
            if last is not first:
                last[name].append(value - share)
        if last is not first:
            last["days"] += len(days) - len(here)
    found = {}
    for key, month in months.items():
        states = month["states"]
        found[key] = [
            (states[-1] if states else None)
            if level
            else (sum(month["volume"]) if month["volume"] else None),
            rounded(sum(states) / len(states), "0.0001") if level and states else None,
            sum(month["revenue"]) if month["revenue"] else None,
            month["days"],
        ]
    return found


class Shop:
    """Two products, two channels and a measure to put facts on."""

    def __init__(self, kind: str) -> None:
        self.products = [product_factory().pk, product_factory().pk]
        self.channels = [channel_factory().pk, channel_factory().pk]
        self.measure = measure_factory(kind=kind).pk

    def sell(self, facts: list[Fact]) -> None:
        SalesFact.objects.all().delete()
        SalesFact.objects.bulk_create(
            SalesFact(
                product_id=self.products[product],
                channel_id=self.channels[channel],
                measure_id=self.measure,
                start_date=start,
                period=period,
                volume=volume,
                revenue=revenue,
            )
            for product, channel, start, period, volume, revenue in facts
        )

    def months(self) -> dict[tuple[int, int, datetime.date], list[Any]]:
        return {
            (self.products.index(m.product_id), self.channels.index(m.channel_id), m.month): [
                m.volume,
                m.average_volume,
                m.revenue,
                m.days,
            ]
            for m in SalesMonth.objects.all()
        }


relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("kind", ["flow", "level"])
@relaxed
@given(facts=fact_sets())
def test_rollup_is_what_the_oracle_says(kind: str, facts: list[Fact]) -> None:
    shop = Shop(kind)
    shop.sell(facts)
    rollup_rebuild()
    assert shop.months() == oracle(facts, level=kind == "level")
    (level_is_its_month_ends if kind == "level" else flow_is_its_rows)(shop, facts)


def flow_is_its_rows(shop: Shop, facts: list[Fact]) -> None:
    for name, place in (("volume", 4), ("revenue", 5)):
        rows = sum(fact[place] or 0 for fact in facts)
        for model in (SalesMonth, ProductMonth):
            assert sum(getattr(month, name) or 0 for month in model.objects.all()) == rows


def level_is_its_month_ends(shop: Shop, facts: list[Fact]) -> None:
    """Over channels the month-ends are added, nothing else; over time nothing ever is."""
    ends: dict[tuple[int, datetime.date], list[Decimal]] = defaultdict(list)
    for product in (0, 1):
        for channel in (0, 1):
            latest: dict[datetime.date, Decimal] = {}
            for fact in sorted(facts, key=lambda fact: fact[2]):
                if fact[:2] == (product, channel) and fact[4] is not None:
                    latest[month_start(ends_on(fact[2], fact[3]))] = fact[4]
            for month, volume in latest.items():
                ends[product, month].append(volume)
    found = {
        (shop.products.index(m.product_id), m.month): m.volume
        for m in ProductMonth.objects.filter(volume__isnull=False)
    }
    assert found == {key: sum(volumes) for key, volumes in ends.items()}


@relaxed
@given(facts=fact_sets(), first=st.integers(0, 60), length=st.integers(0, 60))
def test_recomputing_what_was_touched_gives_the_whole(facts: list[Fact], first: int, length: int) -> None:
    shop = Shop("flow")
    shop.sell(facts)
    rollup_rebuild()
    whole = shop.months()
    start = START + datetime.timedelta(first)
    span = (start, start + datetime.timedelta(length))
    SalesMonth.objects.filter(
        product_id=shop.products[0], month__range=(month_start(span[0]), span[1])
    ).update(volume=-1, days=99)
    with connection.cursor() as cursor:
        touched_create(
            cursor,
            "SELECT %s::bigint AS product_id, %s::bigint AS measure_id, %s::date AS first, %s::date AS last",
            [shop.products[0], shop.measure, *span],
        )
        rollup_touched(cursor)
    assert shop.months() == whole


def test_week_over_the_end_of_a_month() -> None:
    """formulas.md: 70 units in the week from 2026-01-29 are 30 in January and 40 in February."""
    shop = Shop("flow")
    shop.sell([(0, 0, datetime.date(2026, 1, 29), "W", Decimal(70), Decimal("0.05"))])
    rollup_rebuild()
    months = list(SalesMonth.objects.order_by("month").values_list("month", "volume", "revenue", "days"))
    assert months == [
        (datetime.date(2026, 1, 1), Decimal(30), Decimal("0.02"), 3),
        (datetime.date(2026, 2, 1), Decimal(40), Decimal("0.03"), 4),
    ]


def test_days_over_channels_are_those_of_the_best_covered_one() -> None:
    shop = Shop("flow")
    day = datetime.date(2026, 1, 1)
    shop.sell(
        [
            (0, 0, day, "M", Decimal(1), None),
            (0, 1, day, "D", Decimal(1), None),
            (1, 0, day, "W", None, Decimal(2)),
        ]
    )
    rollup_rebuild()
    found = {m.product_id: (m.days, m.volume, m.revenue) for m in ProductMonth.objects.all()}
    assert found == {
        shop.products[0]: (31, Decimal(2), None),
        shop.products[1]: (7, None, Decimal(2)),
    }
