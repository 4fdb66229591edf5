"""What is decided, worked out by the month, on the single weeks of those months."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from math import hypot
from operator import mul
from statistics import fmean

from core.months import month_end, month_start
from core.numbers import significant
from core.registries import PlannedChange
from forecasting.week_months import DAYS

DAY = datetime.timedelta(days=1)
# Days that tell less of what a month moves than one part in so many do not tell where it moves.
MOST = 2.0


class DecidedWeeks:
    """The weeks ahead as decisions make them, one after the other. A month's days become its factor times as
    much together, those move that a decision does something on (:func:`_moves`); so the weeks of a month that
    they cover whole still add up to it. In the month in which they end, days after them are as those before.
    """

    def __init__(self, first: datetime.date, weeks: Sequence[float], months: Sequence[datetime.date]) -> None:
        self._count, self._months = len(weeks), months
        self._days = [week / DAYS for week in weeks for _day in range(DAYS)]
        last = first + (len(self._days) - 1) * DAY
        rest = (month_end(month_start(last)) - last).days
        self._days += [fmean(self._days[-last.day :])] * rest
        self._places: dict[datetime.date, list[int]] = defaultdict(list)
        self._dates = [first + place * DAY for place in range(len(self._days))]
        for place, day in enumerate(self._dates):
            self._places[month_start(day)].append(place)
        self._unsure = [0.0] * self._count

    def move(self, change: PlannedChange) -> list[float]:
        """By how much a decision moves each week. What is not known of a month is of its days as they move,
        and one error for all of them; those of two decisions are independent."""
        moved, unsure = [0.0] * len(self._days), [0.0] * len(self._days)
        spreads = change.spreads or (0.0,) * len(self._months)
        for month, factor, spread in zip(self._months, change.factors, spreads, strict=True):
            places = self._places.get(month)
            if not places:
                continue
            before = [self._days[place] for place in places]
            moves = _moves(before, _rates(change, [self._dates[place] for place in places]), factor)
            whole = sum(map(abs, moves))
            month_unsure = spread * factor * sum(before) / whole if whole else 0.0
            for place, move in zip(places, moves, strict=True):
                self._days[place] += move
                moved[place], unsure[place] = move, abs(move) * month_unsure
        self._unsure = list(map(hypot, self._unsure, self._by_week(unsure)))
        return [significant(volume, 7) for volume in self._by_week(moved)]

    @property
    def weeks(self) -> tuple[float, ...]:
        return tuple(significant(volume, 7) for volume in self._by_week(self._days))

    @property
    def spreads(self) -> tuple[float, ...]:
        """How unsure decisions make the logarithm of each week, as a standard deviation."""
        return tuple(
            significant(unsure / volume, 5) if volume > 0 else 0.0
            for unsure, volume in zip(self._unsure, self._by_week(self._days), strict=True)
        )

    def _by_week(self, days: Sequence[float]) -> list[float]:
        return [sum(days[DAYS * week : DAYS * (week + 1)]) for week in range(self._count)]


def _rates(change: PlannedChange, days: Sequence[datetime.date]) -> list[float]:
    """Of days in their order."""
    spans = [span for span in change.days if span[0] <= days[-1] and span[1] >= days[0]]
    return [sum(rate for first, last, rate in spans if first <= day <= last) for day in days]


def _moves(before: Sequence[float], rates: Sequence[float], factor: float) -> list[float]:
    """By how much each day of a month moves that becomes ``factor`` times as much: by volume and what is done
    on it. Where that tells too little, or of the other direction, all its days move, in proportion to what
    they would be."""
    whole, told = sum(before), sum(map(mul, before, rates))
    scale = (factor - 1) * whole / told if told else -1.0
    if 0 <= scale <= MOST and scale * min(rates) >= -1:
        return [scale * volume * rate for volume, rate in zip(before, rates, strict=True)]
    after = [volume * max(1 + rate, 0.0) for volume, rate in zip(before, rates, strict=True)]
    after = after if sum(after) > 0 else list(before)
    scale = factor * whole / sum(after) if sum(after) > 0 else 1.0
    return [scale * new - old for new, old in zip(after, before, strict=True)]
