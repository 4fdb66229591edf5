"""From every total to the rows that it is the sum of, down to the entries of the ledger."""

from __future__ import annotations

import csv
import datetime
import html
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.ledger import LedgerSheet
from products.models import Channel, Family, FamilyMember, Product, ProductLine, Supplier
from products.sheets.sales import SalesSheet
from reporting.cost_reports.page import ShownRow
from reporting.selectors.cost_report import CostReport
from reporting.selectors.report_query import MARGIN_BY, report_query
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.html import tight
from tests.products.sheet_help import run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


def entry(number: int, back: int, account: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"number": f"{number}", "date": month(back), "account": account, "amount": D(amount), **more}


@pytest.fixture
def client() -> Client:
    """Products of a line and of one below it, one in a family; entries of a product each, in a channel or in
    the one below it, of a cost centre or of none, on no product, not mapped, and split over products."""
    finance = user_factory("finance", language="en")
    food = line_factory(code="FOOD")
    retail = channel_factory(code="RETAIL")
    channel_factory(code="SHOP", parent=retail)
    juice, milk = (
        product_factory(code=code, name=code.title(), line=line)
        for code, line in (("JUICE", food), ("MILK", line_factory(code="DAIRY", parent=food)))
    )
    family = Family.objects.create(code="JUICES", name="Juices", line=food)
    FamilyMember.objects.create(product=juice, family=family, start_date=month(9))
    sales = [
        {"product": code, "channel": channel, "month": month(back), "volume": 10, "revenue": 90 + place}
        for back in (1, 2)
        for place, (code, channel) in enumerate((("JUICE", "RETAIL"), ("MILK", "SHOP"), ("MILK", "RETAIL")))
    ]
    run(SalesSheet(), sales)
    kinds = {code: CostKind.objects.get(code=code) for code in ("energy", "quality", "overhead")}
    for account, part in (
        ("7000", Part(kind=kinds["energy"], product=juice)),
        ("7100", Part(kind=kinds["quality"], product=milk)),
        ("7200", Part(kind=kinds["overhead"], key="revenue")),
    ):
        ledger_map(user=finance, account=account, start_month=month(5), parts=[part])
    rows = [
        entry(number + 20 * back, back, account, amount, **more)
        for back in (1, 2)
        for number, (account, amount, more) in enumerate(
            (
                ("7000", "10.01", {"channel": "RETAIL", "cost_centre": "100"}),
                ("7000", "20.02", {"channel": "SHOP"}),
                ("7100", "30.03", {"channel": "SHOP", "cost_centre": "100"}),
                ("7100", "-5", {}),
                ("7200", "100.01", {"cost_centre": "200"}),
                ("9999", "7.77", {}),
            )
        )
    ]
    run(LedgerSheet(), rows)
    run_now(local_date=today(), only=["standard_costs", "actual_costs"], kind="manual")
    found = Client()
    found.force_login(finance)
    return found


def amount(cell: str) -> Decimal:
    return D(cell.replace(",", "").replace("\u2212", "-"))


def walk(client: Client, address: str, cell: str, seen: set[str], *, first: bool = False) -> None:
    """What is opened adds up to the cell it was opened from, and so do its own rows; of the ``first`` page
    all are opened, of others some."""
    if not address or address in seen:
        return
    seen.add(address)
    page = client.get(address if address.startswith("/") else f"/costs/reports/{address}&size=200")
    if "asked" in page.context:
        if not page.context["is_part"]:
            assert page.context["whole"] == amount(cell), address
            assert sum(row.booked for row, _names in page.context["rows"]) == amount(cell)
        return
    total = page.context["total"]
    assert total.cells[0] == cell, address
    rows: list[ShownRow] = page.context["rows"]
    assert sum(amount(row.cells[0]) for row in rows if not row.depth) == amount(cell)
    for row in (*rows, total) if first else rows[::4]:
        walk(client, row.names[0][2], row.cells[0], seen)


