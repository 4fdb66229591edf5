"""Cost reports: every total equals its rows, within one's sight, and files that open elsewhere."""

from __future__ import annotations

import csv
import datetime
import html
import io
import random
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import translation
from python_calamine import CalamineWorkbook

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind
from pricing.selectors.cost_months import BookedCost, cost_months
from pricing.services.cost_months import cost_months_book
from products.models import Channel, Product, SavedView, Supplier
from reporting.cost_reports.files import pdf_data
from reporting.cost_reports.tables import report_table
from reporting.models import ReportFile
from reporting.selectors.cost_report import CostReport
from reporting.selectors.margin_report import margin_report
from reporting.selectors.report_query import COLUMNS, DIMENSIONS, last_month, report_query
from reporting.services.report_files import report_bytes, report_file_make
from tests.factories import channel_factory, client_of, line_factory, product_factory, user_factory
from tests.html import tight
from tests.pricing.test_costs import kind

pytestmark = pytest.mark.django_db
D = Decimal
MONTH = datetime.date(2026, 5, 1)


@pytest.fixture
def products() -> list[Product]:
    top = line_factory(name="Drinks")
    lines = [line_factory(name="Oat", parent=top), line_factory(name="Soy", parent=top)]
    return [product_factory(line=lines[n % 2], name=f"Drink {n}", code=f"D{n}") for n in range(4)]


@pytest.fixture
def booked(products: list[Product]) -> list[Product]:
    """All sources over two years, with and without product, channel and supplier."""
    chance = random.Random(9)
    kinds = [kind(code).pk for code in ("purchase", "energy", "commission", "overhead")]
    channels = [None, channel_factory(code="SHOP").pk]
    suppliers = [None, Supplier.objects.create(code="ACME", name="Acme").pk]
    booked = [month_add(MONTH, -back) for back in range(20)] + [month_add(MONTH, 2)]
    ahead = [month_add(MONTH, step) for step in range(2, 6)]
    for source in ("standard", "actual", "accrual", "budget", "forecast"):
        months = ahead if source == "forecast" else booked
        rows = [
            BookedCost(
                chance.choice([*(each.pk for each in products), None]),
                chance.choice(months),
                chance.choice(kinds),
                chance.choice(channels),
                chance.choice(suppliers),
                chance.choice(("", "100")),
                D(chance.randint(-500, 5000)) / 100,
            )
            for _row in range(150)
        ]
        cost_months_book(source=source, months=months, rows=rows)
    return products


def ask(**said: str) -> Any:
    query = QueryDict(mutable=True)
    query.update({"month": "2026-05", **said})
    return report_query(query)


def report(user: Any = None, **said: str) -> CostReport:
    return CostReport(user or user_factory("finance"), ask(**said))


def booked_in(first: str, last: str, *sources: str, **filters: Any) -> Decimal:
    rows = cost_months().filter(source__in=sources, **filters)
    days = [datetime.date.fromisoformat(f"{each}-01") for each in (first, last)]
    return sum((row.amount for row in rows if days[0] <= row.month <= days[1]), D(0))


