"""Proposals on the page Today and in notifications."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import AlertKind, NotificationKind, Words
from collaboration.sentences import count_word
from core import formats

from .services.proposal_alerts import ALERT, DRAFTED, TOLD


def _words(alert: Any) -> Words:
    said = alert.evidence
    count = int(said["count"])
    what = (
        said["product"]
        if count == 1
        else ngettext("%(n)s product", "%(n)s products", count) % {"n": formats.number(count, 0)}
    )
    text = format_html(
        gettext("{author} proposes new prices of <b>{what}</b> from {day}: {reason}"),
        author=said["author"],
        what=what,
        day=formats.day(datetime.date.fromisoformat(said["start_date"])),
        reason=said["reason"],
    )
    return Words(gettext("price proposal waits for approval"), text)


def _tally(count: int) -> str:
    return ngettext(
        "%(count)s price proposal waits for approval", "%(count)s price proposals wait for approval", count
    ) % {"count": count_word(count)}


WAITING = AlertKind(
    ALERT,
    _("Price proposal"),
    "tag",
    "warn",
    words=_words,
    url=lambda alert: reverse("pricing:proposal", args=[alert.evidence["proposal"]]),
    action=_("Decide"),
    order=55,
    tally=_tally,
    permission="pricing.approve",
    spark=False,
)


def _decided(params: Mapping[str, Any]) -> str:
    said = {
        "approved": gettext("%(who)s approved your price proposal: %(reason)s"),
        "rejected": gettext("%(who)s rejected your price proposal: %(note)s"),
        "withdrawn": gettext("%(who)s withdrew the prices you proposed: %(note)s"),
    }[params["state"]]
    return said % params


DECIDED = NotificationKind(TOLD, _decided, "tag")


def _drafted(params: Mapping[str, Any]) -> str:
    if params["ready"]:
        return gettext("The prices of your draft are worked out: %(reason)s") % params
    return gettext("The prices of your draft could not be worked out: %(reason)s") % params


READY = NotificationKind(DRAFTED, _drafted, "tag")
