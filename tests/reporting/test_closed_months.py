"""A closed month pulled twice is the same byte for byte, whatever came since; a correction is seen, and what
it was before can still be read."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from accounts.services.tokens import token_create
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind, CostLine, CostMonth, Price
from pricing.selectors.cost_months import BookedCost
from pricing.services.cost_months import cost_months_book
from pricing.services.costs import RateValues, cost_rate_add
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.budget import BudgetWithCostsSheet
from pricing.sheets.ledger import LedgerSheet
from pricing.sheets.prices import PricesSheet
from products.models import (
    BudgetRow,
    Channel,
    ClosedName,
    ClosedProduct,
    Correction,
    Family,
    FamilyMember,
    LineMeasure,
    MonthClosing,
    Product,
    ProductLine,
    Supplier,
)
from products.services.closed_names import names_keep
from products.services.closing import month_close
from products.sheets.sales import SalesSheet
from reporting.selectors.report_query import MARGIN_BY
from reporting.services.report_files import report_bytes
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    measure_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.products.sheet_help import run, undo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
D = Decimal
SALES, LEDGER = SalesSheet(), LedgerSheet()


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


def sale(back: int, code: str, revenue: int) -> dict[str, Any]:
    return {"product": code, "channel": "web", "month": month(back), "volume": 10, "revenue": revenue}


def entry(number: str, back: int, amount: str) -> dict[str, Any]:
    return {"number": number, "date": month(back), "account": "7000", "amount": D(amount)}


def night() -> None:
    run_now(local_date=today(), only=["standard_costs", "actual_costs"], kind="manual")


@pytest.fixture
def finance() -> Any:
    return user_factory("finance", language="en")


@pytest.fixture
def world(finance: Any) -> tuple[Product, int]:
    """Two products with standard and actual costs, closed until the month before last; the import of its
    ledger."""
    channel_factory(code="web")
    line = line_factory()
    juice, milk = (product_factory(code=code, line=line, name=code.lower()) for code in ("JUICE", "MILK"))
    family = Family.objects.create(code="JUICES", name="Juices", line=line)
    FamilyMember.objects.create(product=juice, family=family, start_date=month(9))
    supplier = Supplier.objects.create(code="MILL", name="The mill")
    run(SALES, [sale(back, code, 100 * back) for back in (1, 2, 3) for code in ("JUICE", "MILK")])
    for product in (juice, milk):
        cost_line = cost_line_factory(product=product, kind="purchase", supplier=supplier)
        cost_rate_factory(cost_line=cost_line, start_date=month(5), amount=D("1.23"))
    everybody = price_list_factory(code="ALL")
    price_factory(price_list=everybody, product=juice, start_date=month(5), amount=D("9.87"))
    quality = CostKind.objects.get(code="quality")
    ledger_map(user=finance, account="7000", start_month=month(5), parts=[Part(kind=quality, key="revenue")])
    done = run(LEDGER, [entry("1", 2, "700.01"), entry("2", 1, "50")])
    night()
    month_close(user=finance, month=month(2))
    return juice, done.import_id or 0


def pulled(user: Any, api: Client, back: int = 2) -> list[bytes]:
    """As a page's file, as a spreadsheet, and by API; costs and margin."""
    found = []
    for of in ("actual", "standard"):
        query = QueryDict(f"month={month(back):%Y-%m}&of={of}&columns=month-{of}&by=product,kind")
        found += [report_bytes(user=user, kind=kind, query=query) for kind in ("csv", "xlsx")]
    return [*found, json.dumps(by_api(api, back)).encode()]


FILES = [
    ("costs", "product,kind", "csv"),
    ("costs", "line,channel,supplier", "xlsx"),
    ("costs", "kind", "pdf"),
    *(("margin", by, "csv") for by in MARGIN_BY),
    *(("margin", "family", kind) for kind in ("xlsx", "pdf")),
    *(("bridge", "product", kind) for kind in ("csv", "xlsx", "pdf")),
    ("units", "product", "csv"),
    *(("variance", by, "csv") for by in ("product", "line")),
    *(("trend", by, "csv") for by in ("product", "kind", "line")),
]


