# ruff: noqa: F811  a fixture and the argument it comes in by
"""One chart or table chosen for a report, of all products or of one, and cost reports kept under a name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from accounts.errors import DomainError
from core import formats
from core.months import month_add
from core.reports.blocks import ReportChart, Section, Table
from forecasting.models import Driver, DriverValue, Forecast
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from products.models import BudgetRow, BudgetVersion, Measure, Product, SavedView
from reporting.models import Report, ReportPart
from reporting.reports import kept_cost_reports
from reporting.selectors.report_choices import Choice
from reporting.selectors.reports import report_build
from reporting.services.grants import grant_ask, grant_decide
from reporting.services.reports import Part, report_copy, report_create, report_parts_set, report_publish
from tests.factories import line_factory, product_factory, user_factory
from tests.forecasting.test_accuracy_sums import rows_give
from tests.html import tight
from tests.pricing.test_costs import kind
from tests.pricing.test_margins import sell

from .test_canaries import file_text, files, shared
from .test_report_sections import LAST, _company, company  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
BY_PRODUCT = Choice(query="by=product&columns=month-standard,month-index", name="By product")


def made(company: Any, *parts: Part, audience: str = "internal", **values: Any) -> Report:
    said = {"title": "Month", "language": "en", "audience": audience, "all_channels": True, **values}
    said.setdefault("products", [company.juice, company.apple])
    return report_create(user=company.author, values=said, parts=parts)


def sections(report: Report) -> list[Section]:
    return list(report_build(Report.objects.get(pk=report.pk)).sections)


@pytest.fixture
def booked(company: Any) -> Product:
    """Standard costs of both products, and of one that no report here is about."""
    other = product_factory(code="OTHER", line=company.juice.line)
    rows = [
        BookedCost(product.pk, LAST, kind("purchase").pk, None, None, "", Decimal(amount))
        for product, amount in ((company.juice, "1000.50"), (company.apple, "20.25"), (other, "7777.77"))
    ]
    cost_months_book(source="standard", months=[LAST], rows=rows)
    return other


@pytest.mark.parametrize(
    ("section", "choice", "kinds", "titles"),
    [
        ("sales", Choice(), [ReportChart, ReportChart], ["Apple juice", "Orange juice"]),
        ("sales", Choice("chart"), [ReportChart, ReportChart], ["Apple juice", "Orange juice"]),
        ("sales", Choice("chart", -1), [ReportChart], ["Orange juice"]),
        ("sales", Choice("revenue"), [ReportChart, ReportChart], ["Apple juice", "Orange juice"]),
        ("channels", Choice(product_id=-1), [Table], ["Orange juice"]),
        ("plan", Choice("year_to_date"), [Table], ["Year to date"]),
        ("plan", Choice("year_to_date", -1), [Table], ["Year to date"]),
    ],
)
def test_one_chart_or_table(
    section: str, choice: Choice, kinds: list[type], titles: list[str], company: Any
) -> None:
    """-1 stands for the juice. What the author says with it comes along."""
    own = company.juice.pk if choice.product_id else None
    part = Part(section, "Look.", Choice(choice.block, own))
    [found] = sections(made(company, Part("key_figures"), part))[1:]
    assert [type(block) for block in found.blocks[:-1]] == kinds
    assert [block.title for block in found.blocks[:-1]] == titles
    assert found.blocks[-1].markdown == "Look."


def test_of_a_product_that_is_no_longer_in_it_nothing_is_told(company: Any) -> None:
    report = made(company, Part("sales", choice=Choice("chart", company.juice.pk)))
    assert sections(report)
    report.products.set([company.apple])
    assert not sections(report)


def test_a_cost_report_under_its_name(company: Any, booked: Product) -> None:
    [found] = sections(made(company, Part("cost_report", choice=BY_PRODUCT)))
    [table] = found.blocks
    assert (found.title, table.heads[-1]) == ("By product", f"standard, {formats.month(LAST)}")
    rows = [[cell.text for cell in row] for row in table.rows]
    assert [rows[0], rows[1], rows[-1]] == [
        ["APPLE", "Apple juice", "20.25"],
        ["JUICE", "Orange juice", "1,000.50"],
        ["", "Total", "1,020.75"],
    ]
    assert (table.rows[-1][-1].value, table.strong) == ("1020.75", (2, 3))
    assert table.note.endswith(
        "Booked on the products of this report in the longest period shown: €1,020.75."
        " This report shows €1,020.75."  # and not what is booked on others
    )
    thousands = Choice(query="by=product&columns=month-standard&scale=k", name="Thousands")
    [found] = sections(made(company, Part("cost_report", choice=thousands)))
    assert [row[-1].text for row in found.blocks[0].rows] == ["0.0", "1.0", "1.0", "1.0"]


def test_the_template_for_finance_sets_costs_beside_budget_and_last_year(company: Any, client: Any) -> None:
    """Asked in English of a Dutch report, whose cost report is called in Dutch."""
    juice = company.juice
    year_ago = month_add(LAST, -12)
    for source, month, amount in (
        ("actual", LAST, "1000.50"),
        ("budget", LAST, "900.25"),
        ("actual", year_ago, "800.75"),
    ):
        row = BookedCost(juice.pk, month, kind("purchase").pk, None, None, "", Decimal(amount))
        cost_months_book(source=source, months=[month], rows=[row])
    client.force_login(company.author)
    said = {"title": "Kosten", "audience": "finance", "language": "nl", "products": "JUICE"}
    answer = client.post("/reports/new/costs/", {**said, "period": "months", "months": 12, "nonce": "one"})
    assert answer.status_code == 302
    report = Report.objects.get(title="Kosten")
    found = sections(report)[0]
    assert (found.key, found.title) == ("cost_report", "Werkelijke kosten naast budget en vorig jaar")
    figures = [cell.text for row in found.blocks[0].rows for cell in row]
    assert {"1.000,50", "900,25", "800,75"} <= set(figures)


def test_the_template_for_management_has_the_margin_against_budget(company: Any, client: Any) -> None:
    client.force_login(company.author)
    said = {"title": "Month", "audience": "internal", "language": "en", "products": "JUICE"}
    client.post("/reports/new/month/", {**said, "period": "months", "months": 24, "nonce": "one"})
    parts = Report.objects.get(title="Month").parts.values_list("section", flat=True)
    assert {"plan", "margins", "margin_bridge"} <= set(parts)


def test_of_lines_that_close_at_different_months_the_earliest_counts(company: Any) -> None:
    """A line whose last three months are not loaded yet; one that stopped long ago, and one of a product that
    ended, hold nothing up."""
    late, stopped, ended = product_factory(code="LATE"), product_factory(), product_factory(ended=LAST)
    whole = month_add(LAST, -3)
    for product, newest in ((late, whole), (stopped, month_add(LAST, -20)), (ended, month_add(LAST, -6))):
        for back in range(14):
            sell(product, month_add(newest, -back), Decimal(5), Decimal(50), channel=company.north)
    rows = [
        BookedCost(product.pk, month_add(month, back), kind("purchase").pk, None, None, "", Decimal(10))
        for product in (company.juice, late)
        for month in (LAST, whole)
        for back in (0, -12)
    ]
    months = [month_add(month, back) for month in (LAST, whole) for back in (0, -12)]
    cost_months_book(source="standard", months=months, rows=rows)
    parts = (Part("cost_report", choice=BY_PRODUCT), Part("margin_bridge"))
    for products, month in (([company.juice, late, stopped, ended], whole), ([company.juice, ended], LAST)):
        report = made(company, *parts, products=products)
        said, table = formats.month(month), {}
        for section in sections(report):
            table[section.key] = next(block for block in section.blocks if isinstance(block, Table))
        assert report_build(report).data_month == month
        assert f"standard, {said}" in table["cost_report"].heads
        assert f"{said}, standard costs" in table["margin_bridge"].note


@pytest.mark.parametrize(("role", "audience"), [("marketing", "internal"), ("product-manager", "external")])
def test_without_the_right_and_to_the_outside_no_cost_report(
    role: str, audience: str, company: Any, booked: Product
) -> None:
    company.author = user_factory(role, language="en")
    part = Part("cost_report", "Our words.", BY_PRODUCT)
    [found] = sections(made(company, part, audience=audience))
    assert (found.title, len(found.blocks)) == ("Cost report", 1)  # the words; not what it is called
    report = Report.objects.get()
    assert not {"cost_report", "costs", "margin"} & set(report_build(report).fields)


def test_a_cost_report_that_is_told_on_purpose_does_not_tell_the_costs_it_leaves_out(
    company: Any, booked: Product
) -> None:
    part = Part("cost_report", choice=BY_PRODUCT)
    report = made(company, part, audience="external")
    grant = grant_ask(user=company.author, report=report, field="cost_report", reason="Talks")
    grant_decide(user=user_factory("finance"), grant=grant, approve=True)
    [found] = sections(report)
    assert found.blocks[0].rows[-1][-1].text == "1,020.75"
    assert "Booked" not in found.blocks[0].note


@pytest.mark.parametrize("layout", ["margin", "units", "bridge"])
def test_a_margin_is_of_all_channels(layout: str, company: Any, booked: Product) -> None:
    choice = Choice(query=f"layout={layout}&by=product&of=standard&period=month", name="Margin")
    assert sections(made(company, Part("cost_report", choice=choice)))
    assert not sections(made(company, Part("cost_report", choice=choice), channels=[company.north]))


@pytest.fixture
def budgeted(company: Any) -> None:
    """Both years' costs of the juice, actual, standard and planned, and what was to be sold this year."""
    juice, version = company.juice, BudgetVersion.objects.create(code="b", name="Budget", year=LAST.year)
    for source in ("actual", "standard", "budget"):
        for back, amount in ((0, "30.50"), (1, "29.25"), (12, "28.00")):
            month = month_add(LAST, -back)
            row = BookedCost(juice.pk, month, kind("purchase").pk, None, None, "", Decimal(amount))
            cost_months_book(source=source, months=[month], rows=[row])
    BudgetRow.objects.create(
        version=version,
        product=juice,
        measure=Measure.objects.get(code="units"),
        month=LAST,
        volume=Decimal(5000),
        revenue=Decimal(50000),
    )


