"""Months and their closing by API."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.models import Job, Organisation
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import LedgerEntry
from pricing.services import month_closing
from products.models import Correction, MonthClosing, Product
from products.sheets.sales import SalesSheet
from tests.factories import channel_factory, line_factory, product_factory, user_factory
from tests.html import tight
from tests.products.sheet_help import run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
URL = "/api/v1/months/"


def month(back: int) -> datetime.date:
    return month_add(month_start(today()), -back)


@pytest.fixture
def finance() -> Client:
    channel_factory(code="web")
    product_factory(code="JUICE")
    sold = {"product": "JUICE", "channel": "web", "volume": 1, "revenue": 2}
    run(SalesSheet(), [sold | {"month": month(back)} for back in (3, 2)])
    client = Client()
    client.force_login(user_factory("finance", name="Fien", language="en"))
    return client


def close(client: Client, back: int, **said: Any) -> Any:
    return client.post(f"{URL}{month(back):%Y-%m}/close/", said, content_type="application/json")


def test_a_month_is_closed_once_however_often_it_is_asked(finance: Client) -> None:
    before = {row["month"]: row for row in finance.get(URL).json()}
    assert len(before) == 24
    open_month = before[f"{month(2):%Y-%m}"]
    assert (open_month["state"], open_month["products"], open_month["closed_at"]) == ("open", 1, None)
    answers = [close(finance, 2, note="October") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert MonthClosing.objects.get().note == "October"
    said = finance.get(f"{URL}{month(3):%Y-%m}/").json()  # closed with it, and asked again so
    assert (said["state"], said["closed_by"], said["closed_with"]) == ("closed", "Fien", f"{month(2):%Y-%m}")
    assert close(finance, 3).json() == said
    states = [row["state"] for row in finance.get(URL).json()]
    assert states == ["open", *["closed"] * 23]


def test_of_many_products_a_worker_does_it(finance: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_closing, "AT_ONCE", 0)
    answers = [close(finance, 1) for _ in range(2)]
    assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [(202, "closing")] * 2
    assert Job.objects.filter(kind="pricing.month_close").count() == 1
    assert finance.get(URL).json()[0]["state"] == "closing"
    Job.objects.filter(kind="pricing.month_close").update(
        state=Job.State.FAILED, error_code="x", finished_at=timezone.now()
    )
    assert finance.get(f"{URL}{month(1):%Y-%m}/").json()["state"] == "failed"


def test_what_cannot_be_closed_is_said(finance: Client) -> None:
    running = close(finance, 0)
    assert (running.status_code, running.json()["code"]) == (400, "month_not_over")
    assert running.json()["message"] == "Only a month that is over can be closed."
    assert close(finance, 2, notes="x").status_code == 400
    assert finance.post(f"{URL}2026-13/close/").status_code == 404
    assert finance.get(f"{URL}?year=2026").status_code == 400
    reader = Client()
    reader.force_login(user_factory(rights=["accounts.api", "products.view", "pricing.view_costs"]))
    assert reader.get(URL).status_code == 200
    assert close(reader, 2).status_code == 403
    assert Organisation.objects.get().closed_until is None


@pytest.mark.parametrize(("limit", "reasons"), [(None, 3), ("lines", 1), ("channels", 0)])
def test_who_sees_a_part_sees_neither_the_ledger_nor_what_was_corrected_of_others(
    finance: Client, limit: str | None, reasons: int
) -> None:
    """Of lines: the corrections of products one sees, with their amounts alone; of channels none, as no
    correction says of which it is."""
    own, other = Product.objects.get(), product_factory(line=line_factory(), name="Secret syrup")
    said = {"month": month(2), "date": month(2), "account": "7000", "currency": "EUR"}
    LedgerEntry.objects.create(**said, number="1", amount="777.77", booked="777.77")
    of = {"month": f"{month(2):%Y-%m}", "rows": 9}
    moved = {"": "1.23", str(own.pk): "55.55", str(other.pk): "44.44"}
    for reason, changes in {
        "Late invoice": [of | {"what": "actual", "amount": "101.22", "moved": moved}],
        "Sales of syrup": [of | {"what": "sales", "amount": "66.66", "products": [other.pk]}],
        "Ledger": [of | {"what": "ledger", "amount": "33.33"}],
    }.items():
        Correction.objects.create(reason=reason, changes=changes)
    limits: dict[str, Any] = {"lines": {"lines": [own.line]}, "channels": {"channels": [channel_factory()]}}
    client = Client()
    client.force_login(
        user_factory(
            rights=["accounts.api", "products.view", "pricing.view_costs", "products.close_months"],
            language="en",
            **limits.get(limit or "", {}),
        )
    )
    page = tight(client.get("/costs/months/"))
    found = [
        name for name in ("Late invoice", "Sales of syrup", "Ledger<") if f'<td class="why">{name}' in page
    ]
    assert len(found) == reasons
    [answer] = [row for row in client.get(URL).json() if row["month"] == f"{month(2):%Y-%m}"]
    assert answer == client.get(f"{URL}{month(2):%Y-%m}/").json()
    amounts = {
        text for text in ("777.77", "101.22", "66.66", "33.33", "44.44", "1.23", "55.55") if text in page
    }
    if limit is None:
        assert (answer["imported"], len(amounts), "Secret syrup" in page) == ("777.77", 7, True)
        return
    assert (answer["imported"], answer["mapped"], answer["unmapped"]) == (None, None, None)
    assert amounts == ({"55.55"} if limit == "lines" else set())
    assert "Secret syrup" not in page
    assert "9 rows" not in page
    assert "/close/" not in page
