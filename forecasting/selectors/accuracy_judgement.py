"""Who changed a month of a vintage by hand, and why."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from core.months import month_add
from forecasting.models import OverrideMonth

_DAY = datetime.timedelta(days=1)
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
        held = [decision for decision in own if _held(decision, row)]
        if held:
            found[row] = max(held, key=lambda decision: decision.set_at)
    return found


def _held(decision: Decision, row: ChangedMonth) -> bool:
    """In force when the vintage was frozen, or when the month ended if that was earlier."""
    end = datetime.datetime.combine(month_add(row.month, 1), datetime.time(), datetime.UTC)
    moment = min(row.frozen_at or end, end)
    return decision.set_at <= moment and (decision.ended_at is None or decision.ended_at >= moment)


def decisions_on(keys: Collection[Key]) -> Mapping[Key, list[Decision]]:
    """Every override that ever touched these months, also those superseded and withdrawn. One query."""
    rows = OverrideMonth.objects.filter(
        product_id__in={product for product, _measure, _month in keys},
        month__in={month for _product, _measure, month in keys},
    ).select_related("override")
    found: dict[Key, list[Decision]] = defaultdict(list)
    for row in rows:
        said = row.override
        ran_out = datetime.datetime.combine(said.until + _DAY, datetime.time(), datetime.UTC)
        ended = min(said.withdrawn_at, ran_out) if said.withdrawn_at else ran_out
        found[row.product_id, row.measure_id, row.month].append(
            Decision(said.reason, said.author_id, said.set_at, ended)
        )
    return found
