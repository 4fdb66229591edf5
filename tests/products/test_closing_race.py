"""A month that is closed while its figures are being written: in it, or refused; never changed afterwards."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import Error, connection, transaction

from core.months import month_add, month_start
from core.organisation import today
from products.models import MonthClosing, SalesFact
from products.services.closing import month_close
from tests.factories import channel_factory, measure_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db(transaction=True)


def test_closing_waits_for_who_writes_and_who_comes_later_is_refused() -> None:
    person, month = user_factory("finance"), month_add(month_start(today()), -1)
    product, channel, measure = product_factory(), channel_factory(), measure_factory()
    wrote, may_end, asked = threading.Event(), threading.Event(), threading.Event()
    refused: list[str] = []

    def fact(day: int) -> None:
        SalesFact.objects.create(
            product_id=product.pk,
            channel_id=channel.pk,
            measure_id=measure.pk,
            start_date=month.replace(day=day),
            period="D",
            volume=1,
        )

    def early() -> None:
        with transaction.atomic():
            fact(1)
            wrote.set()
            may_end.wait(10)

    def close() -> None:
        wrote.wait(10)
        asked.set()
        month_close(user=person, month=month)

    def late() -> None:
        with transaction.atomic():
            fact(2)

    def run(act: Any) -> None:
        try:
            act()
        except Error as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in (early, close)]
    for thread in threads:
        thread.start()
    asked.wait(10)
    threads[1].join(0.7)
    assert threads[1].is_alive()  # it waits for the one that writes
    assert not MonthClosing.objects.exists()
    latecomer = threading.Thread(target=run, args=[late])
    latecomer.start()
    latecomer.join(0.5)
    may_end.set()
    for thread in (*threads, latecomer):
        thread.join(20)
        assert not thread.is_alive()
    assert MonthClosing.objects.get().month == month
    assert [fact.start_date.day for fact in SalesFact.objects.all()] == [1]
    assert len(refused) == 1
    assert "is closed" in refused[0]