def test_costs_down_to_the_ledger(client: Client) -> None:
    seen: set[str] = set()
    for by in ("product,kind", "channel", "month,cost_centre"):
        first = f"?month={month(1):%Y-%m}&of=actual&columns=ytd-actual&by={by}&against=last_year"
        total = client.get(f"/costs/reports/{first}").context["total"]
        assert amount(total.cells[0]) >= D("162.84")
        walk(client, first, total.cells[0], seen, first=True)
    entries = [address for address in seen if address.startswith("/costs/ledger/")]
    assert len(entries) > 5
    assert len(seen) > len(entries) + 15


def test_standard_costs_down_to_their_cost_line(client: Client) -> None:
    """A row that comes from one line opens it; what several come to opens none."""
    goods, freight, second = (
        cost_line_factory(product=Product.objects.get(code="JUICE"), kind=kind, name=name)
        for kind, name in (("purchase", ""), ("inbound", "Sea"), ("inbound", "Road"))
    )
    for line in (goods, freight, second):
        cost_rate_factory(cost_line=line, start_date=month(5), amount=D(2))
    run_now(local_date=today(), only=["standard_costs"], kind="manual")
    first = f"?month={month(1):%Y-%m}&of=standard&columns=month-standard&against=last_year&product=JUICE"
    page = client.get(f"/costs/reports/{first}&by=kind,month,channel,supplier,cost_centre")
    opened = {row.names[0][0]: row.names[0][2] for row in page.context["rows"] if not row.depth}
    assert opened == {"Purchase": f"/costs/lines/{goods.pk}/", "Inbound logistics": ""}
    assert client.get(opened["Purchase"]).status_code == 200


def test_a_kind_on_the_costs_tab_opens_what_adds_up_to_it(client: Client) -> None:
    for name, kind in (("", "purchase"), ("Sea", "inbound")):
        line = cost_line_factory(product=Product.objects.get(code="JUICE"), kind=kind, name=name)
        cost_rate_factory(cost_line=line, start_date=month(5), amount=D(2))
    run_now(local_date=today(), only=["standard_costs"], kind="manual")
    page = client.get("/products/JUICE/costs/")
    rows = [row for row in page.context["margin"].rows if row.kind]
    assert len(rows) == 2
    for row in rows:
        [address] = re.findall(rf'href="([^"]*;kind={row.kind}&[^"]*)"', page.content.decode())
        total = client.get(html.unescape(address)).context["total"]
        assert amount(total.cells[0]) == -amount(row.total) == 40


def test_margins_down_to_products_and_costs(client: Client) -> None:
    for by in MARGIN_BY:
        first = f"?month={month(1):%Y-%m}&of=actual&layout=margin&period=month&by={by}"
        page = client.get(f"/costs/reports/{first}")
        rows = [*page.context["rows"], page.context["total"]]
        assert len(rows) > 1
        for row in rows:
            inside = client.get(f"/costs/reports/{row['opened']}")
            total = inside.context["total"]
            if inside.context["query"].layout == "margin":
                assert total["cells"] == row["cells"], row
            else:  # its costs: what is between its net sales and its result
                cells = [amount(cell) if cell != "—" else D(0) for cell, _rate in row["cells"]]
                assert (amount(total.cells[0]) if total else D(0)) == cells[2] - cells[-1], row


def sold(page: Any) -> list[Decimal]:
    """Gross sales, deductions and net sales below the rows of sales."""
    whole = page.context["whole"]
    return [whole.gross, whole.deductions, whole.net]


def parted(page: Any) -> list[Decimal]:
    """The same, of the rows themselves."""
    rows = [row for row, _files in page.context["rows"]]
    return [sum((getattr(row, name) for row in rows), D(0)) for name in ("gross", "deductions", "net")]


