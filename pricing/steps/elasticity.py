"""The night's steps of price sensitivity: what each product's own sales say of its price, measured anew where
anything changed; then all together, each shrunk towards its line and the lines towards each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from core.registries import ChunkOutcome
from forecasting.models import NightlyRun
from forecasting.services.night import last_closed_month
from forecasting.steps.changes import due_chunks
from forecasting.steps.common import complete_of
from pricing.models import Elasticity
from pricing.selectors.price_series import PriceSeries, PriceSeriesReader
from pricing.selectors.price_signs import price_signs
from pricing.services.elasticities import elasticities_write, measured_write
from products.models import Measure

if TYPE_CHECKING:
    from pricing.engine.shrinkage import Posterior

LEVEL, NO_PRICE = "level", "no_price"
QUANTILES = 64
ENDS = (0.1, 0.9, 0.025, 0.975)


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The run's products. A run that looks back measures nothing."""
    if run.as_of != last_closed_month(run.local_date):
        return
    yield from (payload for payload in due_chunks(run) if "products" in payload)


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    complete = complete_of(payload)
    signs = price_signs(complete, payload["products"])
    there = dict(
        Elasticity.objects.filter(product__any=payload["products"]).values_list("product_id", "input_hash")
    )
    rows = []
    if due := [pk for pk, sign in signs.items() if there.get(pk) != sign]:
        reader = PriceSeriesReader(complete, due)
        rows = [measured(reader.series(product), run, signs[product.pk]) for product in reader.products]

    def write() -> ChunkOutcome:
        measured_write(rows=rows)
        return ChunkOutcome(computed=len(rows), skipped=len(signs) - len(rows))

    return write


def measured(series: PriceSeries, run: NightlyRun, sign: str) -> Elasticity:
    """An unsaved row: the product alone. Rounded, so that another machine's last digit changes nothing."""
    from pricing import engine
    from pricing.engine.estimate import own_words, reason_params

    row = Elasticity(
        product=series.product,
        measure=series.measure,
        as_of=run.as_of,
        frequency=series.frequency,
        price_kind=series.price_kind,
        run=run,
        engine_version=engine.ENGINE_VERSION,
        input_hash=sign,
        computed_at=timezone.now(),
    )
    if series.measure.kind == Measure.Kind.LEVEL:
        row.reason_code, row.pending = LEVEL, False
        return row
    if series.starts and not any(series.price):
        row.reason_code = NO_PRICE
        return row
    history = series.history
    row.observations = history.observations
    fitted = engine.fit_one(history)
    row.reason_code = fitted.refusal
    row.reason_params = {name: round(float(value), 4) for name, value in reason_params(fitted).items()}
    if history.observations:
        prices = history.price[history.seen]
        row.lowest_price, row.highest_price = round(float(prices.min()), 4), round(float(prices.max()), 4)
    if fitted.demand is not None and not fitted.refusal:
        row.method, row.reason_code = own_words(fitted.demand, monthly=history.monthly)
        row.likelihood = [round(float(value), 3) for value in fitted.demand.log_likelihood]
    return row


def together_chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """One: a product's value rests on all others."""
    if run.as_of == last_closed_month(run.local_date):
        yield {"elasticity": True}


def together(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    if not Elasticity.objects.filter(pending=True).exists():
        return lambda: ChunkOutcome(skipped=1)
    rows = list(
        Elasticity.objects.exclude(reason_code=LEVEL).select_related("product").order_by("product_id")
    )
    before = [_said(row) for row in rows]
    _shrink(rows)
    changed = [row for row, was in zip(rows, before, strict=True) if row.pending or _said(row) != was]
    for row in changed:
        row.pending, row.run, row.computed_at = False, run, timezone.now()

    def write() -> ChunkOutcome:
        elasticities_write(rows=changed)
        return ChunkOutcome(computed=1)

    return write


def _said(row: Elasticity) -> tuple[Any, ...]:
    return row.method, row.estimate, row.sd, row.lo80, row.hi80, row.lo95, row.hi95, row.quantiles


def _shrink(rows: list[Elasticity]) -> None:
    import numpy as np

    from pricing.engine.demand import ELASTICITIES
    from pricing.engine.shrinkage import shrink

    lines = [str(row.product.line_id) for row in rows]
    speaking = {line for line, row in zip(lines, rows, strict=True) if row.likelihood}
    silent = np.zeros(len(ELASTICITIES))
    curves = np.array([row.likelihood or silent for row in rows], dtype=np.float64)
    rounded = cache(_rounded)  # those that say nothing of themselves share their line's
    for row, line, found in zip(rows, lines, shrink(curves, lines), strict=True):
        if not row.likelihood:
            row.method = "category" if line in speaking else "portfolio"
        row.estimate, row.sd, row.lo80, row.hi80, row.lo95, row.hi95, row.quantiles = rounded(found)


def _rounded(found: Posterior) -> tuple[float, float, float, float, float, float, list[float]]:
    """Median, standard deviation, both bands and the quantiles."""
    import numpy as np

    shares = np.concatenate([ENDS, (np.arange(QUANTILES) + 0.5) / QUANTILES])
    lo80, hi80, lo95, hi95, *quantiles = (round(float(value), 4) for value in found.quantiles(shares))
    return round(found.median, 4), round(found.sd, 4), lo80, hi80, lo95, hi95, quantiles