def files(user: Any, **said: str) -> dict[str, bytes]:
    """Every layout of the closed month, in each language that names have."""
    found = {}
    for layout, by, kind in (each for each in FILES if not said or each[2] == "csv"):
        for of in ("standard", "actual") if kind == "csv" else ("actual",):
            asked = {
                "layout": layout,
                "by": by,
                "of": of,
                "columns": f"month-{of}",
                "period": "month",
                **said,
            }
            query = QueryDict(urlencode({"month": f"{month(2):%Y-%m}", "against": "last_year", **asked}))
            found[f"{asked} {kind}"] = report_bytes(user=user, kind=kind, query=query)
    return found


def test_whatever_is_renamed_or_moved_reports_of_a_closed_month_stay(world: Any, finance: Any) -> None:
    juice, _ledger = world
    milk = Product.objects.get(code="MILK")
    calls: tuple[dict[str, str], ...] = ({}, {"line": juice.line.code, "q": "jui"}, {"channel": "web"})
    api = api_of(finance)
    before = [files(finance, **said) for said in calls], by_api(api, 2)
    assert all(
        b"JUICE" in each[key]
        for each in before[0][:2]
        for key in each
        if "product" in key and key.endswith("csv")
    )

    other = line_factory(parent=line_factory())
    LineMeasure.objects.create(line=other, measure=measure_factory(code="contracts"), leads=True)
    LineMeasure.objects.create(line=juice.line, measure=measure_factory(code="calls"), leads=True)
    family = Family.objects.create(code="NEW", name="New family", line=juice.line)
    FamilyMember.objects.filter(product=juice).update(family=family)
    Product.objects.filter(pk=juice.pk).update(name="Squash", code="SQUASH", line=other, unit="crate")
    for rows, names in (
        (ProductLine.objects, {"name": "Line", "code": F("pk")}),
        (Channel.objects, {"name": "Shop", "code": F("pk")}),
        (Supplier.objects, {"name": "Mill", "code": F("pk")}),
        (Family.objects.filter(code="JUICES"), {"name": "Other", "code": "OTHER"}),
        (CostKind.objects, {"name_en": "Kind", "name_nl": "Soort", "place": 1}),
    ):
        rows.update(**names)
    after = [files(finance, **said) for said in calls], by_api(api, 2)
    assert [
        key for one, other in zip(before[0], after[0], strict=True) for key in one if one[key] != other[key]
    ] == []
    assert after[1] == before[1]
    assert b"SQUASH" in report_bytes(  # an open month has the names of now
        user=finance, kind="csv", query=QueryDict(f"month={month(1):%Y-%m}&of=standard&by=product")
    )
    page = page_of(finance)
    assert "JUICE" in page
    assert "SQUASH/costs" in page  # where it is found

    # A correction may be of something new, which is called the same ever after.
    new = product_factory(code="NEW", line=milk.line)
    run(SALES, [sale(2, "NEW", 50)], user=finance, correction="Forgotten")
    said = files(finance)
    Product.objects.filter(pk=new.pk).update(name="Renamed", code="RENAMED")
    assert files(finance) == said


def test_what_was_renamed_since_opens_its_entries(world: Any, finance: Any) -> None:
    """Also where something else has its code now."""
    named = {"product": "JUICE", "channel": "web", "supplier": "MILL", "cost_centre": "9"}
    run(LEDGER, [entry("9", 2, "12") | named], user=finance, correction="Late")
    night()
    Product.objects.filter(code="JUICE").update(code="SQUASH")
    Product.objects.filter(code="MILK").update(code="JUICE")
    Channel.objects.update(code="site")
    Supplier.objects.update(code="MOLEN")
    client = Client()
    client.force_login(finance)
    by = "product,channel,supplier,cost_centre,kind,month"
    address = f"/costs/reports/?month={month(2):%Y-%m}&of=actual&columns=month-actual&by={by}"
    rows = client.get(f"{address}&product=JUICE&channel==web").context["rows"]
    opened = [name[2] for row in rows for name in row.names if "/costs/ledger/" in name[2]]
    assert opened
    for each in opened:
        assert "product=SQUASH" in each
        assert [row.number for row, _kinds in client.get(each).context["rows"]] == ["9"]


