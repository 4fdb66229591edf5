"""Mail as jobs: nothing is lost while the mail server is away, nothing goes out twice."""

from __future__ import annotations

import datetime
from smtplib import SMTPException, SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.utils import timezone

from core.jobs import job_claim, job_run
from core.models import Job

pytestmark = pytest.mark.django_db
LINK = "https://pmtool.example/secret-link/"


@pytest.fixture(autouse=True)
def _by_jobs(settings: Any) -> None:
    settings.EMAIL_BACKEND = "core.mail.JobBackend"
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`server.error` is what the mail server answers; nothing: it takes the mail."""

    class Server:
        error: BaseException | None = None

    def send(self: Any, messages: Any) -> int:
        if Server.error:
            raise Server.error
        mail.outbox.extend(messages)
        return len(messages)

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
    return Server


def send() -> Job:
    message = mail.EmailMultiAlternatives("Hello", LINK, "pmtool <pm@example.com>", ["kees@example.com"])
    message.attach_alternative("<p>Hello</p>", "text/html")
    assert message.send() == 1
    return Job.objects.get()


def work() -> Job:
    """What a worker does once its time has come; the job afterwards."""
    Job.objects.filter(state="queued").update(run_after=None)
    job = job_claim("short")
    if job is not None:
        job_run(job)
    return Job.objects.get()


def test_a_mail_is_recorded_then_sent_and_forgotten(server: Any) -> None:
    job = send()
    assert (job.state, mail.outbox) == ("queued", [])
    assert job_run(job_claim("short")) is None
    job.refresh_from_db()
    (message,) = mail.outbox
    assert (message.subject, message.body, message.to) == ("Hello", LINK, ["kees@example.com"])
    assert message.alternatives == [("<p>Hello</p>", "text/html")]
    assert message.message()["Message-ID"] == f"<{job.key.removeprefix('mail:')}@example.com>"
    assert (job.state, job.payload) == ("done", {"recipients": 1})


@pytest.mark.parametrize("error", [ConnectionRefusedError(), SMTPException("busy, kees@example.com")])
def test_while_the_server_is_away_the_mail_waits(server: Any, error: Exception, caplog: Any) -> None:
    send()
    server.error = error
    for tries in range(1, 6):
        job = work()
        assert (job.state, job.attempts) == ("queued", tries)
        wait = job.run_after - timezone.now()
        assert datetime.timedelta(minutes=tries - 1) < wait <= datetime.timedelta(minutes=tries)
    assert "kees@example.com" not in caplog.text + str(job.error_params)
    server.error = None
    assert work().state == "done"
    assert len(mail.outbox) == 1


def test_an_address_that_does_not_exist_is_given_up(server: Any) -> None:
    send()
    server.error = SMTPRecipientsRefused({"kees@example.com": (550, b"no such user")})
    job = work()
    assert (job.state, job.error_code, job.payload) == ("failed", "mail_refused", {"recipients": 1})
    assert "kees" not in str(job.error_params)


def test_a_mail_that_may_have_gone_is_not_sent_again(server: Any) -> None:
    job = send()
    server.error = KeyboardInterrupt()  # dies in the middle
    with pytest.raises(KeyboardInterrupt):
        job_run(job_claim("short"))
    Job.objects.filter(pk=job.pk).update(state="queued", token=None, lease_until=None)
    server.error = None
    job = work()
    assert (job.state, job.error_code, mail.outbox) == ("failed", "mail_uncertain", [])


def test_a_mail_with_files_is_refused_at_once() -> None:
    message = mail.EmailMessage("Hello", "", None, ["kees@example.com"], attachments=[("a.txt", "a")])
    with pytest.raises(ValueError, match="attachments"):
        message.send()
