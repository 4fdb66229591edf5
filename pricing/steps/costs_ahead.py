"""The night's step of costs ahead: what the forecast is expected to cost, booked for the latest estimate."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from pricing.models import CostLine, CostMonth
from pricing.selectors.costs_ahead import costs_ahead, lines_ahead
from pricing.selectors.standard_costs import SplitLines
from pricing.services.cost_months import cost_months_book

from .all_products import all_products, books


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if books(run) and CostLine.objects.exists():
        yield from all_products(run)


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    """Months that passed keep what was last expected of them."""
    split, asked = _split(run.pk, run.started_at, run.as_of), payload.get("products")
    rows = list(split.left() if asked is None else costs_ahead(asked, split))

    def write() -> ChunkOutcome:
        cost_months_book(
            source=CostMonth.Source.FORECAST,
            months=split.months,
            rows=rows,
            products=[None] if asked is None else asked,
        )
        return ChunkOutcome(computed=len(asked or ()))

    return write


@lru_cache(maxsize=1)
def _split(_run: int, _started: datetime.datetime | None, as_of: datetime.date) -> SplitLines:
    """Read once a run and process: it is of all products, whatever chunk."""
    return lines_ahead(as_of)
