"""Numbers and months of addresses: what is none is told, never an error."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse

from core.months import parse_month
from core.numbers import int_read
from tests.factories import product_factory, user_factory


def test_what_is_no_number_is_none():
    assert int_read("0042") == 42
    for text in ("", "²", "-1", "1.0", "a", "9" * 19):
        assert int_read(text) is None


def test_a_month_stays_in_the_calendar():
    assert parse_month("2026-11") == datetime.date(2026, 11, 1)
    for text in ("9999-12", "0001-01", "2026-13", "2026", ""):
        with pytest.raises(ValueError, match=f"^{text}$|time data|unconverted"):
            parse_month(text)


@pytest.mark.django_db
def test_addresses_that_say_nonsense_are_answered(client):
    client.force_login(user_factory("product-manager"))
    pages = (
        ("products:list", "size=²"),
        ("pricing:promotions", "from=9999-12"),
        ("pricing:promotions", "from=0001-01"),
        ("pricing:promotions", "channel=²"),
    )
    for name, query in pages:
        assert client.get(f"{reverse(name)}?{query}").status_code == 200, query


@pytest.mark.django_db
def test_another_language_after_a_refused_form_leads_to_its_page(client):
    product = product_factory(code="A B/1?")
    client.force_login(user_factory(language="en"))
    refused = client.post("/pricing/rules/set/pass_through/", {})
    assert refused.status_code == 422
    said = {"language": "nl", "next": refused.wsgi_request.get_full_path()}
    assert client.post(reverse("set_language"), said, follow=True).redirect_chain == [
        ("/pricing/rules/set/pass_through/", 302),
        ("/pricing/rules/", 302),
    ]
    opened = client.get(reverse("products:reopen", args=[product.code]))
    assert opened.url == product.get_absolute_url()
    assert client.get("/pricing/rules/set/pass_through/", headers={"HX-Request": "true"}).status_code == 405
    client.force_login(user_factory("finance"))
    assert client.get("/pricing/rules/limits/bound/").url == "/pricing/rules/"
