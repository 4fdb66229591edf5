"""Kept scenarios on the card What if: as they were answered on their day, and what moved since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from core import formats
from pricing.charts.what_if import scaled
from pricing.engine.what_if import Range
from pricing.selectors.scenarios import Kept
from pricing.selectors.what_if import Ground
from pricing.what_if_asked import Asker


@dataclass(frozen=True)
class Row:
    """A line of an outcome: its name, what it is counted in, the scenario, its range, and the change.
    ``since``: of a kept one, by how much the same months without the change moved after its day."""

    name: str
    scale: str
    value: str
    range: str
    change: float | None
    since: float | None = None


def outcome_row(
    name: str, range_: Range, now: float, unit: str, *, money: bool = False, since: float | None = None
) -> Row:
    divisor, scale = scaled([range_.hi80], unit, money=money)
    value, low, high = (number / divisor for number in (range_.mean, range_.lo80, range_.hi80))
    decimals = formats.volume_decimals([high])
    return Row(
        name,
        scale,
        formats.number(value, decimals),
        f"{formats.number(low, decimals)} – {formats.number(high, decimals)}",
        range_.mean / now - 1 if now > 0 else None,
        since,
    )


def kept_context(asker: Asker, kept: Kept, about: str, beside: Sequence[int]) -> dict[str, Any]:
    """``about``: what it asks; ``beside``: the ids of all in the chart. ``again`` is the address of its
    question, to be answered today; empty where it cannot be asked as it was."""
    said = urlencode({**kept.row.values, "with": beside}, doseq=True)
    return {
        "row": kept.row,
        "day": kept.day,
        "about": about,
        "rows": _rows(asker.ground, kept),
        "again": said if asker.can_ask(kept.row.values) else "",
    }


def _rows(ground: Ground, kept: Kept) -> list[Row]:
    months = [row.month for row in ground.months]
    base = ground.base(ground.first_start)
    moved = kept.since("volume", months, [month.mean for month in base])
    if ground.inflow is not None:
        last = max(kept.volumes)
        name = _("At the end of %(month)s") % {"month": formats.month(last)}
        level, before = kept.volumes[last], kept.volumes_now.get(last, 0.0)
        rows = [outcome_row(name, level, before, ground.unit, since=moved)]
    else:
        rows = [outcome_row(_("Volume"), kept.volume, kept.volume_now, ground.unit, since=moved)]
    if ground.revenue is not None:
        moved = kept.since("revenue", months, [month.mean * month.price for month in base])
        held = (kept.revenue, kept.revenue_now, ground.currency)
        rows.append(outcome_row(_("Revenue"), *held, money=True, since=moved))
    return rows
