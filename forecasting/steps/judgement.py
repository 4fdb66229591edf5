"""Step 4: what people said holds on over the new statistics; what nobody renewed ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import ConsensusMonth, NightlyRun, OverrideMonth
from forecasting.services.judgement import judgement_apply, overrides_expire

PRODUCTS = 500


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The products of the run that people said something of."""
    said = set(OverrideMonth.objects.filter(active=True).values_list("product_id", flat=True))
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
