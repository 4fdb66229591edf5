"""Which months a report looks at."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from core.months import financial_year_start, month_add, month_end, month_start, months_between
from core.organisation import year_start

Span = tuple[datetime.date, datetime.date]
"""The first and the last month, both included."""
KINDS = ("months", "ytd", "quarter", "year", "calendar_year", "range")
"""The last ``months``; the financial year so far; the last whole quarter of it, the last whole one, the last
whole calendar year; from ``first`` to ``last``."""


@dataclass(frozen=True)
class ReportPeriod:
    """``kind`` is one of ``KINDS``; all but a range move along with the data."""

    kind: str = "months"
    months: int = 24
    first: datetime.date | None = None
    last: datetime.date | None = None

    def of(self, month: datetime.date) -> Span | None:
        """The period as of ``month``, the last complete one; ``None`` where a range begins after it."""
        if self.kind == "range":
            assert self.first is not None
            assert self.last is not None
            return None if self.first > month else (self.first, min(self.last, month))
        if self.kind == "months":
            return month_add(month, 1 - self.months), month
        year = year_start(month)
        if self.kind == "ytd":
            return year, month
        if self.kind == "quarter":
            return _whole(month_add(year, months_between(year, month) // 3 * 3), 3, month)
        if self.kind == "year":
            return _whole(year, 12, month)
        return _whole(financial_year_start(month, 1), 12, month)

    def days(self, day: datetime.date) -> tuple[datetime.date, datetime.date | None] | None:
        """The first and the last day as of ``day``, for what has dates instead of sales; no last one: up to
        now, and what is to come."""
        month = month_add(month_start(day), -1)
        span = self.of(month)
        if span is None:
            return None
        return span[0], None if span[1] == month else month_end(span[1])

    def year(self, month: datetime.date) -> Span | None:
        """The period, of one that is longer than a year its last 12 months: what is compared with the year
        before."""
        years = self.years(month)
        return years[-1] if years else None

    def years(self, month: datetime.date) -> Sequence[Span]:
        """The period in years back from its end, the oldest first, as far as they are whole; a shorter one as
        it is."""
        span = self.of(month)
        if span is None:
            return []
        first, last = span
        count = (months_between(first, last) + 1) // 12
        return [
            (month_add(last, 1 - 12 * back), month_add(last, 12 - 12 * back)) for back in range(count, 0, -1)
        ] or [span]

    def told(self, month: datetime.date) -> tuple[datetime.date, datetime.date | None] | None:
        """The first and the last month of which a report as of ``month`` has sales: its own, and those of the
        years before that they, and the plan's, are compared with; no last one: up to now."""
        span, years = self.of(month), self.years(month)
        if span is None:
            return None
        before = month_add(span[1], -23) if len(years) < 3 else month_add(years[0][0], -12)
        return min(span[0], before), None if span[1] == month else span[1]


def _whole(start: datetime.date, length: int, month: datetime.date) -> Span:
    """From ``start`` so many months, or those before where they are not over yet."""
    if month_add(start, length - 1) > month:
        start = month_add(start, -length)
    return start, month_add(start, length - 1)
