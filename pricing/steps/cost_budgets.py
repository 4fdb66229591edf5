"""The night's step of budgets of costs: splits over products follow their budgets and sales."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from pricing.selectors.cost_budgets import months_split
from pricing.services.cost_budgets import cost_budgets_follow


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if run.scope is None and months_split():
        yield {}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    def write() -> ChunkOutcome:
        return ChunkOutcome(computed=1) if cost_budgets_follow() else ChunkOutcome(skipped=1)

    return write
