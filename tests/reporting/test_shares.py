"""Links: who makes them, what they show, and how they end."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.errors import DomainError
from core.organisation import today
from reporting.models import Report, Share, ShareAccess
from reporting.selectors.shares import share_find, share_snapshot, shares_live, shares_visible, token_hash
from reporting.services.shares import (
    accesses_purge,
    share_change,
    share_create,
    share_mail,
    shares_act,
)
from tests.factories import organisation_factory, user_factory
from tests.reporting.sharing import report_made, share_made, snapshot_made

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
VALUES = {"label": "Noord", "email": "noord@example.com"}
DAY = datetime.timedelta(days=1)


def state_of(share: Share) -> str:
    return shares_visible(share.author).get(pk=share.pk).state  # type: ignore[attr-defined]


def test_only_the_hash_is_kept_and_a_second_sending_makes_no_second_link() -> None:
    report = report_made()
    share, token = share_create(user=report.author, report=report, values=VALUES)
    again, same = share_create(user=report.author, report=report, values=VALUES, token=token)
    assert (again.pk, same) == (share.pk, token)
    assert len(token) == 43
    assert share.token_hash == token_hash(token)
    assert share.expires_on == today() + 30 * DAY
    assert share_find(token) == share
    other, another = share_create(user=report.author, report=report, values=VALUES)
    assert other.pk != share.pk
    assert another != token


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"expires_on": datetime.date(2020, 1, 1)}, "within a year"),
        ({"expires_on": datetime.date(2099, 1, 1)}, "within a year"),
        ({"email": "nobody"}, "valid email"),
        ({"label": ""}, "blank"),
    ],
)
def test_what_a_link_needs(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DomainError, match=message):
        share_made(**values)


def test_the_database_keeps_a_link_from_lasting_longer() -> None:
    share, _address = share_made()
    with pytest.raises(IntegrityError, match="share_a_year_at_most"), transaction.atomic():
        Share.objects.filter(pk=share.pk).update(expires_on=today() + 400 * DAY)


def test_who_may_share_what() -> None:
    report = report_made()
    for user, message in (
        (user_factory("viewer"), "Your role"),
        (user_factory("product-manager"), "Only its author"),
    ):
        with pytest.raises(DomainError, match=message):
            share_create(user=user, report=report, values=VALUES)
    inside = report_made(report.author, audience="internal")
    with pytest.raises(DomainError, match="for the outside"):
        share_create(user=report.author, report=inside, values=VALUES)
    organisation_factory(sharing=False)
    with pytest.raises(DomainError, match="Sharing is off"):
        share_create(user=report.author, report=report, values=VALUES)


def test_one_s_own_links_and_all_for_the_administrator() -> None:
    share, _address = share_made()
    other, admin = user_factory("product-manager"), user_factory("administrator")
    assert not shares_visible(other).exists()
    assert shares_act(user=other, ids=[share.pk], act="revoke") == 0
    assert state_of(share) == "live"
    assert shares_act(user=admin, ids=[share.pk], act="revoke") == 1
    assert state_of(share) == "revoked"


def live() -> int:
    return Report.objects.annotate(live=shares_live()).get().live


def test_how_a_link_rests_and_ends() -> None:
    share, _address = share_made()
    author, ids = share.author, [share.pk]
    shares_act(user=author, ids=ids, act="pause")
    assert state_of(share) == "paused"
    assert live() == 0
    shares_act(user=author, ids=ids, act="resume")
    assert live() == 1
    author.is_active = False
    author.save()
    assert Share.objects.filter(pk=share.pk, paused_at=None).exists()
    assert live() == 0
    author.is_active = True
    author.save()
    Share.objects.filter(pk=share.pk).update(expires_on=today() - DAY)
    assert state_of(share) == "expired"
    shares_act(user=author, ids=ids, act="renew")
    assert state_of(share) == "live"
    shares_act(user=author, ids=ids, act="revoke")
    assert shares_act(user=author, ids=ids, act="renew") == 0
    with pytest.raises(DomainError, match="for good"):
        share_change(user=author, share=share, values=VALUES, version=1)


def test_turning_sharing_off_revokes_for_good(client: Client) -> None:
    share, address = share_made()
    client.force_login(user_factory("administrator"))
    form = client.get("/settings/").context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    data["nightly_at"] = f"{data['nightly_at']:%H:%M}"
    del data["sharing"]
    assert client.post("/settings/", data).status_code == 302
    assert state_of(share) == "revoked"
    assert client.post("/settings/", {**data, "version": 2, "sharing": "on"}).status_code == 302
    assert state_of(share) == "revoked"
    assert client.get(address).status_code == 404


def test_a_link_shows_no_more_than_what_it_was_made_for() -> None:
    share, _address = share_made()
    report = share.report
    same = snapshot_made(report)
    assert share_snapshot(share) == same
    snapshot_made(report, fields=["volume", "margin"])
    snapshot_made(report, channel_ids=[7, 8])
    snapshot_made(report, channel_ids=[])
    snapshot_made(report, audience="internal")
    assert share_snapshot(share) == same
    wider = snapshot_made(report, fields=["volume", "revenue"])
    shares_act(user=report.author, ids=[share.pk], act="renew")
    assert share_snapshot(Share.objects.get(pk=share.pk)) == wider


def test_a_fixed_link_shows_the_same_for_ever() -> None:
    report = report_made()
    first = report.snapshots.get()
    share, _address = share_made(report, snapshot=first)
    snapshot_made(report)
    assert share_snapshot(share) == first


def test_the_mail_holds_the_link_once_and_no_figure(settings: Any) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    share, address = share_made(password="a password")
    for _twice in range(2):
        assert share_mail(share=share, url=f"https://pm.example{address}")
    (sent,) = mail.outbox
    assert sent.to == ["noord@example.com"]
    assert f"https://pm.example{address}" in sent.body
    assert "password" in sent.body
    assert "MARK" not in sent.subject + sent.body
    assert "a password" not in sent.body.replace("a password,", "")


def test_a_mail_that_did_not_go_can_go_again(settings: Any) -> None:
    settings.EMAIL_PORT = 1
    share, _address = share_made()
    assert not share_mail(share=share, url="https://pm.example/r/x/")
    assert Share.objects.get(pk=share.pk).mailed_at is None


def test_who_opened_what_is_forgotten_after_90_days() -> None:
    share, _address = share_made()
    for days in (89, 91):
        ShareAccess.objects.create(share=share, what="opened", at=timezone.now() - days * DAY)
    assert accesses_purge() == 1
    assert share.accesses.count() == 1


def test_the_form_sent_twice_makes_one_link_and_shows_it_both_times(client: Client, settings: Any) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    report = report_made()
    client.force_login(report.author)
    page = f"/reports/{report.pk}/share/"
    nonce = client.get(page).context["nonce"]
    data = {
        **VALUES,
        "expires_on": f"{today() + 9 * DAY:%Y-%m-%d}",
        "nonce": nonce,
        "password": "long enough",
    }
    answers = [client.post(page, data) for _twice in range(2)]
    urls = {answer.context["url"] for answer in answers}
    assert len(urls) == Share.objects.count() == len(mail.outbox) == 1
    token = re.fullmatch(r"http://testserver/r/([\w-]{43})/", urls.pop())
    assert token
    assert share_find(token[1])
    forged = client.post(page, {**data, "nonce": f"{report.author.pk}:{report.pk}:guessable"})
    assert forged.status_code == 422
    assert Share.objects.count() == 1


def test_the_list_and_one_link(client: Client) -> None:
    share, _address = share_made(note="for Piet")
    other, _other = share_made(share.report, label="Zuid")
    client.force_login(share.author)
    assert b"Zuid" in client.get("/reports/links/").content
    found = client.get(f"/reports/links/?q=piet&state=live&report={share.report_id}&sort=-until")
    assert [row.label for row in found.context["page"]] == ["Noord"]
    client.post("/reports/links/", {"share": [share.pk, other.pk], "act": "pause"})
    assert [row.label for row in client.get("/reports/links/?state=live").context["page"]] == []
    client.post("/reports/links/", {"share": [share.pk, other.pk], "act": "resume"})
    page = client.get(f"/reports/{share.report_id}/")
    assert b"Shared by 2 links" in page.content
    assert b"shared by 2 links" in client.get("/reports/").content
    data = {**VALUES, "label": "West", "expires_on": f"{share.expires_on:%Y-%m-%d}", "version": 1}
    assert client.post(f"/reports/links/{share.pk}/", data).status_code == 302
    assert Share.objects.get(pk=share.pk).label == "West"
    assert client.post(f"/reports/links/{share.pk}/", {**data, "label": "Oost"}).status_code == 409
