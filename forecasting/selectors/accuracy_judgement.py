"""Who changed a month of a vintage by hand, and why."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

Key = tuple[int, int, datetime.date]
"""Product, measure, month."""


@dataclass(frozen=True)
class ChangedMonth:
    """A month whose vintage carries a change by hand. ``frozen_at`` is when the next vintage was computed,
    None while there is none: what was decided later is not in it."""

    product_id: int
    measure_id: int
    month: datetime.date
    lag: int
    frozen_at: datetime.datetime | None


@dataclass(frozen=True)
class Decision:
    """One person's change of one month: from ``set_at`` until it was withdrawn or ran out."""

    reason_code: str
    author_id: int
    set_at: datetime.datetime
    ended_at: datetime.datetime | None = None


def judgement_of(rows: Collection[ChangedMonth]) -> dict[ChangedMonth, Decision]:
    """The decision that each row's vintage was frozen with: the newest of those in force then. A row without
    one is missing."""
    if not rows:
        return {}
    decisions = decisions_on({(row.product_id, row.measure_id, row.month) for row in rows})
    found = {}
    for row in rows:
        own = decisions.get((row.product_id, row.measure_id, row.month), ())
        held = [decision for decision in own if _held(decision, row.frozen_at)]
        if held:
            found[row] = max(held, key=lambda decision: decision.set_at)
    return found


def _held(decision: Decision, frozen_at: datetime.datetime | None) -> bool:
    if frozen_at is None:
        return decision.ended_at is None
    return decision.set_at <= frozen_at and (decision.ended_at is None or decision.ended_at > frozen_at)


def decisions_on(keys: Collection[Key]) -> Mapping[Key, list[Decision]]:
    """Every decision that was ever made on these months, also those superseded and withdrawn.

    The seam with overrides: nobody can change a forecast by hand yet, so there are none.
    """
    return defaultdict(list)