@pytest.mark.parametrize("by", MARGIN_BY)
def test_sales_of_a_margin_down_to_their_rows(client: Client, by: str) -> None:
    """Amounts with parts of a cent add up to what each margin says, which is booked by product and month, of
    a channel by channel."""
    run(
        SalesSheet(),
        [
            {"product": code, "channel": channel, "month": month(1), "volume": 7, **amounts}
            for code, channel, amounts in (
                ("MILK", "SHOP", {"revenue": D("91.0049"), "gross_revenue": D("99.0151")}),
                ("MILK", "RETAIL", {"revenue": D("92.0048"), "gross_revenue": D("98.0153")}),
                ("JUICE", "SHOP", {"revenue": D("-3.3333"), "gross_revenue": D("-3.6666")}),
            )
        ],
    )
    for more in ("", "&channel=RETAIL", "&line=DAIRY", "&q=milk"):
        first = f"?month={month(1):%Y-%m}&of=actual&layout=margin&period=ytd&by={by}{more}"
        page = client.get(f"/costs/reports/{first}")
        rows = [row for row in (*page.context["rows"], page.context["total"]) if row["sales"]]
        assert len(rows) > 1
        for row in rows:
            inside = client.get(row["sales"])
            shown = [amount(cell) for cell, _rate in row["cells"][:3]]
            assert sold(inside) == parted(inside) == shown, (more, row)


def test_sales_of_a_product_s_statement_down_to_their_rows(client: Client) -> None:
    line = cost_line_factory(product=Product.objects.get(code="MILK"), kind="purchase")
    cost_rate_factory(cost_line=line, start_date=month(5), amount=D(2))
    page = client.get("/products/MILK/costs/")
    [row] = [row for row in page.context["margin"].rows if row.is_sales]
    [address] = re.findall(r'href="(/costs/reports/sales/[^"]*)"', page.content.decode())
    inside = client.get(html.unescape(address))
    assert sold(inside)[2] == parted(inside)[2] == amount(row.total) == 2 * (91 + 92)


def test_rows_of_sales_say_which_file_they_came_in(client: Client) -> None:
    page = client.get(f"/costs/reports/sales/?month={month(1):%Y-%m}&period=month")
    found = {(row.product.code, row.channel.code): files for row, files in page.context["rows"]}
    assert found.keys() == {("JUICE", "RETAIL"), ("MILK", "SHOP"), ("MILK", "RETAIL")}
    assert all(len(files) == 1 for files in found.values())
    pk, name = found["MILK", "SHOP"][0]
    assert f'<a class="d-block" href="/data/{pk}/">{name}</a>' in tight(page)


def test_rows_of_sales_within_one_s_sight(client: Client) -> None:
    address = f"/costs/reports/sales/?month={month(1):%Y-%m}&period=month"
    dairy, shop = ProductLine.objects.get(code="DAIRY"), Channel.objects.get(code="SHOP")
    for limits, others, seen in (
        ({"lines": [dairy]}, "&product=JUICE", 183),
        ({"channels": [shop]}, "&channel=%3DRETAIL", 91),
    ):
        client.force_login(user_factory("finance", **limits))
        page = client.get(address)
        assert sold(page) == parted(page) == [seen, 0, seen]
        assert sold(client.get(address + others)) == [0, 0, 0]
    client.force_login(user_factory("viewer", language="en"))
    assert client.get(address).status_code == 403


def test_rows_of_sales_as_a_file(client: Client) -> None:
    address = f"month={month(1):%Y-%m}&period=month&product=MILK"
    answer = client.get(f"/costs/reports/sales/csv/?{address}")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[0] == [
        *("Month", "Product code", "Product", "Channel code", "Channel", "Sold", "Unit"),
        *("Gross sales", "Deductions", "Net sales"),
    ]
    assert [(row[1], row[3], row[9]) for row in rows[1:]] == [
        ("MILK", "RETAIL", "92"),
        ("MILK", "SHOP", "91"),
    ]


def test_a_margin_is_narrowed_to_a_channel(client: Client) -> None:
    first = f"?month={month(1):%Y-%m}&of=actual&layout=margin&period=month&by=product"
    page = client.get(f"/costs/reports/{first}&channel=SHOP")
    [(name, _label, offered)] = page.context["narrowings"]
    assert (name, [value for value, _label, chosen in offered if chosen]) == ("channel", ["SHOP"])
    assert page.context["chips"] == []
    assert amount(page.context["total"]["cells"][2][0]) == 91
    by_channel = client.get(f"/costs/reports/{first.replace('by=product', 'by=channel')}")
    assert all("layout=margin" in row["opened"] for row in by_channel.context["rows"])