class TestSums:
    def test_columns_are_what_they_say(self, booked: list[Product]) -> None:
        to_come = datetime.date(2026, 9, 1)  # what is still to come tells of no month that it is booked
        row = BookedCost(None, to_come, kind("energy").pk, None, None, "", D("1.23"))
        cost_months_book(source="accrual", months=[to_come], rows=[row])
        found = report(columns=",".join(COLUMNS), of="actual", against="budget")
        assert found.total is not None
        got = dict(zip(COLUMNS, found.total.amounts, strict=True))
        actual = ("actual", "accrual")
        assert got["month-actual"] == booked_in("2026-05", "2026-05", *actual)
        assert got["ytd-actual"] == booked_in("2026-01", "2026-05", *actual)
        assert got["year-standard"] == booked_in("2026-01", "2026-12", "standard")
        assert got["ytd-last_year"] == booked_in("2025-01", "2025-05", *actual)
        budget = booked_in("2026-01", "2026-05", "budget")
        plain = report(columns="ytd-actual,ytd-difference,ytd-index", of="actual", against="budget").total
        assert plain is not None
        assert plain.amounts == (
            got["ytd-actual"],
            got["ytd-actual"] - budget,
            got["ytd-actual"] * 100 / budget,
        )
        ahead = booked_in("2026-08", "2026-12", "forecast")
        assert ahead
        assert got["year-estimate"] == booked_in("2026-01", "2026-07", *actual) + ahead
        assert got["month-estimate"] == got["month-actual"]
        assert got["ytd-estimate"] == got["ytd-actual"]
        later = report(month="2026-09", columns="month-estimate,ytd-estimate", of="actual").total
        assert later is not None
        assert later.amounts == (
            booked_in("2026-09", "2026-09", "forecast"),
            booked_in("2026-01", "2026-07", *actual) + booked_in("2026-08", "2026-09", "forecast"),
        )

    def test_by_month_last_year_stands_at_its_own_month(self, products: list[Product]) -> None:
        """Jan 100, Feb 110; a year before Jan 80, Mar 90."""
        booked = {"2025-01": 80, "2025-03": 90, "2026-01": 100, "2026-02": 110}
        months = {datetime.date.fromisoformat(f"{month}-01"): D(amount) for month, amount in booked.items()}
        rows = [
            BookedCost(products[0].pk, month, kind("energy").pk, None, None, "", amount)
            for month, amount in months.items()
        ]
        cost_months_book(source="actual", months=months, rows=rows)
        columns = "ytd-actual,ytd-last_year,ytd-difference,ytd-index"
        found = report(of="actual", by="month,kind", columns=columns).rows
        assert [(row.names[0].code, *row.amounts) for row in found if not row.depth] == [
            ("2026-01", 100, 80, 20, 125),
            ("2026-02", 110, None, 110, None),
            ("2026-03", None, 90, -90, None),
        ]
        assert found[-1].amounts[:3] == (210, 170, 40)

    def test_a_difference_beside_the_latest_estimate_is_of_it(self, products: list[Product]) -> None:
        """The worked case: booked 820 and 430 ahead = 1,250, index 104 against a budget of 1,202."""
        months = [month_add(MONTH, step) for step in range(2)]
        for source, amounts in (("actual", (820, 0)), ("forecast", (0, 430)), ("budget", (600, 602))):
            rows = [
                BookedCost(products[0].pk, month, kind("energy").pk, None, None, "", D(amount))
                for month, amount in zip(months, amounts, strict=True)
                if amount
            ]
            cost_months_book(source=source, months=months, rows=rows)
        said = {"of": "actual", "against": "budget"}
        columns = "year-estimate,year-budget,year-difference,year-index,ytd-difference"
        found = report(**said, columns=columns).total
        assert found is not None
        assert [round(amount or 0) for amount in found.amounts] == [1250, 1202, 48, 104, 220]
        client = Client()
        client.force_login(user_factory("finance", language="en"))
        page = client.get("/costs/reports/", {"month": "2026-05", **said, "columns": columns})
        assert ("difference with budget, latest estimate", "full year") in page.context["heads"]
        assert ("difference with budget", "year to date") in page.context["heads"]
        booked = report(**said, columns="year-actual,year-difference").total
        assert booked is not None
        assert booked.amounts == (820, -382)

    def test_what_is_booked_ahead_of_the_rest_makes_no_month_known(self, products: list[Product]) -> None:
        """Two of three kinds would do; one of six does not, and what is expected of the month stands."""
        months = [month_add(MONTH, step) for step in (-1, 0, 1)]
        kinds = [kind(code).pk for code in ("energy", "purchase", "production")]
        for month, number in zip(months, (6, 6, 1), strict=True):
            pairs = [(row.pk, one) for row in products[:2] for one in kinds][:number]
            rows = [BookedCost(pk, month, one, None, None, "", D(10)) for pk, one in pairs]
            cost_months_book(source="actual", months=[month], rows=rows)
        row = BookedCost(products[0].pk, months[2], kinds[0], None, None, "", D(430))
        cost_months_book(source="forecast", months=[months[2]], rows=[row])
        assert ask(of="actual").known_until == MONTH
        found = report(of="actual", month=f"{months[2]:%Y-%m}", columns="month-estimate,ytd-estimate").total
        assert found is not None
        assert found.amounts == (430, 550)
        rest = [BookedCost(products[0].pk, months[2], one, None, None, "", D(10)) for one in kinds]
        cost_months_book(source="actual", months=[months[2]], rows=rest)
        assert ask(of="actual").known_until == months[2]

    @pytest.mark.parametrize(
        ("rows", "last"),
        [
            pytest.param((6, 2, 2, 2), 3, id="a large first month shuts out none that come long after"),
            pytest.param((2, 2, 6, 6, 6, 2), 4, id="where more is booked than it was, more is asked"),
        ],
    )
    def test_months_are_held_against_those_just_before(
        self, products: list[Product], rows: tuple[int, ...], last: int
    ) -> None:
        months = [month_add(MONTH, step - len(rows) + 2) for step in range(len(rows))]
        pairs = [
            (row.pk, kind(code).pk) for row in products[:2] for code in ("energy", "purchase", "production")
        ]
        for month, number in zip(months, rows, strict=True):
            own = [BookedCost(pk, month, one, None, None, "", D(10)) for pk, one in pairs[:number]]
            cost_months_book(source="actual", months=[month], rows=own)
        assert ask(of="actual").known_until == months[last]

    @pytest.mark.parametrize("seed", range(12))
    def test_every_total_equals_its_rows(self, booked: list[Product], seed: int) -> None:
        chance = random.Random(seed)
        by = chance.sample(DIMENSIONS, chance.randint(1, 4))
        if seed % 2:
            by = ["product", *(name for name in by if name != "product")]
        filters = chance.choice(({}, {"line": booked[0].line.code}, {"kind": "energy"}, {"channel": "shop"}))
        found = report(by=",".join(by), columns=",".join(COLUMNS), of="actual", **filters)
        linear = [place for place, code in enumerate(COLUMNS) if not code.endswith("index")]
        rows = found.rows
        assert rows[-1].depth == 3
        seen = set()
        for row in rows:
            if not row.depth:
                continue
            begin, end = row.span
            below = [each for each in rows[begin:end] if each.depth == 0]
            assert below
            seen.add(row.depth)
            for place in linear:
                assert (row.amounts[place] or 0) == sum(each.amounts[place] or 0 for each in below)
            if row.depth == 1:
                assert {each.names[0] for each in below} == {row.names[0]}
        assert [row.span[0] for row in rows if row.depth == 3] == [0]
        assert seen == {3} | ({1} if len(by) > 1 else set()) | ({2} if by[0] == "product" else set())
        # no booking is lost: all rows together are what is booked within the filters
        place = COLUMNS.index("year-actual")
        amounts = found.bookings.filter(source__in=("actual", "accrual"), month__year=2026)
        assert (rows[-1].amounts[place] or 0) == sum(row.amount for row in amounts)

    def test_lines_one_after_the_other_and_what_is_on_none_last(self, booked: list[Product]) -> None:
        with translation.override("en"):
            names = [row.names[0].label for row in report(by="product").rows]
        assert names == [
            *("Drink 0", "Drink 2", "Oat", "Drink 1", "Drink 3", "Soy"),
            *("not on a product", ""),
        ]

    def test_it_reconciles(self, booked: list[Product]) -> None:
        found = report(columns="ytd-actual", kind="energy", of="actual").reconciliation
        assert found.whole == booked_in("2026-01", "2026-05", "actual", "accrual")
        assert found.on_none == booked_in("2026-01", "2026-05", "actual", "accrual", product=None)
        assert found.shown == booked_in("2026-01", "2026-05", "actual", "accrual", kind__code="energy")

    def test_the_ledger_stands_beside_it_and_what_is_not_mapped(self, booked: list[Product]) -> None:
        from pricing.models import LedgerEntry
        from pricing.services.ledger import unmapped_kind
        from pricing.words.reconciliation import reconciliation_words

        row = BookedCost(None, MONTH, unmapped_kind().pk, None, None, "", D("12.34"))
        cost_months_book(source="actual", months=[MONTH], rows=[row])
        said = {"date": MONTH, "month": MONTH, "account": "4000", "currency": "EUR"}
        whole = booked_in("2026-05", "2026-05", "actual", "accrual")
        LedgerEntry.objects.create(**said, number="1", amount=whole, booked=whole)
        found = report(columns="month-actual", of="actual").reconciliation
        assert (found.unmapped, found.ledger, found.agrees) == (D("12.34"), whole, True)
        LedgerEntry.objects.create(**said, number="2", amount=1, booked=1)
        found = report(columns="month-actual", of="actual").reconciliation
        assert not found.agrees
        with translation.override("en"):
            assert "does not reconcile" in reconciliation_words(found, "EUR")
        limited = report(user_factory("finance", lines=[booked[0].line]), columns="month-actual", of="actual")
        assert limited.reconciliation.ledger is None

    def test_the_financial_year_is_the_organisations(self, booked: list[Product], settings: Any) -> None:
        from core.organisation import organisation_forget, organisation_get

        mine = organisation_get()
        type(mine).objects.update(financial_year_first_month=4)
        organisation_forget()
        found = report(columns="ytd-standard,year-standard", of="standard")
        assert found.total is not None
        assert found.total.amounts[0] == booked_in("2026-04", "2026-05", "standard")
        assert found.total.amounts[1] == booked_in("2026-04", "2027-03", "standard")


