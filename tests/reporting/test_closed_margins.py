"""Margins of closed months are what was booked, on the tab, in break-even and in reports for others."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from core.months import month_add, month_start
from pricing.cards.margins import margin_card
from pricing.cards.variance import variance_card
from pricing.models import CostKind, CostLeftOut, CostLine, CostMonth, CostRate
from pricing.selectors.break_even import break_evens
from pricing.selectors.costs import product_rates
from pricing.selectors.margins import product_margins
from pricing.selectors.month_margin import margins_total
from pricing.services.costs import cost_line_update
from pricing.words.reconciliation import reconciliation_words
from products.models import Product, ProductLine
from products.selectors.months import lines_behind
from products.services.closing import month_close
from reporting.selectors.cost_report import margin_costs
from reporting.selectors.margin_report import margin_report
from reporting.selectors.reports import report_build
from reporting.services.reports import Part, report_create
from tests.factories import cost_rate_factory, line_factory, measure_factory, product_factory, user_factory
from tests.pricing.test_break_even import book_at
from tests.pricing.test_margins import costs, sell
from tests.pricing.test_standard_costs import night
from tests.reporting.test_cost_reports import ask

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
LAST = month_add(month_start(datetime.date.today()), -1)
LONG_AGO = datetime.date(2020, 1, 1)


@pytest.fixture
def juice() -> Product:
    """Bought at 2.00 and, of the same kind, 50 a month; 40 a month of its line; calls go on after the last
    sale, three months ago; sold at 5.00."""
    product, calls = product_factory(code="JUICE", name="Orange juice"), measure_factory(code="calls")
    for back in range(3, 14):
        sell(product, month_add(LAST, -back), D(100 + back), D(500 + back * 5))
    apple = product_factory(code="APPLE", line=product.line, name="Apple juice")
    others = (apple, product_factory(line=line_factory(code="other")))
    for month in (LAST, month_add(LAST, 1)):  # the lines go on, so the last month is whole
        for other in others:
            sell(other, month, D(1), D(9))
    sell(product, month_add(LAST, -1), D(7), D(0), measure=calls)
    costs("purchase", "2", product=product)
    costs("purchase", "50", product=product, basis="month", tail_months=1)
    costs("quality", "40", line=product.line, basis="month", key="revenue")
    costs("service", "6.50", product=product, measure=calls)
    costs("claims", "1", product=apple, measure=measure_factory(code="in-force", kind="level"))
    for back, amount in ((4, 240), (3, 250)):
        kind = CostKind.objects.get(code="purchase").pk
        book_at(product, kind, "actual", None, amount, month_add(LAST, -back))
    return product


def reported(user: Any) -> Any:
    asked = ask(month=f"{LAST:%Y-%m}", layout="margin", by="product", of="standard", period="ytd")
    return margin_report(user, asked)


def lacking() -> list[str]:
    """What is said of lines that cannot be told: of Apple juice."""
    apple = Product.objects.get(code="APPLE")
    finance = user_factory("finance")
    asked = ask(month=f"{LAST:%Y-%m}", layout="margin", by="line", of="standard", period="ytd")
    words = reconciliation_words(margin_costs(finance, asked).reconciliation, "EUR")
    card = margin_card(finance, apple, product_rates(finance, apple))
    return [words, *map(str, card.unknown), repr(break_evens([apple], LAST, lines_behind(LAST)))]


def told(product: Product, user: Any) -> list[str]:
    """All that is told of the product's margin, of figures."""
    card = margin_card(user, product, product_rates(user, product))
    said = {"title": "Month", "language": "en", "audience": "internal", "products": [product]}
    report = report_create(user=user, values=said, parts=[Part("margin"), Part("margins")])
    built = [block for each in report_build(report).sections for block in each.blocks]
    return [
        *map(repr, (card.rows, card.figures, card.chart, card.unknown, card.sold)),
        *map(
            repr, (break_evens([product], LAST, lines_behind(LAST))[product.pk], variance_card(user, product))
        ),
        *map(repr, built),
        repr(reported(user)),
    ]


def test_nothing_that_changes_later_changes_a_closed_month(juice: Product) -> None:
    finance = user_factory("finance", language="en")
    night()
    open_still = told(juice, finance)
    month_close(user=finance, month=LAST)
    before, lacked = told(juice, finance), lacking()
    assert lacked[0].endswith("Left out, as what they count by is not known: Claims of Apple juice.")
    assert lacked[1:] == ["Claims", "{}"]
    for now, then in zip(before, open_still, strict=True):
        assert now == then  # what closes is what was worked out
    tail = CostLine.objects.get(basis="month", product=juice)
    cost_line_update(user=finance, cost_line=tail, version=tail.version, tail_months=9)
    # Rates that began long ago, by way of the database itself.
    for line in CostLine.objects.exclude(kind__code="claims"):
        cost_rate_factory(cost_line=line, start_date=month_add(LAST, -11), from_quantity=0, amount=D("77"))
    costs("marketing", "1000", LONG_AGO, product=juice, basis="month")
    Product.objects.filter(pk=juice.pk).update(
        ended=month_add(LAST, -8), line=ProductLine.objects.get(code="other"), code="J2"
    )
    night()
    moved = Product.objects.get(pk=juice.pk)
    assert told(moved, finance) == before
    assert lacking() == lacked
    for change in (
        lambda: CostKind.objects.filter(code="purchase").update(level="cm2"),
        lambda: CostRate.objects.filter(cost_line=tail).update(amount=1),
        lambda: CostRate.objects.filter(cost_line=tail).delete(),
        lambda: CostLeftOut.objects.all().delete(),
        lambda: CostLeftOut.objects.create(product_id=1, month=LAST, cost_line_id=1, kind_id=1),
        lambda: CostMonth.objects.filter(month=LAST).update(cost_line=None),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_tab_is_the_margin_report_to_the_cent(juice: Product) -> None:
    """Also of months without sales: their costs are in the sums of both."""
    finance = user_factory("finance")
    night()
    first = LAST.replace(month=1)
    found = margins_total(product_margins(finance, juice, first, LAST) or ())
    report = margin_report(
        finance, ask(month=f"{LAST:%Y-%m}", layout="margin", by="product", of="standard", period="ytd")
    )
    [row] = [row for row in report.rows if row.name.code == "JUICE"]
    assert found is not None
    assert (row.net, row.cm1, row.cm2, row.cm3) == (found.net, found.cm1, found.cm2, found.cm3)
    after = product_margins(finance, juice, month_add(LAST, -1), LAST)
    assert after is not None
    assert [[amount for _line, amount in month.costs] for month in after] == [[D(50), D("45.50")], [D(50)]]
