# ruff: noqa: F811  a fixture and the argument it comes in by
"""The product sheet as a PDF: one page, that also those who do not see its charts can read."""

from __future__ import annotations

import datetime
import io
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

import pytest
from django.db.models import Sum
from pypdf import PdfReader

from core.charts import Actual, Expected, volume_forecast_chart
from core.months import month_add
from core.reports.blocks import (
    Cell,
    KeyFigure,
    KeyFigures,
    ReportChart,
    Section,
    Table,
    Text,
    sections_from_json,
)
from core.reports.build import Builder
from products.models import Family, FamilyMember, Measure, Product, ProductFigures, SalesMonth
from reporting.models import Report
from reporting.renderers.document import document
from reporting.selectors.reports import report_build
from reporting.services.reports import Part, report_copy, report_create, report_part_add, report_publish
from reporting.services.snapshot_files import file_bytes
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    family_factory,
    product_factory,
    user_factory,
)
from tests.html import tight
from tests.pricing.test_margins import sell
from tests.reporting.test_report_sections import LAST, _company, company  # noqa: F401
from tests.reporting.test_snapshot_files import frozen, made, paper, tags

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
FIRST = datetime.date(2024, 11, 1)
EDGES = (0, -200, 200, -300, 300)


def table(title: str, *rows: tuple[str, ...]) -> Table:
    heads, *lines = rows
    numeric = tuple(place > 0 for place in range(len(heads)))
    cells = tuple(tuple(map(Cell, line)) for line in lines)
    return Table(title, heads, ("volume",) * len(heads), numeric, cells)


def sheet() -> list[Section]:
    """As much as the sheet of a product that is sold at ten channels has, with two years and a forecast."""
    builder = Builder({"volume", "forecast", "product"})
    builder.chart(
        volume_forecast_chart(
            id="sales",
            title="Orange juice 1 l",
            subtitle="Sold",
            history=[Actual(month_add(FIRST, n), 1000.0 + 37 * n, False) for n in range(24)],
            forecast=[
                Expected(month_add(FIRST, n), *(1700.0 + 11 * n + step for step in EDGES))
                for n in range(24, 42)
            ],
            unit_label="pack a month",
            measure_label="sold",
        ),
        ["volume"],
    )
    [chart] = builder.blocks
    assert isinstance(chart, ReportChart)
    figures = [(f"Figure {n}", f"{n},234,567 pack") for n in range(6)]
    stage = [(f"Evidence {n}", "Growing faster than the line, at more accounts", "0.8") for n in range(6)]
    channels = [(f"Retailer number {n}", "12,345 pack", "€ 123,456") for n in range(10)]
    statement = [(f"Line of the statement {n}", "€ 123,456", "41.2%") for n in range(14)]
    numbers = KeyFigures(tuple(KeyFigure(label, Cell(text)) for label, text in figures))
    sold = table("Orange juice", ("Channel", "Volume", "Revenue"), *channels)
    result = table("Statement", ("Line", "EUR", "of net"), *statement)
    costs = replace(chart, title="From sales to the result")
    return [
        Section("key_figures", "Key figures", (numbers,)),
        Section("sales", "Sales and forecast", (chart,)),
        Section(
            "lifecycle",
            "Lifecycle",
            (Text("Growth since May 2025, 84% sure."), table("Why", ("What", "Says", "Weight"), *stage)),
        ),
        Section("channels", "Channels", (sold,)),
        Section("margin", "Cost and margin", (costs, result)),
    ]


def pages(content: bytes) -> int:
    return len(PdfReader(io.BytesIO(content)).pages)


def test_the_product_sheet_is_one_page_without_the_figures_behind_its_charts() -> None:
    content = made(frozen(sheet(), language="en", sheet=True), "pdf")
    assert pages(content) == 1
    said = paper(content)
    assert "Line of the statement 13" in said
    assert "Figures behind the charts" not in said
    pictures: list[Any] = [tag.get("/Alt") for tag in tags(content) if tag.get("/S") == "/Figure"]
    assert len(pictures) == 2
    assert all("1,851" in str(alt) for alt in pictures)  # the last month sold, in words


def test_a_report_that_is_no_sheet_has_its_figures_at_the_end() -> None:
    """Also one of the same sections: it was not begun as a sheet."""
    content = made(frozen(sheet(), language="en"), "pdf")
    assert pages(content) > 1
    assert "Figures behind the charts" in paper(content)


@pytest.mark.parametrize(
    ("begun", "of", "more", "said"),
    [
        ("product", ["JUICE"], (), True),
        ("product", ["JUICE", "APPLE"], (), False),
        ("product", ["JUICE"], ("words",), False),
        ("line", [], (), True),
        ("family", [], (), True),
        ("line", [], ("words",), False),
        ("line", ["JUICE"], (), False),
        ("", ["JUICE"], (), False),
    ],
)
def test_what_is_a_product_sheet(
    begun: str, of: list[str], more: tuple[str, ...], said: bool, company: Any, client: Any
) -> None:
    """Made by *As report* of one product, or of a line or family as a whole, and left that; also a copy of
    it."""
    client.force_login(company.author)
    family_factory(code="FAM", name="Juices")
    for product in (company.juice, company.apple):
        FamilyMember.objects.create(
            family=Family.objects.get(code="FAM"), product=product, start_date=datetime.date(2020, 1, 1)
        )
    code = {"line": company.juice.line.code, "family": "FAM"}.get(begun, "JUICE")
    sections = ("key_figures", "sales", "channels")
    if begun:
        at = client.post(f"/reports/sheet/{begun}/{code}/", {"nonce": "one"}).url
        report = Report.objects.get(pk=at.split("/")[2])
    else:
        values = {"title": "Month", "language": "en", "audience": "internal"}
        report = report_create(user=company.author, values=values, parts=[Part(key) for key in sections])
    if begun not in ("line", "family") or of:
        report.products.set(Product.objects.filter(code__in=of))
    for key in more:
        report_part_add(user=company.author, report=report, part=Part(key, "Mine."))
    for each in (report, report_copy(user=company.author, report=report)):
        assert report_publish(user=company.author, report=each).sheet == said


