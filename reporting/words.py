"""How figures of this room are said."""

from __future__ import annotations

from core import formats


def ends(low: float, high: float, unit: str = "") -> dict[str, str]:
    """Both ends of a range on one scale: 0,67 – 1,11 mln."""
    million = float(formats.SCALES["m"])
    if max(abs(low), abs(high)) < million:
        return {"low": formats.number(low, 0), "high": formats.volume(high, unit, 0)}
    return {"low": formats.number(low / million, 2), "high": formats.compact(high, unit)}
