"""What another volume than planned did to costs, split in volume and mix; worked case: docs/cost-reports.md.

Volume is the change of the units that can be added at the average cost planned, mix is the rest: more of what
costs more. Units that are unlike are never added: volume and mix are of each unit by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from .costs import ZERO, booked


class Moved(NamedTuple):
    """A product's units planned and sold, its standard costs that move with them as sold, and what of these
    is because other than planned was sold (``change``)."""

    unit: str
    planned: Decimal
    sold: Decimal
    standard: Decimal
    change: Decimal


def volume_and_mix(rows: Iterable[Moved]) -> tuple[Decimal, Decimal]:
    """They add up to the changes. What was planned at nothing has no average: all of it is volume."""
    rows = list(rows)
    groups: dict[str, list[Moved]] = defaultdict(list)
    for row in rows:
        if row.planned > 0:
            groups[row.unit.lower()].append(row)
    volume = sum((row.change for row in rows if row.planned <= 0), ZERO)
    for group in groups.values():
        planned = sum((row.planned for row in group), ZERO)
        more = sum((row.sold for row in group), ZERO) - planned
        volume += booked(more * sum((row.standard - row.change for row in group), ZERO) / planned)
    return volume, sum((row.change for row in rows), ZERO) - volume
