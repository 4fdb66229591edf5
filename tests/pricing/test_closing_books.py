"""What closes is whole: standard and actual costs are booked before, or the month stays open."""

from __future__ import annotations

import threading
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from collaboration.models import Notification
from core import registries
from core.jobs import job_claim, job_run
from core.models import Job
from core.registries import MonthBooking
from pricing.models import CostKind
from pricing.selectors.cost_months import cost_months
from pricing.services import cost_months as services
from pricing.services import month_closing
from pricing.services.cost_months import BookedCost
from pricing.services.ledger import Part, ledger_map
from products.models import MonthClosing, Product
from products.selectors.closing import closed_until
from products.services.closing import month_close
from tests.factories import channel_factory, line_factory, product_factory, user_factory
from tests.products.sheet_help import run

from .test_ledger import SHEET, entry, month
from .test_margins import costs, sell

D = Decimal


def sum_of(source: str, back: int, product: Product | None = None) -> Decimal:
    rows = cost_months().filter(source=source, month=month(back))
    rows = rows if product is None else rows.filter(product=product)
    return D(rows.aggregate(found=Sum("amount"))["found"] or 0)


@pytest.fixture
def juices(db: Any) -> list[Product]:
    line = line_factory(code="juices")
    found = [product_factory(line=line) for _each in range(2)]
    for product, revenue in zip(found, (100, 300), strict=True):
        for back in (1, 2):
            sell(product, month(back), D(10), D(revenue))
        costs("purchase", "2.5", product=product)
    return found


def test_closing_books_standard_and_actual_costs_first(juices: list[Product]) -> None:
    finance, quality = user_factory("finance"), CostKind.objects.get(code="quality")
    ledger_map(user=finance, account="7000", start_month=month(3), parts=[Part(kind=quality, key="revenue")])
    run(SHEET, [entry(80), entry(80, back=1)])
    sell(juices[0], month(2), D(10), D(200), channel=channel_factory())  # since the booking: 300 and 300
    assert sum_of("standard", 2) == 0
    assert [sum_of("actual", 2, product) for product in juices] == [D(20), D(60)]
    month_close(user=finance, month=month(2))
    assert [sum_of("standard", 2, product) for product in juices] == [D(50), D(25)]
    assert [sum_of("actual", 2, product) for product in juices] == [D(40), D(40)]
    assert sum_of("actual", 1) == D(80)


def test_what_cannot_be_booked_is_not_closed(juices: list[Product], monkeypatch: Any) -> None:
    def fail(_until: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(registries.month_bookings, "_entries", dict(registries.month_bookings._entries))
    registries.month_bookings.register(MonthBooking("failing", fail, order=99))
    with pytest.raises(RuntimeError), transaction.atomic():
        month_close(user=user_factory("finance"), month=month(2))
    assert closed_until() is None
    assert not MonthClosing.objects.exists()
    assert not cost_months().exists()  # nothing of it was left half done


def work() -> None:
    while job := job_claim("short"):
        job_run(job)


def test_of_many_products_a_worker_books_and_closes(
    juices: list[Product], client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(month_closing, "AT_ONCE", 1)
    finance, address = (
        user_factory("finance"),
        reverse("pricing:month_close", args=[month(2).year, month(2).month]),
    )
    client.force_login(finance)
    for _twice in range(2):
        assert client.post(address, {"note": "Audited"}).url == address
    assert closed_until() is None
    assert "<progress" in client.get(address, headers={"HX-Request": "true"}).text
    work()
    job = Job.objects.get(kind="pricing.month_close")
    assert (job.state, job.progress_total) == ("done", 2)
    closing = MonthClosing.objects.get()
    assert (closing.month, closing.closed_by, closing.note) == (month(2), finance, "Audited")
    assert [sum_of("standard", 2, product) for product in juices] == [D(25), D(25)]
    told = Notification.objects.get(user=finance)
    assert (told.url, told.params["closed"]) == (address, True)
    page = client.get(address).text
    assert "<progress" not in page
    assert 'name="note"' not in page
    assert client.post(address).status_code == 409


def test_what_a_worker_cannot_close_stays_open_and_can_be_closed_again(
    juices: list[Product], client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr(month_closing, "AT_ONCE", 1)
    gone, address = (
        user_factory("finance"),
        reverse("pricing:month_close", args=[month(2).year, month(2).month]),
    )
    month_closing.month_close_begin(user=gone, month=month(2))
    gone.roles.clear()
    work()
    assert closed_until() is None
    assert Notification.objects.get(user=gone).params["closed"] is False
    client.force_login(user_factory("finance"))
    page = client.get(address).text
    assert 'role="alert"' in page
    assert 'name="note"' in page
    client.post(address)
    work()
    assert closed_until() == month(2)


@pytest.mark.django_db(transaction=True)
def test_closing_waits_for_a_booking_under_way(monkeypatch: Any) -> None:
    """Who books has the lock of bookings and needs that of months, who closes the other way round."""
    product, finance, duty = product_factory(), user_factory("finance"), CostKind.objects.get(code="duty")
    row = BookedCost(product.pk, month(1), duty.pk, None, None, "", D(5))
    books, goes_on, problems = threading.Event(), threading.Event(), []
    differences = services._differences

    def pause(*args: Any) -> Any:
        if not books.is_set():
            books.set()
            goes_on.wait(10)
        return differences(*args)

    def close() -> None:
        books.wait(10)
        month_close(user=finance, month=month(2))

    def act(what: Any) -> None:
        try:
            what()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(services, "_differences", pause)
    book = partial(services.cost_months_book, source="actual", months=[month(1)], rows=[row])
    threads = [threading.Thread(target=act, args=[what]) for what in (book, close)]
    for thread in threads:
        thread.start()
    books.wait(10)
    threads[1].join(0.5)
    assert threads[1].is_alive()
    goes_on.set()
    for thread in threads:
        thread.join(20)
    assert problems == []
    assert MonthClosing.objects.get().month == month(2)
    assert cost_months().get(source="actual").amount == D(5)
