"""What the steps add for series that are forecast by the week: 26 weeks ahead, and the months from them."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.months import month_add
from forecasting.models import Calibration, Finding
from forecasting.selectors.inputs import Tested
from forecasting.selectors.subject_series import SubjectSeries, WeekSeries
from forecasting.services.forecasts import WeekRow
from forecasting.totals import CORRELATION, USUAL_CORRELATION, error_correlation
from forecasting.week_months import Span, months_of_weeks

if TYPE_CHECKING:
    from forecasting.engine import BacktestResult, Forecast, Series
    from forecasting.engine.series import FloatArray

SEASON_WEEKS, WEEKS_AHEAD = 52, 26
_MIDDLE = 3  # days after its first: the day that says which month a whole week counts with


def backtested(series: SubjectSeries) -> dict[str, Any] | None:
    """The backtest by the week, of a series that has weeks."""
    from forecasting import engine

    if series.weeks is None:
        return None
    said = engine_weeks(series, series.weeks)
    return engine.backtest(said, season_length=SEASON_WEEKS, horizon=WEEKS_AHEAD).to_dict()


def calibrated(rows: Iterable[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """The factors pooled over backtests by the week; ``None`` where there are none."""
    from forecasting import engine

    results = [engine.BacktestResult.from_dict(dict(row)) for row in rows if row]
    if not results:
        return None
    pooled = engine.calibrate(results, horizon=WEEKS_AHEAD, season_length=SEASON_WEEKS).to_dict()
    pooled[CORRELATION] = error_correlation(result.errors for result in results)
    pooled["tested"] = sum(1 for result in results if result.errors)
    return pooled


class Weeks:
    """Forecasts by the week, with the factors that were pooled for them."""

    def __init__(self, saved: Calibration | None) -> None:
        from forecasting import engine

        factors = dict(saved.weeks or {}) if saved else {}
        self._digest = hashlib.sha256(json.dumps(factors, sort_keys=True).encode()).hexdigest()
        self._correlation = factors.pop(CORRELATION, USUAL_CORRELATION)
        factors.pop("tested", None)
        self._calibration = engine.Calibration.from_dict(factors) if factors else None

    def digest(self, series: SubjectSeries, tested: Tested | None) -> list[Any]:
        """What the series' own figures do not tell; nothing where there are no weeks."""
        return [self._digest, tested.weeks if tested else None] if series.weeks else []

    def applied(
        self, series: SubjectSeries, made: Forecast | None, tested: Tested | None
    ) -> tuple[Forecast | None, WeeksAhead | None]:
        """The forecast with its months from weeks, and the weeks; as it is without."""
        from forecasting import engine

        if series.weeks is None or made is None or not len(made.mean):
            return made, None
        result = engine.BacktestResult.from_dict(tested.weeks) if tested and tested.weeks else None
        said = engine_weeks(series, series.weeks)
        ahead = engine.forecast(
            said,
            season_length=SEASON_WEEKS,
            horizon=WEEKS_AHEAD,
            calibration=self._calibration,
            backtest=result,
        )
        naive = engine.naive_forecast(said, season_length=SEASON_WEEKS, horizon=WEEKS_AHEAD)
        starts = weeks_after(series.weeks, WEEKS_AHEAD)
        months = months_of_weeks(
            list(zip(starts, _spans(ahead), strict=True)),
            {month_add(series.as_of, step + 1): span for step, span in enumerate(_spans(made))},
            correlation=self._correlation,
        )
        return _with_months(made, ahead, months), WeeksAhead(said, starts, ahead, naive, result)


@dataclass(frozen=True)
class WeeksAhead:
    """The forecast of the weeks ``starts`` (first days), from ``said``; ``tested`` is how good weeks were."""

    said: Series
    starts: list[datetime.date]
    made: Forecast
    naive: FloatArray
    tested: BacktestResult | None

    def rows(self, driven: Sequence[float], spreads: Sequence[float]) -> list[WeekRow]:
        """As they are stored; ``driven`` with drivers and decisions (empty: none moves them), ``spreads`` how
        unsure decisions make their logarithm (empty: not at all)."""
        made = self.made
        columns = (made.mean, made.median, made.lo80, made.hi80, made.lo95, made.hi95)
        nothing: list[float | None] = [None] * WEEKS_AHEAD
        said: list[float | None] = self.naive.tolist() if len(self.naive) else nothing
        days = (str(day) for day in self.starts)
        last = driven or nothing, [spread or None for spread in spreads] or nothing
        return list(zip(days, *(c.tolist() for c in columns), said, *last, strict=True))


def weeks_after(weeks: WeekSeries, count: int) -> list[datetime.date]:
    """The first days of the weeks after those of the series."""
    first = weeks.start + datetime.timedelta(days=7 * len(weeks.values))
    return [first + datetime.timedelta(days=7 * step) for step in range(count)]


def engine_weeks(series: SubjectSeries, weeks: WeekSeries) -> Series:
    """The weeks as the engine takes them, what people decided of months applied to the weeks whose middle
    lies in those."""
    from forecasting import engine

    offset = weeks.start.toordinal() % 7

    def week_of(day: datetime.date, *, later: int = 0) -> int:
        return (day.toordinal() - offset + later) // 7

    start = week_of(weeks.start)
    said = engine.Series(
        id="-".join(str(part) for part in series.key),
        start=start,
        values=[float("nan") if value is None else value for value in weeks.values],
        launch=week_of(series.launch) if series.launch else None,
        end=week_of(series.end, later=-_MIDDLE) if series.end else None,
    )
    if not series.decisions:
        return said
    middles = [weeks.start + datetime.timedelta(days=7 * i + _MIDDLE) for i in range(len(weeks.values))]

    def inside(state: str) -> list[int]:
        spans = [
            (d.first, month_add(d.last, 1))
            for d in series.decisions
            if d.state == state and d.kind != Finding.Kind.STEP
        ]
        return [start + i for i, day in enumerate(middles) if any(a <= day < b for a, b in spans)]

    steps = [
        (week_of(d.first, later=_MIDDLE), round(d.seen / d.expected, 6))
        for d in series.decisions
        if d.state == Finding.State.CONFIRMED and d.kind == Finding.Kind.STEP and d.expected > 0
    ]
    return engine.decided(
        said,
        left_out=inside(Finding.State.CONFIRMED),
        steps=steps,
        trusted=inside(Finding.State.REFUSED),
    )


def _spans(made: Forecast) -> list[Span]:
    edges = zip(made.lo80.tolist(), made.hi80.tolist(), made.lo95.tolist(), made.hi95.tolist(), strict=True)
    return [Span(mean, edge) for mean, edge in zip(made.mean.tolist(), edges, strict=True)]


def _with_months(made: Forecast, ahead: Forecast, months: Mapping[datetime.date, Span]) -> Forecast:
    """The months as the weeks say them, with the weeks' method and reason. The median of a sum of weeks is
    taken for its mean."""
    import numpy as np

    spans = list(months.values())
    before = _spans(made)
    mean = np.array([span.mean for span in spans])
    median = np.array(
        [
            made.median[i] if span is before[i] or span == before[i] else span.mean
            for i, span in enumerate(spans)
        ]
    )
    lo80, hi80, lo95, hi95 = np.array([span.edges for span in spans]).T
    return replace(
        made,
        mean=mean,
        median=median,
        lo80=lo80,
        hi80=hi80,
        lo95=lo95,
        hi95=hi95,
        method=ahead.method,
        reason=ahead.reason,
        reason_params={**ahead.reason_params, "weekly": 1},
    )
