"""The night's step of bounds: who is told of prices that one was set over, or begins over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import looks_back
from pricing.services.bound_alerts import bound_alerts_settle


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if run.scope is None and not looks_back(run):
        yield {}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    def write() -> ChunkOutcome:
        bound_alerts_settle(run.local_date)
        return ChunkOutcome(computed=1)

    return write
