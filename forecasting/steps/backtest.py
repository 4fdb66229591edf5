"""Forecast each series from its own past; kept until a month closes or its data change by more than
little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from core.registries import ChunkOutcome
from core.upsert import unsaved
from forecasting.models import Backtest, NightlyRun
from forecasting.selectors.inputs import Tested, backtests_of
from forecasting.selectors.series import SubjectSeries
from forecasting.services.backtests import backtests_write
from forecasting.services.night import subjects_of

from .changes import due
from .common import HORIZON, SEASON_LENGTH, each_subject, engine_series, series_of_chunk
from .weeks import backtested


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    from forecasting import engine

    payload = due(run, payload)
    if not subjects_of(payload):
        return ChunkOutcome
    found = [series for series in series_of_chunk(run, payload) if series.has_data]
    there = backtests_of(payload, {series.as_of for series in found})
    digests = {s.key: backtest_digest(s) for s in found}
    changed = [s for s in found if not holds(there.get((*s.key, s.as_of)), digests[s.key])]

    moment = timezone.now()

    def tested(series: SubjectSeries) -> tuple[engine.BacktestResult, dict[str, Any] | None]:
        result = engine.backtest(engine_series(series), season_length=SEASON_LENGTH, horizon=HORIZON)
        return result, backtested(series)

    def row(series: SubjectSeries, results: tuple[engine.BacktestResult, dict[str, Any] | None]) -> Backtest:
        return unsaved(
            Backtest,
            product_id=series.product_id,
            family_id=series.family_id,
            measure_id=series.measure_id,
            as_of=series.as_of,
            run_id=run.pk,
            engine_version=engine.ENGINE_VERSION,
            input_hash=digests[series.key],
            computed_at=moment,
            payload=results[0].to_dict(),
            weeks=results[1],
        )

    rows, failures = each_subject(changed, tested, row)

    def write() -> ChunkOutcome:
        backtests_write(rows=rows, run=run)
        return ChunkOutcome(
            computed=len({(r.product_id, r.family_id) for r in rows}),
            skipped=len({s.subject for s in found} - {s.subject for s in changed}),
            failures=failures,
        )

    return write


def backtest_digest(series: SubjectSeries) -> str:
    """What a backtest of this series rests on. A small correction moves the forecast at once, and what is
    known of its errors when the month closes."""
    from forecasting import engine

    return series.roughly().digest("backtest", engine.ENGINE_VERSION, SEASON_LENGTH, HORIZON)


def holds(tested: Tested | None, digest: str) -> bool:
    return tested is not None and tested.input_hash == digest
