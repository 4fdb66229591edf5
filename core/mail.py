"""Mail as jobs: recorded before it is sent, sent by a worker, tried again while the mail server is away.

At most once: where a worker dies while it hands a mail over, or the server goes without an answer, nobody
knows whether it went, and it is not sent again.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from accounts.errors import DomainError

from . import registries
from .jobs import JobContext, RetryLater, job_enqueue
from .models import Job

KIND = "core.mail"
TRIES = 60
LATER = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands in a mail for what is made when it goes."""
RETRY_AFTER = datetime.timedelta(minutes=1)
"""Times the tries so far: 60 tries last about 30 hours."""
ANSWER_SECONDS = 5 * 60
"""A server may look through a mail before it says that it has it (RFC 5321: ten minutes at most); meanwhile
other work waits for this worker."""


class JobBackend(BaseEmailBackend):
    """Django's way to send mail, which here records a job per message in the caller's transaction."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            mail_enqueue(message)
        return len(email_messages)


@transaction.atomic
def mail_enqueue(
    message: EmailMessage,
    *,
    enclosed: Mapping[str, Any] | None = None,
    later: Mapping[str, Any] | None = None,
) -> Job:
    """The job that sends this message. Raises ``ValueError`` for attachments: files are not kept in a row.

    ``enclosed`` names a file that is looked for when the mail goes: the ``kind`` of
    ``registries.mail_files``, what that needs to know, and ``without``, what the mail says if there is none.
    ``later`` names what takes the place of ``LATER`` in its body then, and is kept nowhere: the ``kind`` of
    ``registries.mail_texts``, and what that needs to know.
    """
    if message.attachments:
        raise ValueError("a mail with attachments cannot be kept as a job")
    alternatives = getattr(message, "alternatives", [])
    return job_enqueue(
        kind=KIND,
        key=f"mail:{uuid.uuid4().hex}",
        payload={
            "subject": message.subject,
            "body": message.body,
            "from": message.from_email,
            "to": list(message.to),
            "cc": list(message.cc),
            "bcc": list(message.bcc),
            "reply_to": list(message.reply_to),
            "headers": dict(message.extra_headers),
            "subtype": message.content_subtype,
            "alternatives": [[str(part.content), str(part.mimetype)] for part in alternatives],
            "enclosed": dict(enclosed) if enclosed else None,
            "later": dict(later) if later else None,
        },
        max_attempts=TRIES,
    )


def mail_run(context: JobContext) -> Mapping[str, Any] | None:
    """Hand the mail over to the server. ``progress_total`` is 1 from just before to the job's end."""
    if context.job.progress_total:
        raise DomainError("mail_uncertain", "a worker died while it sent this mail")
    message = _message(context.job)
    _enclose(message, context.job)
    if later := context.job.payload.get("later"):
        said = registries.mail_texts.get(later["kind"]).make(later)
        message.body = message.body.replace(LATER, said)
    try:
        with _opened(message.connection):
            context.progress(0, 1)
            _hand_over(message)
    except OSError as error:  # as are the mail library's own
        context.progress(0, 0)
        reason = type(error).__name__  # the text may hold addresses
        if isinstance(error, SMTPRecipientsRefused) and _for_good(error):
            raise DomainError("mail_refused", reason) from None
        raise RetryLater(reason, RETRY_AFTER * context.job.attempts) from None
    with context.effect():
        _forget(context.job)
    return None


@contextmanager
def _opened(server: Any) -> Iterator[None]:
    """What goes wrong when it is closed changes nothing of what was sent."""
    try:
        server.open()
        if smtp := getattr(server, "connection", None):
            smtp.sock.settimeout(ANSWER_SECONDS)
        yield
    finally:
        with suppress(OSError):
            server.close()


def _hand_over(message: EmailMessage) -> None:
    """Raises ``SMTPException`` where the server did not take it, ``DomainError`` where it did not say."""
    try:
        message.send()
    except OSError as error:
        if isinstance(error, SMTPException) and not isinstance(error, SMTPServerDisconnected):
            raise
        raise DomainError("mail_uncertain", type(error).__name__) from None


def mail_failed(job: Job) -> None:
    """Given up: what it said goes, that it was not sent stays."""
    _forget(job)


def _message(job: Job) -> EmailMultiAlternatives:
    mail = job.payload
    domain = parseaddr(mail["from"])[1].rpartition("@")[2] or "localhost"
    message = EmailMultiAlternatives(
        mail["subject"],
        mail["body"],
        mail["from"],
        mail["to"],
        bcc=mail["bcc"],
        connection=get_connection(settings.MAIL_BACKEND),
        headers={"Message-ID": f"<{job.key.removeprefix('mail:')}@{domain}>"} | mail["headers"],
        alternatives=mail["alternatives"],
        cc=mail["cc"],
        reply_to=mail["reply_to"],
    )
    message.content_subtype = mail["subtype"]
    return message


def _enclose(message: EmailMessage, job: Job) -> None:
    """Raises ``RetryLater`` while the file is still being made."""
    enclosed = job.payload.get("enclosed")
    if not enclosed:
        return
    try:
        file = registries.mail_files.get(enclosed["kind"]).find(enclosed)
    except registries.NotThereYet as error:
        raise RetryLater("its file is still being made", RETRY_AFTER * job.attempts) from error
    if file is None:
        message.body = f"{message.body.rstrip()}\n\n{enclosed['without']}\n"
    else:
        message.attach(*file)


def _for_good(error: SMTPRecipientsRefused) -> bool:
    return all(code >= 500 for code, _answer in error.recipients.values())


def _forget(job: Job) -> None:
    """Links that open an account and personal data are kept no longer than they must."""
    Job.objects.filter(pk=job.pk).update(payload={"recipients": len(job.payload.get("to", []))})
