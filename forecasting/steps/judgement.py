"""What people said holds on over the new statistics; what nobody renewed ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db.models import Q

from core.months import month_add, month_start
from core.organisation import today
from core.registries import ChunkOutcome
from forecasting.models import ConsensusMonth, NightlyRun, OverrideMonth
from forecasting.services.judgement import judgement_apply
from forecasting.services.overrides import overrides_expire

PRODUCTS = 500
LATELY_MONTHS = 6


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The products of the run that people said something of; also lately, as the last months before the
    newest figures are over but still forecast."""
    lately = month_add(month_start(today()), -LATELY_MONTHS)
    rows = OverrideMonth.objects.filter(Q(active=True) | Q(month__gte=lately))
    said = set(rows.values_list("product_id", flat=True))
    said |= set(ConsensusMonth.objects.values_list("product_id", flat=True))
    found = sorted(said if run.scope is None else said & set(run.scope))
    for begin in range(0, len(found), PRODUCTS):
        yield {"products": found[begin : begin + PRODUCTS]}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    def write() -> ChunkOutcome:
        overrides_expire(product_ids=payload["products"])
        judgement_apply(product_ids=payload["products"])
        return ChunkOutcome(computed=len(payload["products"]))

    return write
