"""Figures of the product list for a person limited to some channels: from the sales in those channels.

There is no forecast here: it is made over all channels, and would tell what the person may not see.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import DateField, ExpressionWrapper, F, Q, Sum, Value

from core.months import month_add
from products.models import Measure, Product, SalesMonth

from .product_filter import TWELVE_MONTHS
from .row_figures import RowFigures

SPARK_MONTHS = 36
Months = dict[datetime.date, tuple[Decimal | None, Decimal | None]]


def limited_figures(products: Sequence[Product], channels: Iterable[int]) -> dict[int, RowFigures]:
    """By product id; those without sales in the channels are missing. One query."""
    figures = {p.pk: p.figures for p in products if getattr(p, "figures", None) and p.figures.data_month}
    if not figures:
        return {}
    oldest = min(row.data_month for row in figures.values() if row.data_month)
    first = month_add(oldest, 1 - SPARK_MONTHS)
    sold = (
        SalesMonth.objects.filter(product__in=list(figures), channel__in=list(channels), month__gte=first)
        .values_list("product_id", "measure_id", "month")
        .annotate(Sum("volume"), Sum("revenue"))
    )
    months: dict[int, Months] = {}
    for product_id, measure_id, month, volume, revenue in sold:
        if measure_id == figures[product_id].measure_id:
            months.setdefault(product_id, {})[month] = (volume, revenue)
    return {pk: _row(figures[pk], found) for pk, found in months.items()}


def _row(figures: Any, sold: Months) -> RowFigures:
    end = figures.data_month
    spark = [sold.get(month_add(end, step), (None, None)) for step in range(1 - SPARK_MONTHS, 1)]
    is_level = figures.measure.kind == Measure.Kind.LEVEL
    years = (spark[-12:], spark[-24:-12])
    revenue, before = (_known(row[1] for row in year) for year in years)
    volumes, volumes_before = (_known(row[0] for row in (year[-1:] if is_level else year)) for year in years)
    compared = ((revenue, before), (volumes, volumes_before))
    now, then = next((pair for pair in compared if pair[0] and sum(pair[1]) > 0), ([], []))
    growth = float(sum(now) / sum(then)) - 1 if now and len(now) == len(then) else None
    return RowFigures(
        data_month=end,
        revenue_12m=sum(revenue, Decimal(0)) if revenue else None,
        volume_12m=sum(volumes, Decimal(0)) if volumes else None,
        growth=growth,
        spark=[None if volume is None else float(volume) for volume, _ in spark],
    )


def _known(values: Iterable[Decimal | None]) -> list[Decimal]:
    return [value for value in values if value is not None]


def limited_totals(products: Any, channels: Iterable[int]) -> dict[str, Any]:
    """Revenue over all the products (a queryset) in the channels, by column key; one query."""
    end = F("product__figures__data_month")
    since = ExpressionWrapper(end - Value(TWELVE_MONTHS), output_field=DateField())
    sold = SalesMonth.objects.filter(
        Q(measure=F("product__figures__measure")),
        product__in=products.order_by().values("pk"),
        channel__in=list(channels),
        month__gt=since,
        month__lte=end,
    )
    return {"revenue_12m": sold.aggregate(revenue=Sum("revenue"))["revenue"]}