PLAIN = {"layout": "costs", "columns": "", "of": "", "against": ""}
"""An address that does not say what is compared, nor with what."""


def test_prices_a_budget_and_an_estimate_that_come_later_leave_a_closed_month(
    world: Any, finance: Any
) -> None:
    juice, _ledger = world
    estimates = {**PLAIN, "columns": "month-estimate,ytd-estimate"}
    before = files(finance), files(finance, **PLAIN), files(finance, **estimates)
    assert any(b",9.8700," in each for key, each in before[0].items() if "units" in key)

    prices = [
        {"product": code, "price_list": "ALL", "start_date": month(back), "price": price}
        for code, back, price in (("JUICE", 4, 5), ("JUICE", 2, 6), ("MILK", 3, 7), ("JUICE", 1, 8))
    ]
    assert not run(PricesSheet(), prices, user=user_factory("product-manager")).codes
    budget = [
        {"product": "JUICE", "month": month(2), "kind": "quality", "cost": 123},
        {"product": "JUICE", "month": month(2), "volume": 7, "revenue": 70},
    ]
    assert not run(BudgetWithCostsSheet(), budget, user=finance).codes
    assert CostMonth.objects.filter(source="budget").exists()
    kind = CostKind.objects.get(code="quality").pk
    ahead = [BookedCost(juice.pk, month(back), kind, None, None, "", D("45.60")) for back in (1, 0, -1)]
    cost_months_book(source="forecast", months=[row.month for row in ahead], rows=ahead)
    assert Price.objects.count() == 5
    assert BudgetRow.objects.exists()
    after = files(finance), files(finance, **PLAIN), files(finance, **estimates)
    for one, other in zip(before, after, strict=True):
        assert [key for key in one if one[key] != other[key]] == []
    now = QueryDict(f"layout=units&period=month&month={month(1):%Y-%m}&of=standard")
    assert b",8.0000," in report_bytes(user=finance, kind="csv", query=now)


def test_an_end_date_that_comes_later_leaves_a_closed_month(finance: Any) -> None:
    """Of what sold nothing in it and has a price; what had ended before stays away."""
    everybody, line = price_list_factory(code="ALL"), line_factory()
    for code, ended in (("JAM", None), ("TEA", month(4))):
        product = product_factory(code=code, line=line, ended=ended)
        price_factory(price_list=everybody, product=product, start_date=month(5), amount=D(3))
    month_close(user=finance, month=month(2))
    before = {key: each for key, each in files(finance).items() if "units" in key}
    assert {(b"JAM" in each, b"TEA" in each) for each in before.values()} == {(True, False)}
    Product.objects.filter(code="JAM").update(ended=month(4))
    Product.objects.filter(code="TEA").update(ended=None)
    events: Any = Product.pgh_event_model  # type: ignore[attr-defined]
    last = list(events.objects.order_by("-pgh_id").values_list("pgh_id", flat=True)[:2])
    # In a test the database's now() stands still.
    events.objects.filter(pgh_id__in=last).update(pgh_created_at=timezone.now())
    assert {key: each for key, each in files(finance).items() if "units" in key} == before


