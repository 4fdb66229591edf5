"""What must be true of nights, forecasts and stages."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from core.jobs import KEPT
from core.models import Job
from core.sql import rows_of
from forecasting.models import (
    ConsensusMonth,
    Forecast,
    ForecastMonth,
    ForecastWeek,
    NightlyFailure,
    NightlyRun,
    NightlyStep,
    OverrideMonth,
    StageEstimate,
)
from forecasting.selectors.vintages import forecast_lost
from forecasting.services.forecasts import forecasts_without_data
from forecasting.services.judgement import layers_outdated
from forecasting.services.night import step_group
from products.models import ProductFigures
from products.selectors.lines import LineTree

HORIZON, WEEKS_AHEAD = 18, 26
STALLED_AFTER = datetime.timedelta(minutes=10)


def one_night_a_date() -> Iterator[str]:
    scheduled = NightlyRun.objects.filter(kind=NightlyRun.Kind.SCHEDULED).order_by()
    for row in scheduled.values("local_date").annotate(count=Count("pk")).filter(count__gt=1):
        yield f"{row['local_date']}: {row['count']} scheduled runs"


def runs_move() -> Iterator[str]:
    """A running run has work under way or waiting; a final one has none left."""
    before = timezone.now() - STALLED_AFTER
    for run in NightlyRun.objects.all().order_by("-pk")[:400]:
        open_jobs = Job.objects.filter(group__startswith=f"night:{run.pk}:").exclude(state__in=Job.FINAL)
        if run.state == NightlyRun.State.RUNNING and run.started_at < before and not open_jobs.exists():
            yield f"run {run.pk} of {run.local_date} stands still"
        if run.state == NightlyRun.State.DONE and open_jobs.exists():
            yield f"run {run.pk} of {run.local_date} is done but has work left"
        if run.state == NightlyRun.State.DONE:
            left = run.steps.exclude(state=NightlyStep.State.DONE)
            for step in left:
                yield f"run {run.pk} is done, its step {step.name} is not"


def steps_add_up() -> Iterator[str]:
    """A closed step says what its chunks say, as long as those are kept."""
    kept = NightlyStep.objects.filter(started_at__gte=timezone.now() - KEPT)
    steps = kept.filter(state=NightlyStep.State.DONE).order_by("-pk")[:1000]
    for step in steps:
        results = Job.objects.filter(group=step_group(step.run_id, step.name), state=Job.State.DONE)
        sums = {"computed": 0, "skipped": 0}
        for result in results.values_list("result", flat=True):
            for name in sums:
                sums[name] += (result or {}).get(name, 0)
        said = {"computed": step.computed, "skipped": step.skipped}
        if sums != said:
            yield f"run {step.run_id} step {step.name}: says {said}, its chunks {sums}"
        failed = NightlyFailure.objects.filter(run_id=step.run_id, step=step.name).count()
        if failed != step.failed:
            yield f"run {step.run_id} step {step.name}: says {step.failed} failed, {failed} are listed"


def one_current() -> Iterator[str]:
    """Each subject and measure that was ever computed has one current row, that of its last month."""
    for model in (Forecast, StageEstimate):
        groups = (
            model.objects.order_by()
            .values("product", "family", "measure")
            .annotate(count=Count("pk", filter=Q(current=True)))
        )
        for row in groups.exclude(count=1):
            yield f"{model.__name__} of {_name(row)}: {row['count']} current rows"
        table = model._meta.db_table
        found = rows_of(
            f"SELECT c.product_id, c.family_id, c.measure_id FROM {table} c WHERE c.current"  # noqa: S608
            f" AND EXISTS (SELECT FROM {table} o WHERE o.measure_id = c.measure_id AND o.as_of > c.as_of"
            " AND (o.product_id, o.family_id) IS NOT DISTINCT FROM (c.product_id, c.family_id))"
        )
        for product, family, measure in found:
            name = _name({"product": product, "family": family, "measure": measure})
            yield f"{model.__name__} of {name}: a later month than the current one exists"


def _name(row: Mapping[str, Any]) -> str:
    subject = f"product {row['product']}" if row["product"] else f"family {row['family']}"
    return f"{subject}, measure {row['measure']}"


def forecasts_whole() -> Iterator[str]:
    """A forecast has its 18 months, one by the week 26 weeks, one without a method none;
    they stand on data."""
    counted = Forecast.objects.annotate(count=Count("months"))
    wrong = counted.exclude(Q(method="none", count=0) | (~Q(method="none") & Q(count=HORIZON)))
    for row in wrong[:100]:
        yield f"forecast {row.pk} ({row.method}): {row.count} months"
    weekly = Forecast.objects.annotate(count=Count("weeks"))
    for row in weekly.exclude(Q(by_week=True, count=WEEKS_AHEAD) | Q(by_week=False, count=0))[:100]:
        yield f"forecast {row.pk}: {row.count} weeks"
    for part in (ForecastMonth, ForecastWeek):
        lost = forecast_lost(part).order_by().values_list("forecast_id", flat=True).distinct()
        for pk in lost[:100]:
            yield (
                f"forecast {pk} does not exist, but has rows of {part._meta.db_table}:"
                " they go within the hour, where beat and a worker run"
            )
    for forecast, product in forecasts_without_data().values_list("pk", "product_id")[:100]:
        yield f"forecast {forecast}: product {product} has no data"


def list_agrees() -> Iterator[str]:
    """The product list shows the current forecast and stage."""
    tree = LineTree()
    leads = {line: tree.lead_measure(line).pk for line in tree.lines}
    current = {
        (row.product_id, row.measure_id): row
        for row in Forecast.objects.filter(current=True, product_id__isnull=False).only(
            "product_id", "measure_id", "as_of", "stale"
        )
    }
    stages = {
        (row.product_id, row.measure_id): row.stage
        for row in StageEstimate.objects.filter(current=True, product_id__isnull=False).only(
            "product_id", "measure_id", "stage"
        )
    }
    for row in ProductFigures.objects.select_related("product").only(
        "measure_id", "forecast_as_of", "stage", "stage_by_hand", "product__line_id", "product__temporary"
    ):
        key = (row.product_id, leads[row.product.line_id])
        if row.measure_id == key[1] and key in current and row.forecast_as_of != current[key].as_of:
            yield f"product {row.product_id}: the list shows the forecast of {row.forecast_as_of}"
        estimate = "" if row.product.temporary else stages.get(key, "")
        if row.measure_id == key[1] and not row.stage_by_hand and row.stage != estimate:
            yield f"product {row.product_id}: the list shows stage {row.stage!r}, the night says {estimate!r}"


def layers_agree() -> Iterator[str]:
    """The layers of current forecasts are what overrides and agreed months make them."""
    people = Q(overridden__isnull=False) | Q(agreed__isnull=False)
    changed = ForecastMonth.objects.filter(people, forecast__current=True, forecast__product__isnull=False)
    products = set(changed.values_list("forecast__product_id", flat=True))
    products |= set(OverrideMonth.objects.filter(active=True).values_list("product_id", flat=True))
    products |= set(ConsensusMonth.objects.values_list("product_id", flat=True))
    for month in layers_outdated(products)[:100]:
        forecast = month.forecast
        yield (
            f"product {forecast.product_id}, measure {forecast.measure_id}, {month.month:%Y-%m}: the layers"
            f" should be {month.overridden} and {month.agreed}"
        )
