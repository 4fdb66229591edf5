"""The weeks of series whose line asks for a forecast by the week, or why they are forecast by the month.

A fact of a week counts as it came, in weeks that begin on the weekday the facts begin theirs on; days are
added into weeks that begin on Monday. A run knows the weeks that were over in the last month it may know.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from core.months import month_end
from core.sql import rows_of
from products.models import Measure
from products.selectors.lines import LineTree

from .subject_series import Months, SubjectSeries, WeekSeries

if TYPE_CHECKING:
    from .series import SeriesLoader

WEEK = datetime.timedelta(days=7)
LAST_DAY = datetime.timedelta(days=6)
# Under two years of weeks, a history that is longer by the month tells more by the month.
ENOUGH_WEEKS, WEEKS_A_MONTH, LONGER = 104, 52 / 12, 6

Key = tuple[int, int]


def with_weeks(
    loader: SeriesLoader, found: Iterable[SubjectSeries], line_of: Mapping[tuple[int | None, int | None], int]
) -> list[SubjectSeries]:
    """The series, those of lines that ask for weeks with their weeks; ``line_of`` a subject."""
    found = list(found)
    lines = by_the_week(loader.tree, set(line_of.values()))
    asking = {s.key for s in found if line_of[s.subject] in lines}
    if not asking:
        return found
    by_week = [s for s in found if s.key in asking and not _never(s)]
    weeks, monthly = _facts({s.product_id for s in by_week if s.product_id})
    made: list[SubjectSeries] = []
    for series in found:
        if series.key not in asking or not series.has_data:
            made.append(series)
            continue
        reason = _never(series)
        key = (series.product_id or 0, series.measure_id)
        if not reason:
            first = loader.bounds(line_of[series.subject], series.measure_id)[0]
            series = _by_week(series, first, weeks.get(key, {}), monthly.get(key))
        made.append(replace(series, monthly_because=reason) if reason else series)
    return made


def by_the_week(tree: LineTree, line_ids: Iterable[int]) -> set[int]:
    """The lines that ask for a forecast by the week."""
    return {line_id for line_id in line_ids if tree.inherited(line_id, "forecast_step").value == "week"}


def _never(series: SubjectSeries) -> str:
    """Why a series cannot go by the week, whatever its facts."""
    if series.kind == Measure.Kind.LEVEL:
        return "level"
    if series.family_id is not None:
        return "family"
    return "handover" if series.takes or series.gives else ""


def _by_week(
    series: SubjectSeries, first: datetime.date, weeks: Months, last_monthly: datetime.date | None
) -> SubjectSeries:
    """The series with its weeks, or with the reason why its figures say none."""
    known, until = month_end(series.as_of), month_end(series.fit_until)
    used = {w: v for w, v in weeks.items() if w >= first and w + LAST_DAY <= until}
    if not used:
        return replace(series, monthly_because="monthly_figures")
    if len({week.weekday() for week in weeks}) > 1:
        return replace(series, monthly_because="mixed_weeks")
    start = min(used)
    # A month's figure that overlaps the weeks is of another channel: its weeks would be too low.
    if last_monthly is not None and month_end(last_monthly) > start + LAST_DAY:
        return replace(series, monthly_because="some_monthly")
    slots = (known - LAST_DAY - start).days // 7 + 1
    months = sum(value is not None for value in series.values)
    if slots < ENOUGH_WEEKS and months > slots / WEEKS_A_MONTH + LONGER:
        return replace(series, monthly_because="few_weeks")
    values = tuple(used.get(start + step * WEEK) for step in range(slots))
    return replace(series, weeks=WeekSeries(start, values))


def _facts(product_ids: Collection[int]) -> tuple[dict[Key, Months], dict[Key, datetime.date]]:
    """By product and measure: volumes by the first day of the week, and the last month told by the month."""
    rows = rows_of(
        "SELECT product_id, measure_id, array_agg(week), array_agg(volume) FROM ("
        " SELECT product_id, measure_id, CASE period WHEN 'D' THEN date_trunc('week', start_date)::date"
        " ELSE start_date END AS week, sum(volume)::float8 AS volume FROM products_salesfact"
        " WHERE product_id = ANY(%s) AND period <> 'M' AND volume IS NOT NULL GROUP BY 1, 2, 3) weeks"
        " GROUP BY 1, 2",
        [list(product_ids)],
    )
    weeks = {
        (product_id, measure_id): dict(zip(starts, volumes, strict=True))
        for product_id, measure_id, starts, volumes in rows
    }
    rows = rows_of(
        "SELECT product_id, measure_id, max(start_date) FROM products_salesfact"
        " WHERE product_id = ANY(%s) AND period = 'M' AND volume IS NOT NULL GROUP BY 1, 2",
        [list(product_ids)],
    )
    return weeks, {(product_id, measure_id): month for product_id, measure_id, month in rows}
