"""18 months ahead with bands, for every series whose inputs changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from core.models import Job
from core.registries import ChunkOutcome
from forecasting.models import Calibration, Forecast, NightlyRun
from forecasting.selectors.decided_trial import decisions_left_out
from forecasting.selectors.judgement import judged
from forecasting.selectors.series import SubjectSeries
from forecasting.services.forecasts import ForecastWrite, forecasts_write
from forecasting.services.judgement import judgement_apply
from forecasting.services.list_figures import figures_show, list_figures_made
from forecasting.services.night import looks_back, step_group, subjects_of
from products.models import Measure
from products.services.figures import ForecastFigures, figures_forecast_set

from .calibrate import calibration_digest, calibration_of
from .changes import due, due_chunks
from .common import each_subject, prices_of, subject_chunks
from .forecast_chunk import ForecastChunk


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
    payload = due(run, payload) if payload.get("due") else payload
    if not subjects_of(payload):
        return lambda: ChunkOutcome(done=frozenset())
    chunk = ForecastChunk(run, payload)
    changed = chunk.changed()
    made, failures = each_subject(changed, chunk.layers, chunk.forecast)
    shown = _Shown(run, changed, chunk.correlation)
    leading = {series.product_id for series in chunk.found if series.leads and series.product_id}
    # What a unit brings in may have changed where the forecast is the same.
    same = set() if looks_back(run) else leading - {series.product_id for series in changed}

    def write() -> ChunkOutcome:
        written = forecasts_write(forecasts=made, run=run)
        current = {id(row) for row in written if row.current}
        figures_forecast_set(rows=shown.figures([item for item in made if id(item.header) in current]))
        figures_show(product_ids=same)
        # Months just made have no layer yet: only what people said something of can have one.
        judgement_apply(product_ids=judged({row.product_id for row in written if row.product_id}))
        renewed = {(row.product_id, row.family_id) for row in written}
        failed = {(failure.product_id, failure.family_id) for failure in failures}
        return ChunkOutcome(
            computed=len(renewed),
            skipped=len({series.subject for series in chunk.found} - renewed - failed),
            failures=failures,
            done=frozenset(renewed),
        )

    return write


class _Shown:
    """What the list of products shows of forecasts: of a product its leading measure."""

    def __init__(self, run: NightlyRun, changed: Sequence[SubjectSeries], correlation: float) -> None:
        leading = {series.key: series for series in changed if series.leads and series.product_id}
        self._levels = {key: series.kind == Measure.Kind.LEVEL for key, series in leading.items()}
        self._prices = prices_of(
            run, {series.product_id: series.as_of for series in leading.values() if series.product_id}
        )
        self._correlation = correlation

    def figures(self, forecasts: Sequence[ForecastWrite]) -> list[ForecastFigures]:
        return [
            list_figures_made(
                item.header,
                item.months,
                is_level=self._levels[_key(item.header)],
                correlation=self._correlation,
                price=self._prices.get((item.header.product_id or 0, item.header.measure_id)),
            )
            for item in forecasts
            if _key(item.header) in self._levels
        ]


def _key(row: Forecast) -> tuple[int | None, int | None, int]:
    return (row.product_id, row.family_id, row.measure_id)
