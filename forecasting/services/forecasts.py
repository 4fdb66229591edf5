"""Writing forecasts: a header per vintage and its months, by COPY."""

from __future__ import annotations

import datetime
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from struct import Struct

from django.db import connection, transaction
from django.db.models import Q

from forecasting.models import Forecast, ForecastMonth, ForecastWeek, NightlyRun
from products.services.figures import figures_stale_set

from .vintages import vintages_write

WeekRow = tuple[str, float, float, float, float, float, float, float | None, float | None]
MonthRow = tuple[str, float, float, float, float, float, float, *tuple[float | None, ...]]
_WEEKS = ("forecast_id", "week", "mean", "median", "lo80", "hi80", "lo95", "hi95", "naive", "driven")
_MONTHS = (*_WEEKS[:1], "month", *_WEEKS[2:], "price_ratio", "spread")
_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


@dataclass(frozen=True)
class ForecastWrite:
    """An unsaved header with its months: ISO month, mean, median, lo80, hi80, lo95, hi95, naive, driven,
    price ratio, spread (of a product without a month: none)."""

    header: Forecast
    months: Sequence[MonthRow]
    weeks: Sequence[WeekRow] = ()


@transaction.atomic
def forecasts_write(*, forecasts: Sequence[ForecastWrite], run: NightlyRun) -> list[Forecast]:
    """Write the forecasts that no newer result stands in the way of; returns their headers."""
    rows = {id(item.header): item for item in forecasts}
    written = vintages_write(model=Forecast, rows=[item.header for item in forecasts], run=run)
    _replace(ForecastMonth, _MONTHS, {header.pk: rows[id(header)].months for header in written})
    _replace(ForecastWeek, _WEEKS, {header.pk: rows[id(header)].weeks for header in written})
    return written


def _replace(
    model: type[ForecastMonth | ForecastWeek],
    columns: Sequence[str],
    rows: Mapping[int, Sequence[MonthRow | WeekRow]],
) -> None:
    """Make these the months, or weeks, of the forecasts."""
    model._default_manager.filter(forecast__any=rows).delete()
    packed = [_packed(pk, *row) for pk, own in rows.items() for row in own]
    if not packed:
        return
    with connection.cursor() as cursor:
        into = f"{model._meta.db_table} ({', '.join(columns)})"
        told = io.BytesIO(b"".join([_HEAD, *packed, _END]))
        cursor.copy_expert(f"COPY {into} FROM STDIN WITH (FORMAT binary)", told)


def _packed(pk: int, day: str, *numbers: float | None) -> bytes:
    """One row as COPY takes it in binary: each value behind its length. Writing numbers out takes both sides
    longer than all else of a row."""
    said: list[float] = [2 + len(numbers), 8, pk, 4, _days(day)]
    for number in numbers:
        said += (-1,) if number is None else (8, number)
    return _struct(tuple(number is None for number in numbers)).pack(*said)


@cache
def _struct(missing: tuple[bool, ...]) -> Struct:
    return Struct(">hiqii" + "".join("i" if none else "id" for none in missing))


@cache
def _days(day: str) -> int:
    """A date as PostgreSQL counts it."""
    return datetime.date.fromisoformat(day).toordinal() - datetime.date(2000, 1, 1).toordinal()


@transaction.atomic
def forecasts_mark_stale(*, product_ids: Collection[int], family_ids: Collection[int]) -> None:
    """What is shown of these could not be renewed."""
    mine = Q(product_id__in=product_ids) | Q(family_id__in=family_ids)
    Forecast.objects.filter(mine, current=True).update(stale=True)
    figures_stale_set(product_ids=product_ids)
