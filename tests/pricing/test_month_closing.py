"""What the page that closes a month says of all months it closes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core import formats
from core.models import Job
from pricing.selectors.month_closing import JOB, month_close_key
from pricing.services.ledger import Part, ledger_map
from products.services.closing import month_close
from tests.factories import measure_factory, product_factory
from tests.html import tight
from tests.pricing.test_margins import sell
from tests.products.sheet_help import run

from .test_ledger import SHEET, D, entry, finance, kind, month

__all__ = ["finance"]
pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("english")
def test_closing_says_what_all_months_it_closes_are_without(finance: Any) -> None:
    measure_factory()
    product = product_factory(code="A", name="Milk")
    for back in (4, 3):
        sell(product, month(back), D(10), D(100))
    run(SHEET, [entry(100, back=4), entry("12.50", back=2), entry(5, back=1)])
    client = Client()
    client.force_login(finance)
    address = f"/costs/months/{month(2):%Y-%m}/close/"
    words = [formats.month(month(back)) for back in (2, 4)]
    page = client.get(address)
    earlier = [(row.month, len(row.missing), found) for row, found in page.context["earlier"]]
    assert [(at, missing) for at, missing, _found in earlier] == [(month(3), 0), (month(4), 0)]
    assert [found and found.unmapped for *_rest, found in earlier] == [None, 100]
    said = page.content.decode()
    assert "€112.50 of the ledger is mapped to nothing" in said.replace("\xa0", "")
    assert f"state=unmapped&amp;first={month(4):%Y-%m}&amp;last={month(2):%Y-%m}" in said
    assert page.context["ledger"].bare == [month(3)]
    assert "Closing {} closes all months since {}".format(*words) in said
    month_close(user=finance, month=month(3))
    page = client.get(address)
    assert (page.context["earlier"], page.context["ledger"].unmapped) == ([], D("12.50"))
    assert 'id="closed-with"' not in page.content.decode()
    assert 'id="no-ledger"' not in page.content.decode()


@pytest.mark.parametrize("back", [0, -1])
def test_of_a_month_that_runs_or_is_ahead_it_is_said_at_once(finance: Any, back: int) -> None:
    client = Client()
    client.force_login(finance)
    page = client.get(f"/costs/months/{month(back):%Y-%m}/close/")
    assert page.context["error"]
    assert 'id="note"' not in page.content.decode()
    assert 'id="note"' in client.get(f"/costs/months/{month(1):%Y-%m}/close/").content.decode()


@pytest.mark.usefixtures("english")
def test_of_a_long_past_the_last_months_are_told_and_how_many_before(finance: Any) -> None:
    measure_factory()
    sell(product_factory(code="A"), month(20), D(10), D(100))
    run(SHEET, [entry("12.50", back=19)])
    client = Client()
    client.force_login(finance)
    address = f"/costs/months/{month(2):%Y-%m}/close/"
    page = client.get(address)
    earlier = [row.month for row, _found in page.context["earlier"]]
    assert (earlier[0], earlier[-1], page.context["before"]) == (month(3), month(14), 6)
    assert (page.context["ledger"].unmapped, len(page.context["ledger"].bare)) == (D("12.50"), 18)
    assert "And 6 months before." in page.content.decode()
    Job.objects.create(kind=JOB, key=f"{month_close_key(month(2))}1")
    page = client.get(address)
    assert (page.context["working"], page.context["earlier"], page.context["ledger"]) == (True, [], None)


@pytest.mark.usefixtures("english")
def test_nothing_is_said_of_the_month_itself_where_others_close_with_it(finance: Any) -> None:
    """The one before it lacks a product that the one before that had."""
    measure_factory()
    for code, months in (("A", (4, 3, 2)), ("B", (4, 2))):
        product = product_factory(code=code)
        for back in months:
            sell(product, month(back), D(10), D(100))
    run(SHEET, [entry(100, back=back) for back in (4, 3, 2)])
    ledger_map(
        user=finance, account="7000", start_month=month(9), parts=[Part(kind=kind("energy"), key="volume")]
    )
    client = Client()
    client.force_login(finance)
    address, words = f"/costs/months/{month(2):%Y-%m}/close/", formats.month(month(2))
    page = client.get(address)
    assert [len(row.missing) for row, _found in page.context["earlier"]] == [1, 0]
    said = page.content.decode()
    assert f"In {words} itself no product is provisional or missing." in said
    assert "Nothing:" not in said
    month_close(user=finance, month=month(3))
    assert "Nothing: no product is provisional or missing." in client.get(address).content.decode()


@pytest.mark.usefixtures("english")
def test_amounts_that_cancel_are_mapped_to_nothing_all_the_same(finance: Any) -> None:
    run(SHEET, [entry(amount, account, back) for back in (3, 2) for amount, account in ((5, "1"), (-5, "2"))])
    client = Client()
    client.force_login(finance)
    said = tight(client.get(f"/costs/months/{month(2):%Y-%m}/close/")).replace("\xa0", "")
    assert "(€10.00 − €10.00)" in said
    assert "€5.00 − €5.00" in said
    assert "Amounts of the ledger that cancel are mapped to nothing" in said
    assert f"state=unmapped&amp;first={month(3):%Y-%m}&amp;last={month(2):%Y-%m}" in said
    months = tight(client.get("/costs/months/")).replace("\xa0", "")
    assert "€5.00 − €5.00" in months
    assert f"first={month(2):%Y-%m}&amp;last={month(2):%Y-%m}&amp;state=unmapped" in months
