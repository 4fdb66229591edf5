"""Runs a sheet as ``exchange`` does, on rows given as dicts instead of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from exchange.models import Import
from exchange.services.steps import import_context
from exchange.sheets import Counts

_TYPES = {
    "number": "numeric(18,4)",
    "amount": "numeric(18,4)",
    "exact": "numeric(22,8)",
    "date": "date",
    "month": "date",
    "flag": "boolean",
}


@dataclass
class Done:
    counts: Counts
    refused: list[tuple[int, str, str, str, dict[str, Any]]]
    sample: list[dict[str, Any]]
    asked: Mapping[str, str]
    import_id: int | None = None

    @property
    def codes(self) -> list[str]:
        return [row[3] for row in self.refused]


def stage(cursor: Any, sheet: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Fill ``staging`` with the rows; lines are counted from 2, below the header."""
    columns = ", ".join(f'"{field.name}" {_TYPES.get(field.kind, "text")}' for field in sheet.fields)
    names = [field.name for field in sheet.fields]
    cursor.execute("DROP TABLE IF EXISTS pg_temp.staging, pg_temp.refused")
    cursor.execute(f"CREATE TEMP TABLE staging (line integer NOT NULL, {columns}) ON COMMIT DROP")
    cursor.execute(
        'CREATE TEMP TABLE refused (line integer, "column" text, value text, code text, params jsonb)'
        " ON COMMIT DROP"
    )
    for line, row in enumerate(rows, start=2):
        assert set(row) <= set(names), row
        values = [row.get(name) for name in names]
        cursor.execute(f"INSERT INTO staging VALUES (%s{', %s' * len(names)})", [line, *values])
    cursor.execute("ANALYZE staging")


@transaction.atomic
def run(
    sheet: Any, rows: Sequence[Mapping[str, Any]], *, user: Any = None, apply: bool = True, **options: Any
) -> Done:
    """Check and show the rows; apply those that are not refused, unless ``apply`` is false."""
    with connection.cursor() as cursor:
        stage(cursor, sheet, rows)
        asked = sheet.check(cursor, options, user)
        cursor.execute('SELECT line, "column", value, code, params FROM refused ORDER BY line, code')
        refused = cursor.fetchall()
        assert {row[3] for row in refused} <= set(sheet.reasons), "a refusal without words"
        assert {row[1] for row in refused} <= {field.name for field in sheet.fields}
        done = Done(sheet.preview(cursor, options), refused, sheet.sample(cursor, 5, options), asked)
        if apply:
            row = Import.objects.create(
                sheet=sheet.key,
                source="shell",
                file_name="rows.csv",
                file_size=1,
                sha256="0" * 64,
                state="applied",
                applied_at=timezone.now(),
                created_by=user,
                applied_by=user,
            )
            with import_context(row, user):
                applied = sheet.apply(cursor, row.pk, options)
            assert applied.as_json() == done.counts.as_json()
            Import.objects.filter(pk=row.pk).update(counts=applied.as_json())
            done.import_id = row.pk
    return done


@transaction.atomic
def undo(sheet: Any, import_id: int) -> Counts:
    with connection.cursor() as cursor:
        counts = sheet.undo(cursor, import_id)
    Import.objects.filter(pk=import_id).update(state="undone", undone_at=timezone.now())
    return counts
