"""Schedules in words: when, why a report was not sent, and the alert that says so."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import Words, waiting_kind
from collaboration.sentences import count_word, enumerate_words
from core import formats
from reporting.models import ReportSchedule, ReportSending
from reporting.models.schedule import LAST_DAY

NOT_TOLD: Mapping[str, Any] = {
    "gone": _("no longer active"),
    "no_sight": _("may not see all that is in it"),
    "behind": _("the version tells more than the link may: renew it"),
    "inside": _("the version is not for the outside"),
    "may_not_share": _("its author may no longer share reports"),
}


def when_words(schedule: ReportSchedule) -> str:
    """ "every Monday", "on day 5 of every month", "on the last day of every month"."""
    if schedule.every == ReportSchedule.Every.WEEK:
        return gettext("every %(weekday)s") % {"weekday": WEEKDAYS[schedule.day - 1]}
    if schedule.day == LAST_DAY:
        return gettext("on the last day of every month")
    return gettext("on day %(day)s of every month") % {"day": schedule.day}


def reason_words(reason: str, params: Mapping[str, Any]) -> str:
    """Why it was not sent, or not to everybody, as a sentence."""
    if reason == "products_failed":
        names = list(params["names"])
        if params["count"] > len(names):
            names.append(
                gettext("%(count)s more") % {"count": formats.number(params["count"] - len(names), 0)}
            )
        return gettext("The night could not recompute %(names)s.") % {"names": enumerate_words(names)}
    if reason == "some_untold":
        said = gettext("It did not go to %(names)s; the report's page says why.")
        return said % {"names": enumerate_words(list(params["names"]))}
    if reason == "not_ready":
        return str(params["message"])
    reasons = {
        "no_night": _("The night's run did not come."),
        "night_failed": _("The night's run broke off."),
        "night_running": _("The night's run was not over by the next working morning."),
        "author_gone": _("Its author is no longer active: the schedule is paused."),
        "author_rights": _("Its author may no longer publish reports: the schedule is paused."),
    }
    return str(reasons.get(reason, _("Something went wrong while it was made.")))


def sending_shown(sending: ReportSending) -> tuple[ReportSending, list[str], list[str]]:
    """With why it was not sent, or not to everybody, and whom it reached."""
    told = [each["name"] for each in sending.told if not each["not"]]
    why = [f"{each['name']}: {NOT_TOLD[each['not']]}" for each in sending.told if each["not"]]
    if sending.reason:
        why = [reason_words(sending.reason, sending.params)]
    return sending, why, told


def _words(alert: Any) -> Words:
    p = alert.evidence
    said = {
        "title": p["title"],
        "date": formats.day(datetime.date.fromisoformat(p["date"])),
        "reason": reason_words(p["reason"], p["params"]),
    }
    if p["reason"] == "some_untold":
        text = format_html(gettext("<b>{title}</b> of {date} was sent. {reason}"), **said)
        return Words(gettext("report did not reach everybody"), text)
    text = format_html(gettext("<b>{title}</b> of {date}: {reason}"), **said)
    return Words(gettext("report was not sent"), text)


def _tally(count: int) -> str:
    return ngettext("%(count)s report was not sent", "%(count)s reports were not sent", count) % {
        "count": count_word(count)
    }


def _url(alert: Any) -> str:
    """The report's page; of one that is nobody's its own, as not everybody may open the report."""
    if alert.recipient_id is None:
        return str(alert.get_absolute_url())
    return reverse("reporting:report", args=[alert.evidence["report"]])


UNSENT = waiting_kind(
    "report_unsent",
    _("Report not sent"),
    "report",
    words=_words,
    url=_url,
    action=_("Look"),
    order=85,
    tally=_tally,
    permission="reporting.edit",
    for_deputies=lambda _user: Q(),
)
