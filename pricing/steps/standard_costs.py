"""The night's step of standard costs: booked anew where sales, rates or splits changed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import looks_back
from forecasting.steps.changes import due_share
from pricing.models import CostRate, CostSign
from pricing.selectors.standard_costs import SplitLines, months_booked
from pricing.services.standard_costs import changed_costs, changed_rest, standard_costs_write

from .all_products import all_products


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """None where there are no costs at all."""
    there = CostRate.objects.exists() or CostSign.objects.filter(step=CostSign.Step.STANDARD).exists()
    if not looks_back(run) and there:
        yield from all_products(run, due_share(run))


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    split, asked = _split(run.pk, run.started_at, run.as_of), payload.get("products")
    signs, rows = changed_rest(split) if asked is None else changed_costs(asked, split)

    def write() -> ChunkOutcome:
        standard_costs_write(signs=signs, rows=rows, split=split)
        if asked is None:
            return ChunkOutcome()  # of no product: progress does not count it
        return ChunkOutcome(computed=len(signs), skipped=len(asked) - len(signs))

    return write


@lru_cache(maxsize=1)
def _split(_run: int, _started: datetime.datetime | None, as_of: datetime.date) -> SplitLines:
    """Read once a run and process: it is of all products, whatever chunk."""
    return SplitLines(months_booked(as_of))