CHARTS = {
    "layout=margin&period=month&of=standard": "What is left of sales?",
    "layout=margin&period=month&of=standard&row=JUICE": "What is left of sales?",
    "layout=bridge&period=month&of=standard": "What changed the margin?",
    "layout=variance&period=month&against=budget": "Why do costs differ from what was planned?",
    f"layout=trend&period=range&first={month_add(LAST, -3):%Y-%m}": "What does a unit cost, month by month?",
}


@pytest.mark.parametrize(("query", "title"), CHARTS.items())
def test_a_cost_report_has_the_chart_of_its_page(
    query: str, title: str, company: Any, budgeted: None, client: Any
) -> None:
    """Of the report's products alone; the chart or the table can be chosen by itself."""

    def kinds(block: str) -> list[type]:
        choice = Choice(block, query=query, name="Costs")
        report = made(company, Part("cost_report", choice=choice), products=[company.juice])
        return [type(each) for section in sections(report) for each in section.blocks]

    assert [kinds(block) for block in ("", "chart", "table")] == [
        [ReportChart, Table],
        [ReportChart],
        [Table],
    ]
    [section] = sections(made(company, Part("cost_report", choice=Choice(query=query, name="Costs"))))
    chart = section.blocks[0]
    client.force_login(company.author)
    page = client.get(f"/costs/reports/?{query}&month={LAST:%Y-%m}").context
    drawn = page["bridge"].chart if "bridge" in page else page["chart"]
    assert (chart.title, chart.description) == (title, drawn.description)
    assert [[cell.text for cell in row] for row in chart.table.rows] == [
        [text or formats.MISSING for text in row] for row in drawn.table.rows
    ]


