"""Reports of whole lines and families: what they come to together, and which products are told one by one."""

from __future__ import annotations

import datetime
from copy import deepcopy
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.months import month_add, month_start
from core.reports.blocks import ReportChart, Table, Text
from forecasting.models import NightlyRun, TotalForecast
from pricing.selectors import margins
from products.models import BudgetRow, FamilyMember, Measure, Supplier, UnitFactor
from products.services.figures import figures_refresh
from reporting.selectors import reports
from reporting.selectors.reports import problems, report_build
from reporting.services.reports import Part, report_create
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    family_factory,
    forecast_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.test_line_totals import line_budget
from tests.pricing.test_margins import sell

from .test_report_sections import tables

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
LAST = month_add(month_start(datetime.date.today()), -1)


@pytest.fixture(scope="module")
def _company(module_db: None) -> Any:
    """A line of juices in packs with one of cider in bottles below it; product n sells 10 n packs a month for
    20 n euros at Noord, and as much at Zuid; a fifth less the year before."""
    north, south = (channel_factory(name=name, kind="account") for name in ("Noord", "Zuid"))
    drinks = line_factory(name="Drinks")
    juices = line_factory(name="Juices", parent=drinks)
    products = [product_factory(name=f"Juice {n}", line=juices, unit="pack") for n in range(1, 4)]
    cider = product_factory(name="Cider", line=drinks, unit="bottle")
    for back in range(-1, 24):
        month, share = month_add(LAST, -back), D(1) if back < 12 else D("0.8")
        for size, product in enumerate([*products, cider], start=1):
            for channel in (north, south):
                sell(product, month, 10 * size * share, 20 * size * share, channel=channel)
    return SimpleNamespace(
        north=north, drinks=drinks, juices=juices, products=products, cider=cider,
        author=user_factory("product-manager", language="en"),
    )  # fmt: skip


@pytest.fixture
def company(_company: Any, db: None) -> Any:
    return deepcopy(_company)


def built(company: Any, section: str, **values: Any) -> Any:
    said = {"title": "Line", "language": "en", "audience": "internal", **values}
    report = report_create(user=company.author, values=said, parts=[Part(section)])
    return [block for each in report_build(report).sections for block in each.blocks]


def expect(line: Any, measure: Measure | None, mean: float) -> None:
    """A night's total of a line: ``mean`` a month."""
    run = NightlyRun.objects.create(
        kind="night", key=f"night-{line.pk}", local_date=LAST, as_of=LAST, started_at=timezone.now()
    )
    TotalForecast.objects.create(
        line=line,
        measure=measure,
        as_of=LAST,
        run=run,
        products=3,
        months=[
            [str(month_add(LAST, n)), mean, mean * 0.8, mean * 1.2, mean * 0.7, mean * 1.3]
            for n in range(1, 19)
        ],
        history=[],
        year=mean * 12,
        year_lo80=mean * 10,
        year_hi80=mean * 14,
        computed_at=timezone.now(),
    )


def charts(found: Any) -> list[ReportChart]:
    return [block for block in found if isinstance(block, ReportChart)]


def test_a_line_is_told_as_a_whole_before_its_products(company: Any) -> None:
    """In packs with the night's total; packs and bottles are never added, so all drinks are in euros."""
    units = Measure.objects.get(code="units")
    expect(company.juices, units, 130.0)
    expect(company.drinks, None, 450.0)
    found = built(company, "key_figures", lines=[company.juices, company.drinks])
    drinks, juices = tables(found)["As a whole"]
    assert (drinks["Together"], drinks["Products"], drinks["Volume"]) == ("Drinks", "4", "—")
    assert (drinks["Revenue"], drinks["Next 12 months"], drinks["80% between"]) == (
        f"€{400 * 12:,}",
        "€5,400",
        "€4,500 – €6,300",
    )
    assert (juices["Volume"], juices["against the year before"]) == ("1,440\u00a0pack", "+25.0%")
    assert (juices["Next 12 months"], juices["80% between"]) == (
        "1,560\u00a0pack",
        "1,300\u00a0pack – 1,820\u00a0pack",
    )
    [*_products, total] = next(rows for title, rows in tables(found).items() if title != "As a whole")
    assert (total["Product"], total["Volume"], total["Revenue"]) == ("Total", "—", "€4,800")
    drawn = charts(built(company, "sales", lines=[company.juices, company.drinks]))
    assert [chart.title for chart in drawn[:3]] == ["Drinks", "Juices", "Cider"]
    whole, juices_chart = drawn[:2]
    assert "€400" in str(whole.table.rows[-20])
    assert "€450" in str(whole.table.rows[-1])
    assert "130" in str(juices_chart.table.rows[-1])


