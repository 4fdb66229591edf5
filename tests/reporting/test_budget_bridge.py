"""The margin bridge from the budget, and the currency in it: worked cases, and terms that add up."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from core.months import month_add, month_range, month_start
from core.organisation import organisation_get, today
from exchange.sheets import sheets
from pricing.engine.bridge import TERMS
from pricing.selectors.cost_months import BookedCost, cost_months
from pricing.selectors.standard_costs import SplitLines
from pricing.services.cost_months import cost_months_book
from pricing.services.ledger import Part, ledger_map
from pricing.services.standard_costs import changed_costs, standard_costs_write
from products.models import BudgetRow, BudgetVersion, Product
from products.selectors.lines import LineTree
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.margin_report import margin_report
from reporting.words.cost_reports import now_words, span_words
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)
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


class TestCurrency:
    """Bought for $ 6 at 0.90 a year ago, and planned so; now for $ 6.20 at 0.95: $ 6 × 0.05 is currency."""

    BEFORE = datetime.date(2025, 5, 1)
    TERMS = {"currency": -33, "price": 55, "cost": D("-20.9"), "volume": 46}

    @pytest.fixture
    def bought(self, products: list[Product]) -> Product:
        product, channel = products[0], channel_factory()
        line = cost_line_factory(product=product, currency="USD")
        for month, units, price, amount, rate in (
            (self.BEFORE, 100, "10", "6", "0.90"),
            (MONTH, 110, "10.5", "6.2", "0.95"),
        ):
            sell(product, month, units, units * D(price), channel=channel)
            cost_rate_factory(cost_line=line, start_date=month, amount=D(amount), exchange_rate=D(rate))
        split = SplitLines([self.BEFORE, MONTH])
        signs, rows = changed_costs([product.pk], split)
        standard_costs_write(signs=signs, rows=rows, split=split)
        return product

    def terms(self, **said: str) -> dict[str, Decimal]:
        asked = ask(**{"layout": "bridge", "period": "month", "of": "standard", "level": "below", **said})
        found = margin_bridge(user_factory("finance"), asked).found
        assert found is not None
        assert found.before + sum(getattr(found, term) for term in TERMS) == found.after
        return {term: getattr(found, term) for term in TERMS if getattr(found, term)}

    def test_of_standard_costs_it_is_the_rate_kept_with_the_cost(self, bought: Product) -> None:
        known = cost_months().filter(source="standard").order_by("month")
        assert [(row.amount, row.currency, row.currency_amount) for row in known] == [
            (540, "USD", 600),
            (D("647.90"), "USD", 682),
        ]
        assert self.terms() == self.TERMS
        client = Client()
        client.force_login(user_factory("finance", language="en"))
        page = client.get("/costs/reports/?layout=bridge&month=2026-05&of=standard&period=month")
        assert "Currency" in [row[0] for row in page.context["bridge"].rows]
        assert b'class="num">Currency</th>' in page.content
        assert [row["cells"][0].text for row in page.context["rows"]] == ["\u221233.00"]

    def test_from_the_budget_it_is_the_rate_that_was_planned_with(self, bought: Product) -> None:
        cost = {"product": "D0", "month": MONTH, "kind": "purchase", "cost": 600, "currency": "usd"}
        sales = {"product": "D0", "month": MONTH, "volume": 100, "revenue": 1000}
        sheet = sheets.get("budget")
        assert run(sheet, [sales, cost]).codes == ["exchange_missing"]
        assert run(sheet, [cost | {"currency": "EUR", "exchange_rate": 2}]).codes == ["no_exchange"]
        assert run(sheet, [cost | {"currency": "dollar"}]).codes == ["not_currency"]
        assert run(sheet, [sales, cost | {"exchange_rate": D("0.9")}]).refused == []
        assert self.terms(against="budget") == self.TERMS
        again = run(sheet, [cost | {"exchange_rate": D("0.8"), "cost": 675}])
        assert (again.counts.changed, again.counts.unchanged) == (1, 0)  # as much in euros, not in dollars

    def test_of_the_ledger_it_is_the_rate_of_the_booking(self, bought: Product) -> None:
        entries = [
            {"number": f"N{month:%Y}", "date": month, "account": "7000", "amount": amount, "product": "D0"}
            | {"currency": "USD", "exchange_rate": D(rate)}
            for month, amount, rate in ((self.BEFORE, 600, "0.90"), (MONTH, 682, "0.95"))
        ]
        assert run(sheets.get("cost_actuals"), entries).refused == []
        assert self.terms(of="actual") == self.TERMS

    def test_what_is_split_keeps_its_rate(self, bought: Product, products: list[Product]) -> None:
        sell(products[1], MONTH, 10, D("333.33"), channel=channel_factory())
        ledger_map(
            user=user_factory("finance"),
            account="7100",
            start_month=MONTH,
            parts=[Part(kind=kind("purchase"), key="revenue")],
        )
        entry = {"number": "N1", "date": MONTH, "account": "7100", "amount": D("1000.01")}
        entry |= {"currency": "USD", "exchange_rate": D("0.95")}
        assert run(sheets.get("cost_actuals"), [entry]).refused == []
        parts = list(cost_months().filter(source="actual"))
        assert len(parts) == 2
        assert sum(row.amount for row in parts) == D("950.01")
        for row in parts:
            assert row.currency_amount is not None
            assert abs(row.currency_amount * D("0.95") - row.amount) <= D("0.01")


def test_of_a_year_that_is_not_over_the_months_that_passed_are_compared(products: list[Product]) -> None:
    """Planned 100 at 10 in every month of the year; sold as planned in the three that passed."""
    now = month_start(today())
    first = month_add(now, -3)
    organisation = organisation_get()
    organisation.financial_year_first_month = first.month
    organisation.save()
    channel, last = channel_factory(), month_add(now, -1)
    months = list(month_range(first, month_add(first, 11)))
    file = [row for month in months for row in planned("D0", 100, "10", "6", month)]
    assert run(sheets.get("budget"), file).refused == []
    passed = [month for month in months if month <= last]
    booked = [
        BookedCost(products[0].pk, each, kind("purchase").pk, None, None, "", D(600)) for each in passed
    ]
    for month in passed:
        sell(products[0], month, 100, D(1000), channel=channel)
    cost_months_book(source="standard", months=passed, rows=booked)
    finance = user_factory("finance", language="en")
    query = ask(**FROM_BUDGET, period="year", month=f"{now:%Y-%m}")
    found = margin_bridge(finance, query).found
    assert found is not None
    assert (found.before, found.after) == (400 * len(passed), 400 * len(passed))
    assert now_words(query) == span_words(first, last)