def test_the_ledger_is_found_by_what_is_asked(client: Client) -> None:
    page = "/costs/ledger/?"
    whole = {
        "": D("325.68"),
        f"first={month(1):%Y-%m}": D("162.84"),
        "account=7000": D("60.06"),
        "cost_centre=-": 2 * D("22.79"),
        "kind=overhead": D("200.02"),
        "kind=unmapped": D("15.54"),
        "state=unmapped": D("15.54"),
        "state=mapped": D("310.14"),
        "product=JUICE&kind=energy": D("60.06"),
        "product=JUICE": D("260.08"),  # with what is split over all
        "channel=SHOP": D("100.10"),
        "channel=-": 2 * D("102.78"),
        "q=7100": D("50.06"),
        "product=nobody&kind=energy": None,
    }
    for asked, amounts in whole.items():
        assert client.get(page + asked).context["whole"] == amounts, asked
    assert client.get(page + "product=JUICE").context["is_part"]
    text = tight(client.get(f"{page}state=unmapped"))
    assert "account=9999" in text
    answer: Any = client.get("/costs/ledger/csv/?account=7000")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 5
    assert "Energy" in lines[1]
    assert client.get("/costs/ledger/xlsx/?account=7000").status_code == 200
    limited = Client()
    limited.force_login(user_factory("finance", lines=[Product.objects.get(code="JUICE").line]))
    for address in (page, "/costs/ledger/csv/"):
        assert limited.get(address).status_code == 403


def test_an_entry_of_several_suppliers_adds_up_by_whatever_it_is_told() -> None:
    """170.03 of two suppliers and of nobody, split over two products sold for 100 and 200."""
    user, line = user_factory("finance"), line_factory()
    for code, revenue in (("A", 100), ("B", 200)):
        made = product_factory(code=code, line=line)
        channel = channel_factory()
        run(
            SalesSheet(),
            [
                {
                    "product": made.code,
                    "channel": channel.code,
                    "month": month(1),
                    "volume": 1,
                    "revenue": revenue,
                }
            ],
        )
    for code in ("ACME", "MILL"):
        Supplier.objects.create(code=code, name=code.title())
    energy = CostKind.objects.get(code="energy")
    ledger_map(user=user, account="7000", start_month=month(1), parts=[Part(kind=energy, key="revenue")])
    amounts = {"ACME": D("100.01"), "MILL": D("50.01"), "": D("20.01")}
    rows = [entry(9, 1, "7000", str(amount), supplier=code or None) for code, amount in amounts.items()]
    assert run(LedgerSheet(), rows).refused == []

    def report(by: str, **filters: str) -> CostReport:
        asked = QueryDict(mutable=True)
        asked.update(
            {"month": f"{month(1):%Y-%m}", "columns": "month-actual", "of": "actual", "by": by, **filters}
        )
        return CostReport(user, report_query(asked))

    for by in ("supplier", "product", "kind", "supplier,product", "product,supplier,month"):
        found = report(by).rows
        assert sum(row.amounts[0] for row in found if not row.depth) == found[-1].amounts[0] == D("170.03")
    by_supplier = {row.names[0].code: row.amounts[0] for row in report("supplier").rows if not row.depth}
    assert by_supplier == amounts
    assert report("product", supplier="ACME").rows[-1].amounts[0] == D("100.01")
    assert report("product", supplier="-").rows[-1].amounts[0] == D("20.01")


def test_without_filters_nobody_is_told_to_take_them_off(client: Client) -> None:
    client.force_login(user_factory("finance", language="en"))
    for asked, takes_off in (("", False), ("&line==none", True), ("&q=nothing", True)):
        page = tight(client.get(f"/costs/reports/sales/?month=1990-01{asked}"))
        assert ("Take off filters or choose other months" in page) is takes_off, asked
        assert ("Choose other months, or import sales" in page) is not takes_off, asked
