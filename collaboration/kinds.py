"""The kinds of alerts and notifications that exist; a room registers its own in ``ready()``."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.html import strip_tags

from core.registry import Registry


@dataclass(frozen=True)
class Words:
    """An alert in the reader's language: what is the matter, and the numbers it rests on.

    ``evidence`` is safe HTML in which only ``<b>`` stands; :attr:`plain` is the same without. ``icon`` and
    ``tone`` replace the kind's own.
    """

    headline: str
    evidence: str
    icon: str = ""
    tone: str = ""

    @property
    def plain(self) -> str:
        return html.unescape(strip_tags(self.evidence))


@dataclass(frozen=True)
class AlertKind:
    """``words(alert)`` puts code and numbers into words at display; ``url(alert)`` is where to act, under the
    verb ``action``; ``tally(count)`` is its part of the morning's sentence ("two stages wait for you").

    ``acts`` is the right that dealing with it takes; ``told(count)`` is its part of the sentence for who has
    not that right, or whose it is not ("two products moved to another stage"): without it ``tally`` is.

    ``tone`` is ``neg``, ``pos``, ``warn``, ``fc`` or empty and only colours the icon. ``permission``: who may
    see alerts of this kind at all. ``all_channels``: it rests on figures over all channels, and is not for
    people limited to some. ``spark``: the product's sparkline belongs beside it. ``asks``: somebody waits for
    what it leads to; it comes before what has money at stake. Whose ``author_id`` stands in its evidence
    asks others: it is only offered to look, and does not count as new to them. ``for_deputies(user)``: where
    it is about no line, those of others that a person sees, as they do its page; with limits only of whom
    they stand in for.
    """

    key: str
    label: Any
    icon: str
    tone: str
    words: Callable[[Any], Words]
    url: Callable[[Any], str]
    action: Any
    order: int
    tally: Callable[[int], str]
    permission: str = ""
    all_channels: bool = True
    spark: bool = True
    acts: str = ""
    told: Callable[[int], str] | None = None
    asks: bool = False
    for_deputies: Callable[[Any], Q] | None = None


def waiting_kind(key: str, label: Any, icon: str, **more: Any) -> AlertKind:
    """Something that somebody has to do and that rests on no figures: for who has the right, whatever their
    channels."""
    return AlertKind(key, label, icon, "warn", all_channels=False, spark=False, asks=True, **more)


@dataclass(frozen=True)
class NotificationKind:
    """``words(params)`` is the sentence in the reader's language."""

    key: str
    words: Callable[[Mapping[str, Any]], str]
    icon: str = "bell"
    order: int = 0


alert_kinds: Registry[AlertKind] = Registry("alert kinds")
notification_kinds: Registry[NotificationKind] = Registry("notification kinds")
