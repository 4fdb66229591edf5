"""What waits for approval, on the page Today and in notifications."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from collaboration.kinds import AlertKind, NotificationKind, Words
from collaboration.sentences import count_word
from core import formats
from pricing.services.approval_alerts import ALERTS, TOLD
from pricing.services.proposal_alerts import DRAFTED

from .prices import nothing_left_words


def _about(said: Mapping[str, Any]) -> str:
    count = int(said["count"])
    if count == 1:
        return str(said["product"])
    return ngettext("%(n)s product", "%(n)s products", count) % {"n": formats.number(count, 0)}


def _price_words(alert: Any) -> Words:
    text = gettext("{author} proposes new prices of <b>{what}</b> from {day}: {reason}")
    return Words(gettext("price proposal waits for approval"), _filled(text, alert))


def _promotion_words(alert: Any) -> Words:
    text = gettext("{author} proposes the promotion <b>{reason}</b> for {what} from {day}")
    return Words(gettext("promotion waits for approval"), _filled(text, alert))


def _positioning_words(alert: Any) -> Words:
    text = gettext("{author} proposes to position <b>{what}</b> on “{reason}” from {day}")
    return Words(gettext("positioning waits for approval"), _filled(text, alert))


def _filled(text: str, alert: Any) -> str:
    said = alert.evidence
    day = formats.day(datetime.date.fromisoformat(said["start_date"]))
    return format_html(text, author=said["author"], what=_about(said), day=day, reason=said["reason"])


def _price_tally(count: int) -> str:
    return ngettext(
        "%(count)s price proposal waits for approval", "%(count)s price proposals wait for approval", count
    ) % {"count": count_word(count)}


def _promotion_tally(count: int) -> str:
    return ngettext(
        "%(count)s promotion waits for approval", "%(count)s promotions wait for approval", count
    ) % {"count": count_word(count)}


def _positioning_tally(count: int) -> str:
    return ngettext(
        "%(count)s positioning waits for approval", "%(count)s positionings wait for approval", count
    ) % {"count": count_word(count)}


def _kind(
    what: str, label: Any, icon: str, order: int, words: Any, tally: Any, url: Callable[[Any], str]
) -> AlertKind:
    return AlertKind(
        ALERTS[what],
        label,
        icon,
        "warn",
        words=words,
        url=url,
        action=_("Decide"),
        order=order,
        tally=tally,
        permission="pricing.approve",
        spark=False,
        asks=True,
    )


WAITING = (
    _kind(
        "proposal",
        _("Price proposal"),
        "tag",
        55,
        _price_words,
        _price_tally,
        lambda alert: reverse("pricing:proposal", args=[alert.evidence["proposal"]]),
    ),
    _kind(
        "promotion",
        _("Proposed promotion"),
        "calendar",
        56,
        _promotion_words,
        _promotion_tally,
        lambda alert: reverse("pricing:promotion", args=[alert.evidence["promotion"]]),
    ),
    _kind(
        "positioning",
        _("Proposed positioning"),
        "tag",
        57,
        _positioning_words,
        _positioning_tally,
        lambda alert: reverse(
            "pricing:positioning", args=[alert.evidence["code"], alert.evidence["positioning"]]
        ),
    ),
)


def _price_decided(params: Mapping[str, Any]) -> str:
    said = {
        "approved": gettext("%(who)s approved your price proposal: %(reason)s"),
        "rejected": gettext("%(who)s rejected your price proposal: %(note)s"),
        "withdrawn": gettext("%(who)s withdrew the prices you proposed: %(note)s"),
    }[params["state"]]
    return said % params


def _promotion_decided(params: Mapping[str, Any]) -> str:
    said = {
        "approved": gettext("%(who)s approved your promotion %(reason)s"),
        "rejected": gettext("%(who)s rejected your promotion %(reason)s: %(note)s"),
    }[params["state"]]
    return said % params


def _positioning_decided(params: Mapping[str, Any]) -> str:
    said = {
        "approved": gettext("%(who)s approved your positioning “%(reason)s”"),
        "rejected": gettext("%(who)s rejected your positioning “%(reason)s”: %(note)s"),
    }[params["state"]]
    return said % params


DECIDED = (
    NotificationKind(TOLD["proposal"], _price_decided, "tag"),
    NotificationKind(TOLD["promotion"], _promotion_decided, "calendar"),
    NotificationKind(TOLD["positioning"], _positioning_decided, "tag"),
)


def _drafted(params: Mapping[str, Any]) -> str:
    if params["ready"]:
        return gettext("The prices of your draft are worked out: %(reason)s") % params
    if "nothing_left" in params:
        text = gettext("The prices of your draft “%(reason)s” could not be worked out. %(why)s")
        return text % {**params, "why": nothing_left_words(params["nothing_left"])}
    return gettext("The prices of your draft could not be worked out: %(reason)s") % params


READY = NotificationKind(DRAFTED, _drafted, "tag")
