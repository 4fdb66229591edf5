"""Writing forecasts: a header per vintage and its months, by COPY."""

from __future__ import annotations

import datetime
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from exchange.models import Import
from forecasting.models import Forecast, ForecastMonth, ForecastWeek, NightlyRun
from products.models import ProductMonth
from products.services.figures import figures_stale_set

from .vintages import vintages_write

WeekRow = tuple[str, float, float, float, float, float, float, *tuple[float | None, ...]]
MonthRow = tuple[str, float, float, float, float, float, float, *tuple[float | None, ...]]
_LAYERS = ("mean", "median", "lo80", "hi80", "lo95", "hi95", "naive", "driven")
_WEEKS = ("forecast_id", "week", *_LAYERS, "spread")
_MONTHS = ("forecast_id", "month", *_LAYERS, "price_ratio", "spread")
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


@dataclass(frozen=True)
class ForecastWrite:
    """An unsaved header with its months: ISO month, mean, median, lo80, hi80, lo95, hi95, naive, driven,
    price ratio, spread (of a product without a month: none); its weeks likewise, without a price ratio."""

    header: Forecast
    months: Sequence[MonthRow]
    weeks: Sequence[WeekRow] = ()


@transaction.atomic(savepoint=False)
def forecasts_write(*, forecasts: Sequence[ForecastWrite], run: NightlyRun) -> list[Forecast]:
    """Write the forecasts that no newer result stands in the way of; returns their headers."""
    rows = {id(item.header): item for item in forecasts}
    written = vintages_write(model=Forecast, rows=[item.header for item in forecasts], run=run)
    for model in (ForecastMonth, ForecastWeek) if written.renewed else ():
        model._default_manager.filter(forecast__any=written.renewed).delete()
    _copy(ForecastMonth, _MONTHS, {header.pk: rows[id(header)].months for header in written.rows})
    _copy(ForecastWeek, _WEEKS, {header.pk: rows[id(header)].weeks for header in written.rows})
    return written.rows


def _copy(
    model: type[ForecastMonth | ForecastWeek],
    columns: Sequence[str],
    rows: Mapping[int, Sequence[MonthRow | WeekRow]],
) -> None:
    """Write the months, or weeks, of the forecasts."""
    if not any(rows.values()):
        return
    with connection.cursor() as cursor:
        into = f"{model._meta.db_table} ({', '.join(columns)})"
        told = io.BytesIO(b"".join([_HEAD, *_packed(rows), _END]))
        cursor.copy_expert(f"COPY {into} FROM STDIN WITH (FORMAT binary)", told)


def _packed(rows: Mapping[int, Sequence[MonthRow | WeekRow]]) -> Iterator[bytes]:
    """The rows as COPY takes them in binary, each value behind its length; at a time all that miss the same
    values. Writing numbers out takes both sides longer than all else of a row."""
    import numpy as np

    flat = [row for own in rows.values() for row in own]
    keys = np.repeat(list(rows), [len(own) for own in rows.values()])
    days = np.array([_days(row[0]) for row in flat])
    numbers = np.array([row[1:] for row in flat], dtype=np.float64)
    missing = np.isnan(numbers)
    pattern = missing @ (1 << np.arange(missing.shape[1]))
    for one in np.unique(pattern):
        mine = pattern == one
        columns: list[tuple[str, Any]] = [
            *((">i2", 2 + missing.shape[1]), (">i4", 8), (">i8", keys[mine]), (">i4", 4), (">i4", days[mine]))
        ]
        for absent, values in zip(missing[mine][0], numbers[mine].T, strict=True):
            columns += [(">i4", -1)] if absent else [(">i4", 8), (">f8", values)]
        packed = np.empty(int(mine.sum()), [(str(place), kind) for place, (kind, _) in enumerate(columns)])
        for place, (_kind, values) in enumerate(columns):
            packed[str(place)] = values
        yield packed.tobytes()


@cache
def _days(day: str) -> int:
    """A date as PostgreSQL counts it."""
    return datetime.date.fromisoformat(day).toordinal() - datetime.date(2000, 1, 1).toordinal()


def forecasts_without_data() -> QuerySet[Forecast]:
    """Those in use that stand on months of sales, of products that have none any more."""
    months = ProductMonth.objects.filter(product=OuterRef("product"), measure=OuterRef("measure"))
    rows = Forecast.objects.filter(~Exists(months), current=True, stale=False, product__isnull=False)
    return rows.exclude(method="none").exclude(reason_code__in=("no_own_months", "given_diffusion"))


def import_arrived(row: Import) -> None:
    """Undone with it went what these were made of: until the next night they are of an earlier one."""
    if row.state == row.State.UNDONE:
        products = list(forecasts_without_data().values_list("product_id", flat=True))
        if products:
            forecasts_mark_stale(product_ids=products, family_ids=())


@transaction.atomic
def forecasts_mark_stale(*, product_ids: Collection[int], family_ids: Collection[int]) -> None:
    """What is shown of these could not be renewed."""
    mine = Q(product_id__in=product_ids) | Q(family_id__in=family_ids)
    Forecast.objects.filter(mine, current=True).update(stale=True)
    figures_stale_set(product_ids=product_ids)
