"""How computed rows with a vintage are written: forecasts and stage estimates alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Q

from core.locks import lock_until_commit
from core.upsert import upsert
from forecasting.models import Forecast, ForecastMonth, ForecastWeek, NightlyRun, StageEstimate
from forecasting.selectors.inputs import of_subjects
from forecasting.selectors.vintages import forecast_lost

Row = TypeVar("Row", bound=Forecast | StageEstimate)
_KEY = ("product", "family", "measure", "as_of")


@dataclass(frozen=True)
class Written(Generic[Row]):
    """The rows that were written, with their keys, and those keys that were there before."""

    rows: list[Row]
    renewed: set[int]


@transaction.atomic(savepoint=False)
def vintages_write(*, model: type[Row], rows: Sequence[Row], run: NightlyRun) -> Written[Row]:
    """Write these unsaved rows as the vintages of their months.

    The row of the newest month is the current one. A row that a newer run wrote stays, and so does the
    vintage of a month that the subject has moved on from. Where data were taken back, so that a run which may
    know the current row's month no longer finds that month's data, the current row goes with them. Writers
    take turns: their sets may overlap.
    """
    if not rows:
        return Written([], set())
    lock_until_commit(f"vintages {model._meta.db_table}")
    manager: Any = model._default_manager
    there = _rows_there(manager, rows)
    written: list[Row] = []
    outdated: list[int] = []
    withdrawn: list[int] = []
    renewed: set[int] = set()
    for row in rows:
        current = there.get((*subject_of(row), True))
        same = there.get((*subject_of(row), row.as_of))
        if same is not None and same.run_id is not None and same.run_id > run.pk:
            continue
        moved_on = current is not None and current.as_of > row.as_of
        if current is not None and moved_on and run.as_of >= current.as_of:
            withdrawn.append(current.pk)
            moved_on = False
        if moved_on and same is not None:
            continue
        row.run_id = run.pk
        row.current = not moved_on
        if current is not None and current.as_of < row.as_of:
            outdated.append(current.pk)
        if same is not None:
            renewed.add(same.pk)
        written.append(row)
    manager.filter(pk__in=outdated).update(current=False)
    manager.filter(pk__in=withdrawn).delete()
    return Written(upsert(written, key=_KEY), renewed)


def _rows_there(manager: Any, rows: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
    """What these subjects have: the current row under ``True`` and the row of each month under the month."""
    found = manager.filter(
        of_subjects({subject_of(row)[:2] for row in rows}),
        Q(current=True) | Q(as_of__in={row.as_of for row in rows}),
    ).only("product_id", "family_id", "measure_id", "as_of", "run_id", "current")
    there: dict[tuple[Any, ...], Row] = {}
    for row in found:
        there[(*subject_of(row), row.as_of)] = row
        if row.current:
            there[(*subject_of(row), True)] = row
    return there


def vintages_purge() -> int:
    """Delete months and weeks without their forecast; how many."""
    return sum(forecast_lost(part).delete()[0] for part in (ForecastMonth, ForecastWeek))


def subject_of(row: Forecast | StageEstimate) -> tuple[int | None, int | None, int]:
    """Product, family and measure."""
    return (row.product_id, row.family_id, row.measure_id)


def still_holds(row: Row | None, *, current: Row | None, run: NightlyRun, digest: str) -> bool:
    """Whether the row of a month needs no renewal: same inputs, and it is the current one, unless the run
    looks back at a month gone by."""
    if row is None or row.input_hash != digest:
        return False
    return row.current or (current is not None and run.as_of < current.as_of)
