"""Products by API."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from products.models import Measure, Product, ProductCode, ProductFigures, SalesMonth
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
URL = "/api/v1/products/"


def api(*args: Any, **fields: Any) -> APIClient:
    """A client that speaks for a person made of these."""
    client = APIClient()
    client.force_authenticate(user_factory(*args, **fields))
    return client


def codes(client: APIClient, **query: Any) -> list[str]:
    answer = client.get(URL, query)
    assert answer.status_code == 200, answer.data
    return [row["code"] for row in answer.data["results"]]


@pytest.fixture
def client() -> APIClient:
    return api()


def test_products_of_a_stage_and_sales_of_a_line(client: APIClient) -> None:
    line, other = line_factory(code="juice"), line_factory(code="energy")
    grown, young = product_factory(line=line, code="G"), product_factory(line=other, code="Y")
    ProductFigures.objects.filter(product=grown).delete()
    ProductFigures.objects.create(product=grown, stage="growth", measure=Measure.objects.get(code="units"))
    assert codes(client, stage="growth") == ["G"]
    assert codes(client, stage="decline") == []
    channel, measure = channel_factory(), Measure.objects.get(code="units")
    for product in (grown, young):
        SalesMonth.objects.create(
            product_id=product.pk,
            channel_id=channel.pk,
            measure_id=measure.pk,
            month=datetime.date(2026, 1, 1),
            volume=1,
            days=31,
        )
    found = client.get("/api/v1/sales/months/", {"line": "JUICE"})
    assert [row["product"] for row in found.data["results"]] == ["G"]


def test_a_product_is_made_changed_ended_and_on_sale_again(client: APIClient) -> None:
    owner = user_factory(email="owner@example.com")
    line_factory(code="juice", unit="carton", owner=owner)
    body = {"code": "J/1", "name": "Orange", "line": "juice", "launched": "2024-01-01", "floor_rate": "0.125"}
    made = client.post(URL, body)
    assert made.status_code == 201, made.data
    assert made.data["owner"] is None
    assert made.data["effective"] == {
        "owner": "owner@example.com",
        "unit": "carton",
        "floor_rate": "0.1250",
        "review_months": None,
        "from_line": {"owner": "juice", "unit": "juice"},
    }
    address = f"{URL}J%252F1/"
    assert client.get(address).data == made.data

    changed = client.patch(address, {"version": 1, "name": "Orange juice", "owner": "OWNER@example.com"})
    assert changed.status_code == 200, changed.data
    assert (changed.data["name"], changed.data["owner"], changed.data["version"]) == (
        "Orange juice",
        "owner@example.com",
        2,
    )
    ended = client.post(f"{address}end/", {"version": 2, "ended": "2025-06-30"})
    assert (ended.status_code, ended.data["status"], ended.data["ended"]) == (200, "ended", "2025-06-30")
    again = client.post(f"{address}reopen/", {"version": 3})
    assert (again.status_code, again.data["status"], again.data["ended"]) == (200, "active", None)
    assert Product.objects.get(code="J/1").owner == owner


def test_the_loser_of_a_race_sees_both_values(client: APIClient) -> None:
    line, other = line_factory(code="one"), line_factory(code="two")
    third = line_factory(code="three")
    product = product_factory(line=line, name="Before", launched=datetime.date(2020, 1, 1))
    first = client.patch(
        f"{URL}{product.code}/", {"version": 1, "line": other.code, "launched": "2021-02-03"}
    )
    assert first.status_code == 200
    lost = client.patch(f"{URL}{product.code}/", {"version": 1, "line": third.code, "launched": None})
    assert lost.status_code == 409
    assert json.loads(lost.content)["code"] == "version_conflict"
    assert json.loads(lost.content)["details"]["fields"] == {
        "line": {"yours": "three", "theirs": "two"},
        "launched": {"yours": None, "theirs": "2021-02-03"},
    }
    product.refresh_from_db()
    assert (product.line, product.version) == (other, 2)
    ended = client.post(f"{URL}{product.code}/end/", {"version": 1, "ended": "2030-01-01"})
    assert (ended.status_code, ended.json()["details"]["fields"]["ended"]["yours"]) == (409, "2030-01-01")


def test_every_refusal_has_a_code_and_a_message(client: APIClient) -> None:
    product_factory(code="THZ-300", line=line_factory(code="hidden"))
    limited = APIClient()
    limited.force_authenticate(user_factory(lines=[line_factory()]))
    viewer = APIClient()
    viewer.force_authenticate(user_factory("viewer"))
    nothing = "There is nothing here, or you may not see it."
    for caller, address, status, code, message in (
        (client, f"{URL}THZ-301/", 404, "not_found", nothing),
        (limited, f"{URL}THZ-300/", 404, "not_found", nothing),
        (client, f"{URL}?page=99", 404, "not_found", "Invalid page."),
        (viewer, "/api/v1/imports/", 403, "permission_denied", "Your role does not include this."),
        (APIClient(), URL, 401, "not_authenticated", "Authentication credentials were not provided."),
    ):
        answer = caller.get(address, headers={"Accept-Language": "en"})
        assert answer.status_code == status
        assert answer.json() == {"code": code, "message": message, "field": "", "details": {}}
    gone = client.delete(URL)
    assert (gone.status_code, gone.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"surprise": 1}, "surprise"),
        ({"name": 5}, "name"),
        ({"temporary": "yes"}, "temporary"),
        ({"review_months": "3"}, "review_months"),
        ({"floor_rate": float("nan")}, "floor_rate"),
        ({"floor_rate": "1e400"}, "floor_rate"),
        ({"line": "no-such-line"}, "line"),
        ({"line": 1}, "line"),
        ({"owner": "nobody@example.com"}, "owner"),
        ({"supplier": "none of ours"}, "supplier"),
        ({"kind": "thing"}, "kind"),
        ({"launched": "1-2-2024"}, "launched"),
    ],
)
def test_bad_input_is_refused_at_its_field(body: dict[str, Any], field: str, client: APIClient) -> None:
    product = product_factory(name="Before", line=line_factory(code="juice"))
    whole = {"code": "N", "name": "New", "line": "juice"} | body
    for answer in (
        client.generic("POST", URL, json.dumps(whole), content_type="application/json"),
        client.generic(
            "PATCH",
            f"{URL}{product.code}/",
            json.dumps({"version": 1} | body),
            content_type="application/json",
        ),
    ):
        assert answer.status_code == 400, answer.data
        # The parser itself stops NaN.
        assert field in answer.json() or answer.json()["code"] == "parse_error"
    assert list(Product.objects.values_list("name", "version")) == [("Before", 1)]


def test_rules_of_the_room_are_refusals_with_a_code(client: APIClient) -> None:
    product = product_factory(code="A", launched=datetime.date(2024, 1, 1))
    line = product.line.code
    taken = client.post(URL, {"code": "a", "name": "x", "line": line})
    assert (taken.status_code, taken.json()["code"], taken.json()["field"]) == (400, "code_taken", "code")
    page = client.post(URL, {"code": "New", "name": "x", "line": line})
    assert page.json()["code"] == "code_reserved"
    early = client.post(f"{URL}A/end/", {"version": 1, "ended": "2023-01-01"})
    assert (early.status_code, early.json()["code"]) == (400, "ends_before_launch")
    assert Product.objects.count() == 1


def test_what_is_read_only_stays_and_a_change_needs_its_version(client: APIClient) -> None:
    product = product_factory(name="Before")
    address = f"{URL}{product.code}/"
    unversioned = client.patch(address, {"name": "After"})
    assert (unversioned.status_code, list(unversioned.data)) == (400, ["version"])
    posted = {"version": 1, "status": "ended", "created_at": "2000-01-01", "figures": {}, "effective": 3}
    assert client.patch(address, posted).status_code == 200
    made = client.post(URL, {"code": "B", "name": "B", "line": product.line.code, "version": 77})
    assert made.data["version"] == 1
    before = Product.objects.get(pk=product.pk)
    assert (before.version, before.name, before.created_at) == (1, "Before", product.created_at)
    assert client.put(address, {"name": "After"}).status_code == 405
    assert client.delete(address).status_code == 405


def test_filters_search_and_order(client: APIClient) -> None:
    food = line_factory(code="food")
    juice = line_factory(code="juice", parent=food)
    person = user_factory(email="me@example.com")
    a = product_factory(code="A", name="apple", line=juice, owner=person, launched=datetime.date(2020, 1, 1))
    product_factory(code="B", name="Pear café", line=food, kind="service")
    product_factory(code="C", name="Zebra", ended=datetime.date(2020, 1, 1), temporary=True)
    ProductCode.objects.create(product=a, source="GTIN", code="8712345")
    family = family_factory(line=food)
    family.members.create(product=a, start_date=datetime.date(2020, 1, 1))

    assert codes(client) == ["A", "B", "C"]
    assert codes(client, ordering="-name") == ["C", "B", "A"]
    assert codes(client, ordering="-launched") == ["A", "B", "C"], "missing comes last"
    assert codes(client, search="CAFE") == ["B"]
    assert codes(client, search="8712345") == ["A"]
    assert codes(client, line="food") == ["A", "B"]
    assert codes(client, line="no-such") == []
    assert codes(client, owner="me@example.com") == ["A"]
    assert codes(client, owner="none") == ["B", "C"]
    assert codes(client, owner="nobody@example.com") == []
    assert codes(client, status="ended") == ["C"]
    assert codes(client, kind="service") == ["B"]
    assert codes(client, temporary="true") == ["C"]
    assert codes(client, family=family.code) == ["A"]
    assert codes(client, code="b") == ["B"]
    assert codes(client, launched_from="2019-01-01") == ["A"]


@pytest.mark.parametrize(
    "query", [{"lien": "food"}, {"status": "gone"}, {"kind": "x"}, {"ordering": "secret"}]
)
def test_a_filter_that_nothing_reads_is_refused(query: dict[str, str], client: APIClient) -> None:
    answer = client.get(URL, query)
    assert (answer.status_code, list(answer.data)) == (400, list(query))


def test_pages_hold_200_at_most(client: APIClient) -> None:
    line = line_factory()
    Product.objects.bulk_create(Product(code=f"P{n}", name=f"P{n}", line=line) for n in range(205))
    answer = client.get(URL, {"page_size": 1000})
    assert (answer.data["count"], len(answer.data["results"])) == (205, 200)
    assert len(client.get(answer.data["next"]).data["results"]) == 5
    assert len(client.get(URL).data["results"]) == 50


def test_limits_leave_nothing_of_other_lines() -> None:
    mine, foreign = line_factory(code="mine"), line_factory(code="foreign")
    product_factory(code="M", line=mine)
    theirs = product_factory(code="F", line=foreign)
    client = api(lines=[mine])
    assert codes(client) == ["M"]
    assert client.get(f"{URL}F/").status_code == 404
    assert client.patch(f"{URL}F/", {"version": 1, "name": "x"}).status_code == 404
    assert client.post(f"{URL}F/end/", {"version": 1, "ended": "2030-01-01"}).status_code == 404
    moved = client.patch(f"{URL}M/", {"version": 1, "line": "foreign"})
    assert (moved.status_code, list(moved.data)) == (400, ["line"])
    assert client.post(URL, {"code": "X", "name": "X", "line": "foreign"}).status_code == 400
    theirs.refresh_from_db()
    assert (theirs.version, Product.objects.count()) == (1, 2)


def test_what_a_line_above_ones_limits_says_holds_but_the_line_is_not_named() -> None:
    above = line_factory(code="above", unit="crate")
    mine = line_factory(code="mine", parent=above)
    product_factory(code="M", line=mine)
    found = api(lines=[mine]).get(f"{URL}M/").data["effective"]
    assert (found["unit"], found["from_line"]) == ("crate", {"unit": None})


def test_who_may_not_edit_reads() -> None:
    product = product_factory(name="Before")
    viewer = api("viewer", rights=["products.view", "accounts.api"])
    assert codes(viewer) == [product.code]
    assert viewer.patch(f"{URL}{product.code}/", {"version": 1, "name": "x"}).status_code == 403
    assert viewer.post(URL, {"code": "X", "name": "X", "line": product.line.code}).status_code == 403
    assert viewer.post(f"{URL}{product.code}/end/", {"version": 1, "ended": "2030-01-01"}).status_code == 403
    assert api(rights=["products.view"]).get(URL).status_code == 403
    assert api(rights=["accounts.api"]).get(URL).status_code == 403
    assert list(Product.objects.values_list("name", flat=True)) == ["Before"]


def test_figures_are_those_of_ones_channels(client: APIClient) -> None:
    from products.models import Measure, ProductFigures, SalesMonth

    product, units = product_factory(), Measure.objects.get(code="units")
    month = datetime.date(2026, 10, 1)
    north, south = channel_factory(), channel_factory()
    ProductFigures.objects.create(product=product, measure=units, data_month=month, revenue_12m=30)
    for channel, revenue in ((north, 10), (south, 20)):
        SalesMonth.objects.create(
            product=product, measure=units, month=month, channel=channel, revenue=revenue, days=31
        )
    address = f"{URL}{product.code}/"
    assert client.get(address).data["figures"]["revenue_12m"] == "30.0000"
    assert api(channels=[north]).get(address).data["figures"]["revenue_12m"] == "10.0000"
