"""The stage of every product that is not temporary and of every family, by its leading measure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from core.months import month_start, months_between
from core.registries import ChunkOutcome
from core.upsert import unsaved
from forecasting.models import NightlyRun, StageEstimate
from forecasting.selectors.inputs import in_chunk
from forecasting.selectors.series import SubjectSeries
from forecasting.selectors.stages import set_by_hand
from forecasting.services.stages import stages_show, stages_write
from forecasting.services.vintages import still_holds

from .changes import due
from .common import each_subject, engine_series, series_of_chunk
from .promoted import Promoted

if TYPE_CHECKING:
    from forecasting.engine import StagePath, StageResult

# A product that ended so long ago is told by that, not by what its last months looked like.
ENDED_MONTHS = 3


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    from forecasting import engine

    whole, payload = payload, due(run, payload)
    there = {
        (row.product_id, row.family_id, row.measure_id, row.as_of): row
        for row in StageEstimate.objects.filter(in_chunk(payload)).only(
            "product_id", "family_id", "measure_id", "as_of", "input_hash", "current"
        )
    }
    current = {key[:3]: row for key, row in there.items() if row.current}
    found = [
        s
        for s in series_of_chunk(run, payload)
        if s.leads and not s.temporary and (s.has_data or s.key in current)
    ]
    promoted = Promoted(run.as_of, payload)
    digests = {s.key: s.digest("lifecycle", engine.ENGINE_VERSION, *promoted.digest(s)) for s in found}

    def unchanged(series: SubjectSeries) -> bool:
        row = there.get((*series.key, series.as_of))
        return still_holds(row, current=current.get(series.key), run=run, digest=digests[series.key])

    changed = [series for series in found if not unchanged(series)]
    moment = timezone.now()
    made, failures = each_subject(
        changed,
        lambda series: _path(series, promoted),
        lambda series, path: _estimate(series, path, digests[series.key], moment),
    )

    def write() -> ChunkOutcome:
        renewed = {(row.product_id, row.family_id) for row in stages_write(estimates=made, run=run)}
        # What was set by hand may have run out since last night.
        by_hand = set_by_hand(whole.get("products") or ())
        stages_show(product_ids=by_hand.union(payload.get("products") or ()))
        failed = {(failure.product_id, failure.family_id) for failure in failures}
        return ChunkOutcome(
            computed=len(renewed),
            skipped=len({series.subject for series in found} - renewed - failed),
            failures=failures,
        )

    return write


def _path(series: SubjectSeries, promoted: Promoted) -> tuple[StagePath, StageResult] | None:
    """The path of a series with data, and its last stage."""
    from forecasting import engine

    if not series.has_data:
        return None
    # A confirmed gap in sales is a missing month by now: to the engine the same as one that was sold out.
    said = engine_series(series, final_only=True)
    path = engine.lifecycle(said, promo=promoted.flags(series, said))
    return path, path.last


def _estimate(
    series: SubjectSeries,
    made: tuple[StagePath, StageResult] | None,
    digest: str,
    moment: datetime.datetime,
) -> StageEstimate:
    from forecasting import engine

    row = unsaved(
        StageEstimate,
        product_id=series.product_id,
        family_id=series.family_id,
        measure_id=series.measure_id,
        as_of=series.as_of,
        engine_version=engine.ENGINE_VERSION,
        input_hash=digest,
        computed_at=moment,
    )
    if made is None:
        row.evidence_code = "no_sales"
        return row
    path, last = made
    row.stage = last.stage or ""
    row.evidence_code = last.evidence or last.reason or ""
    row.evidence_params = last.evidence_params if last.stage else last.reason_params
    if last.stage and series.end is not None:
        over = months_between(month_start(series.end), series.as_of)
        if over >= ENDED_MONTHS:  # its months since are missing, and say nothing
            row.evidence_code, row.evidence_params = "not_sold", {"months": over}
    row.second_opinion = last.polli_cook or ""
    row.path = _changes(path)
    if last.stage is None:
        return row
    for stage, share in zip(engine.STAGES, last.probabilities, strict=True):
        setattr(row, f"p_{stage}", share)
    row.stage_start = engine.ordinal_month(last.stage_start) if last.stage_start is not None else None
    row.months_to_next = last.months_to_next
    row.months_to_next_lo = last.months_to_next_lo
    row.months_to_next_hi = last.months_to_next_hi
    return row


def _changes(path: Any) -> list[list[str]]:
    """``[[month it began, stage, month it was first shown], …]``: each stage begins where its last month saw
    it begin, the present one where the estimate says. A stage that later months saw no room for is left out.
    """
    from forecasting import engine

    runs: list[tuple[int, int]] = []  # first and last place of each stage that was shown
    for place, stage in enumerate(path.stages):
        if stage is None:
            continue
        if runs and path.stages[runs[-1][1]] == stage:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    changes: list[list[str]] = []
    later = len(path.stages)
    for first, last in reversed(runs):
        begun = min(path.since[last], first)
        if begun < later:
            later = begun
            months = (path.start + begun, path.start + first)
            month, shown = (str(engine.ordinal_month(ordinal)) for ordinal in months)
            changes.append([month, path.stages[last], shown])
    return changes[::-1]
