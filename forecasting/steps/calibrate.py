"""Step 2: how wide bands must be, pooled over all backtests; one chunk, once a month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.registries import ChunkOutcome
from forecasting.models import Backtest, Calibration, NightlyRun
from forecasting.services.backtests import calibration_write
from forecasting.totals import (
    CORRELATION,
    PRODUCT_CORRELATION,
    error_correlation,
    product_correlation,
)

from .common import HORIZON, SEASON_LENGTH

# More or fewer series than this share since it was pooled: pool anew.
CHANGED = 0.2


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """One, of a run of everything: a single product is no pool."""
    if run.scope is None:
        yield {"calibrate": True}


def calibration_of(as_of: Any, engine_version: str) -> Calibration | None:
    """The newest calibration of this month and engine."""
    return Calibration.objects.filter(as_of=as_of, engine_version=engine_version).first()


def calibration_digest(calibration: Calibration | None) -> str:
    """What a forecast depends on: the factors, not when they were pooled."""
    said = calibration.payload if calibration else None
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    from forecasting import engine

    there = calibration_of(run.as_of, engine.ENGINE_VERSION)
    # Of each series what was known by then: a run that looks back knows no later month.
    known = Backtest.objects.filter(engine_version=engine.ENGINE_VERSION, as_of__lte=run.as_of)
    subject = ("product_id", "family_id", "measure_id")
    newest = known.order_by(*subject, "-as_of").distinct(*subject)
    results = [engine.BacktestResult.from_dict(saved) for saved in newest.values_list("payload", flat=True)]
    tested = sum(1 for result in results if result.errors)
    if there is not None and abs(tested - there.series) <= CHANGED * there.series:
        return lambda: ChunkOutcome(skipped=1)
    pooled = engine.calibrate(results, horizon=HORIZON, season_length=SEASON_LENGTH).to_dict()
    errors = [result.errors for result in results]
    pooled[CORRELATION] = error_correlation(errors)
    pooled[PRODUCT_CORRELATION] = product_correlation(errors)

    def write() -> ChunkOutcome:
        calibration_write(run=run, engine_version=engine.ENGINE_VERSION, series=tested, payload=pooled)
        return ChunkOutcome(computed=1)

    return write
