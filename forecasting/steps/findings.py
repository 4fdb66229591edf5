"""Which months look wrong; before anything is fitted, so that people see why it was left out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.months import month_range
from core.registries import ChunkOutcome
from forecasting.models import Finding, Forecast, NightlyRun
from forecasting.selectors.inputs import in_chunk
from forecasting.selectors.series import SubjectSeries
from forecasting.services.findings import findings_write
from forecasting.services.night import subjects_of

from .changes import due
from .common import SEASON_LENGTH, each_subject, prices_of, raw_series, series_of_chunk

KINDS = {"stockout": "stock_out"}
"""The engine's word and the table's, where they differ."""


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    payload = due(run, payload)
    if not subjects_of(payload):
        return ChunkOutcome
    found = series_of_chunk(run, payload)
    newest = _newest(payload)
    waiting = _waiting(payload)
    changed = [
        s
        for s in found
        if (s.has_data or s.key in waiting)
        and s.as_of >= newest.get(s.key, s.as_of)  # a run that looks back has nothing new to say
    ]
    seen, failures = each_subject(changed, seen_in, lambda series, found: (series, found))
    prices = prices_of(run, {s.product_id: s.as_of for s, found in seen if found and s.product_id})
    seen_of = {series.key: found for series, found in seen}
    made, unwritten = each_subject(
        (series for series, _found in seen),
        lambda s: _rows(s, seen_of[s.key], prices.get((s.product_id or 0, s.measure_id))),
        lambda s, rows: (s.key, rows),
    )
    rows = dict(made)

    def write() -> ChunkOutcome:
        findings_write(found=rows, run=run)
        computed = {key[:2] for key in rows}
        return ChunkOutcome(
            computed=len(computed),
            skipped=len({series.subject for series in found} - computed),
            failures=failures + unwritten,
        )

    return write


def _waiting(payload: Mapping[str, Any]) -> set[Any]:
    """The subjects and measures with findings that nobody has judged."""
    rows = Finding.objects.filter(
        in_chunk(payload),
        state=Finding.State.OPEN,
        gone_at=None,
    )
    return set(rows.values_list("product_id", "family_id", "measure_id"))


def _newest(payload: Mapping[str, Any]) -> dict[Any, Any]:
    """The month of each subject's forecast in use."""
    rows = Forecast.objects.filter(
        in_chunk(payload),
        current=True,
    )
    keys = ("product_id", "family_id", "measure_id")
    return {tuple(key): as_of for *key, as_of in rows.values_list(*keys, "as_of")}


def seen_in(series: SubjectSeries) -> Sequence[Any]:
    """What the engine finds in the figures as they came."""
    from forecasting import engine

    return engine.findings(raw_series(series), season_length=SEASON_LENGTH) if series.has_data else ()


def _rows(series: SubjectSeries, seen: Sequence[Any], price: float | None) -> list[Finding]:
    """What was seen as unsaved rows; with a price what it is in money."""
    if not seen:
        return []
    from forecasting import engine

    values = series.months
    rows = []
    for found in seen:
        first, last = engine.ordinal_month(found.first), engine.ordinal_month(found.last)
        gap = abs(found.seen - found.expected) * _months_of(found, series)
        begin, end = Finding.window(first, last)
        rows.append(
            Finding(
                product_id=series.product_id,
                family_id=series.family_id,
                measure_id=series.measure_id,
                kind=KINDS.get(found.kind, found.kind),
                first=first,
                last=last,
                seen=found.seen,
                expected=found.expected,
                amount=None if price is None or math.isnan(gap) else round(gap * price, 2),
                sure=found.sure,
                course=[values.get(month) for month in month_range(begin, end)],
            )
        )
    return rows


def _months_of(found: Any, series: SubjectSeries) -> int:
    """How many months the difference counts for: that of a sum is of all of them already."""
    if found.kind == "step":
        return 12
    return found.last - found.first + 1 if series.kind == "level" else 1
