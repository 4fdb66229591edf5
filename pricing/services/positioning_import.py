"""Positionings from a file, as drafts, and taking them back. What was proposed or decided is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchange.models import Import
from pricing.models import Positioning, PositioningPoint
from products.models import ImportedObject
from products.services.imported import imported_note, values_of, values_put

from .offer import Point, State

POSITIONING = "positioning"
Drafted = tuple[Positioning, Sequence[Point]]


def points_held(row: Positioning) -> list[Point]:
    return [Point(point.kind, point.text, point.evidence) for point in row.points.all()]


def positionings_import(
    *,
    source_import: Import,
    new: Sequence[Drafted],
    changed: Sequence[tuple[Positioning, dict[str, Any], Sequence[Point]]],
) -> None:
    """Begin the drafts of a file, numbered on, and write the values and (all) points that change into those
    that are there. Nobody is their author where nobody brought the file by name. The caller has locked the
    products."""
    author = source_import.created_by or source_import.applied_by
    of_products = Positioning.objects.filter(product__in={row.product_id for row, _points in new})
    last: dict[tuple[int, int | None], int] = {}
    for product, segment, number in of_products.values_list("product", "segment", "number"):
        last[product, segment] = max(number, last.get((product, segment), 0))
    for row, points in new:
        key = row.product_id, row.segment_id
        last[key] = row.number = last.get(key, 0) + 1
        row.author = author
        row.save()
        _points_write(row, points)
    before = {}
    for row, values, points in changed:
        before[row.pk] = _noted(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        row.save()
        _points_write(row, points)
    rows = [*(row for row, _points in new), *(row for row, _values, _points in changed)]
    imported_note(import_id=source_import.pk, kind=POSITIONING, rows=rows, before=before)


def _noted(row: Positioning) -> dict[str, Any]:
    return values_of(row) | {"points": [list(point) for point in points_held(row)]}


def _points_write(row: Positioning, points: Sequence[Point]) -> None:
    if list(points) != points_held(row):
        row.points.all().delete()
        PositioningPoint.objects.bulk_create(
            PositioningPoint(positioning=row, **point._asdict()) for point in points
        )


def positionings_import_undo(*, source_import: Import) -> tuple[int, int]:
    """Throw the file's drafts away and put back those it changed; how many of each. What somebody changed,
    proposed or decided since stays."""
    taken = restored = 0
    notes = ImportedObject.objects.filter(source_import_id=source_import.pk, kind=POSITIONING)
    rows = Positioning.objects.select_for_update().in_bulk(notes.values_list("object_id", flat=True))
    for note in notes.order_by("-pk"):
        row = rows.get(note.object_id)
        if row is None or row.state != State.DRAFT or str(row.version) != note.after["version"]:
            continue
        if note.before is None:
            row.delete()
            taken += 1
            continue
        values_put(row, note.before)
        _points_write(row, [Point(*point) for point in note.before["points"]])
        restored += 1
    return taken, restored
