"""The kinds of alerts and notifications that exist; a room registers its own in ``ready()``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.registry import Registry


@dataclass(frozen=True)
class Words:
    """An alert in the reader's language: what is the matter, and the numbers it rests on."""

    headline: str
    evidence: str


@dataclass(frozen=True)
class AlertKind:
    """``words(alert)`` puts code and numbers into words at display; ``url(alert)`` is where to act, under the
    verb ``action``. ``tone`` is info, warning or danger and only colours the icon. ``permission``: who may see
    alerts of this kind at all."""

    key: str
    label: Any
    icon: str
    tone: str
    words: Callable[[Any], Words]
    url: Callable[[Any], str]
    action: Any
    order: int
    permission: str = ""


@dataclass(frozen=True)
class NotificationKind:
    """``words(params)`` is the sentence in the reader's language."""

    key: str
    words: Callable[[Mapping[str, Any]], str]
    icon: str = "bell"
    order: int = 0


alert_kinds: Registry[AlertKind] = Registry("alert kinds")
notification_kinds: Registry[NotificationKind] = Registry("notification kinds")
