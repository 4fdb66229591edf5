"""Thresholds a line can set for what alerts look at. The room that raises the alerts registers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.registry import Registry


@dataclass(frozen=True)
class LineThreshold:
    """A number under ``key`` in a line's ``alert_settings``; a line without it takes the line above's.

    ``kind`` is ``rate`` (kept as 0.1, typed and shown as 10 %), ``amount`` or ``number``; ``default`` holds
    where no line says anything.
    """

    key: str
    label: Any
    default: float
    kind: str = "number"
    help_text: Any = ""
    order: int = 0


line_thresholds: Registry[LineThreshold] = Registry("alert thresholds of a line")
