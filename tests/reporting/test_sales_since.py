"""Whether margins say that sales came after their costs were booked."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import NightlyStep
from pricing.models import CostKind
from pricing.services.ledger import Part, ledger_map
from pricing.sheets.ledger import LedgerSheet
from products.models import SALES_WRITTEN, ImportedObject
from products.services.closing import month_close
from products.sheets.sales import SalesSheet
from reporting.selectors.report_query import SOURCES, Span
from reporting.selectors.sales_since import sales_since
from tests.factories import (
    channel_factory,
    cost_line_factory,
    cost_rate_factory,
    product_factory,
    user_factory,
)
from tests.forecasting.conftest import run_now
from tests.products.sheet_help import run, undo

pytestmark = pytest.mark.django_db
SALES = SalesSheet()
STEPS = {"standard": "standard_costs", "actual": "actual_costs"}


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


def sale(back: int, revenue: int = 100) -> dict[str, Any]:
    return {"product": "MILK", "channel": "web", "month": month(back), "volume": 10, "revenue": revenue}


def night() -> None:
    run_now(local_date=today(), only=[*STEPS.values()], kind="manual")


def told(of: str, first: int, last: int | None = None) -> list[datetime.datetime]:
    span = Span(SOURCES[of], month(first), month(first if last is None else last))
    return [row["until"] for row in sales_since([span])]


def booked(of: str) -> list[datetime.datetime]:
    return [NightlyStep.objects.filter(name=STEPS[of]).latest("started_at").started_at]  # type: ignore[list-item]


@pytest.fixture
def finance() -> Any:
    """Sales of three months, the first of which is closed; standard costs, and actual ones that are split."""
    finance = user_factory("finance")
    channel_factory(code="web")
    product = product_factory(code="MILK")
    cost_rate_factory(cost_line=cost_line_factory(product=product, kind="purchase"), start_date=month(5))
    run(SALES, [sale(back) for back in (3, 2, 1)])
    quality = CostKind.objects.get(code="quality")
    ledger_map(user=finance, account="7000", start_month=month(5), parts=[Part(kind=quality, key="revenue")])
    entry = {"number": "1", "date": month(2), "account": "7000", "amount": Decimal(70)}
    run(LedgerSheet(), [entry])
    night()
    month_close(user=finance, month=month(3))
    night()
    return finance


@pytest.mark.parametrize("of", STEPS)
def test_until_the_night_has_booked_them(finance: Any, of: str) -> None:
    assert told(of, 2) == []
    run(SALES, [sale(2, 900)])
    assert told(of, 2) == booked(of)
    night()
    assert told(of, 2) == []


@pytest.mark.parametrize("of", STEPS)
def test_only_months_that_a_file_changed_count(finance: Any, of: str) -> None:
    """Files often have the year so far, of which the last month is new."""
    done = run(SALES, [sale(3), sale(2), sale(1, 900)])
    assert told(of, 3) == told(of, 3, 2) == []
    assert told(of, 1) == told(of, 3, 1) == booked(of)
    night()
    undo(SALES, done.import_id or 0)
    assert told(of, 3, 2) == []
    assert told(of, 1) == booked(of)
    night()
    assert told(of, 3, 1) == []
    run(SALES, [sale(3), sale(2), sale(1)])
    assert told(of, 3, 1) == []


def test_a_file_of_before_its_months_were_kept_counts_when_it_is_undone(finance: Any) -> None:
    done = run(SALES, [sale(1, 900)])
    night()
    note = ImportedObject.objects.get(source_import=done.import_id, kind=SALES_WRITTEN)
    ImportedObject.objects.filter(pk=note.pk).update(
        after={key: value for key, value in note.after.items() if key != "months"}
    )
    assert told("standard", 1) == []
    undo(SALES, done.import_id or 0)
    assert told("standard", 1) == booked("standard")


def test_a_week_changes_both_months_that_it_lies_in(finance: Any) -> None:
    product_factory(code="JUICE")
    start = month(1) - datetime.timedelta(2)
    run(SALES, [{"product": "JUICE", "channel": "web", "week_start": start, "volume": 7, "revenue": 70}])
    assert told("standard", 2) == told("standard", 1) == booked("standard")


def test_a_closed_month_says_so_while_a_correction_waits(finance: Any) -> None:
    """Standard costs follow a correction in the night; what the ledger splits stays as it was."""
    run(SALES, [sale(3, 900)], user=finance, correction="Invoice came late")
    assert told("standard", 3) == booked("standard")
    assert told("actual", 3) == []
    night()
    assert told("standard", 3) == []
