"""Prices from a file: past and ahead, the same file twice, what is refused, and undo."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from core.organisation import today
from exchange.models import Import
from exchange.services.shell import import_run
from pricing.models import Price
from pricing.selectors.prices import price_on
from tests.factories import price_factory, price_list_factory, product_factory

pytestmark = pytest.mark.django_db
UNIT = ("unit", "")


def day(days: int) -> datetime.date:
    return today() + datetime.timedelta(days=days)


def run(tmp_path: Path, *rows: tuple[Any, ...], **options: Any) -> Any:
    lines = ["product;prijslijst;vanaf;prijs;eindigt;onderdeel"]
    lines += [";".join(map(str, [*row, *[""] * (6 - len(row))])) for row in rows]
    path = tmp_path / "prijzen.csv"
    path.write_text("\n".join(lines))
    asked = {"options": {}, "leave_out_refused": False, "dry_run": False} | options
    return import_run(sheet="prices", path=path, **asked)


@pytest.fixture
def product() -> Any:
    price_list_factory(code="base")
    return product_factory(code="A")


def test_past_and_future_prices_with_one_approval_and_the_same_file_changes_nothing(
    product: Any, tmp_path: Path
) -> None:
    rows = [
        ("A", "base", day(-400), "9,50"),
        ("A", "base", day(-30), "10"),
        ("A", "base", day(30), "11"),
        ("A", "base", day(-30), "4,75", "", "per maand"),
        ("A", "base", day(60), "", "ja"),
    ]
    assert run(tmp_path, *rows).counts.new == 5
    assert price_on(product, day(-40))[UNIT].amount == 9.5
    assert price_on(product, today())[("month", "")].amount == 4.75
    assert price_on(product, day(30))[UNIT].amount == 11
    assert UNIT not in price_on(product, day(60))
    again = run(tmp_path, *rows)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 5)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("B", "base", "2026-01-01", 9), "product_unknown"),
        (("A", "other", "2026-01-01", 9), "list_unknown"),
        (("A", "base", "2026-01-01", ""), "price_missing"),
        (("A", "base", "2026-01-01", 9, "ja"), "price_and_end"),
        (("A", "base", "2026-01-01", -9), "price_negative"),
        (("A", "base", "2026-01-01", 9, "", "per jaar"), "component_unknown"),
        (("A", "base", "2025-01-01", 9), "price_decided"),
    ],
)
def test_refused(product: Any, tmp_path: Path, row: Any, code: str) -> None:
    from pricing.models import PriceList

    price_factory(
        product=product, price_list=PriceList.objects.get(), start_date=datetime.date(2025, 1, 1), amount=8
    )
    outcome = run(tmp_path, row)
    assert [refusal.code for refusal in outcome.refusals] == [code]
    assert Price.objects.count() == 1


def test_undo_withdraws_what_never_held_and_puts_back_what_did(product: Any, tmp_path: Path) -> None:
    base = Price._meta.get_field("price_list").related_model.objects.get()
    price_factory(product=product, price_list=base, start_date=day(-100), amount=8)
    other = product_factory(code="B")
    run(
        tmp_path,
        ("A", "base", day(-50), 9),
        ("A", "base", day(-10), 10),
        ("A", "base", day(20), 12),
        ("B", "base", day(-10), 5),
    )
    call_command("undo_import", Import.objects.get().pk)
    assert price_on(product, today())[UNIT].amount == 10  # what held today held
    assert price_on(product, day(-20))[UNIT].amount == 9
    assert price_on(product, day(1))[UNIT].amount == 8
    assert price_on(product, day(30))[UNIT].amount == 8
    assert price_on(other, today())[UNIT].amount == 5
    assert price_on(other, day(1)) == {}
    assert Price.objects.filter(state="withdrawn").count() == 1