REFUSED = [
    "UPDATE products_closedproduct SET name = 'x'",
    "DELETE FROM products_closedproduct",
    "UPDATE products_closedname SET code = 'x'",
    "DELETE FROM products_closedname",
    "UPDATE products_salesmonth SET revenue = revenue + 1",
    "DELETE FROM products_salesmonth",
    "UPDATE products_productmonth SET month = month - interval '1 year'",
    "INSERT INTO products_productmonth (product_id, measure_id, month, days)"
    " SELECT 0, 0, min(month), 1 FROM products_productmonth",
    "UPDATE pricing_costkind SET level = 'below' WHERE code = 'purchase'",
    "UPDATE pricing_costmonth SET amount = 1",
    "UPDATE pricing_ledgerentry SET booked = 1",
    "DELETE FROM pricing_ledgerentry",
]


def test_the_database_refuses_whoever_changes_a_closed_month(world: Any) -> None:
    refused = pytest.raises(DatabaseError, match=r"is closed|Cannot|stays|are booked")
    for sql in REFUSED:
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_months_closed_before_names_were_kept_are_called_as_they_are() -> None:
    """What the migrations do is what closing does."""
    product_factory(line=line_factory(parent=line_factory()))
    FamilyMember.objects.create(
        product=Product.objects.get(),
        family=Family.objects.create(code="F", name="F", line=line_factory()),
        start_date=month(3),
    )
    months = [month(3), month(2)]
    for each in months:
        MonthClosing.objects.create(month=each)
    with connection.cursor() as cursor:
        for module in ("products.migrations.0014_closed_names", "pricing.migrations.0026_closed_names"):
            cursor.execute(import_module(module).KEEP)
    MonthClosing.objects.create(month=month(1))
    names_keep(month(1))
    models: list[Any] = [ClosedProduct, ClosedName]
    for model in models:
        kept = [field.attname for field in model._meta.fields if field.name not in ("id", "closing")]
        found = [
            sorted(model.objects.filter(closing__month=each).values_list(*kept), key=repr)
            for each in (*months, month(1))
        ]
        assert found[0]
        assert found[0] == found[1] == found[2]


def api_of(user: Any) -> Client:
    tomorrow = timezone.localdate() + datetime.timedelta(1)
    secret = token_create(user=user, name="sheet", expires=tomorrow)[1]
    return Client(headers={"Authorization": f"Token {secret}"})


def page_of(user: Any) -> str:
    client = Client()
    client.force_login(user)
    address = f"/costs/reports/?layout=units&month={month(2):%Y-%m}&of=standard&period=month"
    return client.get(address).content.decode()


def by_api(api: Client, back: int, **said: str) -> Any:
    """All but the moment of asking."""
    asked = {"first": month(back).isoformat(), "last": month(back).isoformat(), **said}
    return api.get("/api/v1/cost-reports/", asked).json()["results"]


def test_a_closed_month_is_the_same_until_it_is_corrected(world: Any, finance: Any) -> None:
    juice, ledger = world
    api = api_of(finance)
    before, open_month = pulled(finance, api), pulled(finance, api, 1)
    assert b"350.01" in before[4]  # half of 700.01

    for sheet, rows in ((SALES, [sale(2, "JUICE", 900)]), (LEDGER, [entry("3", 2, "9")])):
        assert run(sheet, rows).codes == ["month_closed"]
    with pytest.raises(DomainError):
        undo(LEDGER, ledger)
    run(SALES, [sale(1, "JUICE", 900)])  # of an open month: its split moves
    cost_line = CostLine.objects.get(product=juice)
    cost_rate_add(user=finance, cost_line=cost_line, start_date=month(1), values=RateValues(D("7.77")))
    overhead = CostKind.objects.get(code="overhead")
    ledger_map(user=finance, account="7000", start_month=month(1), parts=[Part(kind=overhead, key="revenue")])
    night()
    assert pulled(finance, api) == before
    assert pulled(finance, api, 1) != open_month

    moment = timezone.now()
    run(LEDGER, [entry("3", 2, "9")], user=finance, correction="Late invoice")
    after = pulled(finance, api)
    assert after[0] != before[0]
    assert after[2] == before[2]  # what is standard did not change
    assert json.dumps(by_api(api, 2, as_of=moment.isoformat())).encode() == before[4]
    assert Correction.objects.get().reason == "Late invoice"
