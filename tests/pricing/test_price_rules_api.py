"""Bounds, VAT, goods that soon spoil and what promotions cost, by API: as on their pages."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.organisation import today
from pricing.models import Bound, Perishable, PromotionCost, VatCode, VatRate
from tests.factories import line_factory, product_factory, user_factory
from tests.pricing.promotions import approved_factory

pytestmark = pytest.mark.django_db
SOON = datetime.date.today() + datetime.timedelta(20)


def api_of(user: Any) -> APIClient:
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(user)
    return client


def posted(client: APIClient, what: str, status: int = 201, **said: Any) -> Any:
    answer = client.post(f"/api/v1/{what}/", said, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def test_bounds_and_vat_are_set_by_who_does_not_propose_prices() -> None:
    line = line_factory(code="books")
    said = {"line": "books", "start_date": str(SOON), "least": "9.50", "source": "Fixed price act"}
    finance, maker = (api_of(user_factory(role, language="en")) for role in ("finance", "administrator"))
    row = posted(finance, "price-bounds", **said)
    assert (row["line"], row["product"], row["least"], row["beyond"]) == ("books", None, "9.500000", "refuse")
    posted(finance, "price-bounds", **said | {"least": "9"})
    assert Bound.objects.get().least == 9
    vat = {"line": "BOOKS", "code": "low", "start_date": str(SOON)}
    assert posted(finance, "vat-codes", **vat)["line"] == "books"
    for what, asked in (("price-bounds", said), ("vat-codes", vat)):
        refused = posted(maker, what, 403, **asked)
        assert refused["code"] == "four_eyes"
    assert "9.000000" in str(maker.get("/api/v1/price-bounds/?line=books").json())
    assert (Bound.objects.count(), VatCode.objects.get().line) == (1, line)


def test_bad_input_says_what_is_wrong() -> None:
    finance = api_of(user_factory("finance", language="en"))
    line_factory(code="books")
    both = {"start_date": str(SOON), "source": "Law"}
    assert "Choose a product or a line." in str(posted(finance, "price-bounds", 400, **both))
    assert "nothing?" in str(posted(finance, "price-bounds", 400, **both, line="nothing"))
    worse = both | {"line": "books", "least": "9", "most": "8"}
    assert posted(finance, "price-bounds", 400, **worse)
    assert posted(finance, "price-bounds", 400, **both, line="books", colour="red")
    assert not Bound.objects.exists()


def test_vat_rates_ahead_and_what_spoils() -> None:
    finance = api_of(user_factory("finance", language="en"))
    made = posted(finance, "vat-rates", code="low", start_date=str(SOON), rate="0.10")
    assert VatRate.objects.get(pk=made["id"]).rate == Decimal("0.10")
    assert posted(finance, "vat-rates", 400, code="low", start_date=str(today()), rate="0.10")
    begun = VatRate.objects.filter(start_date__lte=today()).first()
    assert begun is not None
    assert finance.delete(f"/api/v1/vat-rates/{begun.pk}/").status_code == 400
    assert finance.delete(f"/api/v1/vat-rates/{made['id']}/").status_code == 204
    product = product_factory(code="A")
    maker = api_of(user_factory())
    day = str(today())
    said = posted(maker, "perishables", product="A", start_date=day, perishable=True)
    row = Perishable.objects.get()
    assert said == {"id": row.pk, "product": "A", "line": None, "start_date": day, "perishable": True}
    same = {"product": "A", "start_date": day}
    assert posted(maker, "perishables", 400, **same, perishable=False)["code"] == "date_past"
    tomorrow = str(today() + datetime.timedelta(days=1))
    posted(maker, "perishables", product="A", start_date=tomorrow, perishable=False)
    assert [each.perishable for each in Perishable.objects.filter(product=product)] == [True, False]


def test_what_a_promotion_cost() -> None:
    maker = api_of(user_factory(language="en"))
    row = approved_factory(product_factory(), ahead=-30)
    address = f"/api/v1/promotions/{row.pk}/cost/"
    assert maker.get(address).status_code == 204
    said = {"amount": "1200.50", "known_date": str(today()), "source": "Invoice 7"}
    answer = maker.post(address, said, format="json").json()
    assert (answer["amount"], answer["source"]) == ("1200.50", "Invoice 7")
    assert maker.get(address).json() == answer
    assert PromotionCost.objects.count() == 1
    refused = maker.post(address, said | {"dimension": "ACT7"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (400, "amount_or_dimension")