def test_the_budget_of_a_line_stands_beside_it(company: Any) -> None:
    """Inside, in its sum as well; outside nothing of it."""
    for year in (LAST.year - 1, LAST.year):
        line_budget(company.juices, 200, year)
    found = built(company, "key_figures", lines=[company.juices])
    [whole] = tables(found)["As a whole"]
    assert (whole["Revenue"], whole["Budget"], whole["against budget"]) == ("€2,880", "€2,400", "+20.0%")
    [*products, total] = next(rows for title, rows in tables(found).items() if title != "As a whole")
    assert (total["Product"], total["against budget"]) == ("Total", "+20.0%")
    assert {row["against budget"] for row in products} == {"—"}
    outside = {"audience": "external", "all_channels": True, "all_suppliers": True}
    assert "budget" not in str(built(company, "key_figures", lines=[company.juices], **outside))
    some = built(company, "key_figures", products=company.products[:2])
    assert "budget" not in str(some)  # of a part of the line it says nothing


def test_what_has_no_budget_is_said_of_the_months_that_are_told(company: Any) -> None:
    """Of three years only the last is whole: the tables of the last 12 months say nothing."""
    for year in (LAST.year - 1, LAST.year):
        line_budget(company.juices, 200, year)
        line_budget(None, 100, year, product=company.cider)
    BudgetRow.objects.filter(product=company.cider, month__lte=month_add(LAST, -12)).delete()
    found = built(company, "key_figures", lines=[company.drinks], months=36)
    notes = {block.title: block.note for block in found if isinstance(block, Table)}
    assert notes.pop("Year by year") == "Budget of 1 of 2 lines"
    assert len(notes) == 2
    assert "udget of" not in str(notes)
    rows = tables(found)
    assert rows["As a whole"][0]["against budget"] == f"+{(4800 / 3600 - 1) * 100:.1f}%"
    BudgetRow.objects.filter(product=company.cider, month=LAST).delete()
    found = built(company, "key_figures", lines=[company.drinks], months=36)
    said = [block.note for block in found if isinstance(block, Table)]
    assert ["udget of 1 of 2 lines" in note for note in said] == [True] * 3


@pytest.mark.parametrize("narrower", ["channel", "supplier"])
def test_of_a_part_of_the_line_nothing_is_expected(company: Any, narrower: str) -> None:
    """Noord sold half; of one maker's products the line's total would be too much."""
    expect(company.juices, Measure.objects.get(code="units"), 777.0)
    values: dict[str, Any] = {"lines": [company.juices]}
    if narrower == "channel":
        values |= {"channels": [company.north], "audience": "external", "all_suppliers": True}
    else:
        maker = Supplier.objects.create(name="Maker", code="MAKER")
        for product in company.products[:2]:
            product.supplier = maker
            product.save()
        values["suppliers"] = [maker]
    found = built(company, "key_figures", **values)
    [whole] = tables(found)["As a whole"]
    assert whole["Volume"] == "720\u00a0pack"
    sales = built(company, "sales", **values)
    assert charts(sales)[0].title == "Juices"
    assert "777" not in str([found, sales])


def test_before_the_first_sale_there_is_what_is_expected(company: Any) -> None:
    """Also of the first product of a line, of which there is no month at all; not in a report of the past."""
    for line in (company.juices, line_factory(name="Wines")):
        wine = product_factory(name="Wine", line=line)
        forecast_factory(LAST, 70, half80=10, half95=20, product=wine, method="launch", data_month=LAST)
        [chart] = charts(built(company, "sales", products=[wine]))
        assert (chart.title, chart.table.rows[0][1].text) == ("Wine", "70")
        past = {"period": "range", "first_month": month_add(LAST, -9), "last_month": month_add(LAST, -4)}
        assert not built(company, "sales", products=[wine], **past)


def test_a_family_is_a_whole_of_its_products_today(company: Any) -> None:
    family = family_factory(name="Sweet", line=company.juices)
    for product in company.products[:2]:
        FamilyMember.objects.create(family=family, product=product, start_date=month_add(LAST, -6))
    forecast_factory(LAST, 70, half80=10, half95=20, family=family, data_month=LAST)
    [whole] = tables(built(company, "key_figures", families=[family]))["As a whole"]
    assert whole["Next 12 months"] == "840\u00a0pack"
    assert "50 – 90" in str(charts(built(company, "sales", families=[family]))[0].table.rows[-1])
    assert (whole["Together"], whole["Products"], whole["Volume"]) == ("Sweet", "2", "720\u00a0pack")


def test_what_each_channel_sold_of_a_line_is_told_before_its_products(company: Any) -> None:
    """Packs add up, packs and bottles do not; of a named channel nothing of another."""
    sell(company.products[0], LAST, 6, 12, channel=channel_factory(name="Oost"))
    found = built(company, "channels", lines=[company.juices, company.drinks])
    told = tables(found)
    assert list(told)[:2] == ["Drinks", "Juices"]
    drinks, juices = told["Drinks"], told["Juices"]
    assert [(row["Channel"], row["Revenue"]) for row in drinks] == [
        ("Noord", "€2,400"), ("Zuid", "€2,400"), ("Oost", "€12"),
    ]  # fmt: skip
    assert "Volume" not in drinks[0]
    assert [(row["Channel"], row["Volume"], row["Revenue"]) for row in juices] == [
        ("Noord", "720", "€1,440"), ("Zuid", "720", "€1,440"), ("Oost", "6", "€12"),
    ]  # fmt: skip
    assert next(block.note for block in found if block.title == "Juices").endswith(
        ", pack, 3 products together"
    )
    only = tables(built(company, "channels", lines=[company.juices], channels=[company.north]))["Juices"]
    assert [row["Channel"] for row in only] == ["Noord"]


