"""The night's step of actual costs: what is split by sales follows them, in months that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from pricing.models import LedgerEntry
from pricing.services.ledger import ledger_book_open


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if run.scope is None and LedgerEntry.objects.exists():
        yield {}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    def write() -> ChunkOutcome:
        changed = ledger_book_open()
        return ChunkOutcome(computed=1) if changed else ChunkOutcome(skipped=1)

    return write
