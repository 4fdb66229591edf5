"""A night of thousands of series against the time the bare models take, called directly on the same series.

Both run in this process alone: what is compared is the night's own work (reading, cutting, writing, the
ledger), not how it spreads over workers.
"""

from __future__ import annotations

import datetime
import math
import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from django.db import connection

from benchmarks.database import fresh
from benchmarks.tools import Bench, Took, clock, median, quiet, tell
from core.months import month_add, month_end
from forecasting import engine
from forecasting.models import NightlyRun, NightlyStep
from forecasting.selectors.series import SubjectSeries
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from forecasting.steps.common import HORIZON, SEASON_LENGTH, engine_series, series_of_chunk, subject_chunks
from pmtool.celery import warm_up
from products.models import Measure, Product, ProductLine, ProductMonth
from products.services.figures import figures_refresh

AS_OF = datetime.date(2026, 10, 1)
TONIGHT = datetime.date(2026, 11, 24)
# What counts as a model: the calls of the engine that a night needs whatever it is built on. Of a path of
# stages the last is worked out when it is read.
MODELS = ("findings", "backtest", "calibrate", "forecast", "naive_forecast", "lifecycle")
# Months of history: as the plan for 20,000 products has them, and of a range that is renewed all the time.
WHOLE = (60,)
MIXED = (60, 60, 60, 48, 36, 24, 12, 6)


def run(bench: Bench) -> None:
    _warm_up()
    _tell_first_night(replace(bench, rounds=1), bench.size(5000, 8), WHOLE)
    bares = _tell_first_night(bench, bench.size(1000, 8), MIXED)
    again, _ = _night(TONIGHT + datetime.timedelta(days=1))
    _tell("the next night, nothing changed", [again], bares[-1:])
    _change(every=20)
    few, _ = _night(TONIGHT + datetime.timedelta(days=2))
    _tell("the night after it, 5 % of the series changed", [few], bares[-1:])


def _tell_first_night(bench: Bench, count: int, lengths: Sequence[int]) -> list[Took]:
    """What the bare models took, in each round; the last round's night is in the database."""
    bares, nights, models = [], [], []
    for _ in range(bench.rounds):
        fresh()
        _make(count, lengths)
        found = _series()
        before = _bare(found)
        with _models_timed() as spent:
            night, last = _night(TONIGHT)
        after = _bare(found)
        bares.append(Took(median([before.wall, after.wall]), median([before.cpu, after.cpu])))
        nights.append(night)
        models.append(spent)
    months = f"{lengths[-1]} to {lengths[0]}" if len(lengths) > 1 else f"{lengths[0]}"
    of = f"{count:,} series of {months} months, each backtested, forecast, staged"
    tell(f"{of}; {bench.rounds} rounds, medians")
    tell(f"   the bare models before and after: {', '.join(MODELS)}")
    wall, cpu = median([one.wall for one in bares]), median([one.cpu for one in bares])
    tell(f"bare models: {wall:.1f} s, CPU {cpu:.1f} s")
    _tell("night (goal ≤ 1.15 ×)", nights, bares)
    _tell("   against what its own calls of the models took", nights, models)
    each = median([night.cpu for night in nights]) / count * 1000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    outside = median([1 - spent.cpu / night.cpu for night, spent in zip(nights, models, strict=True)])
    tell(f"   {each:.1f} s of CPU per 1,000 series and core; {outside:.1%} outside the models (goal ≤ 15 %)")
    tell(f"   peak memory of this process, the models loaded: {peak:.0f} MB")
    _tell_steps(last)
    return bares


def _warm_up() -> None:
    """Everything imported and connected before anything is timed."""
    _make(4, MIXED)
    _bare(_series())
    _night(TONIGHT)
    warm_up()


@contextmanager
def _models_timed() -> Iterator[Took]:
    """What the calls of the models take inside: the machine's moods change both alike."""
    took = Took()

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return function(*args, **options)
            finally:
                took.wall += time.perf_counter() - wall
                took.cpu += time.process_time() - cpu

        return call

    with ExitStack() as stack:
        for name in MODELS:
            stack.enter_context(patch.object(engine, name, timed(getattr(engine, name))))
        last = timed(vars(engine.StagePath)["last"].fget)
        stack.enter_context(patch.object(engine.StagePath, "last", property(last)))
        yield took


