"""Mail as jobs: nothing is lost while the mail server is away, nothing goes out twice."""

from __future__ import annotations

import datetime
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected
from types import SimpleNamespace
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
    """`server.error` is what comes of handing a mail over, `away` of opening, `gone` of closing; nothing: it
    goes well. `waits`: the seconds it has for each answer."""

    class Server:
        error: BaseException | None = None
        away: OSError | None = None
        gone: OSError | None = None
        waits: float = 10

        @classmethod
        def settimeout(cls, seconds: float) -> None:
            cls.waits = seconds

    def opened(self: Any) -> bool:
        if Server.away:
            raise Server.away
        self.connection = SimpleNamespace(sock=Server)
        return True

    def send(self: Any, messages: Any) -> int:
        if Server.error:
            raise Server.error
        mail.outbox.extend(messages)
        return len(messages)

    def close(self: Any) -> None:
        if Server.gone:
            raise Server.gone

    monkeypatch.setattr(locmem.EmailBackend, "open", opened)
    monkeypatch.setattr(locmem.EmailBackend, "send_messages", send)
    monkeypatch.setattr(locmem.EmailBackend, "close", close)
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


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("away", ConnectionRefusedError()),
        ("away", TimeoutError()),
        ("away", SMTPServerDisconnected("kees@example.com")),
        ("error", SMTPDataError(451, b"busy, kees@example.com")),
    ],
)
def test_while_the_server_takes_no_mail_it_waits(
    server: Any, where: str, error: OSError, caplog: Any
) -> None:
    send()
    setattr(server, where, error)
    for tries in range(1, 6):
        job = work()
        assert (job.state, job.attempts) == ("queued", tries)
        wait = job.run_after - timezone.now()
        assert datetime.timedelta(minutes=tries - 1) < wait <= datetime.timedelta(minutes=tries)
    assert "kees@example.com" not in caplog.text + str(job.error_params)
    setattr(server, where, None)
    assert work().state == "done"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("error", [TimeoutError(), SMTPServerDisconnected("kees@example.com")])
def test_a_mail_that_the_server_may_have_taken_is_not_sent_again(
    server: Any, error: OSError, caplog: Any
) -> None:
    send()
    server.error = error
    job = work()
    assert (job.state, job.error_code, job.payload) == ("failed", "mail_uncertain", {"recipients": 1})
    assert "kees@example.com" not in caplog.text + str(job.error_params)


def test_a_server_that_is_gone_once_it_took_the_mail_changes_nothing(server: Any) -> None:
    send()
    server.gone = TimeoutError()
    assert work().state == "done"
    assert len(mail.outbox) == 1


def test_a_server_has_minutes_to_look_through_a_mail(server: Any) -> None:
    send()
    work()
    assert server.waits == 300


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
