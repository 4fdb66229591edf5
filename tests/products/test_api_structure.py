"""Lines, channels, families, measures, sales and budgets by API."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from products.models import BudgetRow, BudgetVersion, Channel, Measure, SalesFact, SalesMonth
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)

pytestmark = pytest.mark.django_db
OCTOBER = datetime.date(2026, 10, 1)


def api(*args: Any, **fields: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user_factory(*args, **fields))
    return client


@pytest.fixture
def client() -> APIClient:
    return api("administrator")


def results(client: APIClient, address: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{address}/", query)
    assert answer.status_code == 200, answer.data
    return answer.data["results"]


def test_a_line_with_its_measures(client: APIClient) -> None:
    litres, cartons = measure_factory(code="litres"), measure_factory(code="cartons")
    line_factory(code="food", unit="crate", final_after_months=2, measures=[cartons])
    made = client.post(
        "/api/v1/lines/",
        {"code": "juice", "name": "Juice", "parent": "FOOD", "measures": ["litres", "cartons"]},
    )
    assert made.status_code == 201, made.data
    assert (made.data["parent"], made.data["measures"]) == ("food", [litres.code, cartons.code])
    assert made.data["effective"] == {
        "measures": ["litres", "cartons"],
        "unit": "crate",
        "reporting_unit": "",
        "floor_rate": None,
        "review_months": None,
        "final_after_months": 2,
        "forecast_step": "month",
    }
    assert client.patch("/api/v1/lines/food/", {"version": 1, "forecast_step": "day"}).status_code == 400
    assert client.patch("/api/v1/lines/food/", {"version": 1, "forecast_step": "week"}).status_code == 200
    effective = client.get("/api/v1/lines/juice/").data["effective"]
    assert effective["forecast_step"] == "week"
    address = "/api/v1/lines/juice/"
    changed = client.patch(address, {"version": 1, "measures": []})
    assert (changed.data["measures"], changed.data["effective"]["measures"]) == ([], ["cartons"])
    cycle = client.patch("/api/v1/lines/food/", {"version": 2, "parent": "juice"})
    assert (cycle.status_code, cycle.json()["code"]) == (400, "line_cycle")
    assert client.post("/api/v1/lines/", {"code": "no spaces", "name": "x"}).status_code == 400
    assert client.delete("/api/v1/lines/food/").status_code == 409
    assert client.delete(address).status_code == 204
    assert [row["code"] for row in results(client, "lines", search="foo")] == ["food"]


def test_a_line_below_ones_own_is_ones_own() -> None:
    mine = line_factory(code="mine")
    client = api("administrator", lines=[mine])
    made = client.post("/api/v1/lines/", {"code": "below", "name": "Below", "parent": "mine"})
    assert (made.status_code, made.data["parent"]) == (201, "mine")


@pytest.mark.parametrize(
    ("address", "make"),
    [("lines", line_factory), ("channels", channel_factory), ("families", family_factory)],
)
def test_the_loser_of_a_race_sees_both_names(address: str, make: Any, client: APIClient) -> None:
    row = make(name="Before")
    url = f"/api/v1/{address}/{row.code}/"
    assert client.patch(url, {"version": 1, "name": "First"}).status_code == 200
    lost = client.patch(url, {"version": 1, "name": "Second"})
    assert (lost.status_code, lost.json()["details"]["fields"]) == (
        409,
        {"name": {"yours": "Second", "theirs": "First"}},
    )


def test_channels_are_a_tree_and_shared(client: APIClient) -> None:
    top = channel_factory(code="RETAIL")
    made = client.post(
        "/api/v1/channels/", {"code": "A/1", "name": "Shop", "kind": "account", "parent": "retail"}
    )
    assert (made.status_code, made.data["parent"]) == (201, "RETAIL")
    assert results(client, "channels", parent="retail")[0]["code"] == "A/1"
    cycle = client.patch("/api/v1/channels/RETAIL/", {"version": 1, "parent": "A/1"})
    assert cycle.json()["code"] == "channel_cycle"
    data = {"code": "B", "name": "Type", "kind": "type", "parent": "A/1"}
    low = client.post("/api/v1/channels/", data)
    assert (low.status_code, low.json()["code"]) == (400, "channel_order")
    shop = Channel.objects.get(code="A/1")
    limited = api("administrator", channels=[shop])
    assert limited.get("/api/v1/channels/RETAIL/").status_code == 404
    assert limited.get("/api/v1/channels/A%252F1/").data["parent"] is None
    assert limited.patch("/api/v1/channels/A%252F1/", {"version": 1, "name": "x"}).status_code == 403
    top.refresh_from_db()
    assert top.parent is None


def test_a_family_with_its_members(client: APIClient) -> None:
    line = line_factory(code="food")
    product = product_factory(code="A", line=line)
    made = client.post("/api/v1/families/", {"code": "F", "name": "Family", "line": "food"})
    assert (made.status_code, made.data["members_now"], made.data["members"]) == (201, 0, [])
    product.memberships.create(family_id=family_id("F"), start_date=datetime.date(2024, 1, 1))
    product.memberships.create(family=None, start_date=datetime.date(2025, 1, 1))
    found = client.get("/api/v1/families/f/").data
    assert [dict(row) for row in found["members"]] == [
        {"product": "A", "start_date": "2024-01-01", "until": "2024-12-31"}
    ]
    assert found["members_now"] == 0


def family_id(code: str) -> int:
    from products.models import Family

    return Family.objects.get(code=code).pk


def sold(product: Any, channel: Any, month: datetime.date, volume: Any, measure: str = "units") -> None:
    """A fact of a month and its roll-up."""
    common = {"product": product, "channel": channel, "measure": Measure.objects.get(code=measure)}
    SalesFact.objects.create(**common, start_date=month, period="M", volume=volume)
    SalesMonth.objects.create(**common, month=month, volume=volume, days=30)


@pytest.mark.parametrize(("address", "when"), [("sales/months", "month"), ("sales/facts", "start_date")])
def test_sales_row_by_row(address: str, when: str, client: APIClient) -> None:
    mine, other = product_factory(code="A"), product_factory(code="B")
    retail = channel_factory(code="RETAIL")
    shop, web = channel_factory(code="SHOP", parent=retail), channel_factory(code="WEB")
    measure_factory(code="litres")
    sold(mine, shop, OCTOBER, Decimal("1.5"))
    sold(mine, web, datetime.date(2026, 9, 1), Decimal(2))
    sold(other, shop, OCTOBER, Decimal(4))
    sold(mine, shop, OCTOBER, Decimal(8), "litres")

    def volumes(client: APIClient, **query: Any) -> list[str]:
        return [row["volume"] for row in results(client, address, **query)]

    assert volumes(client) == ["1.5000", "2.0000", "4.0000", "8.0000"]
    assert volumes(client, product="a", measure="units") == ["1.5000", "2.0000"]
    assert volumes(client, channel="retail") == ["1.5000", "4.0000", "8.0000"]
    assert volumes(client, month_from="2026-10", product="A") == ["1.5000", "8.0000"]
    assert volumes(client, month_to="2026-09") == ["2.0000"]
    assert volumes(client, product="no such") == []
    assert client.get(f"/api/v1/{address}/", {"month_from": "2026"}).status_code == 400
    assert client.get(f"/api/v1/{address}/", {"month": "2026-10"}).status_code == 400
    first = client.get(f"/api/v1/{address}/", {"page_size": 3}).data
    assert [row["volume"] for row in client.get(first["next"]).data["results"]] == ["8.0000"]
    assert first["results"][0]["channel"] == "SHOP"
    assert first["results"][0][when] == "2026-10-01"

    assert volumes(api(lines=[other.line])) == ["4.0000"]
    assert volumes(api(channels=[web])) == ["2.0000"]
    assert volumes(api(channels=[web]), channel="retail") == []
    assert client.post(f"/api/v1/{address}/", {}).status_code == 405


def test_a_budget_is_made_frozen_and_stays(client: APIClient) -> None:
    made = client.post("/api/v1/budgets/", {"code": "b27", "name": "Budget 2027", "year": 2027})
    assert made.status_code == 201, made.data
    taken = client.post("/api/v1/budgets/", {"code": "B27", "name": "Again", "year": 2027})
    assert taken.json()["code"] == "code_taken"
    empty = client.post("/api/v1/budgets/b27/freeze/")
    assert (empty.status_code, empty.json()["code"]) == (409, "budget_empty")
    version, product = BudgetVersion.objects.get(), product_factory(code="A")
    line, shop = line_factory(code="food"), channel_factory(code="SHOP")
    common = {"version": version, "measure": Measure.objects.get(code="units"), "month": OCTOBER}
    BudgetRow.objects.create(product=product, channel=shop, volume=3, **common)
    BudgetRow.objects.create(line=line, revenue=5, **common)

    def rows(client: APIClient, **query: Any) -> list[tuple[Any, ...]]:
        found = results(client, "budgets/b27/rows", **query)
        return [(row["product"], row["line"], row["channel"], row["volume"]) for row in found]

    both = [("A", None, "SHOP", "3.0000"), (None, "food", None, None)]
    assert rows(client) == both
    assert rows(client, product="a") == both[:1]
    assert rows(client, line="FOOD") == both[1:]
    assert rows(client, month_from="2026-11") == []
    assert rows(api(lines=[line])) == both[1:]
    assert rows(api(channels=[shop])) == both[:1]
    frozen = client.post("/api/v1/budgets/b27/freeze/")
    assert (frozen.status_code, bool(frozen.data["frozen_at"])) == (200, True)
    gone = client.delete("/api/v1/budgets/b27/")
    assert (gone.status_code, gone.json()["code"]) == (409, "budget_frozen")
    assert [row["code"] for row in results(client, "budgets", frozen="true")] == ["b27"]
    assert results(client, "budgets", frozen="false") == []
    assert BudgetVersion.objects.get().frozen_at <= timezone.now()


def test_a_draft_goes_with_its_rows(client: APIClient) -> None:
    version = BudgetVersion.objects.create(code="draft", name="Draft", year=2027)
    assert api("product-manager", lines=[line_factory()]).delete("/api/v1/budgets/draft/").status_code == 403
    assert api("viewer").delete("/api/v1/budgets/draft/").status_code == 403
    assert BudgetVersion.objects.filter(pk=version.pk).exists()
    assert client.delete("/api/v1/budgets/draft/").status_code == 204
    assert not BudgetVersion.objects.exists()


def test_measures_are_read(client: APIClient) -> None:
    assert [row["code"] for row in results(client, "measures")] == ["units"]
    assert client.get("/api/v1/measures/units/").data["kind"] == "flow"
    assert client.post("/api/v1/measures/", {}).status_code in {403, 405}