def test_the_chart_alone_says_what_its_margin_is_without(
    company: Any, budgeted: None, monkeypatch: Any
) -> None:
    monkeypatch.setattr(kept_cost_reports, "gaps_words", lambda gaps: ["No costs of March"])
    choice = Choice(query="layout=margin&period=month&of=standard", name="Margin")
    for block, said in (("chart", True), ("", False)):
        part = Part("cost_report", choice=replace(choice, block=block))
        [section] = sections(made(company, part))
        assert ("No costs of March" in section.blocks[0].subtitle) is said
    assert "No costs of March" in section.blocks[1].note


def test_the_chart_is_in_every_file_and_behind_a_link(company: Any, budgeted: None) -> None:
    """With its words and the table of its figures."""
    choice = Choice("chart", query="layout=margin&period=month&of=standard", name="Margin of juice")
    report = made(company, Part("cost_report", choice=choice), audience="external", all_suppliers=True)
    grant = grant_ask(user=company.author, report=report, field="cost_report", reason="Talks")
    grant_decide(user=user_factory("finance"), grant=grant, approve=True)
    snapshot = report_publish(user=company.author, report=report)
    told = "From sales to the result: each kind of cost as a step; the figures are in the table"
    made_of = files(snapshot)
    texts = {kind: file_text(kind, content) for kind, content in made_of.items()}
    texts["page"] = shared(snapshot, made_of)["shared page"]
    for name, text in texts.items():
        seen = " ".join(text.split())
        assert "What is left of sales?" in seen, name
        assert "Margin of juice" in seen, name
        assert (told in seen) is (name != "xlsx"), name  # a sheet has the table in the chart's place
        assert ("30.5" in seen) is (name != "pptx"), name


