"""File layouts: listed, renamed, deleted and put back, on the page and by API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.errors import DomainError, VersionConflict
from exchange.models import Import, Layout
from exchange.services.layouts import layout_put_back, layout_rename, layout_retire
from tests.factories import user_factory

from .conftest import PLAIN
from .test_pages import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(fake: Any) -> Any:
    return user_factory()


@pytest.fixture
def visitor(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def api(user: Any) -> APIClient:
    client = APIClient(headers={"Accept-Language": "en"})
    client.force_authenticate(user)
    return client


@pytest.fixture
def layout(visitor: Client, work: Any) -> Layout:
    """Remembered from a file that came in, with an answer."""
    come_in(visitor, work, meaning="gross")
    return Layout.objects.get()


def come_in(visitor: Client, work: Any, content: str = PLAIN, **answers: str) -> Import:
    """Upload, answer what is asked, apply."""
    upload(visitor, content)
    work()
    row = Import.objects.order_by("-pk")[0]
    if row.state == Import.State.ASKING and answers:
        form = visitor.get(f"/data/{row.pk}/").context["form"]
        said = {bound.html_name: bound.value() or "" for bound in form}
        said |= {f"option_{name}": value for name, value in answers.items()}
        visitor.post(f"/data/{row.pk}/reading/", said)
        work()
    visitor.post(f"/data/{row.pk}/apply/")
    work()
    row.refresh_from_db()
    return row


def test_the_list_says_what_is_remembered(visitor: Client, layout: Layout, user: Any) -> None:
    page = visitor.get("/data/layouts/").content.decode()
    assert all(
        text in page
        for text in ("figures", "channel, month, revenue, sku, units", "What does revenue mean?", "Gross")
    )
    assert str(user) in page
    assert "Nothing found" in visitor.get("/data/layouts/", {"q": "other"}).content.decode()
    assert "Nothing found" in visitor.get("/data/layouts/", {"deleted": "1"}).content.decode()
    detail = visitor.get(f"/data/layouts/{layout.pk}/").content.decode()
    assert "figures.csv" in detail
    assert visitor.get("/data/layouts/9999/").status_code == 404


def test_a_new_name_and_a_lost_race(visitor: Client, layout: Layout, user: Any) -> None:
    address = f"/data/layouts/{layout.pk}/"
    assert visitor.post(address, {"name": "weekly", "version": 1}).status_code == 302
    layout.refresh_from_db()
    assert (layout.name, layout.version) == ("weekly", 2)
    lost = visitor.post(address, {"name": "monthly", "version": 1})
    assert lost.status_code == 409
    assert "weekly" in lost.content.decode()
    layout.refresh_from_db()
    assert layout.name == "weekly"
    Layout.objects.create(sheet="fake", signature="s", name="taken")
    assert visitor.post(address, {"name": "taken", "version": 2}).status_code == 422
    with pytest.raises(VersionConflict):
        layout_rename(user=user, layout=layout, name="x", version=1)


def test_a_deleted_layout_reads_no_file_and_keeps_its_imports(
    visitor: Client, layout: Layout, work: Any, user: Any
) -> None:
    first = Import.objects.get()
    visitor.post(f"/data/layouts/{layout.pk}/delete/")
    assert ">figures<" not in visitor.get("/data/layouts/").content.decode()
    assert ">figures<" in visitor.get("/data/layouts/", {"deleted": "1"}).content.decode()
    first.refresh_from_db()
    assert first.layout == layout
    row = come_in(visitor, work, PLAIN.replace(",10,", ",11,"))
    assert row.state == Import.State.ASKING
    with pytest.raises(DomainError):
        layout_rename(user=user, layout=layout, name="other")
    layout_put_back(user=user, layout=layout)
    row = come_in(visitor, work, PLAIN.replace(",10,", ",12,"))
    assert (row.state, row.layout) == (Import.State.APPLIED, layout)
    assert row.reading["options"]["meaning"] == "gross"


def test_a_new_layout_bars_putting_back_the_old_one(
    visitor: Client, layout: Layout, work: Any, user: Any
) -> None:
    layout_retire(user=user, layout=layout)
    layout_retire(user=user, layout=layout)
    row = come_in(visitor, work, PLAIN.replace(",10,", ",11,"), meaning="net")
    assert row.layout != layout
    with pytest.raises(DomainError) as replaced:
        layout_put_back(user=user, layout=layout)
    assert replaced.value.code == "layout_replaced"
    visitor.post(f"/data/layouts/{layout.pk}/put-back/")
    layout.refresh_from_db()
    assert layout.retired_at is not None


def test_the_database_holds_one_layout_in_use(layout: Layout) -> None:
    same = {"sheet": layout.sheet, "signature": layout.signature}
    for values in (same | {"name": "other"}, same | {"signature": "x", "name": layout.name}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Layout.objects.create(**values)
    Layout.objects.create(**same, name=layout.name, retired_at=timezone.now())


def test_the_api(api: APIClient, layout: Layout) -> None:
    (found,) = api.get("/api/v1/layouts/", {"sheet": "fake"}).data["results"]
    assert (found["name"], found["columns"]["sku"], found["options"]) == (
        "figures",
        "code",
        {"meaning": "gross"},
    )
    assert (found["used"], found["version"]) == (1, 1)
    address = f"/api/v1/layouts/{layout.pk}/"
    assert api.patch(address, {"name": "weekly"}, format="json").status_code == 400
    assert api.patch(address, {"name": "weekly", "version": 1}, format="json").data["version"] == 2
    lost = api.patch(address, {"name": "monthly", "version": 1}, format="json")
    assert (lost.status_code, lost.json()["details"]["fields"]["name"]) == (
        409,
        {"yours": "monthly", "theirs": "weekly"},
    )
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get("/api/v1/layouts/").data["count"] == 0


def test_who_may_not_import_such_files_does_not_see_their_layouts(layout: Layout) -> None:
    client = Client()
    client.force_login(user_factory(rights=["exchange.import"]))
    assert client.get(f"/data/layouts/{layout.pk}/").status_code == 404
    assert client.post(f"/data/layouts/{layout.pk}/delete/").status_code == 404
    layout.refresh_from_db()
    assert layout.retired_at is None
