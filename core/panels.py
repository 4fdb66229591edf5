"""The cards that rooms add to each other's pages, for one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import registries


@dataclass(frozen=True)
class PanelItem:
    """A registered panel with its context built; its template finds it as ``panel``."""

    key: str
    template: str
    context: Mapping[str, Any]


def panels_build(user: Any, subject: Any, slot: str) -> list[PanelItem]:
    """The registered panels of a slot that the person may see and that have something to show."""
    items = []
    for panel in registries.panels:
        if panel.slot != slot or (panel.permission and not user.has_perm(panel.permission)):
            continue
        context = panel.build(user, subject)
        if context is not None:
            items.append(PanelItem(panel.key, panel.template, context))
    return items
