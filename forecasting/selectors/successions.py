"""Products that follow others: whose months a successor takes over, and how its predecessor is phased out."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.months import month_add, month_start, months_between
from forecasting.engine.launch import phase_out
from products.models import Succession

Months = dict[datetime.date, float]
Volumes = Mapping[tuple[int, int], Months]
YEAR = 12


@dataclass(frozen=True)
class Handover:
    """A predecessor's fall to zero, from ``start`` on over ``months``. ``share`` is the part of a series that
    it concerns: all of the predecessor's own, and what its predecessor was of a successor's."""

    start: datetime.date
    months: int
    share: float = 1.0

    @property
    def over(self) -> datetime.date:
        """The first month in which nothing of it is left."""
        return month_add(self.start, max(self.months - 1, 0))

    def left(self, month: datetime.date) -> float:
        """What is left of the series in a month, from the predecessor's side."""
        return 1 - self.share * (1 - phase_out(months_between(self.start, month), self.months))

    def taken(self, month: datetime.date) -> float:
        """The part of the series that the predecessor still sells in a month, from the successor's side."""
        return self.share * phase_out(months_between(self.start, month), self.months)


@dataclass(frozen=True)
class _Row:
    other: int
    start: datetime.date
    factor: float
    months: int


def first_month(start_date: datetime.date) -> datetime.date:
    """The first whole month of the successor: a month that begins with the predecessor is still its own."""
    month = month_start(start_date)
    return month if start_date == month else month_add(month, 1)


class Successions:
    """Every succession, in one query: they are few."""

    def __init__(self) -> None:
        self._before: dict[int, list[_Row]] = defaultdict(list)
        self._after: dict[int, list[_Row]] = defaultdict(list)
        rows = Succession.objects.order_by("pk").values_list(
            "predecessor_id", "successor_id", "start_date", "factor", "phase_out_months"
        )
        for old, new, start_date, factor, months in rows:
            start = first_month(start_date)
            self._before[new].append(_Row(old, start, float(factor), months))
            self._after[old].append(_Row(new, start, float(factor), months))

    def predecessors(self, product_ids: Iterable[int]) -> set[int]:
        """All that came before these, however far back."""
        found: set[int] = set()
        todo = set(product_ids)
        while todo:
            todo = {row.other for pk in todo for row in self._before.get(pk, ())} - found
            found |= todo
        return found

    def followers(self) -> set[int]:
        """Every product that takes over from another."""
        return set(self._before)

    def concerned(self) -> set[int]:
        """Every product that takes over from another or is followed by one."""
        return {*self._before, *self._after}

    def months(self, product_id: int, measure_id: int, volumes: Volumes) -> Months:
        """The product's months with those it takes over: its predecessors', in its own units, until they are
        phased out, and its own."""
        return self._months(product_id, measure_id, volumes, frozenset())

    def _months(self, product_id: int, measure_id: int, volumes: Volumes, seen: Collection[int]) -> Months:
        total = dict(volumes.get((product_id, measure_id), {}))
        for row in self._before.get(product_id, ()):
            if row.other in seen:
                continue
            until = Handover(row.start, row.months).over
            for month, volume in self._months(row.other, measure_id, volumes, {*seen, product_id}).items():
                if month < until:
                    total[month] = total.get(month, 0.0) + volume * row.factor
        return total

    def gives(self, product_id: int) -> Handover | None:
        """How the product is phased out, by the first that takes its place."""
        rows = sorted(self._after.get(product_id, ()), key=lambda row: (row.start, row.months))
        return Handover(rows[0].start, rows[0].months) if rows else None

    def takes(
        self, product_id: int, measure_id: int, volumes: Volumes, as_of: datetime.date
    ) -> tuple[Handover, ...]:
        """What of the product's series its predecessors still sell: of each its share in the last year before
        the successor came."""
        found = []
        whole = None
        for row in self._before.get(product_id, ()):
            if whole is None:
                whole = self.months(product_id, measure_id, volumes)
            theirs = self._months(row.other, measure_id, volumes, {product_id})
            last = min(as_of, month_add(row.start, -1))
            year = [month_add(last, -ago) for ago in range(YEAR)]
            everything = sum(whole.get(month, 0.0) for month in year)
            part = row.factor * sum(theirs.get(month, 0.0) for month in year)
            if everything > 0 and part > 0:
                found.append(Handover(row.start, row.months, min(part / everything, 1.0)))
        return tuple(found)
