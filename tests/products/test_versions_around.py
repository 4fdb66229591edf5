"""Two people change the same unit, family, part, succession or view: the later sees both values."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.errors import VersionConflict
from products.models import BundlePart, FamilyMember, Product, SavedView, Succession, UnitFactor
from products.services.codes import unit_factor_remove, unit_factor_set
from products.services.relations import (
    bundle_part_set,
    family_member_set,
    succession_remove,
    succession_set,
)
from products.services.views import view_create, view_update
from tests.factories import family_factory, product_factory, user_factory

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 1, 1)


@pytest.fixture
def product() -> Product:
    return product_factory(code="A")


def said(product: Product) -> dict[str, tuple[Any, dict[str, Any], str, Any]]:
    """For each kind of row: the service, what it is about, the field that two people change, its values."""
    other = product_factory(code="B", line=product.line)
    families = [family_factory(code=f"F{n}", line=product.line) for n in range(3)]
    share = {"bundle": product, "part": other, "start_date": DAY, "revenue_share": Decimal("0.1")}
    succession = {"predecessor": product, "successor": other, "start_date": DAY}
    return {
        "unit": (unit_factor_set, {"product": product, "unit": "litre"}, "factor", [1, 2, 3]),
        "family": (family_member_set, {"product": product, "start_date": DAY}, "family", families),
        "part": (bundle_part_set, share, "quantity", [1, 2, 3]),
        "succession": (succession_set, succession, "factor", [1, 2, 3]),
    }


@pytest.mark.parametrize("kind", ["unit", "family", "part", "succession"])
def test_the_later_sees_both_values(product: Product, kind: str) -> None:
    service, about, field, (first, second, third) = said(product)[kind]
    first, second, third = (Decimal(v) if isinstance(v, int) else v for v in (first, second, third))
    user = user_factory()
    row = service(user=user, **about, **{field: first}, version=0)
    assert row.version == 1
    row = service(user=user, **about, **{field: second}, version=1)
    assert row.version == 2
    for stale in (0, 1):
        with pytest.raises(VersionConflict) as lost:
            service(user=user, **about, **{field: third}, version=stale)
        assert lost.value.details == {"fields": {field: {"yours": third, "theirs": second}}, "version": 2}
    row.refresh_from_db()
    assert getattr(row, field) == second
    assert service(user=user, **about, **{field: second}, version=1).version == 2  # says it already
    assert service(user=user, **about, **{field: third}).version == 3  # asks for no check


def test_what_was_changed_is_not_removed_and_what_is_gone_is_said(product: Product) -> None:
    user = user_factory()
    unit = unit_factor_set(user=user, product=product, unit="litre", factor=Decimal(1))
    unit_factor_set(user=user, product=product, unit="litre", factor=Decimal(2), version=1)
    with pytest.raises(VersionConflict):
        unit_factor_remove(user=user, product=product, factor_id=unit.pk, version=1)
    assert UnitFactor.objects.exists()
    unit_factor_remove(user=user, product=product, factor_id=unit.pk, version=2)
    with pytest.raises(VersionConflict) as gone:
        unit_factor_set(user=user, product=product, unit="litre", factor=Decimal(3), version=2)
    assert gone.value.details["fields"] == {"factor": {"yours": Decimal(3), "theirs": None}}
    other = product_factory(code="B")
    row = succession_set(user=user, predecessor=product, successor=other, start_date=DAY)
    Succession.objects.update(version=2)
    with pytest.raises(VersionConflict):
        succession_remove(user=user, product=product, succession_id=row.pk, version=1)
    assert Succession.objects.exists()


def test_a_view_open_in_two_windows(client: Client) -> None:
    user = user_factory()
    view = view_create(user=user, name="Mine", query="line=a")
    client.force_login(user)
    assert 'name="version" value="1"' in client.get(f"/products/?view={view.pk}").content.decode()
    address = f"/products/views/{view.pk}/"
    sent = {"query": "line=b", "action": "rename", "version": 1}
    assert client.post(address, sent | {"name": "First"}).status_code == 302
    lost = client.post(address, sent | {"name": "Second"})
    assert lost.status_code == 409
    assert all(text in lost.content.decode() for text in ("First", "Second"))
    assert SavedView.objects.get().name == "First"
    with pytest.raises(VersionConflict):
        view_update(user=user, view_id=view.pk, query="line=c", version=1)


PAGES = {
    "units": ({"unit": "litre", "factor": "1.5"}, {"factor": "2"}, UnitFactor),
    "families": ({"family": "", "start_date": "2026-01-01"}, {"family": "second"}, FamilyMember),
    "parts": (
        {"part": "B", "quantity": "2", "revenue_share": "40", "start_date": "2026-01-01"},
        {"quantity": "3"},
        BundlePart,
    ),
    "successions": (
        {"direction": "from", "other": "B", "start_date": "2026-01-01", "factor": "1"},
        {"factor": "2"},
        Succession,
    ),
}


@pytest.mark.parametrize("part", list(PAGES))
def test_the_cards_of_the_page(client: Client, product: Product, part: str) -> None:
    product_factory(code="B", line=product.line)
    families = {name: family_factory(line=product.line).pk for name in ("first", "second")}
    values, change, model = PAGES[part]
    if part == "families":
        values, change = values | {"family": families["first"]}, {"family": families["second"]}
    client.force_login(user_factory())
    page, address = "/products/A/details/", f"/products/A/details/{part}/"

    def sent(fields: dict[str, Any], version: int) -> dict[str, Any]:
        return {f"{part}-{name}": value for name, value in (fields | {"version": version}).items()}

    assert f'name="{part}-version" value="0"' in client.get(page).content.decode()
    assert client.post(address, sent(values, 0)).status_code == 302
    row = model.objects.get()
    opened = client.get(page, {"edit": f"{part}:{row.pk}"}).content.decode()
    assert f'name="{part}-version" value="1"' in opened
    lost = client.post(address, sent(values | change, 0))
    assert lost.status_code == 409
    text = lost.content.decode()
    assert "There is one already." in text
    assert f'name="{part}-version" value="1"' in text
    row.refresh_from_db()
    assert row.version == 1
    assert client.post(address, sent(values | change, 1)).status_code == 302
    row.refresh_from_db()
    assert row.version == 2
    if part in ("units", "successions"):
        removing = f"/products/A/details/{part}/{row.pk}/"
        assert "It was not removed" in client.post(removing, {"version": 1}, follow=True).content.decode()
        assert model.objects.exists()
        client.post(removing, {"version": 2})
        assert not model.objects.exists()