def sold_by(company: Any, count: int) -> None:
    """So many more products of the line, at so many more shops, with costs and a stage each."""
    units = Measure.objects.get(code="units")
    shops = [
        channel_factory(name=f"Shop {n} of the whole country", parent=company.shops) for n in range(count)
    ]
    for number in range(count):
        product = product_factory(
            code=f"MORE-{number}", name=f"Juice {number} of fruit", line=company.juice.line
        )
        for back in range(-1, 24):
            sell(product, month_add(LAST, -back), D(9), D(90 + number), channel=shops[number])
    for product in company.juice.line.products.all():
        for name in ("purchase", "quality", "marketing", "duty"):
            line = cost_line_factory(product=product, kind=name, basis="unit")
            cost_rate_factory(cost_line=line, start_date=datetime.date(2020, 1, 1), amount=D("0.25"))
        figures = {"measure": units, "data_month": LAST, "revenue_12m": 100 + product.pk, "stage": "growth"}
        ProductFigures.objects.update_or_create(product=product, defaults=figures)
    ProductFigures.objects.filter(product=company.juice).update(stage="maturity", revenue_12m=10**9)


def test_a_line_of_many_products_is_one_page(company: Any, client: Any) -> None:
    """What it comes to, its chart, stages, channels and margin; no product by itself but those that sell
    most."""
    sold_by(company, 24)
    client.force_login(company.author)
    at = client.post(f"/reports/sheet/line/{company.juice.line.code}/", {"nonce": "one"}).url
    report = Report.objects.get(pk=at.split("/")[2])
    built = report_build(report)
    found = {section.key: section.blocks for section in built.sections}
    assert set(found) == {"key_figures", "sales", "lifecycle", "channels", "margin"}
    whole, named = found["key_figures"]
    assert (whole.title, len(whole.rows)) == ("As a whole", 1)
    assert [row[0].text for row in named.rows[-2:]] == ["and 18 more", "Total"]
    assert named.rows[0][0].text == "Orange juice"  # with the most revenue
    assert [block.title for block in found["sales"]] == [company.juice.line.name]
    [stages] = found["lifecycle"]
    assert [[cell.text for cell in row][:2] for row in stages.rows] == [["Growth", "25"], ["Maturity", "1"]]
    [channels] = found["channels"]
    assert [row[0].text for row in channels.rows][-1] == "and 17 more"
    assert sum(D(row[-1].value or 0) for row in channels.rows) == D(named.rows[-1][3].value or 0)
    assert [type(block) for block in found["margin"]] == [ReportChart, Table]
    snapshot = report_publish(user=company.author, report=report)
    assert snapshot.sheet
    told = dict(document(snapshot).about)["Products"]
    assert told == f"{company.juice.line.name}, 26 products together"
    content = file_bytes(snapshot, "pdf", lambda done, total: None)
    assert pages(content) == 1
    assert "As a whole" in paper(content)
    report_part_add(user=company.author, report=report, part=Part("words", "Mine."))
    longer = {section.key: section.blocks for section in report_build(report).sections}
    assert len(longer["sales"]) > 10


def test_a_product_of_many_channels_is_one_page(company: Any, client: Any) -> None:
    sold_by(company, 1)
    for number in range(40):
        shop = channel_factory(name=f"Chain {number} of the country", parent=company.shops)
        sell(company.juice, LAST, D(9), D(9000 + number), channel=shop)
    client.force_login(company.author)
    at = client.post("/reports/sheet/product/JUICE/", {"nonce": "one"}).url
    report = Report.objects.get(pk=at.split("/")[2])
    snapshot = report_publish(user=company.author, report=report)
    assert snapshot.sheet
    [channels] = [block for block in blocks_of(snapshot, "channels") if isinstance(block, Table)]
    assert len(channels.rows) == 10
    assert channels.rows[-1][0].text == "and 33 more"
    sold = SalesMonth.objects.filter(product=company.juice, month__gt=month_add(LAST, -12), month__lte=LAST)
    whole = sold.aggregate(sum=Sum("revenue"))["sum"]
    assert sum(D(row[-1].value) for row in channels.rows) == whole
    assert pages(file_bytes(snapshot, "pdf", lambda done, total: None)) == 1
    report_part_add(user=company.author, report=report, part=Part("words", "Mine."))
    longer = blocks_of(report_publish(user=company.author, report=report), "channels")
    assert len(longer[0].rows) == 42


def blocks_of(snapshot: Any, key: str) -> list[Any]:
    [found] = [each for each in sections_from_json(snapshot.sections) if each.key == key]
    return list(found.blocks)


def test_as_report_stands_on_a_line_s_own_page_and_in_the_list(company: Any, client: Any) -> None:
    client.force_login(user_factory("product-manager", language="en"))
    code = company.juice.line.code
    for place in ("/products/lines/", f"/products/lines/{code}/"):
        page = tight(client.get(place))
        assert f'action="/reports/sheet/line/{code}/"' in page
        assert "As report" in page
