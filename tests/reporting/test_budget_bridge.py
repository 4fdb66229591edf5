"""The margin bridge from the budget: the worked case, and terms that add up whatever was planned."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from exchange.sheets import sheets
from pricing.engine.bridge import TERMS
from pricing.selectors.cost_months import BookedCost, cost_months
from pricing.services.cost_months import cost_months_book
from products.models import BudgetRow, BudgetVersion, Product
from products.selectors.lines import LineTree
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.margin_report import margin_report
from tests.factories import channel_factory, line_factory, product_factory, user_factory
from tests.pricing.test_costs import kind
from tests.pricing.test_margins import sell
from tests.products.sheet_help import run
from tests.reporting.test_cost_reports import MONTH, ask

pytestmark = pytest.mark.django_db
D = Decimal
FROM_BUDGET = {"layout": "bridge", "of": "standard", "against": "budget"}


@pytest.fixture
def products() -> list[Product]:
    line = line_factory(name="Drinks")
    return [product_factory(line=line, name=f"Drink {n}", code=f"D{n}") for n in range(5)]


def planned(
    code: str, units: int, price: str, cost: str, month: datetime.date = MONTH
) -> list[dict[str, Any]]:
    of = {"product": code, "month": month}
    return [
        of | {"volume": units, "revenue": units * D(price)},
        of | {"kind": "purchase", "cost": units * D(cost)},
    ]


def test_the_worked_case_from_the_budget(products: list[Product]) -> None:
    """A planned 100 at 10, sold 110 at 10.5; B planned 50 at 20, sold 40 at 21; one only planned, one not."""
    file = [*planned("D0", 100, "10", "6"), *planned("D1", 50, "20", "12"), *planned("D2", 5, "30", "10")]
    file.append({"kind": "quality", "month": MONTH, "cost": 40})
    assert run(sheets.get("budget"), file).refused == []
    channel, rows = channel_factory(), []
    for product, units, price, cost in (
        *((products[0], 110, "10.5", "6.2"), (products[1], 40, "21", "13"), (products[3], 5, "30", "10")),
    ):
        sell(product, MONTH, units, units * D(price), channel=channel)
        amount = units * D(cost)
        rows.append(BookedCost(product.pk, MONTH, kind("purchase").pk, None, None, "", amount))
    rows.append(BookedCost(None, MONTH, kind("quality").pk, None, None, "", D(47)))
    cost_months_book(source="standard", months=[MONTH], rows=rows)
    finance = user_factory("finance", language="en")
    found = margin_bridge(finance, ask(**FROM_BUDGET, period="month")).found
    assert found is not None
    assert (found.price, found.cost, found.volume, found.mix) == (95, -62, 0, -40)
    assert (found.new, found.lost, found.other) == (100, -100, -7)
    assert (found.before, found.after) == (800 + 100 - 40, 793 + 100 - 47)
    client = Client()
    client.force_login(finance)
    address = "/costs/reports/?layout=bridge&month=2026-05&of=standard&period=month&against=budget"
    page = client.get(address)
    assert [row[0] for row in page.context["bridge"].rows] == [
        *("CM3 budget", "Not in the budget", "In the budget, not sold", "Price", "Costs", "Mix"),
        *("Not by volume", "CM3 May\u00a02026"),
    ]
    assert "against=budget" in page.context["address"]
    assert margin_bridge(finance, ask(**FROM_BUDGET, line="drinks-not-there")).found is None


@pytest.mark.parametrize("seed", range(8))
def test_the_terms_add_up_whatever_was_planned(products: list[Product], seed: int) -> None:
    """Planned or not, sold or not, for money or not, in any months, with costs on no product."""
    draw, channel = random.Random(seed), channel_factory()
    version = BudgetVersion.objects.create(code="b", name="B", year=2026)
    lead = LineTree().lead_measure(products[0].line_id)
    months = [datetime.date(2026, number, 1) for number in range(1, 6)]
    cents = lambda: D(draw.randint(-5_000, 100_000)) / 100  # noqa: E731
    sums = {"revenue": D(0), "sold": D(0)}
    rows: dict[str, list[BookedCost]] = {"budget": [], "standard": []}
    for product in products:
        for month in months:
            if draw.random() < 0.6:
                revenue = cents() if draw.random() < 0.9 else None
                BudgetRow.objects.create(
                    version=version, product=product, measure=lead, month=month, volume=draw.randint(0, 50),
                    revenue=revenue,
                )  # fmt: skip
                sums["revenue"] += revenue or 0
            if draw.random() < 0.6:
                amount = cents()
                sell(product, month, draw.randint(-3, 50), amount, channel=channel)
                sums["sold"] += amount
    for source, own in rows.items():
        keys = [
            (p, m, k)
            for p in (*products, None)
            for m in months
            for k in ("purchase", "marketing", "overhead")
        ]
        for product, month, code in draw.sample(keys, 40):
            pk = product.pk if product else None
            own.append(BookedCost(pk, month, kind(code).pk, None, None, "", cents()))
        cost_months_book(source=source, months=months, rows=own)
    finance = user_factory("finance")
    found = margin_bridge(finance, ask(**FROM_BUDGET, period="ytd")).found
    assert found is not None
    assert found.before + sum(getattr(found, term) for term in TERMS) == found.after
    assert sum(part.change for part in found.parts) == found.after - found.before
    costs = {
        source: sum(row.amount for row in cost_months().filter(source=source).exclude(kind__code="overhead"))
        for source in rows
    }
    assert found.before == sums["revenue"] - costs["budget"]
    assert found.after == sums["sold"] - costs["standard"]
    total = margin_report(finance, ask(layout="margin", of="standard", period="ytd")).total
    assert total is not None
    assert total.cm3 == found.after
