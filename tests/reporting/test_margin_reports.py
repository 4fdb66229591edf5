"""Margins and the bridge between them: what products' statements say, on the page and as a file."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone, translation
from python_calamine import CalamineWorkbook

from core import formats
from core.formats import money, number
from core.months import month_add, month_end, month_start
from core.organisation import today
from exchange.models import Import
from forecasting.models import NightlyStep
from pricing.engine.bridge import TERMS
from pricing.models import CostKind
from pricing.selectors.cost_months import BookedCost, booked_rows, cost_months
from pricing.selectors.margins import product_margins
from pricing.selectors.month_margin import margins_total
from pricing.selectors.standard_costs import SplitLines
from pricing.services.cost_months import cost_months_book
from pricing.services.standard_costs import changed_costs, standard_costs_write
from products.models import SALES_WRITTEN, Channel, ImportedObject, Product
from products.services.closing import month_close
from reporting.cost_reports.files import pdf_data
from reporting.cost_reports.tables import report_table
from reporting.cost_reports.waterfall import waterfall_steps
from reporting.selectors.margin_bridge import margin_bridge
from reporting.selectors.margin_gaps import NO_GAPS
from reporting.selectors.margin_report import margin_report
from reporting.selectors.report_query import MARGIN_BY, report_query
from reporting.selectors.sales_rows import SalesRows
from reporting.selectors.unit_report import unit_report
from reporting.services.report_files import report_bytes
from tests.factories import channel_factory, product_factory, user_factory
from tests.forecasting.conftest import run_now
from tests.pricing.test_costs import kind
from tests.pricing.test_margins import costs, sell
from tests.reporting.test_cost_reports import MONTH, ask, products

__all__ = ["products"]
pytestmark = pytest.mark.django_db
D = Decimal


def book(products: list[Product]) -> None:
    split = SplitLines([month_add(MONTH, -back) for back in range(4, -1, -1)])
    signs, rows = changed_costs([each.pk for each in products], split)
    standard_costs_write(signs=signs, rows=rows, split=split)


class TestMargin:
    @pytest.fixture
    def sold(self, products: list[Product]) -> list[Product]:
        channel = channel_factory()
        months = [month_add(MONTH, -back) for back in range(4, -1, -1)]
        for n, product in enumerate(products):
            for month in months:
                revenue = D("1000.005") * (n + 1)
                sell(product, month, 10 + n, revenue, gross=revenue + D("10.333"), channel=channel)
            costs("purchase", f"33.{n}", product=product)
            costs("commission", "0.05", product=product, basis="share", base="net", channel=channel)
        costs("overhead", "500", basis="month", key="revenue")
        book(products)
        return products

    @pytest.mark.parametrize(
        ("layout", "filters"),
        [
            ("margin", {"kind": "purchase", "level": "cm3"}),
            *((layout, {"kind": "purchase"}) for layout in ("units", "bridge")),
            *((layout, {"supplier": "MILL"}) for layout in ("margin", "units", "bridge")),
            *((layout, {"cost_centre": "100"}) for layout in ("margin", "units", "bridge")),
        ],
    )
    def test_no_filter_that_it_has_no_field_for_narrows_its_costs(
        self, sold: list[Product], layout: str, filters: dict[str, str]
    ) -> None:
        """However it comes into the address: from a layout that has it, or kept in one of before."""
        finance, of = user_factory("finance"), {"layout": layout, "of": "standard", "level": "cm1"}
        if layout == "margin":
            del of["level"]
        plain, narrowed = ask(**of), ask(**of | filters)
        assert narrowed == plain
        found = {"margin": margin_report, "units": unit_report, "bridge": margin_bridge}[layout]
        assert found(finance, narrowed) == found(finance, plain)
        client = Client()
        client.force_login(finance)
        said = "&".join(f"{name}={value}" for name, value in filters.items())
        page = client.get(f"/costs/reports/?month=2026-05&of=standard&{said}")
        [address] = [each for name, _label, each in page.context["layouts"] if name == layout]
        assert not filters.keys() & QueryDict(address).keys()

    def test_the_margin_looked_at_is_no_filter_of_costs(self, sold: list[Product]) -> None:
        client = Client()
        client.force_login(user_factory("finance"))
        page = client.get("/costs/reports/?layout=bridge&month=2026-05&of=standard&level=cm1")
        asked = {name: QueryDict(each) for name, _label, each in page.context["layouts"]}
        assert [name for name, each in asked.items() if "level" in each] == ["units", "bridge"]

    def test_of_a_product_it_is_its_statement(self, sold: list[Product]) -> None:
        finance = user_factory("finance")
        found = margin_report(finance, ask(layout="margin", by="product", of="standard", period="ytd"))
        assert len(found.rows) == 4
        for product, row in zip(sold, found.rows, strict=True):
            whole = margins_total(product_margins(finance, product, month_add(MONTH, -4), MONTH) or ())
            assert whole is not None
            assert (row.gross, row.net) == (whole.gross, whole.net)
            assert (row.cm1, row.cm2, row.cm3, row.result) == (whole.cm1, whole.cm2, whole.cm3, whole.result)

    @pytest.mark.parametrize("by", MARGIN_BY)
    def test_whatever_the_rows_are_of_the_total_is_the_same(self, sold: list[Product], by: str) -> None:
        """Also where each channel alone would be rounded up: 10.005 in two of them are 20.01."""
        shops = [channel_factory(), channel_factory()]
        for month in (month_add(MONTH, -1), MONTH):
            for shop in shops:
                sell(sold[1], month, 1, D("10.005"), gross=D("12.0149"), channel=shop)
        book(sold)
        finance = user_factory("finance", language="en")
        with translation.override("en"):
            found = margin_report(finance, ask(layout="margin", by=by, of="standard"))
        known = margin_report(finance, ask(layout="margin", by="product", of="standard"))
        names = ("gross", "deductions", "net", "cm1", "cm2", "cm3", "overhead", "result")
        assert found.total is not None
        for name in names:
            assert getattr(found.total, name) == sum(getattr(row, name) for row in found.rows)
            assert getattr(found.total, name) == getattr(known.total, name)
        of_channels = [
            margin_report(finance, ask(layout="margin", by=by, of="standard", channel=channel.code)).total
            for channel in Channel.objects.all()
        ]
        for name in names:
            assert sum(getattr(each, name) for each in of_channels) == getattr(known.total, name)
        said = ask(layout="margin", by=by, of="standard")
        for asked in (said, replace(said, filters={"channel": shops[0].code})):
            rows, whole = SalesRows(finance, asked), margin_report(finance, asked).total
            assert whole is not None
            assert (rows.gross, rows.net) == (whole.gross, whole.net)
            assert sum(row.net for row in rows.all()) == whole.net
        client = Client()
        client.force_login(finance)
        page = client.get(f"/costs/reports/?layout=margin&month=2026-05&by={by}&of=standard")
        steps = {label: amount for label, amount, *_rest in page.context["chart"].table.rows}
        with translation.override("en"):
            assert steps["Result"] == number(found.total.result, 2)
        for row, shown in zip(found.rows, page.context["rows"], strict=True):
            assert bool(shown["drawn"]) == bool(row.sold and row.name.code)
            steps_of_row = waterfall_steps(row, {each.pk: each for each in CostKind.objects.all()})
            left = row.gross if row.deductions else row.net
            for _label, amount, is_margin in steps_of_row[1:]:
                left = left if is_margin else left + amount
                assert not is_margin or left == amount
            if shown["drawn"]:
                drawn = client.get(f"/costs/reports/?{shown['drawn']}").context["chart"]
                assert drawn.subtitle.startswith(row.name.label)
                assert len(drawn.table.rows) == len(steps_of_row)
        letters = "".join(row["letter"] for row in page.context["rows"])
        assert set(letters) == ({"A", "B"} if by == "product" else set())

    def test_channels_bear_what_was_sold_there_and_are_shares_of_net_sales(self, sold: list[Product]) -> None:
        other = channel_factory(code="WEB")
        sell(sold[0], MONTH, 30, D(500), channel=other)
        book(sold)
        finance = user_factory("finance")
        found = margin_report(finance, ask(layout="margin", by="channel", of="standard"))
        whole = margin_report(finance, ask(layout="margin", by="product", of="standard"))
        assert found.gaps == NO_GAPS
        assert len(found.rows) == 2
        assert all(row.rate(level) for row in found.rows for level in ("cm1", "cm2", "cm3", "result"))
        for name in ("net", "cm1", "cm2", "cm3", "result"):
            total = sum(getattr(row, name) for row in found.rows)
            assert total == getattr(whole.total, name)
        web = margin_report(finance, ask(layout="margin", by="product", of="standard", channel="WEB"))
        [row] = [row for row in found.rows if row.name.code == "WEB"]
        assert web.total is not None
        assert (web.total.cm3, web.total.rate("cm3")) == (row.cm3, row.rate("cm3"))

    def test_of_a_channel_it_says_what_is_booked_in_none_and_is_no_share(self, sold: list[Product]) -> None:
        """As months that were booked without channels are: first overhead is in none, then what is bought."""
        finance, code = user_factory("finance", language="en"), Channel.objects.get().code
        apart: Any = D(0)
        for level, told in (("below", ["cm1", "cm2", "cm3"]), ("cm1", [])):
            rows = booked_rows(cost_months().filter(month=MONTH))
            kinds = set(CostKind.objects.filter(level=level).values_list("pk", flat=True))
            moved = [row._replace(channel_id=None) if row.kind_id in kinds else row for row in rows]
            cost_months_book(source="standard", months=[MONTH], rows=moved)
            apart = sum(row.amount for row in moved if row.channel_id is None)
            for by, channel in (("channel", ""), ("line", code), ("channel", code)):
                said = {"layout": "margin", "by": by, "of": "standard"}
                found = margin_report(finance, ask(**said, **({"channel": channel} if channel else {})))
                assert found.total is not None
                assert (found.gaps.apart, found.gaps.apart_months) == (apart, (MONTH,))
                for row in found.rows if not channel else [*found.rows, found.total]:
                    known = [name for name in ("cm1", "cm2", "cm3", "result") if row.rate(name) is not None]
                    assert known == (told if row.net else [])
                assert (found.total.rate("result") is None) == bool(channel)
        units = {"layout": "units", "of": "standard", "level": "cm1", "channel": code}
        assert {row.rate for row in unit_report(finance, ask(**units)).rows} == {None}
        client = Client()
        client.force_login(finance)
        page = client.get(
            "/costs/reports/?layout=margin&month=2026-05&of=standard&by=channel"
        ).content.decode()
        with translation.override("en"):
            assert f"{money(apart, 'EUR')} of costs of {formats.month(MONTH)}" in page
        query = QueryDict("layout=margin&month=2026-05&of=standard&by=channel")
        assert f" in_no_channel={apart:.2f}" in report_bytes(user=finance, kind="csv", query=query).decode()

    def test_sales_of_months_and_products_without_actual_costs_are_named(self, sold: list[Product]) -> None:
        months = [month_add(MONTH, -back) for back in (4, 3, 1)]  # the third and the last are not in yet
        rows = [BookedCost(sold[0].pk, month, kind("purchase").pk, None, None, "", D(60)) for month in months]
        cost_months_book(source="actual", months=months, rows=rows)
        finance = user_factory("finance", language="en")
        for read, asked in (
            (margin_report, {"layout": "margin", "by": "product"}),
            (margin_report, {"layout": "margin", "by": "month"}),
            (margin_bridge, {"layout": "bridge"}),
            (unit_report, {"layout": "units"}),
        ):
            gaps = read(finance, ask(of="actual", **asked)).gaps  # type: ignore[operator]
            assert gaps.months == (month_add(MONTH, -2), MONTH)
            assert (gaps.products, gaps.others) == (tuple(row.name for row in sold[1:]), 0)
        assert margin_report(finance, ask(layout="margin", of="standard")).gaps == NO_GAPS
        said = QueryDict("layout=margin&month=2026-05&of=actual&by=product")
        client = Client()
        client.force_login(finance)
        with translation.override("en"):
            sentences = report_table(finance, report_query(said)).warnings
            files = {of: report_bytes(user=finance, kind=of, query=said) for of in ("csv", "xlsx", "pdf")}
        assert "Mar\u00a02026, May\u00a02026" in sentences[0]
        page = client.get(f"/costs/reports/?{said.urlencode()}")
        assert page.context["gaps"] == sentences
        assert sentences[0] in page.content.decode()
        assert " without_costs=2026-03,2026-05 products_without_costs=3" in files["csv"].decode()
        about = CalamineWorkbook.from_filelike(io.BytesIO(files["xlsx"])).get_sheet_by_index(1).to_python()
        assert [row[1] for row in about if row[0] == "Mind"] == sentences
        assert files["pdf"].startswith(b"%PDF")

    def test_sales_of_months_without_standard_costs_are_named(self, sold: list[Product]) -> None:
        finance, before = user_factory("finance"), month_add(MONTH, -1)
        cost_months_book(source="standard", months=[before], rows=[])
        for by in ("product", "month"):
            gaps = margin_report(finance, ask(layout="margin", by=by, of="standard")).gaps
            assert (gaps.months, gaps.products) == ((before,), ())

    def test_sales_that_are_not_loaded_are_told_where_there_are_costs(self, products: list[Product]) -> None:
        """Of the line of the first product, until its months are closed."""
        last, channel, first = month_add(month_start(today()), -1), channel_factory(), products[0]
        for product in products:
            late = product.line_id == first.line_id
            sell(product, month_add(last, -2 if late else 0), 10, 1000, channel=channel)
        months = [last, month_add(last, -1)]
        rows = [BookedCost(each.pk, last, kind("licences").pk, None, None, "", D(40)) for each in products]
        cost_months_book(source="standard", months=months, rows=rows)
        finance = user_factory("finance", language="en")
        asked = {"of": "standard", "month": f"{last:%Y-%m}", "period": "month"}
        for read, layout in (
            (margin_report, {"layout": "margin", "by": "line"}),
            (margin_bridge, {"layout": "bridge"}),
            (unit_report, {"layout": "units"}),
        ):
            assert read(finance, ask(**asked, **layout)).gaps.unsold == {first.line_id: month_add(last, -2)}  # type: ignore[operator]
        client = Client()
        client.force_login(finance)
        page = client.get("/costs/reports/", {**asked, "layout": "margin", "by": "line"}).content.decode()
        with translation.override("en"):
            until = formats.month(month_add(last, -2))
        assert f"{first.line} has sales up to {until} and costs after that: the margin is too low" in page
        said = QueryDict(f"layout=margin&by=line&of=standard&period=month&month={last:%Y-%m}")
        file = report_bytes(user=finance, kind="csv", query=said).decode()
        assert f" sales_until={first.line.code}:{month_add(last, -2):%Y-%m}" in file
        before = ask(of="standard", month=f"{month_add(last, -1):%Y-%m}", period="month", layout="margin")
        assert not margin_report(finance, before).gaps.unsold  # no costs there
        month_close(user=finance, month=last)
        assert not margin_report(finance, ask(**asked, layout="margin")).gaps.unsold

    def test_what_ended_by_then_has_sales_up_to_its_end(self, products: list[Product]) -> None:
        """Costs that go on after it are no sales that are not loaded."""
        last, channel, first = month_add(month_start(today()), -1), channel_factory(), products[0]
        sister = product_factory(line=first.line)
        for product in (first, sister):
            sell(product, month_add(last, -2), 10, 1000, channel=channel)
        first.ended = month_end(month_add(last, -2))
        first.save()
        finance, asked = user_factory("finance"), ask(of="standard", month=f"{last:%Y-%m}", layout="margin")
        for product, told in (first, {}), (sister, {first.line_id: month_add(last, -2)}):
            row = BookedCost(product.pk, last, kind("licences").pk, None, None, "", D(40))
            cost_months_book(source="standard", months=[last], rows=[row])
            assert margin_report(finance, asked).gaps.unsold == told

    @pytest.mark.parametrize("how", ["applied_at", "undone_at"])
    def test_sales_that_came_after_the_costs_were_booked_are_told(
        self, sold: list[Product], how: str
    ) -> None:
        finance, now = user_factory("finance", language="en"), timezone.now()
        run_now(local_date=today(), only=["standard_costs"], kind="manual")
        made: Any = {"sheet": "sales", "source": "page", "file_size": 1}
        before = now - timedelta(days=1)
        state = "undone" if how == "undone_at" else "applied"
        file = Import.objects.create(**made, state=state, applied_at=before, undone_at=before)
        ImportedObject.objects.create(
            source_import=file, kind=SALES_WRITTEN, object_id=file.pk, after={"months": [f"{MONTH:%Y-%m}"]}
        )
        asked = [
            (margin_report, {"layout": "margin", "by": "line"}),
            (margin_bridge, {"layout": "bridge"}),
            (unit_report, {"layout": "units"}),
        ]

        def found(of: str) -> list[Any]:
            return [read(finance, ask(of=of, **said)).gaps.booked_until for read, said in asked]  # type: ignore[operator]

        assert found("standard") == [None] * 3
        Import.objects.filter(pk=file.pk).update(**{how: timezone.now()})
        moments = found("standard")
        assert moments == [NightlyStep.objects.get().started_at] * 3
        assert found("actual") == [None] * 3  # nothing of the ledger is split by what was sold
        with translation.override("en"):
            words = f"Costs are booked until {formats.moment(moments[0])}"
        client = Client()
        client.force_login(finance)
        for layout in ("margin", "bridge", "units"):
            address = f"layout={layout}&month=2026-05&of=standard"
            assert words in client.get(f"/costs/reports/?{address}").content.decode()
            assert (
                " booked_until=" in report_bytes(user=finance, kind="csv", query=QueryDict(address)).decode()
            )
        earlier = margin_report(finance, ask(month="2026-03", layout="margin", of="standard"))
        assert earlier.gaps.booked_until is None
        run_now(local_date=today(), only=["standard_costs"], kind="manual")
        assert found("standard") == [None] * 3

    @pytest.mark.parametrize("by", MARGIN_BY)
    @pytest.mark.parametrize("language", ["en", "nl"])
    def test_as_a_workbook_with_sums_as_formulas(self, sold: list[Product], by: str, language: str) -> None:
        finance, said = user_factory("finance"), f"layout=margin&month=2026-05&of=standard&by={by}"
        with translation.override(language):
            found = margin_report(finance, ask(layout="margin", by=by, of="standard"))
            content = report_bytes(user=finance, kind="xlsx", query=QueryDict(said))
            assert content == report_bytes(user=finance, kind="xlsx", query=QueryDict(said))
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        head, *rows = book.get_sheet_by_index(0).to_python()
        first = 2 if by == "product" else 1
        assert head[first + 2] == ("Net sales" if language == "en" else "Netto-omzet")
        assert [row[first - 1] for row in rows[:-1]] == [row.name.label for row in found.rows]
        assert rows[-1][first - 1] == ("Total" if language == "en" else "Totaal")
        for row, cells in zip([*found.rows, found.total], rows, strict=True):
            assert row is not None
            for place, name in ((2, "net"), (3, "cm1"), (7, "cm3"), (9, "overhead"), (10, "result")):
                if row.sold or name != "net":
                    assert cells[first + place] == pytest.approx(float(getattr(row, name)), abs=0.001)
            rate = row.rate("cm1")
            assert cells[first + 4] == ("" if rate is None else pytest.approx(float(rate)))
        xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
        assert xml.count("<f>SUBTOTAL(9,") == 8
        letters = "ABCDEFGHIJKLM"[first:]
        assert f"<f>SUBTOTAL(9,{letters[2]}2:{letters[2]}{len(rows)})</f>" in xml
        assert f"<f>{letters[3]}2/{letters[2]}2</f>" in xml
        assert 'state="frozen"' in xml
        about = {line[0]: line[1] for line in book.get_sheet_by_index(1).to_python()}
        assert about["Period" if language == "en" else "Periode"]

    def test_as_csv_and_pdf(self, sold: list[Product]) -> None:
        finance, said = user_factory("finance"), "layout=margin&month=2026-05&of=standard&by=product"
        query = QueryDict(f"{said}&separator=tab&decimal=comma")
        text = report_bytes(user=finance, kind="csv", query=query).decode("utf-8-sig")
        *rows, told = csv.DictReader(io.StringIO(text), delimiter="\t")
        assert told["product"].startswith("# ")
        assert f" booked={told['product'].split('shown=')[1]} " in told["product"]
        found = margin_report(finance, ask(layout="margin", by="product", of="standard"))
        assert found.total is not None
        assert [row["product"] for row in rows] == ["D0", "D1", "D2", "D3"]
        for name in ("gross", "deductions", "net", "cm1", "cm2", "cm3", "overhead", "result"):
            assert sum(D(row[name].replace(",", ".")) for row in rows) == getattr(found.total, name)
        rate = found.rows[0].rate("cm1")
        assert rate is not None
        assert D(rows[0]["cm1_rate"].replace(",", ".")) == round(rate, 4)
        once = report_bytes(user=finance, kind="pdf", query=QueryDict(said))
        assert once.startswith(b"%PDF-")
        assert once == report_bytes(user=finance, kind="pdf", query=QueryDict(said))

    @pytest.mark.usefixtures("english")
    def test_a_pdf_has_room_for_every_number(self, sold: list[Product]) -> None:
        """Shares stand below their margins, widths hold the longest line of each column, and the lines on top
        say what the report is of."""
        said = "month=2026-05&of=standard"
        finance = user_factory("finance")
        data = pdf_data(report_table(finance, report_query(QueryDict(f"layout=margin&by=product&{said}"))))
        assert (data["title"], data["heads"][3:6]) == ("Margin report", ["CM1", "CM2", "CM3"])
        assert data["subtitle"].replace("\xa0", " ") == "Jan 2026 – May 2026 · standard costs · EUR"
        first = margin_report(finance, ask(layout="margin", by="product", of="standard")).rows[0]
        rate = first.rate("cm1")
        assert data["rows"][0]["cells"][5] == f"{number(first.cm1, 2)}\n{formats.percent(rate)}"
        columns = [*data["labels"], *data["heads"]]
        assert len(data["widths"]) == len(columns) == len(data["rows"][0]["cells"])
        for place, width in enumerate(data["widths"][2:], start=2):
            lines = [line for row in data["rows"] for line in row["cells"][place].split("\n")]
            assert width >= max(map(len, [*lines, *columns[place].split(" ")]))
        table = report_table(finance, report_query(QueryDict(f"layout=bridge&level=cm1&{said}")))
        assert ("Margin after", "contribution margin 1") in table.about
        bridge = pdf_data(table)
        assert bridge["subtitle"].endswith("Margin after: contribution margin 1")
        assert " · compared with " in bridge["subtitle"]
        assert bridge["said"][-1][0].startswith("CM1 ")

    def test_the_page_gives_the_file_of_what_it_shows(self, sold: list[Product]) -> None:
        client = Client()
        client.force_login(user_factory("finance", language="en"))
        page = client.get("/costs/reports/?layout=margin&month=2026-05&of=standard&by=line")
        assert b"/costs/reports/xlsx/?" in page.content
        got = client.get(f"/costs/reports/csv/?{page.context['address']}")
        assert got.content.decode("utf-8-sig").startswith("line,line_name,gross,deductions,net,cm1,cm1_rate")
        for layout in ("margin", "bridge"):
            limited = Client()
            limited.force_login(user_factory("finance", channels=[channel_factory()]))
            refused = limited.get(f"/costs/reports/csv/?layout={layout}&month=2026-05&of=standard")
            assert refused.status_code == 403


class TestBridge:
    def test_from_last_year_to_now_it_adds_up_and_is_drawn(self, products: list[Product]) -> None:
        channel, before = channel_factory(), month_add(MONTH, -12)
        bought = kind("purchase").pk
        rows = []
        for product, month, units, price, cost in (
            (products[0], before, 100, "10", "6"),
            (products[0], MONTH, 110, "10.5", "6.2"),
            (products[2], before, 50, "20", "12"),
            (products[2], MONTH, 40, "21", "13"),
            (products[1], MONTH, 5, "30", "10"),
            (products[3], before, 5, "30", "10"),
        ):
            sell(product, month, units, units * D(price), channel=channel)
            rows.append(BookedCost(product.pk, month, bought, None, None, "", units * D(cost)))
        rows.append(BookedCost(None, MONTH, kind("overhead").pk, None, None, "", D(1000)))
        rows.append(BookedCost(None, MONTH, kind("quality").pk, None, None, "", D(7)))
        cost_months_book(source="standard", months=[before, MONTH], rows=rows)
        finance = user_factory("finance", language="en")
        said = ask(layout="bridge", of="standard", period="month")
        found = margin_bridge(finance, said).found
        assert found is not None
        assert (found.price, found.cost, found.volume, found.mix) == (95, -62, 0, -40)
        assert (found.new, found.lost, found.other) == (100, -100, -7)
        assert found.before + sum(getattr(found, term) for term in TERMS) == found.after
        said_in_file = QueryDict("layout=bridge&month=2026-05&of=standard&period=month&level=cm3")
        content = report_bytes(user=finance, kind="xlsx", query=said_in_file)
        rows_in_file = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert len(rows_in_file[0]) == 7  # none of the currency
        assert rows_in_file[-1][3:5] == [95, -62]
        assert rows_in_file[-1][-1] == float(found.after - found.before)
        assert sum(row[-1] for row in rows_in_file[1:-1]) == rows_in_file[-1][-1]
        [head, *others] = report_bytes(user=finance, kind="csv", query=said_in_file).decode().splitlines()
        assert len(others) == len(found.parts) + 1
        assert "currency" in head
        for month, amount in (("2025-05", found.before), ("2026-05", found.after)):
            asked = ask(layout="margin", of="standard", period="month", month=month)
            total = margin_report(finance, asked).total
            assert total is not None
            assert total.cm3 == amount
        client = Client()
        client.force_login(finance)
        page = client.get("/costs/reports/?layout=bridge&month=2026-05&of=standard&period=month&level=cm1")
        total = [each.text for each in page.context["total"]]
        assert total == ["0.00", "+95.00", "−62.00", "−40.00", "−7.00"]
        assert not page.context["currencies"]
        assert b'class="num">Currency</th>' not in page.content
        assert [row[0] for row in page.context["bridge"].rows] == [
            *("CM1 May\u00a02025", "New products", "Products no longer sold", "Price", "Costs", "Mix"),
            "CM1 May\u00a02026",
        ]
        limited = user_factory("finance", channels=[channel])
        assert margin_bridge(limited, said).limited
        assert client.get("/costs/reports/?layout=bridge&month=2001-05").status_code == 200

    def test_a_period_without_costs_is_said_and_not_chosen(self, products: list[Product]) -> None:
        channel, purchase = channel_factory(), kind("purchase").pk
        months = [month_add(MONTH, -13), month_add(MONTH, -12), month_add(MONTH, -1), MONTH]
        for month in months:
            sell(products[0], month, 10, D(100), channel=channel)
        rows = [BookedCost(products[0].pk, month, purchase, None, None, "", D(60)) for month in months]
        cost_months_book(source="standard", months=months, rows=rows)
        cost_months_book(source="actual", months=months[1:], rows=rows[1:])
        finance = user_factory("finance", language="en")
        year = {"layout": "bridge", "period": "ytd", "month": "2026-05"}
        assert margin_bridge(finance, ask(**year, of="actual")).gaps.months == (months[0],)
        for asked in (ask(**year, of="standard"), ask(**year | {"period": "month"}, of="actual")):
            assert margin_bridge(finance, asked).gaps == NO_GAPS
        assert ask(**year).of == "standard"
        assert ask(month="2026-05").of == "actual"
        client = Client()
        client.force_login(finance)
        page = client.get("/costs/reports/?layout=bridge&month=2026-05&of=actual").content.decode()
        assert "not like with like" in page
