# ruff: noqa: F811  a fixture and the argument it comes in by
"""A report at a glance: its sums beside budget and last year, what moved them, in words and as a drawing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.months import month_add
from core.reports.blocks import KeyFigures, ReportChart, Table, Text
from pricing.charts.waterfall import waterfall_spec
from products.models import ProductFigures
from products.services.figures import figures_refresh
from reporting.reports.markdown import markdown_html, markdown_lines
from reporting.selectors import reports
from tests.factories import product_factory
from tests.forecasting.test_line_totals import line_budget
from tests.pricing.test_margins import sell

from .test_report_sections import LAST, _company, blocks, company, tables  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
MONTH = f"{LAST:%b}\u00a0{LAST:%Y}"


def lines(found: Any) -> list[str]:
    return [
        line.text for block in found if isinstance(block, Text) for line in markdown_lines(block.markdown)
    ]


def test_what_it_comes_to_and_what_moved_it(company: Any) -> None:
    """A tenth more of two than a year ago, of cider a third less: half of what is planned."""
    line = company.juice.line
    pear, cider = (product_factory(line=line, name=name) for name in ("Pear juice", "Cider *dry* 1. _new_"))
    for back in range(-1, 24):
        month, now = month_add(LAST, -back), back < 12
        sell(pear, month, D(1), D(33 if now else 30), channel=company.north)
        sell(cider, month, D(5), D(100 if now else 150), channel=company.north)
    products = [pear, company.apple, cider]
    for product, planned in zip(products, (30, 40, 200), strict=True):
        line_budget(None, planned, LAST.year, product=product)
    months = LAST.month
    found = blocks(company, "summary", products=products)
    [figures] = [block for block in found if isinstance(block, KeyFigures)]
    now, before, planned = (months * amount for amount in (33 + 55 + 100, 30 + 50 + 150, 270))
    assert [(each.label, each.figure.text) for each in figures.figures] == [
        ("Revenue, year to date", f"€{now:,}"),
        ("against budget", f"−{(1 - now / planned) * 100:.1f}%"),
        ("against last year", f"−{(1 - now / before) * 100:.1f}%"),
    ]
    month, year = tables(found)["Revenue beside budget and last year"]
    assert month == {
        "Months": MONTH,
        "Revenue": "€188",
        "Budget": "€270",
        "Index of the budget": "70",
        "Last year": "€230",
        "Index of last year": "82",
    }
    assert year["Revenue"] == f"€{now:,}"
    assert lines(found) == [
        "Moved most against last year, year to date",
        f"Cider *dry* 1. _new_: −€{months * 50:,} (−33.3%)",
        f"Apple juice: +€{months * 5:,} (+10.0%)",
        f"Pear juice: +€{months * 3:,} (+10.0%)",
        "Furthest below the budget, year to date",
        f"Cider *dry* 1. _new_: −€{months * 100:,} (−50.0%)",
    ]
    [chart] = [block for block in found if isinstance(block, ReportChart)]
    steps = {row[0].text: row[1].text for row in chart.table.rows}
    assert next(iter(steps)) == "The same months last year"
    assert list(steps)[-1] == "Year to date"
    amounts = [int(text.replace(",", "").replace("−", "-")) for text in steps.values()]
    assert (amounts[0], sum(amounts[:-1]), amounts[-1]) == (before, now, now)


def test_who_is_not_told_of_the_budget_reads_nothing_of_it(company: Any) -> None:
    line_budget(None, 7000, LAST.year, product=company.juice)
    found = blocks(company, "summary", company.north, audience="external", all_suppliers=True)
    [table] = [block for block in found if isinstance(block, Table)]
    assert not [head for head in table.heads if "udget" in head]
    assert not [line for line in lines(found) if "udget" in line]
    assert [line for line in lines(found) if line.startswith("Apple juice")]


def test_what_was_sold_in_one_of_the_years_is_a_step_of_its_own(company: Any) -> None:
    fresh = product_factory(line=company.juice.line, name="Fresh")
    for back in (-1, 0):
        sell(fresh, month_add(LAST, -back), D(5), D(70), channel=company.north)
    found = blocks(company, "summary", products=[company.juice, company.apple, fresh])
    [chart] = [block for block in found if isinstance(block, ReportChart)]
    assert {row[0].text: row[1].text for row in chart.table.rows}["Sold in one year only"] == "70"
    [table] = [block for block in found if isinstance(block, Table)]
    assert "An index is of the products that have both figures" in table.note
    assert {row["Index of last year"] for row in tables(found)[table.title]} == {"100"}  # 70,088 and 70,080


def test_of_one_product_there_is_nothing_to_rank(company: Any) -> None:
    found = blocks(company, "summary", products=[company.juice])
    assert [type(block) for block in found] == [KeyFigures, Table]


def test_movers_are_of_all_products_whatever_is_told_one_by_one(company: Any, monkeypatch: Any) -> None:
    """Orange juice sells most and did not move; two of one name did, each with a bar of its own."""
    products = [company.juice, company.apple]
    for number, now in enumerate((90, 10), start=1):
        products.append(product_factory(line=company.juice.line, name="Pear", code=f"PEAR-{number}"))
        for back in range(-1, 24):
            month = month_add(LAST, -back)
            sell(products[-1], month, D(1), D(now if back < 12 else 50), channel=company.north)
        line_budget(None, 60, LAST.year, product=products[-1])
    whole = blocks(company, "summary", products=products)
    monkeypatch.setattr(reports, "EACH", 1)
    monkeypatch.setattr(reports, "TOP", 1)
    figures_refresh()
    found = blocks(company, "summary", products=products)
    year = LAST.month
    assert lines(found) == [
        "Moved most against last year, year to date",
        f"Pear: +€{year * 40:,} (+80.0%)",
        f"Pear: −€{year * 40:,} (−80.0%)",
        f"Apple juice: +€{year * 5:,} (+10.0%)",
        "Furthest below the budget, year to date",
        f"Pear: −€{year * 50:,} (−83.3%)",
    ]
    assert sorted(lines(whole)) == sorted(lines(found))
    [chart] = [block for block in found if isinstance(block, ReportChart)]
    bars = [point["post"] for point in chart.spec["data"]["values"]]
    assert len(set(bars)) == len(bars)
    assert {"Pear", "Pear (2)", "Apple juice"} < set(bars)
    [drawn] = [block for block in whole if isinstance(block, ReportChart)]
    assert sorted(figures_of(drawn)) == sorted(figures_of(chart))


def test_equal_labels_have_bars_of_their_own() -> None:
    steps = [("Before", D(9), True), ("Pear", D(2), False), ("Pear", D(-1), False), ("After", D(10), True)]
    points = waterfall_spec(steps, str)["data"]["values"]
    assert [point["post"] for point in points] == ["Before", "Pear", "Pear (2)", "After"]


def figures_of(chart: ReportChart) -> list[list[str]]:
    return [[cell.text for cell in row] for row in chart.table.rows]


def test_a_full_year_that_is_not_known_of_all_is_left_out(company: Any, monkeypatch: Any) -> None:
    """Of the orange juice no forecast is known; of the others the rest of the year brings 100."""
    monkeypatch.setattr(reports, "EACH", 1)
    monkeypatch.setattr(reports, "TOP", 1)
    figures_refresh()
    ProductFigures.objects.filter(product=company.apple).update(forecast_as_of=LAST, year_rest_amount=100)
    products = [company.juice, company.apple]
    found = blocks(company, "summary", products=products)
    [table] = [block for block in found if isinstance(block, Table)]
    assert [row["Months"] for row in tables(found)[table.title]] == [MONTH, "Year to date"]
    assert table.note.endswith(
        "The full year is left out: it is not known of each product that sold this year"
    )
    [figures] = [block for block in found if isinstance(block, KeyFigures)]
    assert "Full year expected" not in {each.label for each in figures.figures}
    plan = blocks(company, "plan", products=products)
    [full] = [block for block in plan if isinstance(block, Table) and block.title == "Full year expected"]
    assert "not known of each product that sold this year: the total is without it" in full.note


def test_headings_of_an_author_are_below_the_title_of_a_section() -> None:
    said = markdown_html("# Kop\n\nTekst\n\n## Minder")
    assert said == ('<h3 class="card-title">Kop</h3>\n<p>Tekst</p>\n<h4 class="card-title">Minder</h4>\n')
