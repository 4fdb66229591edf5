"""The night's step of standard costs: booked anew where sales, rates or splits changed."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import last_closed_month
from forecasting.steps.changes import due_share
from forecasting.steps.common import chunk_size
from pricing.models import CostRate, CostSign
from pricing.selectors.standard_costs import SplitLines, months_booked
from pricing.services.standard_costs import changed_costs, changed_rest, standard_costs_write
from products.models import Product

_kept: tuple[tuple[int, datetime.datetime | None], SplitLines] | None = None


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """All products, as one without sales can have a share of what is split; then what could not be split.
    None where there are no costs at all. A run that looks back books nothing."""
    if run.as_of != last_closed_month(run.local_date):
        return
    if not (CostRate.objects.exists() or CostSign.objects.filter(step=CostSign.Step.STANDARD).exists()):
        return
    scope = Product.objects.order_by("pk")
    products = list(
        (scope if run.scope is None else scope.filter(pk__in=run.scope)).values_list("pk", flat=True)
    )
    size = chunk_size(len(products), due_share(run))
    for begin in range(0, len(products), size):
        yield {"products": products[begin : begin + size]}
    yield {"rest": True}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    split, asked = _split(run), payload.get("products")
    signs, rows = changed_rest(split) if asked is None else changed_costs(asked, split)

    def write() -> ChunkOutcome:
        standard_costs_write(signs=signs, rows=rows, split=split)
        if asked is None:
            return ChunkOutcome()  # of no product: progress does not count it
        return ChunkOutcome(computed=len(signs), skipped=len(asked) - len(signs))

    return write


def _split(run: NightlyRun) -> SplitLines:
    """Read once a run and process: it is of all products, whatever chunk."""
    global _kept
    key = (run.pk, run.started_at)
    if _kept is None or _kept[0] != key:
        _kept = (key, SplitLines(months_booked(run.as_of)))
    return _kept[1]
