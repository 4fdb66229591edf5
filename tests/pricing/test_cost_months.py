"""Booked cents: what holds, what held at any moment, what changed since; and nothing is ever overwritten."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.organisation import organisation_get
from pricing.models import CostKind, CostMonth
from pricing.selectors.cost_months import booked_until, cost_months, cost_months_changed
from pricing.services.cost_months import BookedCost, cost_months_book
from tests.factories import channel_factory, product_factory

pytestmark = pytest.mark.django_db
D = Decimal
MAY, JUNE, JULY = (datetime.date(2026, month, 1) for month in (5, 6, 7))


def kind(code: str = "purchase") -> int:
    return CostKind.objects.get(code=code).pk


def row(product: int | None, amount: Any, month: datetime.date = MAY, **more: Any) -> BookedCost:
    said = {"kind_id": kind(), "channel_id": None, "supplier_id": None, "cost_centre": ""} | more
    return BookedCost(product_id=product, month=month, amount=D(amount), **said)


def stands(rows: Any) -> dict[tuple[Any, ...], Decimal]:
    names = ("source", "product_id", "month", "kind_id", "channel_id", "supplier_id", "cost_centre")
    names = (*names, "currency", "amount")
    found = list(rows.values_list(*names))
    assert len({each[:-1] for each in found}) == len(found)
    return {each[:-1]: each[-1] for each in found}


class TestRaw:
    def values(self, **more: Any) -> dict[str, Any]:
        said = {"product_id": 1, "month": MAY, "kind_id": kind(), "source": "standard", "amount": 1}
        return said | {"recorded_at": timezone.now()} | more

    @pytest.mark.parametrize(
        ("more", "name"),
        [
            ({"month": datetime.date(2026, 5, 2)}, "cost_month_is_a_month"),
            ({"source": "guess"}, "cost_month_source_known"),
            ({"amount": 0}, "cost_month_says_something"),
            (
                {"replaced_at": datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)},
                "cost_month_replaced_after",
            ),
        ],
    )
    def test_the_database_refuses(self, more: dict[str, Any], name: str) -> None:
        with pytest.raises(IntegrityError, match=name):
            CostMonth.objects.create(**self.values(**more))

    @pytest.mark.parametrize("product", [1, None])
    def test_one_row_of_a_key_holds(self, product: int | None) -> None:
        now = timezone.now()
        CostMonth.objects.create(**self.values(product_id=product, replaced_at=now, recorded_at=now))
        CostMonth.objects.create(**self.values(product_id=product))
        CostMonth.objects.create(**self.values(product_id=product, channel_id=1))
        with pytest.raises(IntegrityError, match="cost_month_holds_once"):
            CostMonth.objects.create(**self.values(product_id=product))

    def test_it_is_replaced_once_and_nothing_else(self) -> None:
        made = CostMonth.objects.create(**self.values())
        mine = CostMonth.objects.filter(pk=made.pk)
        for change in ({"amount": 2}, {"amount": 2, "replaced_at": timezone.now()}, {"month": JUNE}):
            with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
                mine.update(**change)
        mine.update(replaced_at=timezone.now())
        for change in ({"replaced_at": None}, {"replaced_at": timezone.now()}):
            with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
                mine.update(**change)
        with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
            mine.delete()


class TestBook:
    def test_only_differences_are_written(self) -> None:
        book = lambda *rows: cost_months_book(source="actual", months=[MAY, JUNE], rows=rows)  # noqa: E731
        assert book(row(1, 10), row(1, 5), row(None, 3), row(2, 4, JUNE), row(3, 1), row(3, -1)) == 3
        first = {each.pk for each in CostMonth.objects.all()}
        assert book(row(1, 15), row(None, 3), row(2, 4, JUNE)) == 0
        assert {each.pk for each in CostMonth.objects.all()} == first
        assert book(row(1, 16), row(None, 3)) == 3  # one replaced, one gone
        assert sorted(stands(cost_months()).values()) == [3, 16]
        assert CostMonth.objects.count() == 4

    def test_it_keeps_to_its_products_months_and_source(self) -> None:
        cost_months_book(source="actual", months=[MAY], rows=[row(1, 10), row(2, 20), row(None, 30)])
        cost_months_book(source="budget", months=[MAY], rows=[row(1, 7)])
        assert cost_months_book(source="actual", months=[JUNE], rows=[]) == 0
        assert cost_months_book(source="actual", months=[MAY], rows=[], products=[1]) == 1
        assert sorted(stands(cost_months()).values()) == [7, 20, 30]
        assert cost_months_book(source="actual", months=[MAY], rows=[row(2, 20)], products=[2, None]) == 1
        assert sorted(stands(cost_months()).values()) == [7, 20]

    @pytest.mark.parametrize("wrong", range(3))
    def test_a_row_outside_or_not_in_cents_is_a_mistake(self, wrong: int) -> None:
        bad = [row(1, 1, JULY), row(5, 1), row(1, "0.001")][wrong]
        with pytest.raises(ValueError, match=r"outside|cents"):
            cost_months_book(source="actual", months=[MAY], rows=[bad], products=[1])
        assert not CostMonth.objects.exists()

    def test_in_three_statements_however_many(self, django_assert_num_queries: Any) -> None:
        rows = [row(product, product, month) for product in range(1, 60) for month in (MAY, JUNE)]
        organisation_get()  # read once a request or job
        with django_assert_num_queries(8):  # savepoint, two locks, compare, time, end, begin, release
            assert cost_months_book(source="standard", months=[MAY, JUNE], rows=rows) == 118


def test_any_moment_can_be_read_again() -> None:
    """Against a model that keeps a copy of everything after every booking."""
    chance = random.Random(6)
    kinds = [kind("purchase"), kind("energy")]
    channel, products = channel_factory().pk, [product_factory().pk for _each in range(4)] + [None]
    held: dict[tuple[Any, ...], Decimal] = {}
    moments: list[tuple[datetime.datetime, dict[tuple[Any, ...], Decimal]]] = []
    for _booking in range(40):
        source = chance.choice(("standard", "actual"))
        months = chance.sample([MAY, JUNE, JULY], chance.randint(1, 3))
        scope = None if chance.random() < 0.3 else chance.sample(products, chance.randint(1, 4))
        rows = [
            BookedCost(
                chance.choice(products if scope is None else scope),
                chance.choice(months),
                chance.choice(kinds),
                chance.choice((None, channel)),
                None,
                chance.choice(("", '10,\t"x"')),
                D(chance.randint(-3, 3)),
                *chance.choice((("", None), ("USD", D(1)))),
            )
            for _row in range(chance.randint(0, 12))
        ]
        before = dict(held)
        for key in [key for key in held if key[0] == source and key[2] in months]:
            if scope is None or key[1] in scope:
                del held[key]
        for each in rows:
            key = (source, *each[:6], each.currency)
            held[key] = held.get(key, D(0)) + each.amount
        held = {key: amount for key, amount in held.items() if amount}
        changes = sum(before.get(key) != held.get(key) for key in before.keys() | held.keys())
        replaced = sum(key in held and before[key] != held[key] for key in before)
        assert cost_months_book(source=source, months=months, rows=rows, products=scope) == changes + replaced
        moments.append((booked_until(), dict(held)))
    assert stands(cost_months()) == held
    for moment, expected in moments:
        assert stands(cost_months(moment)) == expected
    for begin, before in moments[:-1:7]:
        for end, after in moments[1::5]:
            if begin >= end:
                continue
            changed = cost_months_changed(begin)
            ended = {each.pk for each in changed if each.recorded_at <= begin and each.replaced_at <= end}
            begun = changed.filter(recorded_at__lte=end, recorded_at__gt=begin)
            # what was there, without what ended, with what began and holds: what is there
            left = stands(cost_months(begin).exclude(pk__in=ended))
            new = stands(begun.exclude(replaced_at__lte=end))
            assert {**left, **new} == after
            assert stands(cost_months(begin)) == before
