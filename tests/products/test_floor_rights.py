"""A margin floor says what margins are: who may not see costs neither reads nor sets one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from rest_framework.test import APIClient

from accounts.models import User
from core.history import history_of
from products.models import Product, ProductLine
from products.sheets.products import ProductsSheet
from tests.factories import client_of, line_factory, product_factory, user_factory

from .sheet_help import run
from .test_product_pages import form_of

pytestmark = pytest.mark.django_db
EDITS = ["products.view", "products.edit", "products.edit_structure", "exchange.import", "accounts.api"]
SEES = [*EDITS, "pricing.view_costs"]


@pytest.fixture
def product() -> Any:
    line = line_factory(code="juice", floor_rate=Decimal("0.31"))
    line_factory(code="cold", parent=line)
    product_factory(code="B", line=line)
    return product_factory(code="A", line=line, floor_rate=Decimal("0.265"))


def _floors() -> list[Any]:
    return [Product.objects.get(code="A").floor_rate, ProductLine.objects.get(code="juice").floor_rate]


def _changed(client: Client, url: str) -> None:
    """Save the form of this address with another name and another floor."""
    values = form_of(client.get(url).content.decode())
    answer = client.post(url, values | {"name": "Other", "measures": [], "floor_rate": "55"})
    assert answer.status_code == 302, answer.context["form"].errors


URLS = ("/products/A/edit/", "/products/lines/juice/")
PAGES = (*URLS, "/products/lines/", "/products/lines/cold/", "/products/A/details/", "/products/A/activity/")
TELL = ("argin floor", "55%", "floor_rate", "26.5", "31%")


def test_pages_and_forms_have_it_only_for_who_may_see_costs(product: Product) -> None:
    other = client_of(user_factory(rights=EDITS))
    for url in URLS:
        _changed(other, url)
    assert _floors() == [Decimal("0.265"), Decimal("0.31")]
    finance = client_of(user_factory(rights=SEES))
    for url in URLS:
        _changed(finance, url)
    assert _floors() == [Decimal("0.55"), Decimal("0.55")]
    for url in (*PAGES, "/products/B/details/", "/products/B/edit/"):
        assert "argin floor" in finance.get(url).content.decode(), url
        text = other.get(url).content.decode()
        assert [word for word in TELL if word in text] == [], url


@translation.override("en")
def test_history_leaves_it_out_where_nobody_is_said_to_look(product: Product) -> None:
    Product.objects.filter(pk=product.pk).update(floor_rate=Decimal("0.4"))
    seen = history_of(product, user=user_factory(rights=SEES))
    assert [change.after for entry in seen for change in entry.changes if change.label == "Margin floor"] == [
        "40.0%",
        "26.5%",
    ]
    for user in (None, user_factory(rights=EDITS)):
        told = history_of(product, user=user)
        assert len(told) == 1
        assert "Margin floor" not in {change.label for change in told[0].changes}


def _api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_api_has_it_only_for_who_may_see_costs(product: Product) -> None:
    addresses = {"/api/v1/products/": "A", "/api/v1/lines/": "juice"}
    for url, code in addresses.items():
        other, finance = _api(user_factory(rights=EDITS)), _api(user_factory(rights=SEES))
        for page in (url, f"{url}{code}/"):
            assert b'"floor_rate"' in finance.get(page).content
            assert b"floor_rate" not in other.get(page).content
        refused = other.patch(f"{url}{code}/", {"version": 1, "floor_rate": "0.5"}, format="json")
        assert (refused.status_code, list(refused.data)) == (400, ["floor_rate"])
    assert _floors() == [Decimal("0.265"), Decimal("0.31")]
    finance.patch("/api/v1/lines/juice/", {"version": 1, "floor_rate": "0.5"}, format="json")
    assert _floors()[1] == Decimal("0.5")


def test_a_file_sets_it_only_for_who_may_see_costs(product: Product) -> None:
    sheet, rows = ProductsSheet(), [{"product": "A", "floor_rate": "0.265"}, {"product": "B", "name": "Beta"}]
    done = run(sheet, rows, user=user_factory(rights=EDITS))
    assert done.codes == ["floor_not_seen"]  # also where it says what is so already
    assert Product.objects.get(code="B").name == "Beta"
    rows[0]["floor_rate"] = "0.5"
    assert run(sheet, rows, user=user_factory(rights=SEES)).codes == []
    assert _floors()[0] == Decimal("0.5")
    # A file of another's tells what it holds.
    assert sheet.sees_all(user_factory(rights=SEES))
    assert not sheet.sees_all(user_factory(rights=EDITS))