def test_the_chart_of_what_was_approved_needs_no_new_approval(company: Any, budgeted: None) -> None:
    """The table is more than the chart alone."""
    whole = Choice(query="layout=margin&period=month&of=standard", name="Margin")
    chart, table = (replace(whole, block=block) for block in ("chart", "table"))

    def told(asked: Choice, now: Choice) -> bool:
        report = made(company, Part("cost_report", choice=asked), audience="external")
        grant = grant_ask(user=company.author, report=report, field="cost_report", reason="Talks")
        grant_decide(user=user_factory("finance"), grant=grant, approve=True)
        report_parts_set(user=company.author, report=report, parts=[Part("cost_report", choice=now)])
        return "cost_report" in report_build(Report.objects.get(pk=report.pk)).fields

    assert [told(whole, chart), told(chart, chart), told(chart, table), told(chart, whole)] == [
        *(True, True, False, False)
    ]


def test_how_far_off_forecasts_were_is_drawn_of_the_products_together(company: Any) -> None:
    """Sums of errors over sums of sales, of a month ahead over the last year."""
    rows_give(company.juice, actual=[100.0, 200.0], naive=50.0, statistical=[90.0, 180.0], last=LAST)
    rows_give(company.apple, actual=[300.0, 200.0], naive=150.0, statistical=[330.0, 100.0], last=LAST)
    rows_give(company.apple, actual=[1.0], lag=2, statistical=900.0, last=LAST)
    rows_give(product_factory(line=company.juice.line), actual=[7.0, 7.0], statistical=900.0, last=LAST)
    [section] = sections(made(company, Part("accuracy", choice=Choice("chart"))))
    [chart] = section.blocks
    assert [[cell.text for cell in row] for row in chart.table.rows] == [
        [formats.month(month_add(LAST, -1)), "50.0%", "10.0%"],  # |50|+|150| and 10+30 of 400
        [formats.month(LAST), "50.0%", "30.0%"],  # 150+50 and 20+100 of 400
    ]
    assert chart.title == "How far off were we, month by month?"
    of_one = Choice("chart", company.juice.pk)
    [section] = sections(made(company, Part("accuracy", choice=of_one)))
    assert (section.blocks[0].title, section.blocks[0].table.rows[0][2].text) == ("Orange juice", "10.0%")
    assert not sections(made(company, Part("accuracy", choice=Choice("chart")), channels=[company.north]))


