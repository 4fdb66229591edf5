"""Corrections of cost rates in words: what waits for a second person, and what became of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from collaboration.kinds import NotificationKind, Words, waiting_kind
from collaboration.sentences import count_word
from core import formats
from core.months import month_add
from pricing.models import CostCorrection, CostLine
from pricing.selectors.costs import EDIT
from pricing.services.cost_corrections import ALERT, TOLD

from .costs import amount_words


def becomes_words(cost_line: CostLine, correction: CostCorrection) -> str:
    """What a rate of the line should have been."""
    if correction.is_void:
        return _("should not have been")
    return amount_words(cost_line, correction.amount)


def _told(alert: Any) -> Words:
    said = alert.evidence
    text = format_html(
        _("{author} corrects {kind} of <b>{of}</b> from {day}: {reason}"),
        author=said["author"],
        kind=said["kind_nl"] if get_language() == "nl" else said["kind_en"],
        of=said["of"] or _("all products"),
        day=formats.day(datetime.date.fromisoformat(said["start_date"])),
        reason=said["reason"],
    )
    return Words(_("a correction of a cost waits for approval"), text)


def _tally(count: int) -> str:
    return ngettext(
        "%(count)s correction of a cost waits for approval",
        "%(count)s corrections of costs wait for approval",
        count,
    ) % {"count": count_word(count)}


WAITING = waiting_kind(
    ALERT,
    gettext_lazy("Correction of a cost"),
    "calculator",
    words=_told,
    url=lambda alert: reverse("pricing:cost_line", args=[alert.evidence["cost_line"]]),
    action=gettext_lazy("Decide"),
    order=47,
    tally=_tally,
    permission=EDIT,
)


def _decided(params: Mapping[str, Any]) -> str:
    if "closed" in params:
        month = datetime.date.fromisoformat(params["closed"])
        words = _(
            "%(who)s closed %(month)s, and with it your correction of a cost was refused: %(reason)s. Write a"
            " rate from %(day)s on; for closed months import one from a day later as a correction."
        )
        days = {"month": formats.month(month), "day": formats.day(month_add(month, 1))}
        return words % {**params, **days}
    said = {
        "approved": _("%(who)s approved your correction of a cost: %(reason)s"),
        "refused": _("%(who)s refused your correction of a cost: %(reason)s"),
    }[params["state"]]
    return said % params


DECIDED = NotificationKind(TOLD, _decided, "calculator")
