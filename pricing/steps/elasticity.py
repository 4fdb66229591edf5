"""The night's steps of price sensitivity: what each product's own sales say of its price, measured anew where
anything changed; then all together, each shrunk towards its line and the lines towards each other. A channel
that asks a price of its own is measured apart and shrunk towards its product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import F
from django.utils import timezone

from core.lookups import many
from core.registries import ChunkOutcome
from core.upsert import unsaved
from forecasting.models import NightlyRun
from forecasting.services.night import looks_back
from forecasting.steps.changes import due_chunks
from forecasting.steps.common import complete_of
from pricing.models import Elasticity
from pricing.selectors.price_series import PriceSeries, PriceSeriesReader
from pricing.selectors.price_signs import price_signs
from pricing.services.elasticities import Answer, elasticities_write, measured_write
from products.models import Measure, Product

if TYPE_CHECKING:
    from pricing.engine.shrinkage import Posterior

LEVEL, NO_PRICE, SELL_IN = "level", "no_price", "sell_in"
QUANTILES = 64
ENDS = (0.1, 0.9, 0.025, 0.975)


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """The run's products. A run that looks back measures nothing."""
    if looks_back(run):
        return
    yield from (payload for payload in due_chunks(run) if "products" in payload)


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    complete = complete_of(payload)
    signs = price_signs(complete, payload["products"])
    own = Elasticity.objects.filter(product__any=many(payload["products"]), channel=None)
    there = dict(own.values_list("product_id", "input_hash"))
    rows, due = [], [pk for pk, sign in signs.items() if there.get(pk) != sign]
    if due:
        reader = PriceSeriesReader(complete, due)
        rows = [
            measured(series, run, signs[product.pk])
            for product in reader.products
            for series in reader.series(product)
        ]

    def write() -> ChunkOutcome:
        measured_write(rows=rows)
        return ChunkOutcome(computed=len(due), skipped=len(signs) - len(due))

    return write


def measured(series: PriceSeries, run: NightlyRun, sign: str) -> Elasticity:
    """An unsaved row: the product or channel alone. Rounded, so that another machine's last digit changes
    nothing."""
    from pricing import engine
    from pricing.engine.estimate import own_words, reason_params, refusal_of

    row = unsaved(
        Elasticity,
        product_id=series.product.pk,
        channel_id=series.channel_id,
        measure_id=series.measure.pk,
        as_of=run.as_of,
        frequency=series.frequency,
        price_kind=series.price_kind,
        run_id=run.pk,
        engine_version=engine.ENGINE_VERSION,
        input_hash=sign,
        computed_at=timezone.now(),
    )
    if series.measure.kind == Measure.Kind.LEVEL:
        row.reason_code, row.pending = LEVEL, False
        return row
    if series.starts and not any(series.price):
        row.reason_code = SELL_IN if series.unpriced else NO_PRICE
        return row
    if not series.starts:
        row.reason_code, row.reason_params = _unsold()
        return row
    history = series.history
    row.observations = history.observations
    refusal = refusal_of(history)
    fitted = engine.Fitted(history, None, refusal) if refusal else engine.fit_one(history)
    row.reason_code = fitted.refusal
    said = reason_params(fitted)
    if history.spread_out is not None:
        said["distribution_pct"] = 100 * series.distribution.known
    row.reason_params = {name: round(float(value), 4) for name, value in said.items()}
    if history.observations:
        prices = history.price[history.seen]
        row.lowest_price, row.highest_price = round(float(prices.min()), 4), round(float(prices.max()), 4)
    if fitted.demand is not None and not fitted.refusal:
        row.method, row.reason_code = own_words(fitted.demand, monthly=history.monthly)
        row.likelihood = [round(float(value), 3) for value in fitted.demand.log_likelihood]
    return row


@cache
def _unsold() -> tuple[str, dict[str, float]]:
    """What is said of every product that never sold."""
    import numpy as np

    from pricing import engine
    from pricing.engine.estimate import reason_params, refusal_of

    none = engine.History("", np.empty(0, dtype=np.int64), np.empty(0), np.empty(0))
    code = refusal_of(none)
    return code, reason_params(engine.Fitted(none, None, code))


def together_chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """One: a product's value rests on all others."""
    if not looks_back(run):
        yield {"elasticity": True}


def together(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    if not Elasticity.objects.filter(pending=True).exists():
        return lambda: ChunkOutcome(skipped=1)
    rows = Elasticity.objects.exclude(reason_code=LEVEL).order_by(
        "product_id", F("channel_id").asc(nulls_first=True)
    )
    answers = _shrunk(
        [_Alone(*row) for row in rows.values_list(*_Alone._fields)],
        dict(Product.objects.order_by().values_list("pk", "line_id")),
    )

    def write() -> ChunkOutcome:
        elasticities_write(answers=answers, run=run)
        return ChunkOutcome(computed=1)

    return write


class _Alone(NamedTuple):
    """What a row says by itself; ``method`` is that of its last answer."""

    pk: int
    product_id: int
    channel_id: int | None
    frequency: str
    likelihood: list[float]
    method: str


def _shrunk(rows: list[_Alone], lines: Mapping[int, int]) -> dict[Answer, list[int]]:
    """The rows' ids by what follows from all of them; a product stands before its channels. ``lines`` by
    product."""
    import numpy as np

    from pricing.engine.channels import shrink_within
    from pricing.engine.demand import ELASTICITIES

    products = [row for row in rows if row.channel_id is None]
    channels = [row for row in rows if row.channel_id is not None]
    place = {row.product_id: n for n, row in enumerate(products)}

    def curves(of: list[_Alone]) -> Any:
        found = np.zeros((len(of), len(ELASTICITIES)))
        for n, row in enumerate(of):
            if row.likelihood:
                found[n] = row.likelihood
        return found

    posteriors = shrink_within(
        curves(products),
        [str(lines[row.product_id]) for row in products],
        curves(channels),
        [place[row.product_id] for row in channels],
        [row.frequency == Elasticity.Frequency.MONTHS for row in products],
    )
    heard = {row.product_id for row in channels if row.likelihood}
    speaking = {lines[row.product_id] for row in rows if row.likelihood}
    rounded = cache(_rounded)  # those that say nothing of themselves share their line's
    found: dict[Answer, list[int]] = defaultdict(list)
    for row, posterior in zip([*products, *channels], [*posteriors[0], *posteriors[1]], strict=True):
        method = row.method
        if not row.likelihood:
            whole = products[place[row.product_id]]
            method = _borrowed(row, whole, heard, lines[row.product_id] in speaking)
        found[method, *rounded(posterior)].append(row.pk)
    return found


def _borrowed(row: _Alone, whole: _Alone, heard: set[int], line_speaks: bool) -> str:
    """Whose value it is of one that says nothing of itself."""
    if row.product_id in heard:
        return "product" if row.channel_id else "channels"
    if row.channel_id and whole.likelihood:
        return "product"
    return "category" if line_speaks else "portfolio"


def _rounded(found: Posterior) -> tuple[float, float, float, float, float, float, tuple[float, ...]]:
    """Median, standard deviation, both bands and the quantiles."""
    import numpy as np

    shares = np.concatenate([ENDS, (np.arange(QUANTILES) + 0.5) / QUANTILES])
    lo80, hi80, lo95, hi95, *quantiles = (round(float(value), 4) for value in found.quantiles(shares))
    return round(found.median, 4), round(found.sd, 4), lo80, hi80, lo95, hi95, tuple(quantiles)