def test_unlike_units_are_weighed_by_revenue(company: Any) -> None:
    hours = product_factory(line=company.juice.line, unit="hour")
    rows_give(company.juice, actual=[100.0, 100.0], statistical=90.0, price=1.0, last=LAST)
    rows_give(hours, actual=[100.0, 100.0], statistical=50.0, price=9.0, last=LAST)
    products = [company.juice, hours]
    [section] = sections(made(company, Part("accuracy", choice=Choice("chart")), products=products))
    assert section.blocks[0].table.rows[0][1].text == "46.0%"  # (10 + 9 × 50) of 1,000


def test_what_moves_the_forecasts_is_drawn(company: Any) -> None:
    """A driver once, however many products it moves; what it does to each in the table."""
    rain, sun, idle = (
        Driver.objects.create(code=name, name=name, unit="mm", kind="series", step="month")
        for name in ("rain", "sun", "idle")
    )
    for driver in (rain, sun, idle):
        DriverValue.objects.bulk_create(
            DriverValue(driver=driver, date=month_add(LAST, -back), value=back + 2) for back in range(-3, 30)
        )

    def used(driver: Driver, year: float) -> dict[str, Any]:
        return {"id": driver.pk, "name": driver.name, "year": year, "months": [year] * 18, "gain": 0.25}

    for product, works in (
        (company.juice, [used(rain, 0.02), used(sun, -0.4)]),
        (company.apple, [used(rain, 0.1)]),
    ):
        Forecast.objects.create(
            product=product,
            measure=Measure.objects.get(code="units"),
            method="mean",
            as_of=LAST,
            data_month=LAST,
            computed_at=timezone.now(),
            driver_effects={"used": works, "refused": [], "planned": []},
        )
    report = made(company, Part("drivers"), period="months", months=12)
    [section] = sections(report)
    *charts, table = section.blocks
    assert [chart.title for chart in charts] == ["Sun", "Rain"]
    assert charts[0].table.rows[0][0].text == formats.month(month_add(LAST, -10))
    assert charts[0].table.rows[-1][0].text == formats.month(month_add(LAST, 3))
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["Apple juice", "Rain", "+10.0%", "+10.0% to +10.0% a month", "25%"],
        ["Orange juice", "Sun", "−40.0%", "−40.0% to −40.0% a month", "25%"],
        ["Orange juice", "Rain", "+2.0%", "+2.0% to +2.0% a month", "25%"],
    ]
    [section] = sections(made(company, Part("drivers", choice=Choice("chart", company.apple.pk))))
    assert [block.title for block in section.blocks] == ["Rain"]
    assert not sections(made(company, Part("drivers"), audience="external"))
    assert not sections(made(company, Part("drivers"), channels=[company.north]))


@pytest.mark.parametrize(
    ("section", "choice"),
    [
        ("sales", Choice("table")),
        ("sales", Choice("nothing")),
        ("sales", Choice(query="by=product", name="Costs")),
        ("cost_report", Choice()),
        ("cost_report", Choice(query="by=product")),
        ("cost_report", Choice("nothing", query="by=product", name="Costs")),
        ("cost_report", Choice("table")),
        ("unknown", Choice()),
    ],
)
def test_what_a_section_does_not_have_is_not_chosen(section: str, choice: Choice, company: Any) -> None:
    report = made(company, Part("sales"))
    with pytest.raises(DomainError):
        report_parts_set(user=company.author, report=report, parts=[Part(section, choice=choice)])
    with pytest.raises(IntegrityError, match="report_part_asks_by_name"), transaction.atomic():
        ReportPart.objects.update(query="by=product")


