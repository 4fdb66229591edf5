"""What moving holidays do to the products of a line, learnt from all of them; once a month, where a line has
such a calendar."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from core.registries import ChunkOutcome, SubjectFailure
from forecasting.calendars import MOVING
from forecasting.models import Driver, NightlyFailure, NightlyRun, SharedEffect
from forecasting.selectors.drivers import drivers_of
from forecasting.selectors.series import SubjectSeries
from forecasting.services.drivers import shared_effects_write
from products.models import Product, ProductMonth

from .common import SEASON_LENGTH, cut_of, each_subject, engine_series, loader_of
from .drivers import Drivers
from .weeks import SEASON_WEEKS, engine_weeks

if TYPE_CHECKING:
    from forecasting.engine.shared import CrossProducts

NAME = "shared"
# So many products are read at a time: what they tell is added up.
READ_AT_ONCE = 500
Key = tuple[int, bool]
"""A measure, and whether by the week."""
# The natural logarithm of the line's months moves by so much before it is learnt anew.
STEP = 0.05


def chunks(run: NightlyRun) -> Iterator[Mapping[str, Any]]:
    """A line with moving holidays; of a run of everything: a single product is no group."""
    if run.scope is not None or not Driver.objects.filter(is_active=True, calendar__in=MOVING).exists():
        return
    products, _families, span = cut_of(run)
    lines: dict[int, list[int]] = defaultdict(list)
    rows = Product.objects.filter(pk__any=products).order_by("pk").values_list("line_id", "pk")
    for line_id, product_id in rows:
        lines[line_id].append(product_id)
    for line_id, own in sorted(lines.items()):
        yield {"line": line_id, "lines_products": own, "span": span}


def compute(run: NightlyRun, payload: Mapping[str, Any]) -> Callable[[], ChunkOutcome]:
    from forecasting.engine.shared import pooled, summed

    line_id = payload["line"]
    loader = loader_of(run, payload)
    held = [d for d in drivers_of([], {0: line_id}, loader.tree).get(("line", line_id), []) if d.moves]
    products = payload["lines_products"]
    if not held:
        return lambda: ChunkOutcome(skipped=1)

    def told(batch: list[int]) -> tuple[dict[Key, CrossProducts | None], tuple[SubjectFailure, ...]]:
        drivers = Drivers(run.as_of, {"products": batch})
        series = [one for one in loader.load(batch, []) if one.has_data]
        found, failed = each_subject(
            series, partial(_of_series, drivers, held), lambda one, own: (_key(one), own)
        )
        parts: dict[Key, list[CrossProducts | None]] = {_key(one): [] for one in series}
        for key, own in found:
            parts[key].append(own)
        return {key: summed(own) for key, own in parts.items()}, failed

    digest = _digest(held, products, run)
    there = SharedEffect.objects.filter(line=line_id, as_of=run.as_of)
    if {row.input_hash for row in there} == {digest}:
        before = _failed(there)
        again = told(before)[1] if before else ()
        if len(again) == len(before):
            return lambda: ChunkOutcome(skipped=1, failures=again)
    sums: dict[Key, CrossProducts | None] = {}
    failures: tuple[SubjectFailure, ...] = ()
    for begin in range(0, len(products), READ_AT_ONCE):
        found, failed = told(products[begin : begin + READ_AT_ONCE])
        sums |= {key: summed([sums.get(key), own]) for key, own in found.items()}
        failures += failed
    calendars = [driver.calendar for driver in held]
    moment = timezone.now()

    def row(measure_id: int, by_week: bool, own: CrossProducts | None) -> SharedEffect:
        season = SEASON_WEEKS if by_week else SEASON_LENGTH
        found = pooled(calendars, own, season_length=season) if own else {}
        return SharedEffect(
            line_id=line_id,
            measure_id=measure_id,
            by_week=by_week,
            as_of=run.as_of,
            run=run,
            engine_version=engine.ENGINE_VERSION,
            input_hash=digest,
            payload={name: _rounded(asdict(effect)) for name, effect in found.items()},
            computed_at=moment,
        )

    from forecasting import engine

    rows = [row(*key, sums[key]) for key in sorted(sums)]

    def write() -> ChunkOutcome:
        shared_effects_write(rows=rows, run=run, line_id=line_id)
        return ChunkOutcome(computed=1, failures=failures)

    return write


def _failed(there: Iterable[SharedEffect]) -> list[int]:
    """The products that could not be learnt from when these rows were made: the line is learnt anew once one
    of them can."""
    failures = NightlyFailure.objects.filter(run__in={row.run_id for row in there}, step=NAME)
    rows = failures.filter(product__line__in={row.line_id for row in there})
    return list(rows.order_by("product_id").values_list("product_id", flat=True))


def _of_series(drivers: Drivers, held: list[Driver], series: SubjectSeries) -> CrossProducts | None:
    """What one series tells."""
    from forecasting.engine.shared import cross_products

    said = engine_weeks(series, series.weeks) if series.weeks else engine_series(series)
    season = SEASON_WEEKS if series.weeks else SEASON_LENGTH
    return cross_products(said, drivers.columns(series, held), season_length=season)


def _key(series: SubjectSeries) -> Key:
    return series.measure_id, series.weeks is not None


def _digest(held: list[Driver], products: list[int], run: NightlyRun) -> str:
    """Also of how many months the products have, in steps of five per cent: a line that is loaded is learnt
    from anew, one that is corrected, or of which a product comes late, is not."""
    from forecasting.engine import ENGINE_VERSION

    months = ProductMonth.objects.filter(product__any=products, month__lte=run.as_of).count()
    size = round(math.log(months) / STEP) if months else None
    facts = [ENGINE_VERSION, sorted(driver.calendar for driver in held), size]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _rounded(effect: dict[str, Any]) -> dict[str, Any]:
    """As it is stored and shown: the same on every machine."""
    return {name: float(f"{v:.7g}") if isinstance(v, float) else v for name, v in effect.items()}
