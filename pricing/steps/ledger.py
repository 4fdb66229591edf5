"""The night's step of actual costs: what is split by sales follows them, in months that are open."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from pricing.models import LedgerEntry
from pricing.selectors.ledger import months_of
from pricing.services.ledger import ledger_book
from products.selectors.closing import open_from


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    if run.scope is None and LedgerEntry.objects.exists():
        yield {}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    begin = open_from() or datetime.date.min
    months = months_of(LedgerEntry.objects.filter(month__gte=begin))

    def write() -> ChunkOutcome:
        return ChunkOutcome(computed=1 if ledger_book(months=months) else 0)

    return write
