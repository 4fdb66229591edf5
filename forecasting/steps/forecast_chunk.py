"""A chunk of the forecast step: what its series are forecast with, read once, and each as it is stored."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from core.upsert import unsaved
from forecasting.models import Forecast, NightlyRun
from forecasting.selectors.inputs import Tested, backtests_of, forecasts_listed, in_chunk
from forecasting.selectors.series import SubjectSeries
from forecasting.services.forecasts import ForecastWrite, MonthRow, WeekRow
from forecasting.services.vintages import still_holds
from forecasting.totals import CORRELATION, PRODUCT_CORRELATION, USUAL_CORRELATION

from .calibrate import calibration_digest, calibration_of
from .common import HORIZON, SEASON_LENGTH, engine_series, series_of_chunk
from .drivers import Drivers, Moved
from .launches import Launches, before_handover
from .weeks import Weeks, WeeksAhead

if TYPE_CHECKING:
    from forecasting import engine
    from forecasting.engine.series import FloatArray

_plain = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True)
class Layers:
    """A series' forecast by the month and its seasonal naive one (``None``: nothing to go by), what drivers
    and decisions do to it, and its weeks where it has some; ``tested`` is its backtest by the month."""

    made: engine.Forecast | None
    naive: FloatArray | None
    moved: Moved | None
    ahead: WeeksAhead | None
    tested: engine.BacktestResult | None

    def months(self, prices: list[float] | None) -> list[MonthRow]:
        """As they are stored; ``prices``: what a unit brings in against the year before."""
        if self.made is None:
            return []
        made, moved, ahead = self.made, self.moved, len(self.made.mean)
        months = _iso_months(made.first_period, ahead)
        columns = (made.mean, made.median, made.lo80, made.hi80, made.lo95, made.hi95)
        said = [None] * ahead if self.naive is None or not len(self.naive) else self.naive[:ahead].tolist()
        driven = moved.on(made) if moved else None
        spreads = [spread or None for spread in moved.spreads] if moved else None
        last = [[*(values or ())][:ahead] or [None] * ahead for values in (driven, prices, spreads)]
        return list(zip(months, *(column.tolist() for column in columns), said, *last, strict=True))

    def weeks(self) -> list[WeekRow]:
        """As they are stored."""
        if self.ahead is None:
            return []
        return self.ahead.rows(*(self.moved.weeks, self.moved.week_spreads) if self.moved else ((), ()))


class ForecastChunk:
    """The series of a chunk (``found``), with all that their forecasts depend on."""

    def __init__(self, run: NightlyRun, payload: Mapping[str, Any]) -> None:
        from forecasting import engine

        self._run = run
        self._moment = timezone.now()
        saved = calibration_of(run.as_of, engine.ENGINE_VERSION)
        factors = dict(saved.payload) if saved else {}
        self.correlation: float = factors.pop(CORRELATION, USUAL_CORRELATION)
        factors.pop(PRODUCT_CORRELATION, None)
        self._calibration = engine.Calibration.from_dict(factors) if saved else None
        self._pool = calibration_digest(saved)
        self._launches = Launches(run, payload)
        self._drivers = Drivers(run.as_of, payload)
        self._weeks = Weeks(saved)
        self._there = {
            (row.product_id, row.family_id, row.measure_id, row.as_of): row for row in _forecasts_of(payload)
        }
        self._current = {key[:3]: row for key, row in self._there.items() if row.current}
        self.found = [
            series
            for series in series_of_chunk(run, payload)
            if series.has_data or series.refused or series.key in self._current or series in self._launches
        ]
        self._tests = backtests_of(payload, {series.as_of for series in self.found})
        self._listed = forecasts_listed(payload)
        self._digests = {series.key: self._digest_of(series) for series in self.found}

    def changed(self) -> list[SubjectSeries]:
        """Those whose forecast is not the one that is there."""
        return [series for series in self.found if not self._unchanged(series)]

    def layers(self, series: SubjectSeries) -> Layers:
        """What one series is forecast to be."""
        return self._layers(self._launches.by_month(series), self._tested(series))

    def forecast(self, series: SubjectSeries, layers: Layers) -> ForecastWrite:
        """The forecast of one series, to be written."""
        from forecasting import engine

        series = self._launches.by_month(series)
        months, weeks = layers.months(self._drivers.prices(series)), layers.weeks()
        made, ahead = layers.made, layers.ahead
        effects = layers.moved.said if layers.moved else None
        method = made.method if made else "none"
        reason = made.reason if made else series.refused or "no_data"
        params = made.reason_params if made else {}
        good = ahead.tested if ahead and ahead.tested else layers.tested
        header = unsaved(
            Forecast,
            product_id=series.product_id,
            family_id=series.family_id,
            measure_id=series.measure_id,
            as_of=series.as_of,
            engine_version=engine.ENGINE_VERSION,
            input_hash=self._digests[series.key],
            computed_at=self._moment,
            stale=False,
            method=method,
            reason_code=reason,
            reason_params=params,
            data_month=series.data_month,
            wape=good.wape if good else None,
            bias=good.bias if good else None,
            mase=good.mase if good else None,
            rmsse=good.rmsse if good else None,
            driver_effects=effects,
            content_hash=_digest([method, reason, params, effects], months, weeks),
            by_week=bool(weeks),
            monthly_because=series.monthly_because,
        )
        return ForecastWrite(header, months, weeks)

    def _layers(self, series: SubjectSeries, tested: Tested | None) -> Layers:
        from forecasting import engine

        result = engine.BacktestResult.from_dict(tested.payload) if tested else None
        made, naive, moved, ahead = None, None, None, None
        if series.has_data:
            said = engine_series(before_handover(series))
            made = engine.forecast(
                said,
                season_length=SEASON_LENGTH,
                horizon=HORIZON,
                calibration=self._calibration,
                backtest=result,
            )
            naive = engine.naive_forecast(said, season_length=SEASON_LENGTH, horizon=HORIZON)
            made, ahead = self._weeks.applied(series, made, tested)
            moved = self._drivers.moved(series, said, made, ahead) if made else None
        made, naive = self._launches.applied(series, made, naive)
        return Layers(made, naive, moved, ahead, result)

    def _unchanged(self, series: SubjectSeries) -> bool:
        row = self._there.get((*series.key, series.as_of))
        if row is None or row.stale:
            return False
        in_use = self._current.get(series.key)
        if not still_holds(row, current=in_use, run=self._run, digest=self._digests[series.key]):
            return False
        in_list = (series.product_id, series.measure_id, series.as_of) in self._listed
        return in_list or not (row.current and series.leads and series.product_id)

    def _tested(self, series: SubjectSeries) -> Tested | None:
        from forecasting import engine

        row = self._tests.get((*series.key, series.as_of))
        return row if row is not None and row.engine_version == engine.ENGINE_VERSION else None

    def _digest_of(self, series: SubjectSeries) -> str:
        from forecasting import engine

        tested = self._tested(series)
        return series.digest(
            "forecast",
            engine.ENGINE_VERSION,
            SEASON_LENGTH,
            HORIZON,
            self._pool,
            tested.payload if tested else None,
            *self._launches.digest(series),
            *self._drivers.digest(series),
            *self._weeks.digest(series, tested),
        )


def _forecasts_of(payload: Mapping[str, Any]) -> list[Forecast]:
    return list(
        Forecast.objects.filter(in_chunk(payload)).only(
            "product_id", "family_id", "measure_id", "as_of", "input_hash", "stale", "current"
        )
    )


@cache
def _iso_months(first: int, count: int) -> list[str]:
    from forecasting.engine import ordinal_month

    return [str(ordinal_month(first + step)) for step in range(count)]


@cache
def _nothing(count: int) -> bytes:
    """As a column of so many empty values is hashed."""
    return repr((None,) * count).encode()


def _digest(said: Any, *tables: Sequence[MonthRow | WeekRow]) -> str:
    """Of plain values and of rows of numbers under a date; the numbers as they are stored, since writing them
    out takes longer than to hash them."""
    found = hashlib.sha256(_plain(said).encode())
    for rows in tables:
        dates, *columns = zip(*rows, strict=True) if rows else ((),)
        found.update("|".join(dates).encode())
        for column in columns:
            empty = column.count(None)
            if not empty:
                found.update(array("d", column))
            else:
                found.update(repr(column).encode() if empty < len(column) else _nothing(empty))
    return found.hexdigest()
