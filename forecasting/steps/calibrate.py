"""How wide bands must be, pooled over all backtests; one chunk, once a month."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from core.registries import ChunkOutcome
from forecasting.models import Backtest, Calibration, NightlyRun
from forecasting.selectors.inputs import backtests_counted
from forecasting.services.backtests import calibration_write
from forecasting.totals import (
    CORRELATION,
    PRODUCT_CORRELATION,
    error_correlation,
    product_correlation,
)
from products.selectors.lines import LineTree

from .common import HORIZON, SEASON_LENGTH, prices_of
from .weeks import calibrated

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
    tested, tested_weeks = backtests_counted(run.as_of, engine.ENGINE_VERSION)
    kept = there is not None and not _many_more(there.series, tested)
    if kept and not _many_more((there.weeks or {}).get("tested", 0) if there else 0, tested_weeks):
        return lambda: ChunkOutcome(skipped=1)
    newest = _newest(run)
    weeks = calibrated(row.weeks for row in newest)
    series = there.series if there and kept else sum(1 for row in newest if row.payload["errors"])
    pooled = dict(there.payload) if there and kept else _pooled(run, newest)

    def write() -> ChunkOutcome:
        calibration_write(
            run=run,
            engine_version=engine.ENGINE_VERSION,
            series=series,
            payload=pooled,
            weeks=weeks,
        )
        return ChunkOutcome(computed=1)

    return write


class _Tested(NamedTuple):
    product_id: int | None
    line_id: int | None
    measure_id: int
    as_of: datetime.date
    payload: dict[str, Any]
    weeks: dict[str, Any] | None


def _newest(run: NightlyRun) -> list[_Tested]:
    """Of each series what was known by then: a run that looks back knows no later month."""
    from forecasting import engine

    subject = ("product_id", "family_id", "measure_id")
    known = Backtest.objects.filter(engine_version=engine.ENGINE_VERSION, as_of__lte=run.as_of)
    rows = known.order_by(*subject, "-as_of").distinct(*subject)
    columns = ("product_id", "product__line_id", "measure_id", "as_of", "payload", "weeks")
    return [_Tested(*row) for row in rows.values_list(*columns)]


def _many_more(before: int, now: int) -> bool:
    return abs(now - before) > CHANGED * before


def _pooled(run: NightlyRun, newest: list[_Tested]) -> dict[str, Any]:
    from forecasting import engine

    results = [engine.BacktestResult.from_dict(row.payload) for row in newest]
    pooled = engine.calibrate(results, horizon=HORIZON, season_length=SEASON_LENGTH).to_dict()
    pooled[CORRELATION] = error_correlation(result.errors for result in results)
    pooled[PRODUCT_CORRELATION] = _of_products(run, list(zip(newest, results, strict=True)))
    return pooled


def _of_products(run: NightlyRun, tested: list[tuple[_Tested, Any]]) -> float:
    """By the leading measure of each product's line, in money; families repeat their members."""
    tree = LineTree()
    leading = [
        (row, result)
        for row, result in tested
        if row.line_id and row.measure_id == tree.lead_measure(row.line_id).pk and result.scale
    ]
    prices = prices_of(run, {row.product_id: row.as_of for row, _ in leading if row.product_id})
    priced = [
        (result.errors, result.scale * prices[row.product_id, row.measure_id])
        for row, result in leading
        if row.product_id and (row.product_id, row.measure_id) in prices
    ]
    return product_correlation([errors for errors, _ in priced], [size for _, size in priced])