def _make(count: int, lengths: Sequence[int]) -> None:
    """Products with season, trend and noise; one in eight sells only now and then."""
    line = ProductLine.objects.create(code="bench", name="Bench")
    units = Measure.objects.get(code="units")
    products = Product.objects.bulk_create(
        Product(code=f"P{n:05}", name=f"Product {n}", line=line) for n in range(count)
    )
    chance = random.Random(1)
    rows = []
    for number, product in enumerate(products):
        months = lengths[number % len(lengths)]
        rare = number % 8 == 3
        size, slope, swing = chance.uniform(20, 2000), chance.uniform(-0.01, 0.02), chance.uniform(0, 0.4)
        for step in range(months):
            month = month_add(AS_OF, step - months + 1)
            season = 1 + swing * math.sin(month.month * math.pi / 6)
            volume = max(0.0, size * (1 + slope * step) * season * chance.lognormvariate(0, 0.15))
            if rare and chance.random() < 0.7:
                volume = 0.0
            rows.append(
                ProductMonth(
                    product_id=product.pk,
                    measure_id=units.pk,
                    month=month,
                    volume=Decimal(f"{volume:.2f}"),
                    revenue=Decimal(f"{volume * 3:.2f}"),
                    days=month_end(month).day,
                )
            )
    ProductMonth.objects.bulk_create(rows, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as the database does by itself in service
    figures_refresh()


def _series() -> list[SubjectSeries]:
    """As the night reads them."""
    run = NightlyRun(kind=NightlyRun.Kind.MANUAL, local_date=TONIGHT, as_of=AS_OF)
    return [series for payload in subject_chunks(run) for series in series_of_chunk(run, payload)]


def _bare(found: list[SubjectSeries]) -> Took:
    """Nothing but the models: findings, backtest, pooling, forecast with the naive one, stage."""
    for one in found:
        one.made.clear()
    whole = [engine_series(one) for one in found]
    final = [engine_series(one, final_only=True) for one in found]
    with clock() as took:
        for one in whole:
            engine.findings(one, season_length=SEASON_LENGTH)
        tested = [engine.backtest(one, season_length=SEASON_LENGTH, horizon=HORIZON) for one in whole]
        pooled = engine.calibrate(tested, horizon=HORIZON, season_length=SEASON_LENGTH)
        for one, result in zip(whole, tested, strict=True):
            engine.forecast(
                one, season_length=SEASON_LENGTH, horizon=HORIZON, calibration=pooled, backtest=result
            )
            engine.naive_forecast(one, season_length=SEASON_LENGTH, horizon=HORIZON)
        for one in final:
            _ = engine.lifecycle(one).last
    return took


def _night(local_date: datetime.date) -> tuple[Took, NightlyRun]:
    quiet()
    time.sleep(0.1)
    with clock() as took:
        run = run_work(run=night_start(local_date=local_date, as_of=AS_OF))
    if run.state != NightlyRun.State.DONE or run.failures.exists():
        raise RuntimeError(f"the night ended {run.state}, with {run.failures.count()} failures")
    return took, run


def _change(every: int) -> None:
    for row in ProductMonth.objects.filter(month=AS_OF, product_id__in=_each(every)):
        row.volume = (row.volume or 0) + 1
        row.save(update_fields=["volume"])


def _each(every: int) -> list[int]:
    """One in so many of every kind there is."""
    found = list(Product.objects.order_by("pk").values_list("pk", flat=True))
    return random.Random(2).sample(found, max(1, len(found) // every))


def _tell(name: str, took: list[Took], bare: list[Took]) -> None:
    wall, cpu = median([one.wall for one in took]), median([one.cpu for one in took])
    pairs = list(zip(took, bare, strict=True))
    wall_to, cpu_to = median([a.wall / b.wall for a, b in pairs]), median([a.cpu / b.cpu for a, b in pairs])
    tell(f"{name}: {wall:.1f} s ({wall_to:.2f} ×), CPU {cpu:.1f} s ({cpu_to:.2f} ×)")


def _tell_steps(run: NightlyRun) -> None:
    steps = NightlyStep.objects.filter(run=run).order_by("position")
    parts = (
        f"{step.name} {(step.finished_at - step.started_at).total_seconds():.1f} s"
        for step in steps
        if step.started_at and step.finished_at
    )
    tell(f"   its steps: {', '.join(parts)}")
