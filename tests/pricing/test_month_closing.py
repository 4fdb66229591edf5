"""What the page that closes a month says of all months it closes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core import formats
from products.services.closing import month_close
from tests.factories import measure_factory, product_factory
from tests.pricing.test_margins import sell
from tests.products.sheet_help import run

from .test_ledger import SHEET, D, entry, finance, month

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
