"""Budgets: the sheet, freezing, and what figures are compared with."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import DomainError
from products.models import BudgetRow, BudgetVersion, Measure, Product
from products.selectors.budget import budget_months, budget_of_years, budget_rows, budget_year
from products.services.budget import budget_create, budget_delete, budget_freeze
from products.sheets.budget import BudgetSheet
from tests.factories import (
    channel_factory,
    line_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

from .sheet_help import run, undo

pytestmark = pytest.mark.django_db
SHEET = BudgetSheet()
JAN, FEB = datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)


@pytest.fixture
def product() -> Product:
    return product_factory(code="A1", line=line_factory(code="juices"))


def row(**values: Any) -> dict[str, Any]:
    return {"product": "A1", "month": JAN, "volume": 100} | values


def rows() -> list[Any]:
    names = ("version__code", "product__code", "line__code", "channel__code", "month", "volume", "revenue")
    return sorted(BudgetRow.objects.values_list(*names), key=str)


def test_rows_go_to_the_budget_of_their_year(product: Product) -> None:
    channel_factory(code="web")
    done = run(
        SHEET,
        [
            row(),
            row(channel="web", revenue=5),
            row(product=None, product_line="juices", month=FEB),
            row(month=datetime.date(2027, 1, 1)),
        ],
    )
    assert (done.refused, done.counts.new, done.counts.creates) == ([], 4, {"budgets": 2})
    assert BudgetVersion.objects.get(code="budget-2027").year == 2027
    assert {each[:4] for each in rows()} == {
        ("budget-2026", "A1", None, "web"),
        ("budget-2026", "A1", None, None),
        ("budget-2026", None, "juices", None),
        ("budget-2027", "A1", None, None),
    }


def test_again_changes_nothing_and_other_values_change(product: Product) -> None:
    run(SHEET, [row(), row(month=FEB)])
    assert run(SHEET, [row(), row(month=FEB)]).counts.unchanged == 2
    done = run(SHEET, [row(volume=120), row(month=FEB)])
    assert (done.counts.changed, done.counts.unchanged) == (1, 1)
    assert BudgetRow.objects.get(month=JAN).volume == 120


def test_undo(product: Product) -> None:
    run(SHEET, [row()])
    before = rows()
    done = run(SHEET, [row(volume=120), row(month=FEB), row(month=datetime.date(2027, 1, 1))])
    undo(SHEET, done.import_id)
    assert rows() == before
    assert BudgetVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"product": None}, "subject_missing"),
        ({"product": "nope"}, "product_unknown"),
        ({"product": None, "product_line": "nope"}, "line_unknown"),
        ({"channel": "mars"}, "channel_unknown"),
        ({"measure": "what"}, "measure_unknown"),
        ({"volume": None}, "amount_missing"),
        ({"version": "plan-b"}, "budget_unknown"),
    ],
)
def test_what_is_refused(product: Product, values: dict[str, Any], code: str) -> None:
    assert run(SHEET, [row(**values)]).codes == [code]
    assert rows() == []


def test_month_of_another_year_than_the_budget(product: Product) -> None:
    budget_create(user=user_factory(), code="plan-b", name="Plan B", year=2027)
    assert run(SHEET, [row(version="Plan-B")]).codes == ["budget_other_year"]


def test_frozen_budget_takes_no_change(product: Product) -> None:
    user = user_factory()
    done = run(SHEET, [row()])
    version = BudgetVersion.objects.get()
    budget_freeze(user=user, version=version)
    budget_freeze(user=user, version=version)
    before = rows()
    assert run(SHEET, [row(volume=101)]).codes == ["budget_frozen"]
    assert run(SHEET, [row(month=FEB)]).codes == ["budget_frozen"]
    assert run(SHEET, [row()]).counts.unchanged == 1
    for refused in (SHEET.undo_check, lambda pk: undo(SHEET, pk)):  # told beforehand, and held
        with pytest.raises(DomainError):
            refused(done.import_id)
    with pytest.raises(DomainError):
        budget_delete(user=user, version=version)
    for write in (BudgetRow.objects.update, BudgetRow.objects.all().delete):
        with pytest.raises(IntegrityError), transaction.atomic():
            write(**({"volume": 1} if write == BudgetRow.objects.update else {}))
    assert rows() == before


def test_empty_budget_cannot_be_frozen() -> None:
    version = budget_create(user=user_factory(), code="b", name="B", year=2026)
    with pytest.raises(DomainError):
        budget_freeze(user=user_factory(), version=version)
    assert BudgetVersion.objects.get().frozen_at is None


def test_financial_year_is_named_after_its_end() -> None:
    assert budget_year(JAN) == 2026
    organisation_factory(financial_year_first_month=7)
    assert [budget_year(datetime.date(2026, month, 1)) for month in (6, 7)] == [2026, 2027]


def test_newest_frozen_version_is_compared_with(product: Product) -> None:
    user = user_factory()
    for code, volume in (("first", 1), ("second", 2), ("draft", 3)):
        budget_create(user=user, code=code, name=code, year=2026)
        run(SHEET, [row(version=code, volume=volume), row(version=code, volume=volume, month=FEB)])
        if code != "draft":
            budget_freeze(user=user, version=BudgetVersion.objects.get(code=code))
    assert budget_of_years([2026])[2026].code == "second"
    plan = budget_months(user, product, Measure.objects.get(code="units"), JAN, datetime.date(2027, 3, 1))
    assert {month: (each.volume, each.frozen) for month, each in plan.items()} == {
        JAN: (2, True),
        FEB: (2, True),
    }


def test_rows_within_ones_limits(product: Product) -> None:
    web = channel_factory(code="web")
    other = product_factory(code="B1")
    run(SHEET, [row(), row(channel="web"), row(product="B1", channel="web")])
    version = BudgetVersion.objects.get()
    limited = user_factory(lines=[product.line], channels=[web])
    assert [(each.product, each.channel) for each in budget_rows(limited, version)] == [(product, web)]
    assert budget_rows(user_factory(rights=[]), version).count() == 0
    assert {each.product for each in budget_rows(user_factory(), version)} == {product, other}
    assert run(SHEET, [row(month=FEB)], user=limited).codes == ["channel_unknown"]
