# ruff: noqa: F811  a fixture and the argument it comes in by
"""Actual, budget, last year and the full year: of all products of the report, whatever is told one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from core.months import month_add, month_end
from core.reports.blocks import Table, Text
from products.models import BudgetRow, ProductFigures, SalesMonth
from products.selectors.budget_lines import products_budget
from products.services.figures import figures_refresh
from reporting.selectors import reports
from reporting.selectors.margin_bridge import margin_bridge
from reporting.words.budgets import others_words
from reporting.words.margin_gaps import gaps_line, gaps_words
from tests.factories import (
    forecast_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
)
from tests.forecasting.test_line_totals import line_budget
from tests.pricing.test_margins import sell

from .test_cost_reports import ask
from .test_report_sections import LAST, _company, blocks, company, tables  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
MONTH = f"{LAST:%b}\u00a0{LAST:%Y}"
BRIDGE = {
    "layout": "bridge",
    "of": "standard",
    "against": "budget",
    "period": "month",
    "month": f"{LAST:%Y-%m}",
}
A_MONTH = {"Orange juice": 33 + 70000, "Apple juice": 55}


def plan(company: Any, **values: Any) -> dict[str, list[dict[str, str]]]:
    return tables(blocks(company, "plan", **values))


def money(text: str) -> int:
    return int(text.replace("€", "").replace(",", "").replace("−", "-"))


def test_of_many_products_the_total_is_of_all_and_the_rows_add_up(company: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(reports, "EACH", 3)
    monkeypatch.setattr(reports, "TOP", 1)
    more = [product_factory(line=company.juice.line, name=f"More {n}") for n in range(3)]
    for product in more:
        sell(product, LAST, D(2), D(10), channel=company.north)
        line_budget(None, 7, LAST.year, product=product)
    products = [company.juice, company.apple, *more]
    figures_refresh()
    rows = plan(company, products=products)[MONTH]
    assert [row["Product"] for row in rows] == ["Orange juice", "and 4 more", "Total"]
    assert [money(row["Revenue"]) for row in rows] == [70033, 55 + 30, 70033 + 85]
    assert [row["Budget"] for row in rows] == ["—", "€21", "€21"]
    assert [row["Last year"] for row in rows[1:]] == ["€50", "€70,080"]
    # Of the four three have a budget: theirs is none of all.
    assert "against budget" not in rows[1]
    table, *_more = blocks(company, "plan", products=products)
    assert isinstance(table, Table)
    assert "Budget of 3 of 5 products" in table.note
    glance, *_more = (
        block for block in blocks(company, "summary", products=products) if isinstance(block, Table)
    )
    assert "Budget of 3 of 5 products" in glance.note
    assert "Index of the budget" not in glance.heads
    ProductFigures.objects.filter(product__in=more).update(forecast_as_of=LAST, year_rest_amount=100)
    full = plan(company, products=products)["Full year expected"]
    ytd = 55 * LAST.month + 30
    assert [row["Revenue"] for row in full] == ["—", f"€{ytd + 300:,}", f"€{ytd + 300:,}"]


def test_the_budget_of_a_line_is_in_the_total(company: Any) -> None:
    line = company.juice.line
    line_budget(line, 1000, LAST.year)
    line_budget(None, 7, LAST.year, product=company.juice)
    [table] = [block for block in blocks(company, "plan") if block.title == MONTH]
    assert isinstance(table, Table)
    assert table.note == "The budget of a line is its own row, else the sum of what is below it"
    rows = plan(company)[MONTH]
    assert [(row["Product"], row["Budget"]) for row in rows] == [
        ("Apple juice", "—"),
        ("Orange juice", "€7"),
        ("Budget of none of these", "€993"),
        ("Total", "€1,000"),
    ]
    total = sum(A_MONTH.values())
    assert rows[-1]["against budget"] == f"+{(total / 1000 - 1) * 100:,.1f}%"
    # Of a part of the line its budget says nothing.
    [alone] = plan(company, products=[company.juice])[MONTH]
    assert alone["Budget"] == "€7"


def test_a_product_planned_for_some_months_only_is_not_of_none(company: Any) -> None:
    """Nothing of it stands in its own row, as it is no comparison for the whole span."""
    if LAST.month == 1:
        pytest.skip("a year to date of one month has no part")
    line_budget(company.apple.line, 1000, LAST.year)
    line_budget(None, 7, LAST.year, product=company.apple)
    BudgetRow.objects.filter(product=company.apple, month__gte=LAST).delete()
    rows = plan(company)["Year to date"]
    part, whole = 7 * (LAST.month - 1), 1000 * LAST.month
    assert [(row["Product"], row["Budget"]) for row in rows] == [
        ("Apple juice", "—"),
        ("Orange juice", "—"),
        ("Budget of only some of the months", f"€{part}"),
        ("Budget of none of these", f"€{whole - part:,}"),
        ("Total", f"€{whole:,}"),
    ]
    assert [row["Product"] for row in plan(company)[MONTH]][2:] == ["Budget of none of these", "Total"]


@pytest.mark.parametrize("last_sold", [None, 14])
def test_the_budget_of_a_line_is_there_with_products_that_do_not_sell(
    company: Any, last_sold: int | None
) -> None:
    """Of those that never did, or had nothing whole for a year, there is no table."""
    bottle = _under_one_top(company, last_sold)
    products = [company.juice, company.apple, bottle]
    found = plan(company, products=products)
    assert list(found) == [MONTH, "Year to date"]
    assert [(row["Product"], row["Budget"]) for row in found[MONTH]] == [
        ("Apple juice", "—"),
        ("Orange juice", "—"),
        ("Budget of none of these", "€1,000"),
        ("Total", "€1,000"),
    ]
    assert found[MONTH][-1]["against budget"] == f"+{(sum(A_MONTH.values()) / 1000 - 1) * 100:,.1f}%"
    alone = plan(company, products=[bottle])
    assert {row["Product"] for rows in alone.values() for row in rows} == ({"Bottle"} if last_sold else set())


def test_the_budget_of_a_line_known_up_to_two_months_is_left_out_and_said(company: Any) -> None:
    bottle = _under_one_top(company, 2)
    found = blocks(company, "plan", products=[company.juice, company.apple, bottle])
    months = {MONTH: 3, f"{month_add(LAST, -2):%b}\u00a0{month_add(LAST, -2):%Y}": 1}
    assert {table.title: len(table.rows) for table in found if table.title in months} == months
    assert "€1,000" not in str(found)
    said = "he budget of a line is left out where what is below it is known up to different months"
    assert all(said in table.note for table in found)
    [table, *_more] = blocks(company, "plan")
    assert said not in table.note


def test_what_ended_this_year_counts_for_the_budget_of_the_line_above(company: Any, monkeypatch: Any) -> None:
    """Told one by one or not. What still came after its end counts."""
    bottle = _under_one_top(company, 2)
    bottle.ended = month_end(month_add(LAST, -2))
    bottle.save()
    first = LAST.replace(month=1)
    ytd = 10 * sum(first <= month_add(LAST, -back) for back in (1, 2))
    products = [company.juice, company.apple, bottle]
    found = plan(company, products=products)
    assert [(row["Product"], row["Revenue"], row["Budget"]) for row in found[MONTH]] == [
        ("Apple juice", "€55", "—"),
        ("Bottle", "€0", "—"),
        ("Orange juice", "€70,033", "—"),
        ("Budget of none of these", "—", "€1,000"),
        ("Total", "€70,088", "€1,000"),
    ]
    assert found[MONTH][-1]["against budget"] != "—"
    assert found["Year to date"][1]["Revenue"] == f"€{ytd}"
    figures_refresh()
    rest = {"forecast_as_of": LAST, "year_rest_amount": 100}
    ProductFigures.objects.filter(product__in=[company.juice, company.apple]).update(**rest)
    monkeypatch.setattr(reports, "EACH", 1)
    monkeypatch.setattr(reports, "TOP", 1)
    found = plan(company, products=products)
    assert [row["Product"] for row in found[MONTH]][1:] == [
        "and 2 more",
        "Budget of none of these",
        "Total",
    ]
    assert found["Year to date"][1]["Revenue"] == f"€{55 * LAST.month + ytd:,}"
    assert found["Full year expected"][1]["Revenue"] == f"€{55 * LAST.month + 100 + ytd:,}"


@pytest.mark.parametrize("line_ended", [True, False])
class TestWhatEnded:
    """A bottle, in a line of its own or beside the juices, brought in 10 a month up to its end."""

    def ended(self, company: Any, *, line_ended: bool) -> Any:
        line = line_factory(name="Bottles") if line_ended else company.juice.line
        end = month_add(LAST, -2)
        bottle = product_factory(name="Bottle", line=line, ended=month_end(end))
        for back in range(2, 24):
            month = month_add(LAST, -back)
            sell(bottle, month, D(1), D(10), channel=company.north, days=month_end(month).day)
        for product, mean in (company.juice, 100), (company.apple, 10):
            _expected(product, mean)
        return bottle

    def test_last_year_leaves_the_full_year_of_all(self, company: Any, *, line_ended: bool) -> None:
        organisation_factory(financial_year_first_month=month_add(LAST, -1).month)
        products = [company.juice, company.apple, self.ended(company, line_ended=line_ended)]
        found = blocks(company, "plan", products=products)
        assert not [block.title for block in found if "full year" in block.note.lower()]
        rows = {row["Product"]: row["Revenue"] for row in tables(found)["Full year expected"]}
        assert rows["Bottle"] == "€0"
        sold = money(rows["Orange juice"]) + money(rows["Apple juice"])
        assert money(rows["Total"]) == sold
        [glance] = tables(blocks(company, "summary", products=products)).values()
        assert [row["Months"] for row in glance][2:] == ["Full year expected"]

    def test_of_a_year_that_is_over_is_known_at_a_channel_too(
        self, company: Any, *, line_ended: bool
    ) -> None:
        """Of one that is not there is no full year: nothing is forecast of a channel."""
        products = [company.juice, company.apple, self.ended(company, line_ended=line_ended)]
        can = product_factory(name="Can", line=company.juice.line, ended=month_end(month_add(LAST, -12)))
        sell(can, month_add(LAST, -12), D(1), D(10), channel=company.north)
        products.append(can)
        of = {"products": products}
        expected = tables(blocks(company, "plan", company.north, **of)).get("Full year expected")
        assert (expected is None) == (LAST.month != 12)
        organisation_factory(financial_year_first_month=month_add(LAST, 1).month)
        rows = tables(blocks(company, "plan", company.north, **of))["Full year expected"]
        assert [(row["Product"], row["Revenue"]) for row in rows] == [
            ("Apple juice", "€660"),
            ("Bottle", "€100"),
            ("Can", "€0"),
            ("Orange juice", "€396"),
            ("Total", "€1,156"),
        ]

    def test_is_compared_with_what_it_was(self, company: Any, *, line_ended: bool) -> None:
        """Planned up to its end, as each product is, and sold in the year before."""
        bottle = self.ended(company, line_ended=line_ended)
        for product in (company.juice, company.apple, bottle):
            line_budget(None, 1000, LAST.year, product=product)
        BudgetRow.objects.filter(product=bottle, month__gt=bottle.ended).delete()
        found = blocks(company, "plan", products=[company.juice, company.apple, bottle])
        rows = tables(found)[MONTH]
        now = sum(A_MONTH.values())
        assert [(row["Product"], row["Revenue"]) for row in rows] == [
            ("Apple juice", "€55"),
            ("Bottle", "€0"),
            ("Orange juice", "€70,033"),
            ("Total", f"€{now:,}"),
        ]
        assert rows[-1]["against budget"] == f"+{(now / 2000 - 1) * 100:,.1f}%"
        assert (rows[-1]["Last year"], rows[-1]["against last year"]) == ("€70,090", "0.0%")
        assert [row["against last year"] for row in rows][1] == "−100.0%"

    @pytest.mark.parametrize("months", [2, 10])
    def test_is_told_alike_one_by_one_and_not(
        self, company: Any, monkeypatch: Any, months: int, *, line_ended: bool
    ) -> None:
        """In a financial year of so many months: it ended before the one of two."""
        organisation_factory(financial_year_first_month=month_add(LAST, 1 - months).month)
        products = [company.juice, self.ended(company, line_ended=line_ended)]
        whole = {name: blocks(company, name, products=products) for name in ("plan", "summary")}
        monkeypatch.setattr(reports, "EACH", 1)
        monkeypatch.setattr(reports, "TOP", 1)
        figures_refresh()
        found = {name: blocks(company, name, products=products) for name in ("plan", "summary")}
        told, together = (
            {
                title: {row["Product"]: row["Revenue"] for row in rows}
                for title, rows in tables(each["plan"]).items()
            }
            for each in (whole, found)
        )
        assert len(told) == 3
        assert told["Full year expected"]["Bottle"] == f"€{10 * (months - 2)}"
        assert together == {
            title: {
                "Orange juice": rows["Orange juice"],
                "and 1 more": rows["Bottle"],
                "Total": rows["Total"],
            }
            for title, rows in told.items()
        }
        assert [each.markdown for each in found["summary"] if isinstance(each, Text)] == [
            each.markdown for each in whole["summary"] if isinstance(each, Text)
        ]
        assert "Bottle: −€" in str(found["summary"])


def _expected(product: Any, mean: int) -> None:
    """So many a month from now on."""
    forecast_factory(LAST, mean, product=product, data_month=LAST)


def test_what_ended_in_a_month_that_is_still_to_load_is_not_known_up_to_now(company: Any) -> None:
    """Nine days of that month are there."""
    bottle = _under_one_top(company, 2)
    bottle.ended = month_add(LAST, -1).replace(day=20)
    bottle.save()
    found = plan(company, products=[company.juice, company.apple, bottle])
    assert "Bottle" not in {row["Product"] for row in found[MONTH]}
    before = month_add(LAST, -2)
    assert [row["Product"] for row in found[f"{before:%b}\u00a0{before:%Y}"]] == ["Bottle"]


def test_what_ended_two_months_before_the_newest_has_all_its_sales(company: Any) -> None:
    """The month in which a line ends, on its ninth day of sales, is never whole."""
    bottle = _under_one_top(company, 3)
    bottle.ended = month_add(LAST, -2).replace(day=9)
    bottle.save()
    found = plan(company, products=[company.juice, company.apple, bottle])
    assert [row["Revenue"] for row in found[MONTH] if row["Product"] == "Bottle"] == ["€0"]
    [sold] = [row["Revenue"] for row in found["Full year expected"] if row["Product"] == "Bottle"]
    assert sold == f"€{10 * sum(month_add(LAST, -back).year == LAST.year for back in (2, 3))}"


def _under_one_top(company: Any, last_sold: int | None) -> Any:
    """A bottle in a line of its own beside the juices, under a line with a budget of 1,000 a month."""
    top, line = line_factory(name="Top"), company.juice.line
    line.parent = top
    line.save()
    bottle = product_factory(name="Bottle", line=line_factory(name="Bottles", parent=top))
    if last_sold is not None:
        for back in (last_sold, last_sold - 1):  # the month after makes it whole
            sell(bottle, month_add(LAST, -back), D(1), D(10), channel=company.north, days=9)
    line_budget(top, 1000, LAST.year)
    return bottle


def test_a_budget_of_some_lines_is_said_and_not_compared(company: Any) -> None:
    """At a glance too."""
    top, bottle = _two_lines_under_one(company)
    line_budget(company.juice.line, 1000, LAST.year)
    said = {"products": [], "lines": [top]}
    [table] = [block for block in blocks(company, "plan", **said) if block.title == MONTH]
    assert isinstance(table, Table)
    assert table.note.split(". ") == [
        "The budget of a line is its own row, else the sum of what is below it",
        "Budget of 1 of 2 lines",
    ]
    total = plan(company, **said)[MONTH][-1]
    assert (total["Product"], total["Budget"]) == ("Total", "€1,000")
    assert "against budget" not in total
    [glance] = [block for block in blocks(company, "summary", **said) if isinstance(block, Table)]
    assert "Budget of 1 of 2 lines" in glance.note
    assert "Index of the budget" not in glance.heads
    line_budget(bottle.line, 20, LAST.year)
    total = plan(company, **said)[MONTH][-1]
    now = sum(A_MONTH.values()) + 10
    assert total["against budget"] == f"+{(now / 1020 - 1) * 100:,.1f}%"


def test_at_a_glance_says_of_which_months_some_have_no_budget(company: Any) -> None:
    if LAST.month == 1:
        pytest.skip("a year to date of one month is the month")
    top, bottle = _two_lines_under_one(company)
    line_budget(company.juice.line, 1000, LAST.year)
    line_budget(bottle.line, 20, LAST.year)
    BudgetRow.objects.filter(line=bottle.line, month__lt=LAST).delete()
    said = {"products": [], "lines": [top]}
    [glance] = [block for block in blocks(company, "summary", **said) if isinstance(block, Table)]
    assert "Year to date: budget of 1 of 2 lines" in glance.note.split(". ")
    month, year = [block for block in blocks(company, "plan", **said) if isinstance(block, Table)]
    assert "budget of 1" not in month.note
    assert "Budget of 1 of 2 lines" in year.note.split(". ")


def test_beside_a_line_of_which_some_below_have_a_budget_there_is_none(company: Any) -> None:
    top, bottle = _two_lines_under_one(company)
    for year in (LAST.year - 1, LAST.year):
        line_budget(company.juice.line, 1000, year)
    said = {"products": [], "lines": [top]}
    found = blocks(company, "key_figures", **said)
    [whole] = tables(found)["As a whole"]
    assert "Budget" not in whole
    notes = [table.note for table in found if isinstance(table, Table)]
    assert [note.rpartition(". ")[2] for note in notes] == [
        "Top: budget of 1 of 2 lines",
        "Budget of 1 of 2 lines",
    ]
    outside = {"audience": "external", "all_channels": True, "all_suppliers": True, **said}
    assert "udget of" not in str(blocks(company, "key_figures", **outside))
    for year in (LAST.year - 1, LAST.year):
        line_budget(bottle.line, 20, year)
    found = blocks(company, "key_figures", **said)
    [whole] = tables(found)["As a whole"]
    assert whole["Budget"] == f"€{12 * 1020:,}"
    assert "budget of" not in str(found)


def _two_lines_under_one(company: Any) -> tuple[Any, Any]:
    """The line of the juices and one of a bottle that sells too, under one."""
    top, line = line_factory(name="Top"), company.juice.line
    line.parent = top
    line.save()
    bottle = product_factory(name="Bottle", line=line_factory(name="Bottles", parent=top))
    for back in range(-1, 24):
        sell(bottle, month_add(LAST, -back), D(1), D(10), channel=company.north)
    return top, bottle


def test_a_budget_in_a_measure_that_does_not_lead_is_named(company: Any) -> None:
    line_budget(company.juice.line, 1000, LAST.year)
    calls, rows = measure_factory(code="calls", name_en="calls"), list(BudgetRow.objects.all())
    for row in rows:
        row.pk, row.measure, row.revenue = None, calls, D(30)
    BudgetRow.objects.bulk_create(rows)
    [table] = [block for block in blocks(company, "plan") if block.title == MONTH]
    assert isinstance(table, Table)
    assert table.note.endswith(". Without what is budgeted in calls, which does not lead")
    assert plan(company)[MONTH][-1]["Budget"] == "€1,000"
    measures = [calls.pk, measure_factory(code="hours", name_en="hours").pk]
    assert others_words(measures) == "without what is budgeted in calls, hours, which do not lead"
    with translation.override("nl"):
        assert others_words(measures).endswith(", die niet leidend zijn")


def test_what_is_not_in_each_row_is_not_compared_and_said(company: Any) -> None:
    line_budget(None, 7, LAST.year, product=company.juice)
    [table] = [block for block in blocks(company, "plan") if block.title == MONTH]
    assert isinstance(table, Table)
    assert table.note == "Budget of 1 of 2 products"
    assert plan(company)[MONTH][-1]["against budget"] == "—"


def test_lines_are_whole_with_all_products_below_them(company: Any) -> None:
    top = line_factory(name="Top")
    line = company.juice.line
    line.parent = top
    line.save()
    bottles = product_factory(line=line_factory(name="Bottles", parent=top))
    line_budget(top, 100, LAST.year)
    both = [company.juice.pk, company.apple.pk]
    first = LAST.replace(month=1)
    for products, months in (
        (both, {}),
        ([*both, bottles.pk], {month_add(first, n): 100 for n in range(12)}),
    ):
        found = products_budget(company.author, products, first, month_add(first, 11))
        assert (dict(found.months), found.of_lines) == (months, bool(months))


def test_the_bridge_from_the_budget_has_what_is_planned_of_lines(company: Any) -> None:
    SalesMonth.objects.filter(channel=company.south).delete()
    line_budget(company.juice.line, 1000, LAST.year)
    line_budget(None, 7, LAST.year, product=company.juice)
    report = margin_bridge(company.author, ask(**BRIDGE))
    assert report.found is not None
    assert report.found.before == 1000
    others = {name.label: part.change for name, part in report.parts if part.term == "other"}
    assert others["not on a product"] == -993
    assert "€993 of the budget is made for whole lines" in " ".join(gaps_words(report.gaps))


def test_a_budget_of_a_line_in_a_measure_that_leads_nothing_is_told_beside_the_bridge(company: Any) -> None:
    SalesMonth.objects.filter(channel=company.south).delete()
    line_budget(company.juice.line, 1000, LAST.year)
    calls = measure_factory(code="calls", name_en="calls")
    for row in list(BudgetRow.objects.filter(line=company.juice.line)):
        row.pk, row.measure = None, calls
        row.save()
    report = margin_bridge(company.author, ask(**BRIDGE))
    assert report.found is not None
    assert (report.found.before, report.gaps.measures) == (1000, {calls.pk})
    words = "The budget stands here without what is budgeted in calls, which does not lead."
    with translation.override("en"):
        assert words in gaps_words(report.gaps)
    assert " budget_in_other_measures=calls" in gaps_line(report.gaps)


def test_products_planned_above_their_line_are_told_as_such(company: Any) -> None:
    SalesMonth.objects.filter(channel=company.south).delete()
    line_budget(company.juice.line, 1000, LAST.year)
    for product, revenue in ((company.juice, 600), (company.apple, 500)):
        line_budget(None, revenue, LAST.year, product=product)
    assert [(row["Product"], money(row["Budget"])) for row in plan(company)[MONTH]] == [
        ("Apple juice", 500),
        ("Orange juice", 600),
        ("Products above the budget of their line", -100),
        ("Total", 1000),
    ]
    report = margin_bridge(company.author, ask(**BRIDGE))
    assert report.found is not None
    assert (report.found.before, report.gaps.of_lines) == (1000, -100)
    words = "Products are planned €100 above the budget of their lines: it stands apart."
    assert words in gaps_words(report.gaps)


def test_what_comes_to_the_budget_of_the_line_leaves_nothing_apart(company: Any) -> None:
    """Twenty cents, and of a product what is planned of a measure that does not lead."""
    SalesMonth.objects.filter(channel=company.south).delete()
    line_budget(company.juice.line, 100, LAST.year)
    for product in (company.juice, company.apple):
        line_budget(None, D("49.9"), LAST.year, product=product)
    calls, rows = measure_factory(code="calls"), list(BudgetRow.objects.filter(product=company.juice))
    for row in rows:
        row.pk, row.measure, row.revenue = None, calls, D(30)
    BudgetRow.objects.bulk_create(rows)
    assert [row["Product"] for row in plan(company)[MONTH]] == ["Apple juice", "Orange juice", "Total"]
    report = margin_bridge(company.author, ask(**BRIDGE))
    assert report.found is not None
    assert (report.found.before, report.gaps.of_lines) == (D("99.8"), 0)
