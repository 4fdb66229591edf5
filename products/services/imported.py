"""What imports did to objects that people edit too: made, changed, and put back by undo.

Written in bulk; the history of every object is written by its triggers all the same. Undo takes away what the
import made and nobody used, edited or added to since, and puts back the columns it changed, except where a
person has changed them again: their word is newer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import F, ProtectedError, Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.sql import rows_of
from products.models import (
    BudgetRow,
    BudgetVersion,
    Channel,
    ImportedObject,
    Product,
    ProductCode,
    ProductLine,
    SalesFact,
)

_KINDS: dict[str, type[models.Model]] = {
    "budget_row": BudgetRow,
    "budget": BudgetVersion,
    "code": ProductCode,
    "product": Product,
    "line": ProductLine,
    "channel": Channel,
}
"""In the order of undoing: what hangs on others first."""
_BATCH = 2000
DEFAULT_LINE = "new"
"""The line of products that a file names without saying their line."""

Values = dict[str, Any]


def values_of(row: models.Model) -> Values:
    """The columns of a row as texts, as the journal keeps them."""
    found: Values = {}
    for field in row._meta.concrete_fields:
        value = field.value_from_object(row)
        found[field.attname] = None if value is None else cast(Any, field).value_to_string(row)
    return found


def values_put(row: models.Model, before: Values) -> None:
    """Put the columns of a row back as the journal kept them; its version goes on."""
    for field in row._meta.concrete_fields:
        if field.attname != "version":
            value = before[field.attname]
            setattr(row, field.attname, None if value is None else cast(Any, field).to_python(value))
    cast(Any, row).version += 1
    row.save()


@transaction.atomic
def imported_note(
    *, import_id: int, kind: str, rows: Sequence[models.Model], before: Mapping[int, Values] | None = None
) -> None:
    """Remember for undo that an import made these rows, or changed those that ``before`` (by id) says were
    there."""
    before = before or {}
    ImportedObject.objects.bulk_create(
        [
            ImportedObject(
                source_import_id=import_id,
                kind=kind,
                object_id=row.pk,
                before=before.get(row.pk),
                after=values_of(row),
            )
            for row in rows
        ],
        batch_size=_BATCH,
    )


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Numbers from a table's own sequence, for rows that are made later."""
    found = rows_of(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
        [model._meta.db_table, count],
    )
    return [row[0] for row in found]


def lines_planned(texts: Sequence[str], *, taken: Collection[str] = ()) -> list[tuple[int, str, str]]:
    """Lines to be made for these names: id, a free code (also none of ``taken``), name."""
    codes = {code.lower() for code in ProductLine.objects.values_list("code", flat=True)} | set(taken)
    planned = []
    for pk, text in zip(next_ids(ProductLine, len(texts)), texts, strict=True):
        base = slugify(text)[:36] or "line"
        code, number = base, 2
        while code in codes:
            code, number = f"{base}-{number}", number + 1
        codes.add(code)
        planned.append((pk, code, (_("New products") if text == DEFAULT_LINE else text)[:120]))
    return planned


@transaction.atomic
def missing_create(
    *,
    import_id: int,
    lines: Sequence[tuple[int, str, str]] = (),
    products: Sequence[tuple[int, str, str, int]] = (),
    channels: Sequence[tuple[int, str, str]] = (),
) -> None:
    """Make what a file names and nobody knew: ``(id, code, name)``, of products also the line's id. The ids
    come from the tables' sequences."""
    made: list[tuple[str, list[Any]]] = [
        ("line", [ProductLine(pk=pk, code=code, name=name) for pk, code, name in lines]),
        ("product", [Product(pk=pk, code=c, name=name, line_id=line) for pk, c, name, line in products]),
        ("channel", [Channel(pk=pk, code=code, name=name) for pk, code, name in channels]),
    ]
    for kind, rows in made:
        _KINDS[kind]._default_manager.bulk_create(rows, batch_size=_BATCH)
        imported_note(import_id=import_id, kind=kind, rows=rows)


@transaction.atomic
def imported_undo(*, import_id: int, kinds: Mapping[str, type[models.Model]] = _KINDS) -> tuple[int, int]:
    """Put back what the import did to objects; how many were taken away and how many restored. ``kinds``:
    those of a room that keeps objects of its own."""
    taken = restored = 0
    for kind, model in kinds.items():
        notes = list(ImportedObject.objects.filter(source_import_id=import_id, kind=kind).order_by("-pk"))
        locked = model._default_manager.select_for_update().order_by("pk")
        rows = locked.in_bulk([note.object_id for note in notes])
        made = []
        for note in notes:
            row = rows.get(note.object_id)
            if row is not None and note.before is not None:
                restored += _restore(row, note.before, note.after)
            elif row is not None and values_of(row) == note.after:
                made.append(row.pk)
        taken += _take_away(kind, model, made)
    return taken, restored


def _take_away(kind: str, model: type[models.Model], ids: list[int]) -> int:
    """Delete these rows, except those that something else needs or that somebody added something to."""
    if kind in ("product", "channel"):
        sold = set(SalesFact.objects.filter(**{f"{kind}__in": ids}).values_list(f"{kind}_id", flat=True))
        ids = [pk for pk in ids if pk not in sold]
    used = _used(model, ids)
    ids = [pk for pk in ids if pk not in used]
    rows = model._default_manager
    try:
        with transaction.atomic():
            return rows.filter(pk__in=ids).delete()[1].get(model._meta.label, 0)
    except ProtectedError:
        pass
    taken = 0
    for pk in ids:
        try:
            with transaction.atomic():
                taken += rows.filter(pk=pk).delete()[1].get(model._meta.label, 0)
        except ProtectedError:
            continue
    return taken


def _used(model: type[models.Model], ids: Collection[int]) -> set[int]:
    """Which of these rows have something of a person hanging on them that deleting would take along: a code,
    a unit factor, a family, a comment, an action item. What the import itself hung on them is gone by then.

    What people write has a history; rows without one, and those that a model leaves out of ``of_people``,
    pmtool makes again by itself.
    """
    if not ids:
        return set()
    used: set[int] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.CASCADE:
            name = relation.field.attname
            rows = _of_people(relation.related_model).filter(**{f"{name}__in": ids})
            used |= set(rows.values_list(name, flat=True))
    kind = ContentType.objects.get_for_model(model)
    for other in apps.get_models():
        for key in other._meta.private_fields:
            if isinstance(key, GenericForeignKey):
                rows = _of_people(other).filter(**{key.ct_field: kind, f"{key.fk_field}__in": ids})
                used |= set(rows.values_list(key.fk_field, flat=True))
    return used


def _of_people(model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = model._default_manager.all()
    if not hasattr(model, "pgh_event_model"):
        return rows.none()
    return rows.filter(getattr(model, "of_people", Q()))


def _restore(row: models.Model, before: Values, after: Values) -> int:
    now = values_of(row)
    names = [
        field.attname
        for field in row._meta.concrete_fields
        if field.attname != "version"
        and before[field.attname] != after[field.attname]
        and now[field.attname] == after[field.attname]
    ]
    if not names:
        return 0
    for field in row._meta.concrete_fields:
        if field.attname in names:
            value = before[field.attname]
            setattr(row, field.attname, None if value is None else field.to_python(value))
    columns: dict[str, Any] = {name: getattr(row, name) for name in names}
    if "version" in now:
        columns["version"] = F("version") + 1
    type(row)._default_manager.filter(pk=row.pk).update(**columns)
    return 1
