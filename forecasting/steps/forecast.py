"""18 months ahead with bands, for every series whose inputs changed."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.utils import timezone

from core.models import Job
from core.registries import ChunkOutcome
from core.upsert import unsaved
from forecasting.models import Calibration, Forecast, NightlyRun
from forecasting.selectors.decided_trial import decisions_left_out
from forecasting.selectors.inputs import Tested, backtests_of, forecasts_listed, in_chunk
from forecasting.selectors.prices import prices_last_year
from forecasting.selectors.series import SubjectSeries
from forecasting.services.forecasts import ForecastWrite, MonthRow, WeekRow, forecasts_write
from forecasting.services.judgement import judgement_apply
from forecasting.services.list_figures import MonthMade, list_figures
from forecasting.services.night import step_group, subjects_of
from forecasting.services.vintages import still_holds
from forecasting.totals import CORRELATION, PRODUCT_CORRELATION, USUAL_CORRELATION
from products.models import Measure
from products.services.figures import figures_forecast_set

from .calibrate import calibration_digest, calibration_of
from .changes import due, due_chunks
from .common import HORIZON, SEASON_LENGTH, each_subject, engine_series, series_of_chunk, subject_chunks
from .drivers import Drivers, Moved
from .launches import Launches, before_handover
from .weeks import Weeks

_plain = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """What is due; everything where bands were pooled anew since the last whole run was cut."""
    from forecasting import engine

    pool = _pool(calibration_of(run.as_of, engine.ENGINE_VERSION))
    before = NightlyRun.objects.filter(
        pk__lt=run.pk,
        as_of=run.as_of,
        scope__isnull=True,
        state=NightlyRun.State.DONE,
        steps__name="forecast",
    ).first()
    told = Job.objects.filter(group=step_group(before.pk, "forecast")) if before else Job.objects.none()
    same = set(told.values_list("payload__pool", flat=True)) == {pool}
    left_out = decisions_left_out(run.as_of, run.scope)
    for payload in due_chunks(run) if same else subject_chunks(run):
        yield {**payload, "pool": pool, "due": same, "left_out": left_out}


def _pool(saved: Calibration | None) -> str:
    """The bands a step is cut with; they may be newer when a chunk reads them, and then the next night sees
    to everything once more."""
    weeks = json.dumps(saved.weeks if saved else None, sort_keys=True)
    return hashlib.sha256(f"{calibration_digest(saved)} {weeks}".encode()).hexdigest()


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    from forecasting import engine

    payload = due(run, payload) if payload.get("due") else payload
    if not subjects_of(payload):
        return lambda: ChunkOutcome(done=frozenset())
    saved = calibration_of(run.as_of, engine.ENGINE_VERSION)
    factors = dict(saved.payload) if saved else {}
    correlation = factors.pop(CORRELATION, USUAL_CORRELATION)
    factors.pop(PRODUCT_CORRELATION, None)
    calibration = engine.Calibration.from_dict(factors) if saved else None
    pool = calibration_digest(saved)
    there = {
        (row.product_id, row.family_id, row.measure_id, row.as_of): row for row in _forecasts_of(payload)
    }
    current = {key[:3]: row for key, row in there.items() if row.current}
    launches = Launches(run, payload)
    drivers = Drivers(run.as_of, payload)
    weeks = Weeks(saved)
    found = [
        s
        for s in series_of_chunk(run, payload)
        if s.has_data or s.refused or s.key in current or s in launches
    ]

    tests = backtests_of(payload, {series.as_of for series in found})

    def tested_of(series: SubjectSeries) -> Tested | None:
        row = tests.get((*series.key, series.as_of))
        return row if row is not None and row.engine_version == engine.ENGINE_VERSION else None

    def digest(series: SubjectSeries) -> str:
        tested = tested_of(series)
        return series.digest(
            "forecast",
            engine.ENGINE_VERSION,
            SEASON_LENGTH,
            HORIZON,
            pool,
            tested.payload if tested else None,
            *launches.digest(series),
            *drivers.digest(series),
            *drivers.shared(series),
            *weeks.digest(series, tested),
        )

    digests = {series.key: digest(series) for series in found}

    listed = forecasts_listed(payload)

    def unchanged(series: SubjectSeries) -> bool:
        row = there.get((*series.key, series.as_of))
        in_use = current.get(series.key)
        if row is None or row.stale:
            return False
        if not still_holds(row, current=in_use, run=run, digest=digests[series.key]):
            return False
        in_list = (series.product_id, series.measure_id, series.as_of) in listed
        return in_list or not (row.current and series.leads and series.product_id)

    changed = [series for series in found if not unchanged(series)]

    moment = timezone.now()

    def one(series: SubjectSeries) -> ForecastWrite:
        tested = tested_of(series)
        result = engine.BacktestResult.from_dict(tested.payload) if tested else None
        made, naive, moved, ahead = None, None, None, None
        series = launches.by_month(series)
        if series.has_data:
            said = engine_series(before_handover(series))
            made = engine.forecast(
                said,
                season_length=SEASON_LENGTH,
                horizon=HORIZON,
                calibration=calibration,
                backtest=result,
            )
            naive = engine.naive_forecast(said, season_length=SEASON_LENGTH, horizon=HORIZON)
            made, ahead = weeks.applied(series, made, tested)
            moved = drivers.moved(series, said, made, ahead) if made else None
        made, naive = launches.applied(series, made, naive)
        by_week = ahead.rows(moved.weeks if moved else ()) if ahead else []
        result = (ahead and ahead.tested) or result
        prices = drivers.prices(series)
        months = _months(made, naive, moved, prices) if made else []
        effects = moved.said if moved else None
        method = made.method if made else "none"
        reason = made.reason if made else series.refused or "no_data"
        params = made.reason_params if made else {}
        return ForecastWrite(
            unsaved(
                Forecast,
                product_id=series.product_id,
                family_id=series.family_id,
                measure_id=series.measure_id,
                as_of=series.as_of,
                engine_version=engine.ENGINE_VERSION,
                input_hash=digests[series.key],
                computed_at=moment,
                stale=False,
                method=method,
                reason_code=reason,
                reason_params=params,
                data_month=series.data_month,
                wape=result.wape if result else None,
                bias=result.bias if result else None,
                mase=result.mase if result else None,
                rmsse=result.rmsse if result else None,
                driver_effects=effects,
                content_hash=_digest([method, reason, params, effects], months, by_week),
                by_week=bool(by_week),
                monthly_because=series.monthly_because,
            ),
            months,
            by_week,
        )

    made, failures = each_subject(changed, one)

    leading = {series.key for series in changed if series.leads and series.product_id}
    levels = {series.key for series in changed if series.kind == Measure.Kind.LEVEL}
    prices = prices_last_year({key[0]: series.as_of for key, series in _keyed(changed) if key in leading})

    def write() -> ChunkOutcome:
        written = forecasts_write(forecasts=made, run=run)
        shown = {id(row) for row in written if row.current}
        figures_forecast_set(
            rows=[
                list_figures(
                    item.header,
                    [MonthMade.of(row) for row in item.months],
                    is_level=_key(item.header) in levels,
                    correlation=correlation,
                    price=prices.get((item.header.product_id or 0, item.header.measure_id)),
                )
                for item in made
                if id(item.header) in shown and _key(item.header) in leading
            ]
        )
        judgement_apply(product_ids={row.product_id for row in written if row.product_id})
        renewed = {(row.product_id, row.family_id) for row in written}
        failed = {(failure.product_id, failure.family_id) for failure in failures}
        return ChunkOutcome(
            computed=len(renewed),
            skipped=len({series.subject for series in found} - renewed - failed),
            failures=failures,
            done=frozenset(renewed),
        )

    return write


def _keyed(found: Iterable[SubjectSeries]) -> list[tuple[Any, SubjectSeries]]:
    return [(series.key, series) for series in found]


def _key(row: Forecast) -> tuple[int | None, int | None, int]:
    return (row.product_id, row.family_id, row.measure_id)


def _forecasts_of(payload: Mapping[str, Any]) -> list[Forecast]:
    return list(
        Forecast.objects.filter(in_chunk(payload)).only(
            "product_id", "family_id", "measure_id", "as_of", "input_hash", "stale", "current"
        )
    )


@cache
def _iso_month(ordinal: int) -> str:
    from forecasting.engine import ordinal_month

    return str(ordinal_month(ordinal))


def _months(made: Any, naive: Any, moved: Moved | None, prices: list[float] | None) -> list[MonthRow]:
    ahead = len(made.mean)
    months = (_iso_month(made.first_period + step) for step in range(ahead))
    columns = (made.mean, made.median, made.lo80, made.hi80, made.lo95, made.hi95)
    said = [None] * ahead if naive is None or not len(naive) else naive[:ahead].tolist()
    driven = moved.on(made) if moved else None
    spreads = [spread or None for spread in moved.spreads] if moved else None
    last = [[*(said or ())][:ahead] or [None] * ahead for said in (driven, prices, spreads)]
    return list(zip(months, *(column.tolist() for column in columns), said, *last, strict=True))


def _digest(said: Any, *tables: Sequence[MonthRow | WeekRow]) -> str:
    """Of plain values and of rows of numbers under a date; the numbers as they are stored, since writing them
    out takes longer than to hash them."""
    found = hashlib.sha256(_plain(said).encode())
    for rows in tables:
        dates, *columns = zip(*rows, strict=True) if rows else ((),)
        found.update("|".join(dates).encode())
        for column in columns:
            found.update(repr(column).encode() if None in column else array("d", column))
    return found.hexdigest()
