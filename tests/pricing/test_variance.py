"""Standard beside actual costs of a product: why they differ, adding up to the cent."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.ledger import LedgerSheet
from products.models import BudgetRow, BudgetVersion, Measure, Product
from products.selectors.budget import budget_year
from tests.factories import cost_line_factory, cost_rate_factory, product_factory, user_factory
from tests.forecasting.conftest import run_now
from tests.pricing.test_margins import sell
from tests.products.sheet_help import run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


@pytest.fixture
def finance() -> Any:
    return user_factory("finance", language="en")


@pytest.fixture
def juice(finance: Any) -> Product:
    """Bought at 2.00, quality 300 a month; sold 1,200 and 900; the ledger has other figures."""
    product = product_factory(code="JUICE")
    for back, units in ((3, 1200), (2, 900), (1, 1)):
        sell(product, month(back), D(units), D(units) * 5)
    for code, amount, basis in (("purchase", 2, "unit"), ("quality", 300, "month")):
        line = cost_line_factory(product=product, kind=code, basis=basis)
        cost_rate_factory(cost_line=line, start_date=month(5), amount=D(amount))
    for account, code in (("7000", "purchase"), ("7100", "quality")):
        kind = CostKind.objects.get(code=code)
        ledger_map(
            user=finance, account=account, start_month=month(5), parts=[Part(kind=kind, product=product)]
        )
    rows = (("1", 3, "7000", "2520.50"), ("2", 3, "7100", "280"), ("3", 2, "7000", "1790"))
    run(
        LedgerSheet(),
        [
            {"number": number, "date": month(back), "account": account, "amount": D(amount)}
            for number, back, account, amount in rows
        ],
    )
    run_now(local_date=today(), only=["standard_costs"], kind="manual")
    return product


def plan(product: Product, *backs: int) -> None:
    for back in backs:
        year = budget_year(month(back))
        version = BudgetVersion.objects.get_or_create(code=f"b{year}", defaults={"name": "b", "year": year})[
            0
        ]
        BudgetRow.objects.create(
            version=version,
            product=product,
            measure=Measure.objects.get(code="units"),
            month=month(back),
            volume=1000,
        )


def card(user: Any, product: Product) -> Any:
    client = Client()
    client.force_login(user)
    address = f"/products/{product.code}/costs/actual/"
    assert client.get(address).status_code == 302
    answer = client.get(address, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return answer.context["variance"]


def test_volume_and_price_explain_what_was_not_planned(juice: Product, finance: Any) -> None:
    plan(juice, 2, 3)
    found = card(finance, juice)
    assert (found.first, found.last, found.has_plan) == (month(3), month(2), True)
    purchase, quality = found.rows
    assert purchase.kind.code == "purchase"
    # 1,000 planned in both months: 200 more and 100 fewer at 2.00.
    assert (purchase.planned, purchase.volume, purchase.standard) == (4000, 200, 4200)
    assert (purchase.price, purchase.actual) == (D("110.50"), D("4310.50"))
    assert (quality.planned, quality.volume, quality.standard) == (600, 0, 600)  # does not move
    assert (quality.price, quality.actual) == (-320, 280)
    total = found.total
    assert (total.planned, total.volume, total.price) == (4600, 200, D("-209.50"))
    assert total.planned + total.volume + total.price == total.actual == D("4590.50")


def test_without_a_planned_volume_there_is_price_alone(juice: Product, finance: Any) -> None:
    plan(juice, 2)
    found = card(finance, juice)
    assert not found.has_plan
    assert [(row.volume, row.price) for row in found.rows] == [(None, D("110.50")), (None, D(-320))]
    client = Client()
    client.force_login(finance)
    assert "/products/JUICE/costs/actual/" in client.get("/products/JUICE/costs/").content.decode()


def test_a_kind_of_which_nothing_is_booked_is_named_and_not_compared(juice: Product, finance: Any) -> None:
    before = card(finance, juice).total
    line = cost_line_factory(product=juice, kind="fulfilment", basis="unit")
    cost_rate_factory(cost_line=line, start_date=month(5), amount=D("0.10"))
    run_now(local_date=today(), only=["standard_costs"], kind="manual")
    found = card(finance, juice)
    assert ([kind.code for kind in found.unbooked], found.unbooked_amount) == (["fulfilment"], 210)
    assert [row.kind.code for row in found.rows] == ["purchase", "quality"]
    assert found.total == before


def test_without_actual_costs_there_is_nothing_to_compare(finance: Any) -> None:
    product = product_factory(code="MILK")
    sell(product, month(1), D(10), D(50))
    line = cost_line_factory(product=product, kind="purchase")
    cost_rate_factory(cost_line=line, start_date=month(5), amount=D(2))
    assert card(finance, product) is None