class TestSight:
    def test_without_the_right_there_is_nothing(self, booked: list[Product]) -> None:
        assert not report(user_factory("marketing")).rows
        client = Client()
        client.force_login(user_factory("marketing"))
        for address in ("", "xlsx/", "csv/"):
            assert client.get(f"/costs/reports/{address}").status_code == 403

    def test_limits_of_lines_and_channels(self, booked: list[Product]) -> None:
        line = booked[0].line
        found = report(user_factory("finance", lines=[line]), by="product", columns="year-standard")
        assert {row.names[0].label for row in found.rows if not row.depth} <= {"Drink 0", "Drink 2"}
        assert found.reconciliation.on_none == 0
        shop = Channel.objects.get(code="SHOP")
        found = report(
            user_factory("finance", channels=[shop]), by="product,channel", columns="year-standard"
        )
        assert found.rows
        assert {row.names[1].code for row in found.rows if not row.depth} == {"SHOP"}
        limited = user_factory("finance", channels=[shop])
        assert margin_report(limited, ask(layout="margin")).limited

    def test_a_file_is_of_who_asked(self, booked: list[Product], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("reporting.views.cost_report_files.AT_ONCE", {"xlsx": 0})
        client, other = Client(), Client()
        client.force_login(user_factory("finance"))
        other.force_login(user_factory("finance"))
        address = client.get("/costs/reports/xlsx/?month=2026-05").url
        assert client.get(address).status_code == 200
        assert other.get(address).status_code == other.get(f"{address}?get=1").status_code == 404


class TestFiles:
    @pytest.mark.parametrize("language", ["en", "nl"])
    def test_xlsx_opened_again(self, booked: list[Product], language: str) -> None:
        said = {"by": "product,kind", "columns": "ytd-actual,ytd-budget,ytd-difference,ytd-index"}
        query = QueryDict(mutable=True)
        query.update({"month": "2026-05", "of": "actual", **said})
        with translation.override(language):
            content = report_bytes(user=user_factory("finance"), kind="xlsx", query=query)
            rows = report(of="actual", **said).rows
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0).to_python()
        assert len(sheet) == len(rows) + 1
        assert sheet[0][3].startswith("actual" if language == "en" else "werkelijk")
        for row, cells in zip(rows, sheet[1:], strict=True):
            for amount, cell in zip(row.amounts, cells[3:], strict=True):
                assert cell == "" if amount is None else cell == pytest.approx(float(amount), abs=0.001)
                assert amount is None or isinstance(cell, float)
        about = {line[0]: line[1] for line in book.get_sheet_by_index(1).to_python()}
        assert about["Currency" if language == "en" else "Valuta"] == "EUR"

    def test_sums_are_formulas_that_come_to_what_stands_there(self, booked: list[Product]) -> None:
        """Opened with a library that reads formulas and formats; the sums worked out from the cells above."""
        user, said = user_factory("finance"), "month=2026-05&columns=ytd-actual,ytd-budget,ytd-index"
        said += "&of=actual&against=budget"
        content = io.BytesIO(report_bytes(user=user, kind="xlsx", query=QueryDict(said)))
        sheet = openpyxl.load_workbook(content).worksheets[0]
        values = openpyxl.load_workbook(content, data_only=True).worksheets[0]
        assert sheet.freeze_panes == "D2"
        formulas = 0
        for row in sheet.iter_rows(min_row=2, min_col=4):
            for cell in row:
                index = cell.column == sheet.max_column
                assert cell.number_format == ("0.0" if index else "#,##0.00") or cell.value is None
                if index and cell.value is not None:
                    one, other = (values.cell(cell.row, cell.column - back).value for back in (2, 1))
                    assert cell.value == f"=100*D{cell.row}/E{cell.row}"
                    assert values[cell.coordinate].value == pytest.approx(100 * one / other)
                elif cell.data_type == "f":
                    formulas += 1
                    begin, end = re.fullmatch(r"=SUBTOTAL\(9,(\w+):(\w+)\)", cell.value).groups()
                    within = [each for (each,) in sheet[begin:end] if each.data_type == "n" and each.value]
                    come_to = sum(each.value for each in within)
                    assert values[cell.coordinate].value == pytest.approx(come_to, abs=0.001)
        rows = report(columns="ytd-actual,ytd-budget,ytd-index", of="actual", against="budget").rows
        assert sheet.cell(sheet.max_row, 6).data_type == "f"
        assert formulas == 2 * sum(1 for row in rows if row.depth) > 10

    def test_twice_the_same_bytes_whatever_is_booked_elsewhere(self, booked: list[Product]) -> None:
        user, query = user_factory("finance"), QueryDict("month=2026-05&of=actual&columns=ytd-actual")
        once = [report_bytes(user=user, kind=kind, query=query) for kind in ("xlsx", "csv")]
        later = month_add(MONTH, 1)
        row = BookedCost(booked[0].pk, later, CostKind.objects.first().pk, None, None, "", D(5))
        assert cost_months_book(source="actual", months=[later], rows=[row]) > 0
        assert [report_bytes(user=user, kind=kind, query=query) for kind in ("xlsx", "csv")] == once

    def test_csv_for_another_system(self, booked: list[Product]) -> None:
        said = "month=2026-05&of=actual&by=product,kind&columns=ytd-actual&separator=tab&decimal=comma"
        Product.objects.filter(pk=booked[0].pk).update(name="=cmd")
        text = report_bytes(user=user_factory("finance"), kind="csv", query=QueryDict(said)).decode(
            "utf-8-sig"
        )
        *rows, told = csv.DictReader(io.StringIO(text), delimiter="\t")
        whole = booked_in("2026-01", "2026-05", "actual", "accrual")
        said_last = f"# imported=0.00 mapped={whole} unmapped=0.00 booked={whole} "
        assert told["product"].startswith(said_last)  # and no other column of it says anything
        assert set(rows[0]) == {"product", "product_name", "kind", "kind_name", "ytd_actual"}
        assert {row["product_name"] for row in rows if row["product"] == "D0"} == {"'=cmd"}
        total = sum(D(row["ytd_actual"].replace(",", ".")) for row in rows if row["ytd_actual"])
        assert total == whole

    @pytest.mark.parametrize("language", ["en", "nl"])
    def test_pdf_twice_the_same_and_no_name_is_a_command(self, booked: list[Product], language: str) -> None:
        Product.objects.filter(pk=booked[0].pk).update(name='#read("/etc/passwd") $x$ *b*')
        user, query = user_factory("finance"), QueryDict("month=2026-05&of=actual")
        with translation.override(language):
            once = report_bytes(user=user, kind="pdf", query=query)
            assert once == report_bytes(user=user, kind="pdf", query=query)
        assert once.startswith(b"%PDF-")
        assert 10_000 < len(once) < 300_000

    def test_a_long_one_is_made_by_a_worker(
        self, booked: list[Product], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from core.jobs import job_claim, job_run

        monkeypatch.setattr("reporting.views.cost_report_files.AT_ONCE", {"xlsx": 3})
        client = Client()
        client.force_login(user_factory("finance"))
        answer = client.get("/costs/reports/xlsx/?month=2026-05&columns=ytd-actual")
        assert answer.status_code == 302
        assert b"hx-get" in client.get(answer.url).content
        job = job_claim("short")
        assert job is not None
        job_run(job)
        assert b"?get=1" in client.get(answer.url).content
        got = client.get(f"{answer.url}?get=1")
        assert got.headers["Content-Type"].endswith("sheet")
        assert got.content == bytes(ReportFile.objects.get().content)
        assert 'filename="Cost report 2026-05.xlsx"' in got.headers["Content-Disposition"]
        assert report_file_make


class TestPage:
    @pytest.fixture
    def client(self) -> Client:
        client = Client()
        client.force_login(user_factory("finance", language="en"))
        return client

    def test_it_shows_rows_sums_and_that_it_reconciles(self, client: Client, booked: list[Product]) -> None:
        page = client.get("/costs/reports/?month=2026-05&of=standard&columns=ytd-standard&by=kind&scale=k")
        assert page.status_code == 200
        assert [cell for row in page.context["rows"] for cell in row.cells]
        assert "Booked in the longest period shown: €" in page.content.decode()
        for layout in ("margin&by=channel", "units", "bridge"):
            of_margin = client.get(f"/costs/reports/?month=2026-05&of=standard&layout={layout}")
            assert of_margin.context["reconciliation"] == page.context["reconciliation"]
            assert page.context["reconciliation"] in html.unescape(of_margin.content.decode())
        assert client.get("/costs/reports/?month=nonsense&by=x&columns=y&of=z").status_code == 200

    def test_each_is_saved_by_its_name_but_its_progress_is_not(
        self, client: Client, booked: list[Product]
    ) -> None:
        for layout, name in (("costs", "Cost report"), ("variance", "Price variance")):
            said = f"?month=2026-05&of=standard&layout={layout}"
            got = client.get(f"/costs/reports/csv/{said}")
            assert f'filename="{name} 2026-05.csv"' in got.headers["Content-Disposition"]
        got = client_of(user_factory("finance", language="nl")).get("/costs/reports/csv/?month=2026-05")
        assert 'filename="Kostenrapport 2026-05.csv"' in got.headers["Content-Disposition"]
        page = client.get("/costs/reports/?month=2026-05&of=standard").content.decode()
        links = re.findall(r"<a[^>]*/costs/reports/(?:xlsx|csv|pdf)/[^>]*>", page)
        assert len(links) >= 3
        # With it, a browser saves the page that says how far the file is as if it were the file.
        assert [link for link in links if " download" in link] == []

    def test_a_row_opens_what_it_is_made_of(self, client: Client, booked: list[Product]) -> None:
        page = client.get("/costs/reports/?month=2026-05&of=standard&columns=ytd-standard&by=product,kind")
        opened = 0
        for row in page.context["rows"]:
            address = row.names[0][2]
            if not address:
                continue
            inside = client.get(f"/costs/reports/{address}")
            assert inside.context["total"].cells == row.cells
            opened += 1
        assert opened > 8

    def test_its_form_narrows_it_by_channel_supplier_and_cost_centre(
        self, client: Client, booked: list[Product]
    ) -> None:
        said = "/costs/reports/?month=2026-05&of=standard&columns=ytd-standard&by=kind"
        ways = {name: rows for name, _label, rows in client.get(said).context["narrowings"]}
        assert {name: [code for code, _label, _chosen in rows] for name, rows in ways.items()} == {
            "channel": ["SHOP"], "supplier": ["ACME"], "cost_centre": ["100"],
        }  # fmt: skip
        for name, code in (("channel", "shop"), ("supplier", "ACME"), ("cost_centre", "100")):
            page = client.get(f"{said}&{name}={code}")
            key = name if name == "cost_centre" else f"{name}__code"
            amount = booked_in("2026-01", "2026-05", "standard", **{key: code.upper()})
            assert page.context["total"].cells == [f"{amount:,.2f}"]
            assert '" selected>' in page.content.decode().split(f'name="{name}"')[1].split("</select>")[0]
        gone = client.get(f"{said}&cost_centre=999").content.decode()
        assert '<option value="999" selected>' in gone  # not taken off without a word
        limited = Client()
        limited.force_login(user_factory("finance", channels=[channel_factory(code="WEB")]))
        ways = {name: rows for name, _label, rows in limited.get(said).context["narrowings"]}
        assert [code for code, _label, _chosen in ways["channel"]] == ["WEB"]
        assert "cost_centre" not in ways

    def test_it_is_kept_under_a_name(self, client: Client, booked: list[Product]) -> None:
        client.post("/costs/reports/?kind=energy&month=2026-05", {"name": "Energy"})
        view = SavedView.objects.get()
        assert (view.page, view.name) == ("cost-report", "Energy")
        assert "kind=energy" in view.query
        assert b"Energy" in client.get("/costs/reports/").content
        assert b"Energy" not in client.get("/products/?view=all").content
        client.post(f"/costs/reports/views/{view.pk}/end/")
        assert not SavedView.objects.exists()

    @pytest.mark.parametrize(
        ("name", "words"),
        [("Energy", "You have a view of that name already."), (" ", "This field cannot be blank.")],
    )
    def test_a_name_that_cannot_be_is_told_at_its_field(
        self, client: Client, booked: list[Product], name: str, words: str
    ) -> None:
        client.post("/costs/reports/?kind=energy", {"name": "Energy"})
        answer = client.post("/costs/reports/?kind=energy", {"name": name, "fixed": "on"})
        page = tight(answer)
        assert answer.status_code == 422
        assert f'id="report-name-error">{words}</p>' in page
        assert f'name="name" value="{name}"' in page
        assert answer.context["query"].filters == {"kind": "energy"}
        assert SavedView.objects.count() == 1

    def test_kept_of_the_last_month_it_moves_along(self, client: Client, booked: list[Product]) -> None:
        last = f"{last_month('actual'):%Y-%m}"
        kept = {}
        for name, said in (
            *(("moves", "kind=energy"), ("fixed", "kind=energy")),
            *(("earlier", "kind=energy&month=2026-05"), ("trend", "layout=trend")),
        ):
            fixed = {"fixed": "on"} if name == "fixed" else {}
            client.post(f"/costs/reports/?{said}", {"name": name, **fixed})
            kept[name] = QueryDict(SavedView.objects.get(name=name).query)
        assert "month" not in kept["moves"]
        assert kept["moves"]["kind"] == "energy"
        assert [kept[name]["month"] for name in ("fixed", "earlier")] == [last, "2026-05"]
        assert not {"month", "first"} & kept["trend"].keys()
        assert 'name="fixed"' in tight(client.get("/costs/reports/"))
        assert 'name="fixed"' not in tight(client.get("/costs/reports/?month=2026-05"))

    def test_it_opens_on_the_last_month_that_costs_are_booked_of(
        self, client: Client, products: list[Product]
    ) -> None:
        """A correction alone makes no month; who asks for it is told."""
        *whole, before, last = (month_add(month_start(today()), -back) for back in range(14, 0, -1))
        kinds = [kind(code).pk for code in ("energy", "purchase", "production")]
        rows = [BookedCost(products[0].pk, before, one, None, None, "", D(10)) for one in kinds]
        cost_months_book(
            source="actual",
            months=[*whole, before],
            rows=[row._replace(month=month) for month in (*whole, before) for row in rows],
        )
        cost_months_book(source="actual", months=[last], rows=[rows[0]._replace(month=last)])
        for layout in ("costs", "variance", "trend"):
            page = client.get("/costs/reports/", {"layout": layout})
            assert page.context["query"].month == before
            assert "is not whole yet" not in tight(page)
        client.post("/costs/reports/?kind=energy", {"name": "moves"})
        assert "month" not in QueryDict(SavedView.objects.get().query)
        asked = {"month": f"{last:%Y-%m}"}
        assert "is not whole yet" in tight(client.get("/costs/reports/", asked))
        varied = {"layout": "variance", "of": "standard"}  # from a page of standard costs
        assert client.get("/costs/reports/", varied).context["query"].month == before
        assert client.get("/costs/reports/", varied).context["moves"]
        assert "Actual costs are booked until" in tight(client.get("/costs/reports/", varied | asked))
        assert "is not whole yet" not in tight(
            client.get("/costs/reports/", asked | {"columns": "ytd-budget"})
        )
        client.post(f"/costs/reports/?month={last:%Y-%m}", {"name": "of the last"})
        assert QueryDict(SavedView.objects.get(name="of the last").query)["month"] == asked["month"]
        user, query = user_factory("finance"), QueryDict(f"month={last:%Y-%m}&columns=month-actual")
        said = report_bytes(user=user, kind="csv", query=query).decode("utf-8-sig")
        assert f"costs_until={before:%Y-%m}" in said
        rest = [row._replace(month=last) for row in rows]
        cost_months_book(source="actual", months=[last], rows=rest)
        assert client.get("/costs/reports/").context["query"].month == last
        assert "is not whole yet" not in tight(client.get("/costs/reports/"))

    def test_it_says_what_it_is_compared_with(self, client: Client, booked: list[Product]) -> None:
        """Chosen anew, the columns that stand there unless told follow; those that were chosen stay."""
        said = {"month": "2026-05", "of": "actual", "was": "actual,last_year", "against": "budget"}
        columns = ["month-actual", "ytd-actual", "ytd-last_year", "ytd-difference", "ytd-index"]
        page = client.get("/costs/reports/", {**said, "columns": columns})
        assert page.context["query"].columns[2] == "ytd-budget"
        heads = ["actual", "actual", "budget", "difference with budget", "index to budget"]
        assert [head for head, _period in page.context["heads"]] == heads
        assert 'name="was" value="actual,budget"' in tight(page)
        change = page.context["total"].changes[3]
        assert change.css in ("up bad", "down good")  # costs
        assert f"{change.text}</span>" in tight(page)
        page = client.get("/costs/reports/", {**said, "columns": columns[1:]})
        assert page.context["query"].columns == tuple(columns[1:])
        assert "was" not in page.context["address"]
        user, query = (
            user_factory("finance"),
            QueryDict("month=2026-05&of=actual&against=budget", mutable=True),
        )
        with translation.override("en"):
            table = report_table(user, report_query(query))
            assert ("Compared with", "budget") in table.about
            assert "compared with budget" in pdf_data(table)["subtitle"]
        assert table.reconciled.split()[-1] == "compared_with=budget"
        query["columns"] = "ytd-actual,ytd-last_year"
        assert "Compared with" not in dict(report_table(user, report_query(query)).about)

    def test_kept_it_is_shared_by_who_may(self, client: Client, booked: list[Product]) -> None:
        reading = Client()
        reading.force_login(user_factory(rights=["products.view", "pricing.view_costs"], language="en"))
        assert 'name="shared"' not in tight(reading.get("/costs/reports/"))
        assert 'name="shared"' in tight(client.get("/costs/reports/"))
        client.post("/costs/reports/?kind=energy", {"name": "Energy of all", "shared": "on"})
        assert "Energy of all" in tight(reading.get("/costs/reports/"))
