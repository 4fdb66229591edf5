"""How computed rows with a vintage are written: forecasts and stage estimates alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Q

from forecasting.models import Forecast, NightlyRun, StageEstimate

Row = TypeVar("Row", Forecast, StageEstimate)
_KEY = ("product", "family", "measure", "as_of")
_KEEP = {"id", "product", "family", "measure", "as_of"}


@transaction.atomic
def vintages_write(*, model: type[Row], rows: Sequence[Row], run: NightlyRun) -> list[Row]:
    """Write these unsaved rows as the vintages of their months; returns those written, with their keys.

    The row of the newest month is the current one. A row that a newer run wrote stays, and so does the
    vintage of a month that the subject has moved on from. Writers take turns: their sets may overlap.
    """
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"vintages {model._meta.db_table}"])
    there = _rows_there(model, rows)
    written, outdated = [], []
    for row in rows:
        subject = (row.product_id, row.family_id, row.measure_id)
        current = there.get((*subject, True))
        same = there.get((*subject, row.as_of))
        if same is not None and same.run_id is not None and same.run_id > run.pk:
            continue
        moved_on = current is not None and current.as_of > row.as_of
        if moved_on and same is not None:
            continue
        row.run = run
        row.current = not moved_on
        if current is not None and current.as_of < row.as_of:
            outdated.append(current.pk)
        written.append(row)
    model._default_manager.filter(pk__in=outdated).update(current=False)
    return model._default_manager.bulk_create(
        written,
        batch_size=500,
        update_conflicts=True,
        unique_fields=list(_KEY),
        update_fields=[f.name for f in model._meta.concrete_fields if f.name not in _KEEP],
    )


def _rows_there(model: type[Row], rows: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
    """What these subjects have: the current row under ``True`` and the row of each month under the month."""
    found = model._default_manager.filter(
        Q(product_id__in={row.product_id for row in rows if row.product_id})
        | Q(family_id__in={row.family_id for row in rows if row.family_id}),
        Q(current=True) | Q(as_of__in={row.as_of for row in rows}),
    ).only("product_id", "family_id", "measure_id", "as_of", "run_id", "current")
    there: dict[tuple[Any, ...], Row] = {}
    for row in found:
        subject = (row.product_id, row.family_id, row.measure_id)
        there[(*subject, row.as_of)] = row
        if row.current:
            there[(*subject, True)] = row
    return there
