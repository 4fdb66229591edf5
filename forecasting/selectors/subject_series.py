"""One series of the night: the months of a product or family in one measure."""

from __future__ import annotations

import datetime
import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import copysign, exp, log, nan
from typing import Any, TypeVar

from core.months import month_add, month_row
from forecasting.models import Decision

from .successions import Handover

Months = dict[datetime.date, float]
Made = TypeVar("Made")
STEP = 0.05
"""Of the natural logarithm of a figure: corrections that stay within one are small."""
_plain = json.JSONEncoder(separators=(",", ":"), default=str).encode


@dataclass(frozen=True)
class WeekSeries:
    """``values[i]`` belongs to the i-th week after the one that begins on ``start``; ``None`` is missing.
    They run up to the last whole week of the last month that may be known."""

    start: datetime.date
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class SubjectSeries:
    """The months of one product or family in one measure.

    ``values[i]`` belongs to the i-th month after ``start``, in the measure's unit; ``None`` is missing
    (also: provisional). They run up to ``as_of``, the last month that may be known; ``fit_until`` is the
    last that is final. ``launch`` and ``end`` bound demand. ``leads``: the line's leading measure.
    ``refused`` says why there is no series (``unlike_units``). ``taken_over`` of the months come from
    predecessors; ``takes`` is what those still sell of it, ``gives`` how a successor takes its place.
    ``decisions`` are what people said of figures that are still the same; ``values`` are as they came.
    Where the line asks for a forecast by the week, it has its ``weeks``, or ``monthly_because`` says why not.
    """

    product_id: int | None
    family_id: int | None
    measure_id: int
    kind: str
    leads: bool
    temporary: bool
    as_of: datetime.date
    fit_until: datetime.date
    start: datetime.date
    values: Sequence[float | None]
    launch: datetime.date | None = None
    end: datetime.date | None = None
    season_profile: tuple[float, ...] | None = None
    refused: str = ""
    taken_over: int = 0
    takes: tuple[Handover, ...] = ()
    gives: Handover | None = None
    decisions: tuple[Decision, ...] = ()
    weeks: WeekSeries | None = None
    monthly_because: str = ""

    @property
    def subject(self) -> tuple[int | None, int | None]:
        return (self.product_id, self.family_id)

    @property
    def key(self) -> tuple[int | None, int | None, int]:
        return (self.product_id, self.family_id, self.measure_id)

    @property
    def has_data(self) -> bool:
        return any(value is not None for value in self.values)

    @property
    def data_month(self) -> datetime.date | None:
        """The last month with a value that is used."""
        for step in range(len(self.values) - 1, -1, -1):
            if self.values[step] is not None:
                return month_add(self.start, step)
        return None

    @property
    def months(self) -> Months:
        """The values that are there, by month."""
        return {
            month_add(self.start, step): value for step, value in enumerate(self.values) if value is not None
        }

    def with_decisions(self, decisions: Iterable[Decision]) -> SubjectSeries:
        """With those of the decisions that are about the figures as they are now."""
        months = self.months
        return replace(self, decisions=tuple(d for d in decisions if d.about(months)))

    def roughly(self) -> SubjectSeries:
        """With its figures in steps of five per cent: the same for a history that was corrected by little."""
        weeks = self.weeks and replace(self.weeks, values=_roughly(self.weeks.values))
        rough = object.__new__(SubjectSeries)  # as ``replace`` makes it, in a fifth of the time
        vars(rough).update(vars(self), values=_roughly(self.values), weeks=weeks)
        for kept in ("_said", "made"):
            vars(rough).pop(kept, None)
        return rough

    def alike(self, product_id: int) -> SubjectSeries:
        """The same of another product, which its hash does not tell: worked out once for all of them."""
        other = object.__new__(SubjectSeries)
        vars(other).update(vars(self), product_id=product_id, _said=self._said)
        return other

    def digest(self, *more: Any) -> str:
        """SHA-256 of all that a result may depend on, with ``more`` said by the caller (plain values)."""
        found = self._said.copy()
        found.update(_plain(more).encode())
        return found.hexdigest()

    @cached_property
    def made(self) -> dict[str, Any]:
        """What was made of the series, kept with it."""
        return {}

    def once(self, what: str, make: Callable[[], Made]) -> Made:
        """`make()`, the first time it is asked for: several steps make the same of a series."""
        if what not in self.made:
            self.made[what] = make()
        found: Made = self.made[what]
        return found

    @cached_property
    def _said(self) -> hashlib._Hash:
        """The hash before callers say more: every step asks. Figures count as they are stored, since writing
        them out takes longer than to hash them."""
        parts = [
            str(self.as_of),
            str(self.fit_until),
            str(self.start),
            self.kind,
            str(self.launch),
            str(self.end),
            self.season_profile,
            self.refused,
            *([asdict(decision) for decision in self.decisions]),
        ]
        if self.takes or self.gives:
            parts += [str(self.takes), str(self.gives)]
        if self.weeks or self.monthly_because:
            parts += [str(self.weeks), self.monthly_because]
        found = hashlib.sha256(array("d", [nan if value is None else value for value in self.values]))
        found.update(_plain(parts).encode())
        return found


def _roughly(values: Iterable[float | None]) -> tuple[float | None, ...]:
    return tuple(
        [copysign(exp(round(log(abs(value)) / STEP) * STEP), value) if value else value for value in values]
    )


def months_in_row(
    months: Months, first: datetime.date, fit_until: datetime.date, as_of: datetime.date
) -> tuple[datetime.date, list[float | None]]:
    """The months as one row up to ``as_of``, missing where there is none or it is not final."""
    start = min((month for month in months if first <= month <= fit_until), default=None)
    if start is None:
        return as_of, []
    return start, [months.get(month) if month <= fit_until else None for month in month_row(start, as_of)]
