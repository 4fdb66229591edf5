"""Are months better as sums of weeks? Rolling origins on a file of weeks, beside the monthly model.

`python -m forecasting.evaluate_weeks FILE.csv --key sku --period week_start --value units --origins 5,6,7`
prints the rows of the table in docs/algorithms/weeks.md: of the months that the weeks cover whole, how far
off they were (WAPE), and how often the bands held what came. Origins are months before the last whole one;
every origin is a night of its own.
"""

from __future__ import annotations

import csv
import datetime
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from core.months import month_add, month_end, month_start, months_between
from forecasting import engine
from forecasting.engine.evaluate import argument_parser
from forecasting.totals import error_correlation
from forecasting.week_months import Span, months_of_weeks, shares

WEEKS_AHEAD, MONTHS_AHEAD, WEEK = 26, 18, datetime.timedelta(days=7)
Sums = Mapping[str, Mapping[datetime.date, float]]


@dataclass
class Scored:
    """Errors and actuals of single months, and whether the bands held them."""

    off: list[float] = field(default_factory=list)
    actual: list[float] = field(default_factory=list)
    held: list[tuple[bool, bool]] = field(default_factory=list)

    def add(self, span: Span, actual: float) -> None:
        lo80, hi80, lo95, hi95 = span.edges
        self.off.append(abs(span.mean - actual))
        self.actual.append(actual)
        self.held.append((lo80 <= actual <= hi80, lo95 <= actual <= hi95))

    def row(self, bands: bool) -> str:
        at80, at95 = np.mean(self.held, axis=0)
        wape = f"{sum(self.off) / sum(self.actual):.3f}"
        return f"{wape} | {at80:.2f} | {at95:.2f}" if bands else f"{wape} | — | —"


def main() -> int:
    options = argument_parser("python -m forecasting.evaluate_weeks").parse_args()
    weeks = _read(options)
    engine.warm_up()
    months = {key: _months(values) for key, values in weeks.items()}
    last = month_add(month_start(max(max(values) for values in weeks.values()) + WEEK), -1)
    found = {name: Scored() for name in ("sums of weeks", "monthly model", "year before")}
    for origin in options.origins.split(","):
        _night(weeks, months, month_add(last, -int(origin)), found)
    for name, scored in found.items():
        sys.stdout.write(f"| {name} | {len(scored.off)} | {scored.row(name != 'year before')} |\n")
    return 0


def _read(options: Any) -> Sums:
    found: dict[str, dict[datetime.date, float]] = {}
    with options.input.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            values = found.setdefault(row[options.key], {})
            week = datetime.date.fromisoformat(row[options.period])
            values[week] = values.get(week, 0.0) + float(row[options.value])
    return found


def _months(values: Mapping[datetime.date, float]) -> dict[datetime.date, float]:
    """Whole months, as the roll-up spreads weeks over them."""
    found: dict[datetime.date, Decimal] = {}
    for week, volume in values.items():
        for month, share, _days in shares(week, volume):
            found[month] = found.get(month, Decimal(0)) + share
    first, last = min(values), max(values) + WEEK
    return {m: float(v) for m, v in found.items() if m >= first and month_add(m, 1) <= last}


def _night(weeks: Sums, months: Sums, as_of: datetime.date, found: Mapping[str, Scored]) -> None:
    by_week = {key: _series(key, _known_weeks(values, as_of)) for key, values in weeks.items()}
    by_month = {key: _month_series(key, values, as_of) for key, values in months.items()}
    week_tests, week_bands = _tested(by_week, 52, WEEKS_AHEAD)
    month_tests, month_bands = _tested(by_month, 12, MONTHS_AHEAD)
    correlation = error_correlation(test.errors for test in week_tests.values())
    for key, actual in months.items():
        ahead = _spans(by_week[key], 52, WEEKS_AHEAD, week_bands, week_tests[key])
        monthly = _spans(by_month[key], 12, MONTHS_AHEAD, month_bands, month_tests[key])
        first = max(week for week in _known_weeks(weeks[key], as_of)) + WEEK
        starts = [first + step * WEEK for step in range(WEEKS_AHEAD)]
        said = {month_add(as_of, step + 1): span for step, span in enumerate(monthly)}
        sums = months_of_weeks(list(zip(starts, ahead, strict=True)), said, correlation=correlation)
        over = starts[-1] + WEEK
        for month in said:
            before = actual.get(month_add(month, -12))
            if month_end(month) >= over or month not in actual or before is None:
                continue
            found["sums of weeks"].add(sums[month], actual[month])
            found["monthly model"].add(said[month], actual[month])
            found["year before"].add(Span(before, (0, 0, 0, 0)), actual[month])


def _known_weeks(values: Mapping[datetime.date, float], as_of: datetime.date) -> dict[datetime.date, float]:
    return {week: volume for week, volume in values.items() if week + WEEK <= month_add(as_of, 1)}


def _series(key: str, known: Mapping[datetime.date, float]) -> engine.Series:
    first, last = min(known), max(known)
    steps = (last - first).days // 7 + 1
    values = [known.get(first + step * WEEK, np.nan) for step in range(steps)]
    return engine.Series(key, first.toordinal() // 7, values)


def _month_series(key: str, values: Mapping[datetime.date, float], as_of: datetime.date) -> engine.Series:
    first = min(values)
    steps = months_between(first, as_of) + 1
    known = [values.get(month_add(first, step), np.nan) for step in range(steps)]
    return engine.Series(key, engine.month_ordinal(first), known)


def _tested(
    series: Mapping[str, engine.Series], season: int, horizon: int
) -> tuple[dict[str, engine.BacktestResult], engine.Calibration]:
    tests = {key: engine.backtest(one, season_length=season, horizon=horizon) for key, one in series.items()}
    return tests, engine.calibrate(tests.values(), horizon=horizon, season_length=season)


def _spans(
    series: engine.Series,
    season: int,
    horizon: int,
    bands: engine.Calibration,
    tested: engine.BacktestResult,
) -> list[Span]:
    made = engine.forecast(series, season_length=season, horizon=horizon, calibration=bands, backtest=tested)
    rows = np.column_stack([made.mean, made.lo80, made.hi80, made.lo95, made.hi95]).tolist()
    return [Span(mean, (lo80, hi80, lo95, hi95)) for mean, lo80, hi80, lo95, hi95 in rows]


if __name__ == "__main__":
    sys.exit(main())
