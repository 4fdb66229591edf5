"""How good the vintages of earlier months were, for every month whose figure is final now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.selectors.accuracy_facts import Span, digests, rows_changed, rows_gone, states_of
from forecasting.selectors.accuracy_judgement import ChangedMonth, judgement_of
from forecasting.services.accuracy import accuracy_write
from forecasting.services.inputs import inputs_settle

from .changes import due
from .common import series_of_chunk


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    payload = due(run, payload)
    spans = [
        Span(series.product_id, series.measure_id, series.start, series.fit_until)
        for series in series_of_chunk(run, payload)
        if series.product_id is not None
    ]
    there = states_of({span.product_id for span in spans})
    signs = digests(spans, run.as_of)
    # Nothing to say of what never had a frozen vintage.
    stale = [span for span in spans if signs[span.key] != there.get(span.key, "")]
    rows = rows_changed(stale) if stale else []
    changed = {
        id(row): ChangedMonth(row.product_id, row.measure_id, row.month, row.lag, frozen_at)
        for row, frozen_at in rows
        if row.overridden is not None
    }
    decisions = judgement_of(list(changed.values()))
    for row, _frozen_at in rows:
        decision = decisions.get(changed[id(row)]) if id(row) in changed else None
        if decision is not None:
            row.reason_code, row.author_id = decision.reason_code, decision.author_id
    gone = rows_gone(stale, run.as_of) if stale else []

    def write() -> ChunkOutcome:
        if stale:
            accuracy_write(
                run=run,
                rows=[row for row, _frozen_at in rows],
                gone=gone,
                states={span.key: signs[span.key] for span in stale},
                until={span.key: span.last for span in stale},
            )
        # The last step that computes from a subject's inputs.
        inputs_settle(run=run, products=payload.get("products") or (), families=payload.get("families") or ())
        return ChunkOutcome(computed=len({span.product_id for span in stale}))

    return write
