"""A closed month pulled twice is the same byte for byte, whatever came since; a correction is seen, and what
it was before can still be read."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from accounts.services.tokens import token_create
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostKind, CostLine
from pricing.services.costs import RateValues, cost_rate_add
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.ledger import LedgerSheet
from products.models import Correction, Product
from products.services.closing import month_close
from products.sheets.sales import SalesSheet
from reporting.services.report_files import report_bytes
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
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
    juice, milk = (product_factory(code=code, line=line) for code in ("JUICE", "MILK"))
    run(SALES, [sale(back, code, 100 * back) for back in (1, 2, 3) for code in ("JUICE", "MILK")])
    for product in (juice, milk):
        cost_line = cost_line_factory(product=product, kind="purchase")
        cost_rate_factory(cost_line=cost_line, start_date=month(5), amount=D("1.23"))
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


def by_api(api: Client, back: int, **said: str) -> Any:
    """All but the moment of asking."""
    asked = {"first": month(back).isoformat(), "last": month(back).isoformat(), **said}
    return api.get("/api/v1/cost-reports/", asked).json()["results"]


def test_a_closed_month_is_the_same_until_it_is_corrected(world: Any, finance: Any) -> None:
    juice, ledger = world
    tomorrow = timezone.localdate() + datetime.timedelta(1)
    secret = token_create(user=finance, name="sheet", expires=tomorrow)[1]
    api = Client(headers={"Authorization": f"Token {secret}"})
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
