"""The sales figures of the list. What is sold, imported and set brings them up to date at once; a night sees
to what the calendar alone moves: a month that is over, a financial year that begins elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.selectors.inputs import products_due
from products.services.figures import figures_refresh

from .changes import looked


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """One, unless nothing changed."""
    if not looked(run) or products_due():
        yield {}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    due = products_due() if looked(run) else None

    def write() -> ChunkOutcome:
        figures_refresh(product_ids=due)
        return ChunkOutcome(computed=1)

    return write
