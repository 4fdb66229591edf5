"""Many at once: one version, one link, no guess too many, and no link that outlives sharing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.errors import DomainError
from core.organisation import organisation_forget, organisation_get
from core.services import organisation_update
from reporting.models import Share, Snapshot
from reporting.services import shares
from reporting.services.reports import Part, report_create
from reporting.services.shares import share_create
from reporting.views import shared
from tests.factories import organisation_factory, product_factory, user_factory
from tests.reporting.sharing import report_made, share_made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]
MANY = 50
PASSWORD = "long enough"


def at_once(act: Callable[[int], Any], count: int = MANY, *, workers: int = 10) -> list[Any]:
    """What so many calls answer that begin together; an error is an answer too."""
    start, answers = threading.Barrier(workers), [None] * count

    def run(first: int) -> None:
        try:
            start.wait(30)
            for number in range(first, count, workers):
                try:
                    answers[number] = act(number)
                except Exception as error:
                    answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    return answers


def client_of(user: Any) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_fifty_times_publish_make_one_version() -> None:
    author, product = user_factory("product-manager", language="en"), product_factory()
    values = {"title": "Month", "language": "en", "audience": "internal", "products": [product]}
    report = report_create(user=author, values=values, parts=[Part("words", "Ours.")])
    client = client_of(author)
    address, said = f"/reports/{report.pk}/act/publish/", {"nonce": "one"}
    answers = at_once(lambda number: client_copy(client).post(address, said))
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, f"/reports/{report.pk}/1/")}
    assert Snapshot.objects.filter(report=report).count() == 1
    answers = at_once(lambda number: client_copy(client).post(address, {"nonce": f"own {number}"}), 10)
    assert {answer.status_code for answer in answers} == {302}
    assert sorted(Snapshot.objects.values_list("number", flat=True)) == list(range(1, 12))


def test_fifty_times_share_make_one_link(settings: Any) -> None:
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    report = report_made()
    client = client_of(report.author)
    address = f"/reports/{report.pk}/share/"
    nonce = client.get(address).context["nonce"]
    said = {"label": "Noord", "email": "noord@example.com", "nonce": nonce}
    said["expires_on"] = client.get(address).context["form"]["expires_on"].value()
    answers = at_once(lambda number: client_copy(client).post(address, said))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.context["url"] for answer in answers}) == 1
    assert Share.objects.count() == 1
    assert len(mail.outbox) == 1


def client_copy(client: Client) -> Client:
    """Another window of the same person."""
    other = Client(raise_request_exception=False)
    other.cookies.update(client.cookies)
    return other


def settings_off(user: Any) -> None:
    organisation_forget()
    now = organisation_get()
    names = (
        *("name", "currency", "time_zone", "language", "financial_year_first_month", "nightly_at"),
        *("alert_min_amount", "watched_folder", "show_everyones_accuracy"),
    )
    values: dict[str, Any] = {name: getattr(now, name) for name in names}
    organisation_update(by=user, version=now.version, sharing=False, **values)


def test_no_link_outlives_sharing_that_is_turned_off_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The link is made while sharing is on, and is not there yet when it is turned off."""
    report, administrator = report_made(), user_factory("administrator")
    checked, real = threading.Event(), shares.check

    def slowly(share: Any) -> None:
        real(share)
        checked.set()
        time.sleep(0.7)

    def off() -> None:
        checked.wait(10)
        settings_off(administrator)

    monkeypatch.setattr(shares, "check", slowly)
    values = {"label": "Noord", "email": "noord@example.com"}
    acts = (lambda: share_create(user=report.author, report=report, values=values), off)
    answers = at_once(lambda number: acts[number](), 2, workers=2)
    assert not isinstance(answers[0], Exception)
    assert answers[1] is None
    share = Share.objects.get()
    assert share.revoked_at is not None  # turned on again, it does not open


def test_a_link_is_not_made_once_sharing_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its maker read the settings while it was still on."""
    report, stale = report_made(), organisation_get()
    monkeypatch.setattr(shares, "organisation_get", lambda: stale)
    organisation_factory(sharing=False)
    with pytest.raises(DomainError, match="Sharing is off"):
        share_create(user=report.author, report=report, values={"label": "N", "email": "n@example.com"})
    assert not Share.objects.exists()


def test_parallel_guesses_are_no_more_than_those_after_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each counts before it is looked at; the one that was right does not count."""
    monkeypatch.setattr("core.rate_limit.time.time", lambda: 1_000_000.0)
    share, address = share_made(password=PASSWORD)
    real, looked = shared.share_password, []

    def slowly(**said: Any) -> bool:
        looked.append(said["password"])
        time.sleep(0.2)
        return real(**said)

    monkeypatch.setattr(shared, "share_password", slowly)

    def guess(number: int) -> int:
        client = Client(raise_request_exception=False)
        client.cookies.update(cookies)
        return client.post(f"{address}password/", {"password": f"guess {number}"}).status_code

    opened = Client()
    opened.post(f"{address}open/")
    cookies = opened.cookies
    answers = at_once(guess, 40, workers=20)
    assert (answers.count(422), answers.count(429)) == (5, 35)
    assert len(looked) == 5
    assert share.accesses.filter(what="refused").count() == 5
