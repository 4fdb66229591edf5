"""People talk about any object: on its page, seen and heard of by who may see it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from collaboration.models import ActionItem, Alert, Comment, Notification
from collaboration.services.comments import comment_add
from core import registries
from core.subjects import about
from exchange.models import Import
from forecasting.models import NightlyRun
from tests.factories import family_factory, line_factory, product_factory, user_factory

from .conftest import candidate, settle

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 11, 1)


def _alert(owner: Any) -> Alert:
    settle(candidate(product_factory(), recipient_id=owner.pk))
    return Alert.objects.get()


MAKERS: dict[str, Callable[[Any], Model]] = {
    "product": lambda owner: product_factory(),
    "family": lambda owner: family_factory(),
    "alert": _alert,
    "action": lambda owner: ActionItem.objects.create(title="Call", owner=owner, created_by=owner),
    "import": lambda owner: Import.objects.create(
        sheet="sales",
        source="page",
        state="failed",
        error_code="empty",
        file_name="okt.csv",
        file_size=1,
        created_by=owner,
    ),
    "run": lambda owner: NightlyRun.objects.create(
        kind="manual", local_date=DAY, as_of=DAY, started_at=timezone.now(), requested_by=owner
    ),
}
TELLS_ITS_PERSON = {"alert", "action", "import", "run"}


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def owner() -> Any:
    return user_factory("administrator", name="Owner")


def test_there_is_one_of_every_kind_here() -> None:
    assert set(MAKERS) == {kind.key for kind in registries.subjects}


def browser(person: Any) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    return client


def test_what_is_said_stands_on_the_page_and_can_be_taken_back(kind: str, owner: Any) -> None:
    row, client = MAKERS[kind](owner), browser(owner)
    page = about(row).url
    add = f"/comments/{kind}/{row.pk}/"
    assert add in client.get(page).content.decode()
    assert client.post(add, {"text": ""}).status_code == 422
    assert client.post(add, {"text": "Hold <it>"}).url == page
    assert "Hold &lt;it&gt;" in client.get(page).content.decode()
    comment = Comment.objects.get()
    assert client.post(f"/comments/{comment.pk}/", {"text": "Hold that"}).url == page
    assert "Hold that" in client.get(page).content.decode()
    fragment = client.post(f"/comments/{comment.pk}/withdraw/", headers={"HX-Request": "true"})
    assert "This comment was withdrawn." in fragment.content.decode()
    assert "Hold that" not in client.get(page).content.decode()


def test_who_spoke_and_whom_it_concerns_hears_the_rest(kind: str, owner: Any) -> None:
    row = MAKERS[kind](owner)
    first, second = user_factory("administrator"), user_factory("administrator")
    comment_add(user=first, target=row, text="One")
    told = {owner.pk} if kind in TELLS_ITS_PERSON else set()
    assert set(Notification.objects.values_list("user", flat=True)) == told
    comment_add(user=second, target=row, text="Two")
    if kind != "action":  # this one is between two
        told |= {first.pk}
    assert set(Notification.objects.values_list("user", flat=True)) == told
    news = Notification.objects.filter(kind="commented").first()
    if news:
        assert browser(news.user).get(news.url).status_code == 200
        assert news.params["about"] == about(row).title


def test_who_does_not_see_it_cannot_talk_about_it(kind: str, owner: Any) -> None:
    row = MAKERS[kind](owner)
    limited = user_factory("product-manager", lines=[line_factory()], name="Limited")
    comment_add(user=owner, target=row, text="Secret", mention_ids=[limited.pk])
    sees = kind == "run"
    assert about(row).is_seen_by(limited) is sees
    assert Notification.objects.filter(user=limited).exists() is sees
    client = browser(limited)
    assert client.post(f"/comments/{kind}/{row.pk}/", {"text": "Me too"}).status_code == (
        302 if sees else 404
    )
    comment = Comment.objects.get(text="Secret")
    assert client.get(f"/comments/{comment.pk}/").status_code == (403 if sees else 404)


def test_there_is_no_talk_about_what_is_no_subject(owner: Any) -> None:
    client = browser(owner)
    assert client.post("/comments/session/1/", {"text": "Hm"}).status_code == 404
    assert client.post("/comments/product/999999/", {"text": "Hm"}).status_code == 404
    with pytest.raises(LookupError):
        comment_add(user=owner, target=owner, text="Hm")


def test_who_may_not_comment_reads(kind: str, owner: Any) -> None:
    row = MAKERS[kind](owner)
    comment_add(user=owner, target=row, text="To be read")
    reader = user_factory(rights=[*owner.rights - {"collaboration.comment"}])
    if kind == "action":
        ActionItem.objects.update(owner=reader)
    if kind == "import":
        Import.objects.update(created_by=reader)
    page = browser(reader).get(about(row).url).content.decode()
    assert "To be read" in page
    assert "comment-form" not in page
    assert browser(reader).post(f"/comments/{kind}/{row.pk}/", {"text": "No"}).status_code == 403


def test_somebody_is_given_something_to_do_about_it(kind: str, owner: Any) -> None:
    row, client = MAKERS[kind](owner), browser(owner)
    if kind in {"alert", "action"}:  # about the alert's product; an action item is work itself
        assert f"/actions/about/{kind}/" not in client.get(about(row).url).content.decode()
        return
    new = f"/actions/about/{kind}/{row.pk}/"
    client.post(new, {"title": "Find out", "owner": owner.pk})
    item = ActionItem.objects.get()
    assert item.about == about(row)
    page = row.get_absolute_url() if kind == "product" else about(row).url  # type: ignore[attr-defined]
    shown = client.get(page).content.decode()
    assert "Find out" in shown
    assert new in shown
    assert about(row).title in client.get("/actions/").content.decode()
    assert about(row).title in client.get(item.get_absolute_url()).content.decode()
    blind = user_factory("viewer", lines=[line_factory()], name="Blind")
    if kind != "run":
        refused = client.post(new, {"title": "Find out", "owner": blind.pk})
        assert "This person cannot see what it is about." in refused.content.decode()
        assert ActionItem.objects.count() == 1
