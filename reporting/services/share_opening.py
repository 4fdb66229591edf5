"""What recipients do by their link: open it, give its password, fetch a file, ask something."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.errors import DomainError
from collaboration.services.alerts import Candidate, alert_raise
from core.locks import lock_until_commit
from core.texts import text_read
from reporting.models import Share, ShareAccess, ShareQuestion
from reporting.reports.questions import KIND, subject_of

What = ShareAccess.What
AGAIN = datetime.timedelta(hours=1)


@transaction.atomic
def share_open(*, share: Share, address: str, client: str) -> None:
    """The recipient opens it; counted."""
    access_note(share=share, what=What.OPENED, address=address, client=client)
    Share.objects.filter(pk=share.pk).update(opened_count=F("opened_count") + 1, opened_at=timezone.now())


def share_password(*, share: Share, password: str, address: str, client: str) -> bool:
    """Whether this is the link's password; noted either way."""
    right = check_password(password, share.password)
    access_note(share=share, what=What.ADMITTED if right else What.REFUSED, address=address, client=client)
    return right


def access_note(*, share: Share, what: str, address: str, client: str) -> None:
    ShareAccess.objects.create(share=share, at=timezone.now(), what=what, address=address, client=client)


@transaction.atomic
def share_ask(*, share: Share, text: str) -> bool:
    """A question of the recipient: stands on Today of the link's author until they close it. The same one
    within an hour, as of a page that is loaded again, is none; whether it was one."""
    text = text_read(text)
    if not text or len(text) > 1000:
        raise DomainError("question", "a question has 1 to 1,000 characters", "question")
    lock_until_commit(f"questions {share.pk}")
    if share.questions.filter(text=text, asked_at__gt=timezone.now() - AGAIN).exists():
        return False
    question = ShareQuestion.objects.create(share=share, text=text, asked_at=timezone.now())
    evidence: dict[str, Any] = {
        "share": share.pk,
        "by": share.label,
        "report": share.report.title,
        "text": text,
    }
    candidate = Candidate(
        subject=subject_of(question),
        fingerprint="asked",
        stake_amount=None,
        evidence=evidence,
        recipient_id=share.author_id,
    )
    alert_raise(kind=KIND, candidate=candidate)
    return True