def test_volumes_of_a_channel_are_in_the_unit_of_the_line(company: Any) -> None:
    """Cider counts half a pack a bottle."""
    company.drinks.reporting_unit = "pack"
    company.drinks.save()
    UnitFactor.objects.create(product=company.cider, unit="pack", factor=D("0.5"))
    rows = tables(built(company, "channels", lines=[company.drinks]))["Drinks"]
    assert [(row["Channel"], row["Volume"]) for row in rows] == [("Noord", "960"), ("Zuid", "960")]


def test_the_statement_of_a_line_is_the_sum_of_its_products(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of those that are not told one by one: 4 products at a cost of 1 each sold."""
    for product in [*company.products, company.cider]:
        cost_rate_factory(product=product, start_date=month_add(LAST, -30), amount=1)
    monkeypatch.setattr(reports, "EACH", 3)
    monkeypatch.setattr(reports, "TOP", 2)
    figures_refresh()
    found = built(company, "margin", lines=[company.drinks])
    told = tables(found)
    assert list(told) == ["Drinks", "Cider", "Juice 3"]
    amounts = {row["Line of the statement"]: row["EUR"] for row in told["Drinks"]}
    assert (amounts["Net sales"], amounts["Purchase"], amounts["CM1"]) == ("€4,800", "−€2,400", "€2,400")
    assert next(block.note for block in found if getattr(block, "note", "")).startswith("4 products together")
    assert charts(found)[0].title == "Drinks"
    assert "4,800.00" in str(charts(found)[0].table.rows)


@pytest.mark.parametrize("section", ["margin", "margins"])
def test_margins_that_are_read_part_by_part_are_the_same(
    company: Any, monkeypatch: pytest.MonkeyPatch, section: str
) -> None:
    """Of 4 products, 2 told one by one; costs of their own, of a channel, of another line only, and overhead
    that is split over all."""
    start = month_add(LAST, -30)
    for product in company.products:
        cost_rate_factory(product=product, start_date=start, amount=1)
    line = cost_line_factory(product=company.cider, kind="payment", basis="unit", channel=company.north)
    cost_rate_factory(cost_line=line, start_date=start, amount="0.5")
    overhead = cost_line_factory(product=None, kind="overhead", basis="month", key="revenue")
    cost_rate_factory(cost_line=overhead, start_date=start, amount=100)
    monkeypatch.setattr(reports, "EACH", 3)
    monkeypatch.setattr(reports, "TOP", 2)
    figures_refresh()
    at_once = built(company, section, lines=[company.drinks, company.juices])
    monkeypatch.setattr(margins, "AT_ONCE", 1)
    assert built(company, section, lines=[company.drinks, company.juices]) == at_once
    monkeypatch.setattr(reports, "TOP", 4)  # all told one by one: nothing is folded
    [*wholes, _cider, _juice] = at_once
    assert built(company, section, lines=[company.drinks, company.juices])[: len(wholes)] == wholes
    assert "1,200" in str(at_once)  # the overhead of a year


def test_of_many_products_those_with_most_revenue_are_told(
    company: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "EACH", 3)
    monkeypatch.setattr(reports, "TOP", 2)
    figures_refresh()
    found = built(company, "key_figures", lines=[company.drinks])
    rows = next(rows for title, rows in tables(found).items() if title != "As a whole")
    assert [(row["Product"], row["Revenue"]) for row in rows] == [
        ("Cider", "€1,920"),
        ("Juice 3", "€1,440"),
        ("and 2 more", "€1,440"),
        ("Total", "€4,800"),
    ]
    assert isinstance(found[-1], Text)
    assert "2 products with the most revenue" in found[-1].markdown
    [rows] = tables(built(company, "margins", lines=[company.drinks])).values()
    assert [(row["Product"], row["Net sales"]) for row in rows] == [
        ("Cider", "€1,920"),
        ("Juice 3", "€1,440"),
        ("and 2 more", "€1,440"),
        ("Total", "€4,800"),
    ]


def test_a_larger_line_takes_no_more_queries(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "EACH", 2)
    monkeypatch.setattr(reports, "TOP", 2)
    counts = []
    for _more in range(3):
        with CaptureQueriesContext(connection) as queries:
            for section in ("key_figures", "sales"):
                built(company, section, lines=[company.juices])
        counts.append(len(queries))
        for _product in range(3):
            sell(product_factory(line=company.juices, unit="pack"), LAST, 1, 1, channel=company.north)
    assert counts[1] == counts[2]  # rights and limits are read with the first


def test_more_products_than_can_be_read_are_refused(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST", 3)
    report = report_create(
        user=company.author,
        values={"title": "All", "language": "en", "audience": "internal", "lines": [company.drinks]},
        parts=[Part("key_figures")],
    )
    assert "4 products; a report takes 3" in " ".join(problems(report, report_build(report)))
