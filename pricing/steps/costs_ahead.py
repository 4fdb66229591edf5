"""The night's step of costs ahead: what the forecast is expected to cost, booked for the latest estimate."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import looks_back
from forecasting.steps.changes import due_share
from pricing.models import CostLine, CostMonth
from pricing.selectors.costs_ahead import CostsAhead, lines_ahead
from pricing.selectors.standard_costs import SplitLines
from pricing.services.cost_months import cost_months_book
from pricing.services.cost_signs import Step, products_due, products_signed, rest_due

from .all_products import all_products


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if not looks_back(run) and CostLine.objects.exists():
        yield from all_products(run, due_share(run))


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    """Only of products of which anything changed since. Months that passed keep what was last expected of
    them."""
    split, asked = _split(run.pk, run.started_at, run.as_of), payload.get("products")
    due: dict[int | None, str]
    if asked is None:
        due = rest_due(Step.AHEAD, split.sign)
        rows = list(split.left()) if due else []
    else:
        ahead = CostsAhead(asked, split)
        due = dict(products_due(Step.AHEAD, ahead.signs()).items())
        rows = list(ahead.rows({pk for pk in due if pk is not None}))

    def write() -> ChunkOutcome:
        if due:
            cost_months_book(
                source=CostMonth.Source.FORECAST, months=split.months, rows=rows, products=list(due)
            )
            products_signed(Step.AHEAD, due)
        if asked is None:
            return ChunkOutcome()  # of no product: progress does not count it
        return ChunkOutcome(computed=len(due), skipped=len(asked) - len(due))

    return write


@lru_cache(maxsize=1)
def _split(_run: int, _started: datetime.datetime | None, as_of: datetime.date) -> SplitLines:
    """Read once a run and process: it is of all products, whatever chunk."""
    return lines_ahead(as_of)
