"""By API: other codes, units, families, bundles and successors of a product; suppliers and segments."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from core.history import history_of
from products.models import (
    BundlePart,
    FamilyMember,
    Product,
    ProductCode,
    Segment,
    Succession,
    Supplier,
    UnitFactor,
)
from products.selectors.relations import OWN_ROWS
from tests.factories import family_factory, line_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
URL = "/api/v1/products"
PARTS = ("codes", "units", "families", "parts", "successions")


def api(*args: Any, **fields: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user_factory(*args, **fields))
    return client


@pytest.fixture
def client() -> APIClient:
    return api("administrator")


@pytest.fixture
def product() -> Product:
    return product_factory(code="A/1")


def results(client: APIClient, part: str) -> list[dict[str, Any]]:
    answer = client.get(f"{URL}/a%252F1/{part}/")
    assert answer.status_code == 200, answer.data
    return answer.data["results"]


def add(client: APIClient, to: str, /, **body: Any) -> Any:
    return client.post(f"{URL}/A%252F1/{to}/", body)


def test_other_codes(client: APIClient, product: Product) -> None:
    made = add(client, "codes", source="GTIN", code="8712")
    assert (made.status_code, results(client, "codes")) == (201, [made.data])
    again = add(client, "codes", source="gtin", code="8712")
    assert (again.data, ProductCode.objects.count()) == (made.data, 1)
    other = product_factory()
    ProductCode.objects.create(product=other, source="GTIN", code="99")
    taken = add(client, "codes", source="GTIN", code="99")
    assert (taken.status_code, taken.json()["code"], taken.json()["field"]) == (400, "code_taken", "code")
    assert client.delete(f"{URL}/A%252F1/codes/{made.data['id']}/").status_code == 204
    assert client.delete(f"{URL}/A%252F1/codes/{made.data['id']}/").status_code == 404
    assert results(client, "codes") == []
    assert len(history_of(product, related=OWN_ROWS)) == 3


def test_nothing_of_another_product_is_removed(client: APIClient, product: Product) -> None:
    code = ProductCode.objects.create(product=product_factory(), source="GTIN", code="99")
    assert client.delete(f"{URL}/A%252F1/codes/{code.pk}/").status_code == 404
    assert ProductCode.objects.filter(pk=code.pk).exists()


def test_units(client: APIClient, product: Product) -> None:
    made = add(client, "units", unit="litre", factor="1.5")
    assert (made.status_code, made.data["factor"]) == (201, "1.500000")
    lost = add(client, "units", unit="LITRE", factor="2")
    assert (lost.status_code, lost.json()["details"]) == (
        409,
        {"fields": {"factor": {"yours": "2.000000", "theirs": "1.500000"}}, "version": 1},
    )
    assert add(client, "units", unit="LITRE", factor="1.5").status_code == 201  # says it already
    changed = add(client, "units", unit="LITRE", factor="2", version=1)
    assert (changed.data["id"], changed.data["factor"]) == (made.data["id"], "2.000000")
    refused = add(client, "units", unit="litre", factor="0")
    assert (refused.status_code, refused.json()["code"]) == (400, "factor_positive")
    late = client.delete(f"{URL}/A%252F1/units/{made.data['id']}/?version=1")
    assert (late.status_code, UnitFactor.objects.count()) == (409, 1)
    assert client.delete(f"{URL}/A%252F1/units/{made.data['id']}/?version=2").status_code == 204
    assert not UnitFactor.objects.exists()


def test_a_family_from_a_date_on_and_none_from_another(client: APIClient, product: Product) -> None:
    assert add(client, "families", family=None, start_date="2025-01-01").status_code == 204
    family = family_factory(code="JAM", line=product.line)
    made = add(client, "families", family="jam", start_date="2025-01-01")
    assert made.data == {
        "id": FamilyMember.objects.get().pk,
        "family": "JAM",
        "start_date": "2025-01-01",
        "holds": True,
        "version": 1,
    }
    other = family_factory(code="TEA", line=product.line)
    lost = add(client, "families", family="TEA", start_date="2025-01-01")
    assert (lost.status_code, lost.json()["details"]["fields"]) == (
        409,
        {"family": {"yours": "TEA", "theirs": "JAM"}},
    )
    assert other.members.count() == 0
    left = add(client, "families", family=None, start_date="2025-06-01")
    assert (left.data["family"], left.data["holds"]) == (None, True)
    assert [row["holds"] for row in results(client, "families")] == [True, False]
    assert family.members.count() == 1


def test_parts_of_a_bundle(client: APIClient, product: Product) -> None:
    part = product_factory(code="B")
    body = {"part": "b", "start_date": "2025-01-01", "quantity": "2", "revenue_share": "0.4"}
    made = add(client, "parts", **body)
    assert (made.status_code, made.data["part"], made.data["revenue_share"]) == (201, "B", "0.400000")
    lost = add(client, "parts", **body | {"quantity": "3"})
    assert lost.json()["details"]["fields"] == {"quantity": {"yours": "3.0000", "theirs": "2.0000"}}
    assert add(client, "parts", **body | {"quantity": "2", "version": 1}).status_code == 201
    cycle = client.post(f"{URL}/B/parts/", body | {"part": "A/1"})
    assert (cycle.status_code, cycle.json()["code"]) == (400, "bundle_cycle")
    too_much = add(client, "parts", **body | {"revenue_share": "1.1"})
    assert (too_much.status_code, too_much.json()["code"]) == (400, "share_range")
    ended = add(client, "parts", **body | {"start_date": "2025-06-01", "quantity": "0"})
    assert (ended.status_code, ended.data["quantity"]) == (201, "0.0000")
    assert list(BundlePart.objects.values_list("part", "quantity")) == [(part.pk, 2), (part.pk, 0)]


def test_successors_and_predecessors(client: APIClient, product: Product) -> None:
    product_factory(code="B")
    product_factory(code="C")
    after = add(client, "successions", successor="B", start_date="2025-01-01")
    before = add(client, "successions", predecessor="C", start_date="2024-01-01")
    assert (after.data["predecessor"], after.data["successor"]) == ("A/1", "B")
    assert (before.data["predecessor"], before.data["successor"]) == ("C", "A/1")
    assert results(client, "successions") == [before.data, after.data]
    for given in ({}, {"predecessor": "C", "successor": "B"}):
        refused = add(client, "successions", start_date="2025-01-01", **given)
        assert refused.status_code == 400
    lost = add(client, "successions", successor="B", start_date="2025-02-01")
    assert lost.json()["details"]["fields"] == {"start_date": {"yours": "2025-02-01", "theirs": "2025-01-01"}}
    later = add(client, "successions", successor="B", start_date="2025-02-01", version=1)
    assert (later.status_code, later.data["version"]) == (201, 2)
    cycle = add(client, "successions", successor="C", start_date="2025-01-01")
    assert (cycle.status_code, cycle.json()["code"]) == (400, "succession_cycle")
    assert client.delete(f"{URL}/A%252F1/successions/{after.data['id']}/").status_code == 204
    assert Succession.objects.count() == 1


def test_what_is_outside_ones_lines_does_not_exist(product: Product) -> None:
    foreign = product_factory(code="FOREIGN")
    strange = family_factory(code="STRANGE", line=foreign.line)
    row = Succession.objects.create(predecessor=product, successor=foreign, start_date="2025-01-01")
    BundlePart.objects.create(
        bundle=product, part=foreign, start_date="2025-01-01", quantity=1, revenue_share=0
    )
    FamilyMember.objects.create(product=product, family=strange, start_date="2025-01-01")
    client = api("administrator", lines=[product.line])
    for part in ("families", "parts", "successions"):
        assert results(client, part) == []
    assert client.delete(f"{URL}/A%252F1/successions/{row.pk}/").status_code == 404
    date = {"start_date": "2025-02-01"}
    assert add(client, "successions", successor="FOREIGN", **date).status_code == 400
    assert add(client, "parts", part="FOREIGN", quantity="1", revenue_share="0", **date).status_code == 400
    assert add(client, "families", family="STRANGE", **date).status_code == 400
    for part in PARTS:
        assert client.get(f"{URL}/FOREIGN/{part}/").status_code == 404
    assert (Succession.objects.count(), BundlePart.objects.count(), FamilyMember.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("part", PARTS)
def test_what_comes_in_is_checked_strictly(client: APIClient, product: Product, part: str) -> None:
    assert "nonsense" in add(client, part, nonsense=1).json()
    assert client.get(f"{URL}/A%252F1/{part}/?nonsense=1").status_code == 400
    reader = api("viewer", rights=["accounts.api", "products.view"])
    assert reader.get(f"{URL}/A%252F1/{part}/").status_code == 200
    assert reader.post(f"{URL}/A%252F1/{part}/", {}).status_code == 403


@pytest.mark.parametrize(("address", "model"), [("suppliers", Supplier), ("segments", Segment)])
def test_suppliers_and_segments(client: APIClient, address: str, model: Any) -> None:
    url = f"/api/v1/{address}/"
    made = client.post(url, {"code": "S1", "name": "Orchard"})
    assert (made.status_code, made.data) == (201, {"code": "S1", "name": "Orchard", "version": 1})
    assert client.post(url, {"code": "s1", "name": "Again"}).json()["code"] == "code_taken"
    changed = client.patch(f"{url}s1/", {"version": 1, "name": "The orchard"})
    assert (changed.data["name"], changed.data["version"]) == ("The orchard", 2)
    late = client.patch(f"{url}S1/", {"version": 1, "name": "Mine"})
    assert (late.status_code, late.json()["code"]) == (409, "version_conflict")
    assert [row["code"] for row in client.get(url, {"search": "orchard"}).data["results"]] == ["S1"]
    limited = api("administrator", lines=[line_factory()])
    assert limited.get(f"{url}S1/").status_code == 200
    assert limited.patch(f"{url}S1/", {"version": 2, "name": "Mine"}).status_code == 403

    name = "supplier" if model is Supplier else "segment"
    product_factory(**{name: model.objects.get()})
    assert client.delete(f"{url}S1/").status_code == 409
    Product.objects.all().delete()
    assert client.delete(f"{url}S1/").status_code == 204
    assert not model.objects.exists()


def test_the_description_names_what_comes_in_and_goes_out(client: APIClient) -> None:
    schema = client.get("/api/schema/?format=json").json()
    for part in PARTS:
        path = schema["paths"][f"/api/v1/products/{{code}}/{part}/"]
        assert path["get"]["responses"]["200"]["content"]
        assert path["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert {"get", "post"} <= schema["paths"]["/api/v1/suppliers/"].keys()
