"""The pages of alerts, action items, comments and notifications, whole and as fragments; the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from collaboration.models import ActionItem, Alert, Comment, Follow, Notification
from collaboration.services.actions import action_create
from collaboration.services.alerts import alert_snooze
from tests.factories import line_factory, product_factory, user_factory
from tests.html import tight

from .conftest import candidate, in_days, settle

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def user(client, product):
    person = user_factory(name="Sanne")
    client.force_login(person)
    return person


@pytest.fixture
def alert(product, user) -> Alert:
    settle(candidate(product, recipient_id=user.pk))
    return Alert.objects.get()


def text(answer) -> str:
    return answer.content.decode()


def test_the_list_shows_what_waits_and_filters_by_state(client, alert, product):
    page = client.get("/alerts/")
    assert product.name in text(page)
    assert "+20.0%" in text(page)
    alert_snooze(alert_id=alert.pk, version=alert.version, until=in_days(3))
    assert product.name not in text(client.get("/alerts/"))
    assert product.name in text(client.get("/alerts/?state=later"))
    assert product.name in text(client.get(f"/alerts/?state=all&kind=moved&line={product.line.code}"))
    assert product.name not in text(client.get("/alerts/?state=all&kind=band"))


def test_htmx_gets_the_list_alone(client, alert):
    answer = client.get("/alerts/", headers=HTMX)
    assert "<html" not in text(answer)
    assert f'id="alert-{alert.pk}"' in text(answer)


def test_closing_without_a_reason_comes_back_with_the_field(client, alert):
    answer = client.post(
        f"/alerts/{alert.pk}/close/", {"version": alert.version, "reason": " "}, headers=HTMX
    )
    assert answer.status_code == 422
    assert "is-invalid" in text(answer)
    assert Alert.objects.get().state == "open"


def test_close_and_undo_in_place(client, alert):
    body = {"version": alert.version, "reason": "A competitor left"}
    answer = client.post(f"/alerts/{alert.pk}/close/", body, headers=HTMX)
    assert answer.status_code == 200
    assert "A competitor left" in text(answer)
    assert "Undo" in text(answer)
    client.post(f"/alerts/{alert.pk}/reopen/", {"version": alert.version + 1}, headers=HTMX)
    assert Alert.objects.get().state == "open"


def test_without_script_one_is_led_back_where_one_was(client, alert):
    body = {"version": alert.version, "until": in_days(1).isoformat(), "next": "/?show=mine"}
    answer = client.post(f"/alerts/{alert.pk}/later/", body)
    assert (answer.status_code, answer.url) == (302, "/?show=mine")
    body = {"version": alert.version + 1, "next": "https://evil.example/"}
    assert client.post(f"/alerts/{alert.pk}/reopen/", body).url == "/alerts/"


def test_a_lost_race_is_409_and_changes_nothing(client, alert):
    answer = client.post(f"/alerts/{alert.pk}/close/", {"version": 99, "reason": "known"}, headers=HTMX)
    assert answer.status_code == 409
    assert Alert.objects.get().state == "open"


def test_ids_over_a_thousand_are_not_grouped(client, alert, user):
    Alert.objects.filter(pk=alert.pk).update(version=1234)
    moved = Alert.objects.get()
    moved.pk = 123456
    moved.fingerprint = "other"
    moved.save()
    page = text(client.get("/alerts/"))
    assert 'id="alert-123456"' in page
    assert 'name="version" value="1234"' in page


def test_queries_of_the_list_do_not_grow(client, user, product):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get("/alerts/")
        return len(found)

    settle(*[candidate(product_factory(line=product.line)) for _ in range(2)], subjects=[])
    queries()
    few = queries()
    settle(*[candidate(product_factory(line=product.line)) for _ in range(30)], subjects=[])
    assert queries() == few
    assert few <= 20


def test_action_items_are_added_ticked_and_changed(client, user, product):
    client.post("/actions/new/", {"title": "Call", "owner": user.pk}, headers=HTMX)
    item = ActionItem.objects.get()
    assert client.post(f"/actions/{item.pk}/done/", {"done": "1"}, headers=HTMX).status_code == 200
    assert ActionItem.objects.get().done_at
    client.post(f"/actions/{item.pk}/done/", {})
    body = {"title": "Write", "owner": user.pk, "version": 3}
    assert client.post(f"/actions/{item.pk}/", body).status_code == 302
    lost = client.post(f"/actions/{item.pk}/", body | {"title": "Late"})
    assert lost.status_code == 409
    assert "<td>Write</td><td>Late</td>" in tight(lost)
    assert ActionItem.objects.get().title == "Write"
    assert lost.context["form"]["version"].value() == "4"
    url = reverse("collaboration:action_new_about", args=["product", product.pk])
    client.post(url, {"title": "About it", "owner": user.pk, "due_date": "2026-12-01"})
    assert ActionItem.objects.get(product=product).due_date.isoformat() == "2026-12-01"
    assert "About it" in text(client.get(product.get_absolute_url()))


def test_comments_and_follow_on_the_product(client, user, product):
    url = reverse("collaboration:comment_add", args=["product", product.pk])
    assert client.post(url, {"text": ""}, headers=HTMX).status_code == 422
    answer = client.post(url, {"text": "<b>Well</b>", "mention": [user.pk]}, headers=HTMX)
    assert "&lt;b&gt;Well&lt;/b&gt;" in text(answer)
    assert Comment.objects.get().mentions.get() == user
    assert "Well" in text(client.get(reverse("products:activity", args=[product.code])))
    client.post(reverse("collaboration:follow", args=[product.code]), {"on": "1"}, headers=HTMX)
    assert Follow.objects.filter(user=user, product=product).exists()


def test_a_notification_leads_on_and_is_read_by_that(client, user, product):
    action_create(user=user_factory(name="Anna"), title="Call", owner=user, due_date=None, target=product)
    assert "Anna gave you an action item: Call" in text(client.get("/notifications/"))
    row = Notification.objects.get()
    assert client.get(f"/notifications/{row.pk}/").url == product.get_absolute_url()
    row.refresh_from_db()
    assert row.read_at


def test_what_one_may_not_see_does_not_exist(client, product):
    client.force_login(user_factory(lines=[line_factory()]))
    settle(candidate(product))
    alert = Alert.objects.get()
    answer = client.post(f"/alerts/{alert.pk}/close/", {"version": alert.version, "reason": "known"})
    assert answer.status_code == 404
    assert client.post(reverse("collaboration:follow", args=[product.code]), {"on": "1"}).status_code == 404
    assert Alert.objects.get().state == "open"
    assert not Follow.objects.exists()


def test_a_viewer_reads_and_does_not_act(client, product):
    client.force_login(user_factory("viewer"))
    settle(candidate(product))
    alert = Alert.objects.get()
    page = text(client.get("/alerts/"))
    assert product.name in page
    assert "/close/" not in page
    answer = client.post(f"/alerts/{alert.pk}/close/", {"version": alert.version, "reason": "known"})
    assert answer.status_code == 403
    assert Alert.objects.get().state == "open"


# -- API --------------------------------------------------------------------------------------------------


def api(person) -> APIClient:
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(person)
    return client


def test_alerts_by_api(user, alert, product):
    client = api(user)
    found = client.get("/api/v1/alerts/", {"mine": "true", "state": "open"}).json()["results"][0]
    assert (found["product"], found["recipient"]) == (product.code, user.email)
    assert found["text"].startswith("Next 12 months +20.0%: 120")
    url = f"/api/v1/alerts/{alert.pk}/"
    assert client.post(f"{url}close/", {"version": alert.version}).status_code == 400
    assert (
        client.post(f"{url}close/", {"version": 99, "reason": "known"}).json()["code"] == "version_conflict"
    )
    closed = client.post(f"{url}close/", {"version": alert.version, "reason": "known"}).json()
    assert (closed["state"], closed["reason"], closed["closed_by"]) == ("closed", "known", user.email)
    assert client.post(f"{url}reopen/", {"version": closed["version"]}).json()["state"] == "open"
    late = {"version": closed["version"] + 1, "until": in_days(400).isoformat()}
    assert client.post(f"{url}snooze/", late).json()["code"] == "snooze_date"
    assert client.post(f"{url}snooze/", late | {"nonsense": 1}).status_code == 400


def test_action_items_by_api(user, product):
    other = user_factory()
    client = api(user)
    made = client.post(
        "/api/v1/action-items/", {"title": "Call", "owner": other.email, "product": product.code}
    )
    assert made.status_code == 201
    url = f"/api/v1/action-items/{made.json()['id']}/"
    assert client.patch(url, {"title": "Write"}).status_code == 400
    assert client.patch(url, {"title": "Write", "version": 1}).json()["title"] == "Write"
    lost = client.patch(url, {"title": "Visit", "owner": user.email, "version": 1})
    assert lost.status_code == 409
    assert lost.json()["details"]["fields"] == {
        "title": {"yours": "Visit", "theirs": "Write"},
        "owner": {"yours": user.email, "theirs": other.email},
    }
    assert client.patch(url, {"done": True}).json()["done_at"]
    assert client.get("/api/v1/action-items/", {"done": "true"}).json()["count"] == 1
    assert api(other).delete(url).status_code == 403
    assert client.delete(url).status_code == 204