def test_nobody_chooses_or_copies_what_they_do_not_see(company: Any) -> None:
    foreign = product_factory(line=line_factory())
    company.author = user_factory("product-manager", lines=[company.juice.line])
    chosen = Choice("chart", foreign.pk)
    with pytest.raises(DomainError, match="not there"):
        made(company, Part("sales", choice=chosen))
    company.author = user_factory("product-manager")
    report = made(company, Part("sales", choice=chosen), Part("sales"), products=[foreign])
    limited = user_factory("product-manager", lines=[company.juice.line])
    copies = [report_copy(user=user, report=report) for user in (company.author, limited)]
    assert [copy.parts.count() for copy in copies] == [2, 1]


def test_for_more_of_a_section_a_field_on_purpose_does_not_hold(company: Any) -> None:
    """Approved for one product's chart: not for the other's, nor for all; approved for all: for each."""
    one, other = (Part("sales", choice=Choice("chart", pk)) for pk in (company.juice.pk, company.apple.pk))

    def holds(asked: Part, now: Part) -> bool:
        report = made(company, asked, audience="external")
        grant = grant_ask(user=company.author, report=report, field="author", reason="Talks")
        grant_decide(user=user_factory("finance"), grant=grant, approve=True)
        report_parts_set(user=company.author, report=report, parts=[now])
        return "author" in report_build(Report.objects.get(pk=report.pk)).fields

    assert [holds(one, now) for now in (one, other, Part("sales"))] == [True, False, False]
    assert holds(Part("sales"), one)


def test_chosen_on_its_page_and_kept_while_sections_are_saved(company: Any, client: Any) -> None:
    """Posted twice it is there once; another's view that is not shared is not there."""
    report = made(company, Part("words", "Ours."))
    own, theirs = (
        SavedView.objects.create(user=user, page="cost-report", name=name, query="by=kind")
        for user, name in ((company.author, "My costs"), (user_factory("finance"), "Their costs"))
    )
    margin = SavedView.objects.create(
        user=company.author, page="cost-report", name="My margin", query="layout=margin&by=line"
    )
    client.force_login(company.author)
    address = f"/reports/{report.pk}/choose/"
    page = tight(client.get(address))
    assert "My costs" in page
    assert "My margin: Chart" in page
    assert "My costs: Chart" not in page  # costs by product and kind are a table alone
    assert "Their costs" not in page
    juice = company.juice.pk
    for said in (
        {"what": "sales:chart", "product": juice, "nonce": "one"},
        {"what": "sales:chart", "product": juice, "nonce": "one"},
        {"what": f"kept:{own.pk}", "nonce": "two"},
        {"what": f"kept:{margin.pk}:chart", "nonce": "five"},
        {"what": f"kept:{theirs.pk}", "nonce": "three"},
        {"what": "", "nonce": "four"},
    ):
        assert client.post(address, said).url == f"/reports/{report.pk}/"
    page = client.get(f"/reports/{report.pk}/")
    with translation.override("en"):
        names = [part.name for part in page.context["parts"]]
    assert names == [
        "Own words",
        "Sales and forecast: Chart · Orange juice",
        "Cost report: My costs",
        "Cost report: Chart · My margin",
    ]
    said = {
        "section": [part.section.key for part in page.context["parts"]],
        "comment": ["", "Higher.", "", ""],
        "choice": [part.choice for part in page.context["parts"]],
        "seen": page.context["seen"],
        "act": "up:1",
    }
    client.post(f"/reports/{report.pk}/parts/", said)
    kept = list(report.parts.values_list("section", "comment", "block", "product", "query"))
    assert kept == [
        ("sales", "Higher.", "chart", juice, ""),
        ("words", "", "", None, ""),
        ("cost_report", "", "", None, "by=kind"),
        ("cost_report", "", "chart", None, "layout=margin&by=line"),
    ]
    client.force_login(user_factory("marketing", language="en"))
    assert client.get(address).status_code == 404
