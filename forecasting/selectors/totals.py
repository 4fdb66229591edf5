"""Totals of lines and of everything as people may see them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from core.months import month_add, month_range
from forecasting.models import Calibration, TotalForecast
from forecasting.totals import (
    CORRELATION,
    PRODUCT_CORRELATION,
    USUAL_CORRELATION,
    USUAL_PRODUCT_CORRELATION,
)
from products.models import Measure
from products.selectors.access import forecasts_allowed, visible_line_ids

YEAR = 12


@dataclass(frozen=True)
class Correlations:
    """Of two products' errors in one month, and of two months' errors."""

    of_products: float
    of_months: float


def correlations() -> Correlations:
    """As the newest calibration has them. One query."""
    payload = Calibration.newest().values_list("payload", flat=True).first() or {}
    return Correlations(
        float(payload.get(PRODUCT_CORRELATION, USUAL_PRODUCT_CORRELATION)),
        float(payload.get(CORRELATION, USUAL_CORRELATION)),
    )


def totals_visible(user: Any) -> QuerySet[TotalForecast]:
    """Totals of lines the person sees, with everything only for who sees everything; none for people limited
    to channels. A line is seen as a whole or not at all: a limit holds below it too."""
    rows = TotalForecast.objects.select_related("line", "measure")
    if not forecasts_allowed(user):
        return rows.none()
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(line_id__in=lines)


@dataclass(frozen=True)
class LineTotal:
    """A current total beside what was: ``year`` ahead and the 12 months ``before`` (of a level: states)."""

    total: TotalForecast
    before: float | None

    @property
    def index(self) -> float | None:
        if self.before is None or self.before <= 0 or self.total.year is None:
            return None
        return self.total.year / self.before * 100

    @property
    def late(self) -> dict[datetime.date, list[int]]:
        """The months in which lines that end earlier count with their forecast, with those lines."""
        return {datetime.date.fromisoformat(row[0]): row[2] for row in self.total.history if any(row[2:3])}

    @property
    def half(self) -> dict[datetime.date, list[int]]:
        """Those of them of which it was loaded in part."""
        return self._half(known=True)

    @property
    def unknown(self) -> dict[datetime.date, list[int]]:
        """The months without a value, with the lines that loaded them in part before they were forecast."""
        return self._half(known=False)

    def _half(self, *, known: bool) -> dict[datetime.date, list[int]]:
        return {
            datetime.date.fromisoformat(row[0]): row[3]
            for row in self.total.history
            if row[3:] and (row[1] is not None) is known
        }

    @property
    def past(self) -> list[float | None]:
        """The last three years, None for gaps: for a sparkline."""
        known = {row[0]: row[1] for row in self.total.history}
        return [known.get(str(month_add(self.total.as_of, step))) for step in range(-35, 1)]

    @property
    def means(self) -> list[float]:
        return self._ahead(1)

    @property
    def lows(self) -> list[float]:
        return self._ahead(2)

    @property
    def highs(self) -> list[float]:
        return self._ahead(3)

    def year_of(self, first: datetime.date, last: datetime.date) -> float | None:
        """What these months brought in and are expected to; ``None`` where one of those ahead is unknown, or
        one that was loaded half."""
        known = {row[0]: row[1] for row in self.total.history}
        ahead = {row[0]: row[1] for row in self.total.months}
        months = [
            known.get(str(month), 0.0) if month <= self.total.as_of else ahead.get(str(month))
            for month in month_range(first, last)
        ]
        return None if None in months else sum(month for month in months if month is not None)

    def _ahead(self, place: int) -> list[float]:
        return [row[place] for row in self.total.months[:YEAR]]


def line_totals(user: Any) -> list[LineTotal]:
    """Every current total the person may see. One query."""
    return [LineTotal(total, _year_before(total)) for total in totals_visible(user).filter(current=True)]


def total_of(user: Any, line_id: int | None) -> LineTotal | None:
    """The current total in money of one line, or of everything. One query."""
    rows = totals_visible(user).filter(current=True, measure=None, line_id=line_id)
    total = rows.first()
    return None if total is None else LineTotal(total, _year_before(total))


def _year_before(total: TotalForecast) -> float | None:
    known = {row[0]: row[1] for row in total.history}
    if total.measure is not None and total.measure.kind == Measure.Kind.LEVEL:
        return known.get(str(total.as_of))
    months = [known.get(str(month_add(total.as_of, -step))) for step in range(YEAR)]
    return None if None in months else sum(month for month in months if month is not None)
