"""The booked costs by API: as of a moment, only what changed, with a token as password, read only."""

from __future__ import annotations

import base64
import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from accounts.services.tokens import token_create, token_revoke
from pricing.models import CostMonth, LedgerEntry
from pricing.services.cost_months import BookedCost, cost_months_book
from products.models import Family, FamilyMember, Supplier
from reporting.selectors.cost_report import CostReport
from reporting.selectors.report_query import report_query
from tests.factories import channel_factory, product_factory, user_factory
from tests.pricing.test_costs import kind

pytestmark = pytest.mark.django_db
D = Decimal
MAY, JUNE = datetime.date(2026, 5, 1), datetime.date(2026, 6, 1)
URL = "/api/v1/cost-reports/"


def row(product: Any, month: datetime.date, amount: str, code: str = "purchase") -> BookedCost:
    return BookedCost(product and product.pk, month, kind(code).pk, None, None, "", D(amount))


@pytest.fixture
def secret() -> str:
    tomorrow = timezone.localdate() + datetime.timedelta(1)
    return token_create(user=user_factory("finance"), name="sheet", expires=tomorrow)[1]


@pytest.fixture
def client(secret: str) -> Client:
    return Client(headers={"Authorization": f"Token {secret}"})


def basic(name: str, secret: str) -> Client:
    said = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return Client(headers={"Authorization": f"Basic {said}"})


class TestWhoMay:
    def test_a_token_as_password_for_these_addresses_alone(self, secret: str) -> None:
        client = basic("whoever", secret)
        assert client.get(URL).status_code == 200
        assert client.get("/api/v1/cost-lines/").status_code == 401
        assert client.post(URL, {}).status_code in (401, 405)
        for wrong in (basic("whoever", "pmt_wrong"), basic("whoever", ""), basic("", "x" * 64)):
            assert wrong.get(URL).status_code == 401
        broken = Client(headers={"Authorization": "Basic !!!"})
        assert broken.get(URL).status_code == 401
        asked = Client().get(URL)
        assert asked.status_code == 401
        assert asked.headers["WWW-Authenticate"].startswith("Basic")

    def test_a_password_of_a_person_is_none(self) -> None:
        person = user_factory("finance")
        person.set_password("long-enough-7")
        person.save()
        assert basic(person.email, "long-enough-7").get(URL).status_code == 401

    def test_neither_revoked_nor_without_the_right(self) -> None:
        tomorrow = timezone.localdate() + datetime.timedelta(1)
        user = user_factory("finance")
        token, secret = token_create(user=user, name="sheet", expires=tomorrow)
        token_revoke(by=user, token=token)
        assert basic("x", secret).get(URL).status_code == 401
        _token, secret = token_create(
            user=user_factory(rights=["accounts.api", "products.view"]), name="sheet", expires=tomorrow
        )
        assert basic("x", secret).get(URL).status_code == 403


def test_the_first_page_says_whether_all_of_it_is_there(client: Client) -> None:
    product = product_factory(code="OAT")
    for month, unmapped in ((MAY, "3.25"), (JUNE, "1")):
        rows = [row(product, month, "10"), row(None, month, "4"), row(None, month, unmapped, "unmapped")]
        cost_months_book(source="actual", months=[month], rows=rows)
        said = {"date": month, "month": month, "account": "4000", "currency": "EUR"}
        whole = sum(each.amount for each in rows)
        LedgerEntry.objects.create(**said, number=f"{month}", amount=whole, booked=whole)
    cost_months_book(source="standard", months=[MAY], rows=[row(product, MAY, "99")])
    asked = {"first": "2026-05-01", "last": "2026-05-01", "page_size": "1", "kind": "purchase"}
    answer = client.get(URL, asked).json()
    parts = {
        "mapped": "14.00",
        "unmapped": "3.25",
        "booked": "17.25",
        "on_products": "10.00",
        "on_none": "7.25",
    }
    assert answer["reconciliation"] == {"imported": "17.25", **parts}
    assert client.get(answer["next"]).json()["reconciliation"] is None
    past = client.get(URL, asked | {"as_of": answer["as_of"]}).json()
    assert past["reconciliation"] == {"imported": None, **parts}  # the ledger is as it is now
    since = {"changed_since": timezone.now().isoformat()}
    changed = client.get(URL, asked | since).json()  # nothing since, and still it adds up
    assert (changed["results"], changed["reconciliation"]) == ([], {"imported": "17.25", **parts})


