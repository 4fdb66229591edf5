"""Reports that send themselves: due after a good night, published and mailed once, or said why not."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.addresses import public_url
from collaboration.services.alerts import Candidate, alerts_settle
from core import formats
from core.jobs import job_enqueue
from core.mail import LATER, mail_enqueue
from core.models import Job
from core.organisation import today
from reporting.models import Report, ReportSchedule, ReportSending, Snapshot
from reporting.selectors.reports import EDIT, report_build, snapshots_visible
from reporting.selectors.schedules import next_due, not_yet, waits_until
from reporting.selectors.share_versions import share_versions
from reporting.selectors.shares import SHARE, shares_following
from reporting.selectors.snapshot_files import PDF_MAIL
from reporting.words.schedules import UNSENT

from .report_jobs import telling
from .reports import snapshot_freeze

logger = logging.getLogger(__name__)
JOB = "reporting.sending"
State = ReportSending.State


def schedules_tick(*, now: datetime.datetime | None = None) -> None:
    """Look at every schedule that is due; called every minute, by any number of clocks at once."""
    due = ReportSchedule.objects.filter(active=True, next_date__lte=today(), report__ended_at=None)
    for pk in list(due.values_list("pk", flat=True)):
        try:
            schedule_advance(pk=pk, now=now or timezone.now())
        except Exception:
            logger.exception("schedule %s could not be looked at", pk)


@transaction.atomic
def schedule_advance(*, pk: int, now: datetime.datetime) -> None:
    """Send after a good night; without one by the next working morning, tell the author that it was not sent.
    A schedule whose author may no longer publish is paused. Dates missed are not made up for."""
    schedule = ReportSchedule.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if schedule is None or not schedule.active or schedule.next_date > today():
        return
    author = schedule.report.author
    if not author.is_active or not author.has_perm(EDIT):
        paused = ReportSchedule.Paused
        schedule.paused = paused.AUTHOR_RIGHTS if author.is_active else paused.AUTHOR_GONE
        schedule.active = False
        schedule.version += 1
        schedule.save(update_fields=["paused", "active", "version"])
        unsent_settle(schedule=schedule, date=schedule.next_date, reason=schedule.paused)
        return
    stale = not_yet(schedule)
    if stale is not None and now < waits_until(schedule.next_date):
        return
    sending, _created = ReportSending.objects.get_or_create(schedule=schedule, date=schedule.next_date)
    if stale is not None:
        _unsent(sending, stale.reason, stale.params)
    else:
        payload = {"sending": sending.pk}
        job_enqueue(kind=JOB, key=f"{JOB}:{sending.pk}", payload=payload, queue="exports")
    schedule.next_date = next_due(schedule.every, schedule.day, max(today(), schedule.next_date))
    schedule.save(update_fields=["next_date"])


def sending_run(context: Any) -> Mapping[str, Any]:
    """The job: the next version and a mail to each, recorded in one transaction: however often it is tried,
    each recipient gets one."""
    sending = ReportSending.objects.select_related("schedule__report__author").get(
        pk=context.payload["sending"]
    )
    report = sending.schedule.report
    with translation.override(report.author.language):
        built = report_build(report, telling(context))
        result: dict[str, Any] = {}
        with context.effect(lambda: result):
            snapshot = snapshot_freeze(user=report.author, report=report, built=built)
            sending.told = _mailed(sending.schedule, snapshot) + _outside_mailed(sending.schedule, snapshot)
            sending.snapshot, sending.state, sending.decided_at = snapshot, State.SENT, timezone.now()
            sending.save(update_fields=["told", "snapshot", "state", "decided_at"])
            untold = [each["name"] for each in sending.told if each["not"]]
            reason = "some_untold" if untold else ""
            unsent_settle(
                schedule=sending.schedule, date=sending.date, reason=reason, params={"names": untold}
            )
            result["number"] = snapshot.number
    return result


def sending_failed(job: Job) -> None:
    """Given up: the author is told, and finds the report as it was."""
    sending = ReportSending.objects.select_related("schedule__report__author").get(pk=job.payload["sending"])
    said = {"message": job.error_params.get("message", "")} if job.error_code == "not_ready" else {}
    _unsent(sending, "not_ready" if said else "broken", said)


def unsent_settle(
    *,
    schedule: ReportSchedule,
    date: datetime.date | None = None,
    reason: str = "",
    params: Mapping[str, Any] | None = None,
) -> None:
    """The alert of a schedule: with a reason it is raised, without it is over. Nobody's, where the report's
    author cannot read it."""
    report = schedule.report
    reads = report.author.is_active and report.author.has_perm(EDIT)
    evidence = {"report": report.pk, "title": report.title, "reason": reason, "params": dict(params or {})}
    candidates = [
        Candidate(
            subject=f"schedule:{schedule.pk}",
            fingerprint=f"{date}:{reason}",
            stake_amount=Decimal(0),
            evidence=evidence | {"date": date.isoformat()},
            recipient_id=report.author_id if reads else None,
        )
        for date in [date]
        if date is not None and reason
    ]
    alerts_settle(
        kind=UNSENT.key,
        subjects=[f"schedule:{schedule.pk}"],
        candidates=candidates,
        local_date=today(),
        ignore_threshold=True,
    )


def _unsent(sending: ReportSending, reason: str, params: Mapping[str, Any]) -> None:
    sending.state, sending.reason, sending.params = State.UNSENT, reason, dict(params)
    sending.decided_at = timezone.now()
    sending.save(update_fields=["state", "reason", "params", "decided_at"])
    unsent_settle(schedule=sending.schedule, date=sending.date, reason=reason, params=params)


def _mailed(schedule: ReportSchedule, snapshot: Snapshot) -> list[dict[str, str]]:
    """A mail with a link to everybody who may read this version, in their language, as part of the caller's
    transaction; who was told, and why others were not."""
    told = []
    for user in schedule.users.order_by("name", "pk"):
        why_not = "" if user.is_active else "gone"
        if not why_not and not snapshots_visible(user).filter(pk=snapshot.pk).exists():
            why_not = "no_sight"
        if not why_not:
            url = public_url(snapshot.get_absolute_url())
            with translation.override(user.language):
                said = {"user": user, "snapshot": snapshot, "schedule": schedule, "url": url}
                subject = " ".join(render_to_string("reporting/email/sending_subject.txt", said).split())
                body = render_to_string("reporting/email/sending.txt", said)
                without = gettext("The PDF is not with this mail; the link leads to what there is now.")
            enclosed = {"kind": PDF_MAIL, "snapshot": snapshot.pk, "user": user.pk, "without": without}
            mail_enqueue(
                EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email]),
                enclosed=enclosed if schedule.attach_pdf else None,
            )
        told.append({"name": str(user), "not": why_not})
    return told


def _outside_mailed(schedule: ReportSchedule, snapshot: Snapshot) -> list[dict[str, str]]:
    """Word of the new version to who has a link, without title or figures of the report. The address in it
    is made when the mail goes; the link's expiry, password and revoking hold as they are."""
    told = []
    shares = shares_following(schedule.report, ["live", "resting"]) if schedule.links else ()
    for share in shares:
        why_not = ""
        if not share.author.has_perm(SHARE):
            why_not = "may_not_share"
        elif snapshot.audience != Report.Audience.EXTERNAL:
            why_not = "inside"
        elif not share_versions(share).filter(pk=snapshot.pk).exists():
            why_not = "behind"
        if not why_not:
            with translation.override(snapshot.language):
                said = {
                    "by": " ".join(share.author.name.split()),
                    "until": formats.day(share.expires_on),
                    "url": LATER,
                    "has_password": bool(share.password),
                }
                without = gettext("It cannot be opened just now: ask %(by)s.") % said
                subject = gettext("There is a new version of the report that %(by)s shares with you") % said
                body = render_to_string("reporting/email/new_version.txt", said)
            mail_enqueue(
                EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [share.email]),
                later={
                    "kind": "reporting.share_address",
                    "share": share.pk,
                    "snapshot": snapshot.pk,
                    "without": without,
                },
            )
        told.append({"name": share.label, "not": why_not})
    return told
