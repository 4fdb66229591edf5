"""What people said of forecasts, put into the layers of the current forecast beside the statistics, which are
never touched."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db import transaction
from django.db.models import Q

from core.months import month_end, month_start
from core.organisation import local_date, today
from forecasting.models import ConsensusMonth, ForecastMonth, OverrideMonth
from forecasting.selectors.judgement import changed
from products.models import Product, ProductLine
from products.selectors.lines import LineTree

from .list_figures import figures_show


def judgement_lock(product: Product | None, line: ProductLine | None = None) -> None:
    """One change of a product's forecast at a time."""
    rows = Product.objects.select_for_update().order_by("pk")
    if product is not None:
        rows = rows.filter(pk=product.pk)
    elif line is not None:
        rows = rows.filter(line__in=LineTree().descendants(line.pk))
    list(rows.values_list("pk", flat=True))


@transaction.atomic
def judgement_apply(*, product_ids: Collection[int]) -> None:
    """Write what holds of overrides and agreed months into the layers of these products' current forecasts,
    and their list figures after it. Vintages of earlier months stay as they were, and a month that is over
    keeps what was said of it when it ended: that is what it is measured against."""
    if not product_ids:
        return
    moved = layers_outdated(product_ids)
    if not moved:
        return
    ForecastMonth.objects.bulk_update(moved, ["overridden", "agreed"], batch_size=500)
    figures_show(product_ids={month.forecast.product_id for month in moved if month.forecast.product_id})


def layers_outdated(product_ids: Collection[int]) -> list[ForecastMonth]:
    """The months of these products' current forecasts whose layers are not what holds makes them, with the
    layers as they should be; nothing is written."""
    running = month_start(today())
    overrides: dict[tuple[int, int, datetime.date], list[OverrideMonth]] = defaultdict(list)
    said = OverrideMonth.objects.filter(Q(active=True) | Q(month__lt=running), product__any=product_ids)
    for row in said.select_related("override").order_by("pk"):
        key = (row.product_id, row.measure_id, row.month)
        if row.month >= running:
            overrides[key].append(row)
        elif _held_at_end(row):  # the newest of each channel
            overrides[key] = [r for r in overrides[key] if r.channel_id != row.channel_id] + [row]
    agreed = {
        (row.product_id, row.measure_id, row.month): float(row.value)
        for row in ConsensusMonth.objects.filter(product__any=product_ids)
        if row.month >= running or local_date(row.agreed_at) <= month_end(row.month)
    }
    # Of most products nobody said anything: their months need not be read.
    about = {product_id for product_id, _measure, _month in (*overrides, *agreed)}
    layered = Q(overridden__isnull=False) | Q(agreed__isnull=False)
    months = ForecastMonth.objects.filter(
        Q(forecast__product_id__any=about) | layered,
        forecast__current=True,
        forecast__product_id__any=product_ids,
    ).select_related("forecast")
    moved = []
    for month in months:
        key = (month.forecast.product_id or 0, month.forecast.measure_id, month.month)
        kept = month.agreed if month.month < running else None
        overridden = _overridden(month.baseline, overrides.get(key, ()))
        layers = (overridden, agreed.get(key) if kept is None else kept)
        if layers != (month.overridden, month.agreed):
            month.overridden, month.agreed = layers
            moved.append(month)
    return moved


def _held_at_end(row: OverrideMonth) -> bool:
    """Whether the override held on the last day of the row's month."""
    said, end = row.override, month_end(row.month)
    withdrawn = said.withdrawn_at is not None and local_date(said.withdrawn_at) <= end
    return local_date(said.set_at) <= end <= said.until and not withdrawn


def _overridden(base: float, rows: Sequence[OverrideMonth]) -> float | None:
    """What overrides make of a month: first the one of the whole, then what those of channels add."""
    if not rows:
        return None
    result = base
    for row in sorted(rows, key=lambda row: (row.channel_id is not None, row.pk)):
        operation = row.override.operation
        if row.channel_id is None:
            result = changed(operation, row.value, base)
        else:
            part = base * row.share
            result += changed(operation, row.value, part) - part
    return float(f"{max(result, min(base, 0.0)):.7g}")