class TestRows:
    def test_columns_and_filters(self, client: Client) -> None:
        product = product_factory(code="OAT")
        cost_months_book(
            source="actual", months=[MAY, JUNE], rows=[row(product, MAY, "12.5"), row(None, JUNE, "3")]
        )
        found = client.get(URL).json()
        assert found["currency"] == "EUR"
        first, second = found["results"]
        assert (first["product"], first["kind"], first["kind_level"], first["amount"]) == (
            *("OAT", "purchase", "cm1", 12.5),
        )
        assert (first["line"], first["month"], first["source"]) == (product.line.code, "2026-05-01", "actual")
        assert (second["product"], second["line"], second["replaced_at"]) == (None, None, None)
        assert len(client.get(f"{URL}?first=2026-06-01").json()["results"]) == 1
        assert len(client.get(f"{URL}?product=oat&source=actual").json()["results"]) == 1
        assert client.get(f"{URL}?source=budget").json()["results"] == []
        assert client.get(f"{URL}?produkt=OAT").status_code == 400

    def test_filters_are_those_of_the_page(self, client: Client) -> None:
        shop = channel_factory(code="SHOP")
        store = channel_factory(code="STORE", parent=shop)
        mill = Supplier.objects.create(code="MILL", name="Mill").pk
        oat, rye = product_factory(code="OAT", name="Oat drink"), product_factory(code="RYE")
        family = Family.objects.create(code="OATS", name="Oats", line=oat.line)
        FamilyMember.objects.create(product=oat, family=family, start_date=MAY)
        booked = [
            BookedCost(of and of.pk, MAY, kind(code).pk, channel, supplier, centre, D(amount))
            for of, code, channel, supplier, centre, amount in (
                (oat, "purchase", shop.pk, mill, "100", 1),
                (oat, "energy", store.pk, None, "", 2),
                (rye, "purchase", None, mill, "200", 4),
                (None, "overhead", None, None, "", 8),
            )
        ]
        cost_months_book(source="actual", months=[MAY], rows=booked)
        finance = user_factory("finance")
        for asked, amount in (
            ("channel=shop", 3),
            ("channel==SHOP", 1),
            ("channel=-", 12),
            ("supplier=mill", 5),
            ("supplier=-", 10),
            ("cost_centre=100", 1),
            ("cost_centre=-", 10),
            ("kind=purchase", 5),
            ("kind=purchase&cost_centre=200", 4),
            ("level=below", 8),
            ("product=-", 8),
            ("family=oats", 3),
            ("family=-", 12),
            ("q=drink", 3),
            (f"line={rye.line.code}", 4),
            ("supplier=nobody", 0),
        ):
            found = client.get(f"{URL}?{asked}").json()
            assert sum(row["amount"] for row in found["results"]) == amount, asked
            page = QueryDict(f"month=2026-05&of=actual&columns=month-actual&{asked}")
            total = CostReport(finance, report_query(page)).total
            assert (total.amounts[0] if total else 0) == amount, asked
        assert client.get(f"{URL}?level=nothing").status_code == 400

    def test_as_of_and_what_changed_since(self, client: Client) -> None:
        product = product_factory()
        book = lambda *rows: cost_months_book(source="actual", months=[MAY, JUNE], rows=rows)  # noqa: E731
        book(row(product, MAY, "10"), row(product, JUNE, "20"), row(product, MAY, "5", "energy"))
        then = client.get(URL).json()["as_of"]
        old = client.get(URL).json()["results"]
        book(row(product, MAY, "11"), row(product, JUNE, "20"))
        assert client.get(URL, {"as_of": then}).json()["results"] == old
        assert client.get(URL, {"as_of": then}).content == client.get(URL, {"as_of": then}).content
        assert [each["amount"] for each in client.get(URL).json()["results"]] == [20, 11]
        changed = client.get(URL, {"changed_since": then}).json()
        by = {each["version"]: each for each in changed["results"]}
        assert sorted(each["amount"] for each in by.values()) == [5, 10, 11]
        [new] = [each for each in by.values() if each["replaced_at"] is None]
        assert (new["amount"], new["replaces_amount"]) == (11, 10)
        assert by[new["replaces"]]["amount"] == 10
        assert client.get(URL, {"changed_since": changed["as_of"]}).json()["results"] == []
        assert client.get(URL, {"changed_since": "yesterday"}).status_code == 400

    def test_asked_again_it_is_the_same_until_something_of_it_is_booked(self, client: Client) -> None:
        product = product_factory()
        cost_months_book(source="actual", months=[MAY], rows=[row(product, MAY, "10")])
        asked = {"first": "2026-05-01", "last": "2026-05-01", "source": "actual"}
        before = client.get(URL, asked).content
        cost_months_book(source="actual", months=[JUNE], rows=[row(product, JUNE, "20")])
        cost_months_book(source="budget", months=[MAY], rows=[row(product, MAY, "30")])
        assert client.get(URL, asked).content == before
        for rows in ([row(product, MAY, "11")], []):
            cost_months_book(source="actual", months=[MAY], rows=rows)
            after = client.get(URL, asked).json()
            newest = CostMonth.objects.filter(month=MAY, source="actual").order_by("pk").last()
            assert newest is not None
            assert after["as_of"] == (newest.replaced_at or newest.recorded_at).isoformat()
            assert [each["amount"] for each in after["results"]] == [float(each.amount) for each in rows]

    def test_pages_keep_to_the_moment_of_the_first(self, client: Client) -> None:
        products = [product_factory() for _each in range(5)]
        cost_months_book(source="actual", months=[MAY], rows=[row(each, MAY, "7") for each in products])
        page = client.get(f"{URL}?page_size=2").json()
        cost_months_book(source="actual", months=[MAY], rows=[row(products[0], MAY, "9")])
        amounts = [each["amount"] for each in page["results"]]
        while page["next"]:
            page = client.get(page["next"]).json()
            amounts += [each["amount"] for each in page["results"]]
        assert amounts == [7] * 5

    def test_within_ones_limits(self) -> None:
        own, other = product_factory(), product_factory()
        cost_months_book(
            source="actual", months=[MAY], rows=[row(each, MAY, "7") for each in (own, other, None)]
        )
        client = Client()
        client.force_login(user_factory("finance", lines=[own.line]))
        assert [each["product"] for each in client.get(URL).json()["results"]] == [own.code]
