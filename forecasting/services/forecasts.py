"""Writing forecasts: a header per vintage and its months, by COPY."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q

from forecasting.models import Forecast, ForecastMonth, NightlyRun
from products.services.figures import figures_stale_set

from .vintages import vintages_write

MonthRow = tuple[str, float, float, float, float, float, float, float | None, float | None]
_COLUMNS = ("forecast_id", "month", "mean", "median", "lo80", "hi80", "lo95", "hi95", "naive", "driven")


@dataclass(frozen=True)
class ForecastWrite:
    """An unsaved header with its months: ISO month, mean, median, lo80, hi80, lo95, hi95, naive, driven (of a
    product without a month: none)."""

    header: Forecast
    months: Sequence[MonthRow]


@transaction.atomic
def forecasts_write(*, forecasts: Sequence[ForecastWrite], run: NightlyRun) -> list[Forecast]:
    """Write the forecasts that no newer result stands in the way of; returns their headers."""
    months = {id(item.header): item.months for item in forecasts}
    written = vintages_write(model=Forecast, rows=[item.header for item in forecasts], run=run)
    ForecastMonth.objects.filter(forecast__in=[header.pk for header in written]).delete()
    lines = io.StringIO()
    for header in written:
        for row in months[id(header)]:
            lines.write(
                "\t".join([str(header.pk), *("\\N" if value is None else str(value) for value in row)]) + "\n"
            )
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {ForecastMonth._meta.db_table} ({', '.join(_COLUMNS)}) FROM STDIN", lines)
    return written


@transaction.atomic
def forecasts_mark_stale(*, product_ids: Collection[int], family_ids: Collection[int]) -> None:
    """What is shown of these could not be renewed."""
    mine = Q(product_id__in=product_ids) | Q(family_id__in=family_ids)
    Forecast.objects.filter(mine, current=True).update(stale=True)
    figures_stale_set(product_ids=product_ids)
