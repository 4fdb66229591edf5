"""The figures of a budget that is not frozen yet: filled in cell by cell, and put back."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import cells_meant
from core import formats
from products.models import BudgetRow, BudgetVersion, Channel, Measure, Product, ProductLine
from products.selectors.access import visible_channel_ids
from products.selectors.budget import budget_year
from products.selectors.lines import LineTree

from .scope import line_within, product_within


@dataclass(frozen=True)
class Cell:
    """One figure: ``volume`` or ``revenue`` of a product, or a whole line, in a month; no channel: all
    together."""

    subject: Product | ProductLine
    channel: Channel | None
    measure: Measure
    month: datetime.date
    figure: str

    @property
    def row_key(self) -> tuple[int | None, int | None, int | None, int, datetime.date]:
        is_product = isinstance(self.subject, Product)
        return (
            self.subject.pk if is_product else None,
            None if is_product else self.subject.pk,
            self.channel.pk if self.channel else None,
            self.measure.pk,
            self.month,
        )

    def __str__(self) -> str:
        channel = f", {self.channel}" if self.channel else ""
        return f"{self.subject}{channel}, {formats.month(self.month)}"


Values = Mapping[Cell, Decimal | None]


def draft_lock(version: BudgetVersion) -> BudgetVersion:
    """The version, locked until the transaction ends; ``DomainError`` when it is frozen."""
    current = BudgetVersion.objects.select_for_update().filter(pk=version.pk).first()
    if current is None:
        raise Http404(version.pk)
    if current.frozen_at is not None:
        raise DomainError("budget_frozen", _("A frozen budget stays as it is."), status=409)
    return current


def rows_of(version: BudgetVersion, cells: Iterable[Cell]) -> dict[Any, BudgetRow]:
    """The rows that hold these cells, by ``Cell.row_key``."""
    keys = {cell.row_key for cell in cells}
    found = BudgetRow.objects.filter(
        Q(product__in={key[0] for key in keys} - {None}) | Q(line__in={key[1] for key in keys} - {None}),
        version=version,
        month__in={key[4] for key in keys},
    )
    rows = {(r.product_id, r.line_id, r.channel_id, r.measure_id, r.month): r for r in found}
    return {key: rows[key] for key in keys if key in rows}


@transaction.atomic
def budget_cells_set(*, user: Any, version: BudgetVersion, values: Values, seen: Values | None = None) -> int:
    """Plan these figures; ``None`` empties a cell. Says how many cells changed; what is so already is not
    written.

    ``seen`` is what the editor had before their eyes: a cell that somebody else filled in meanwhile raises
    ``VersionConflict`` with both figures, and nothing is written. ``DomainError`` for a frozen budget, a
    month of another year and a measure the line does not count; 404 for what lies outside one's limits.
    """
    current = draft_lock(version)
    _check(user, current, values)
    there = rows_of(current, values)
    now = {cell: getattr(there.get(cell.row_key), cell.figure, None) for cell in values}
    if seen is not None:
        message = _("Somebody else filled in these figures in the meantime.")
        values = cells_meant(
            values,
            seen,
            now,
            message=message,
            shown=lambda cell, yours: (str(cell), formats.number(now[cell]), formats.number(yours)),
        )
    changed = {cell: value for cell, value in values.items() if value != now[cell]}
    new: dict[Any, BudgetRow] = {}
    touched: dict[Any, BudgetRow] = {}
    for cell, value in changed.items():
        key = cell.row_key
        row = there.get(key) or new.get(key)
        if row is None:
            names = ("product_id", "line_id", "channel_id", "measure_id", "month")
            row = new[key] = BudgetRow(version=current, **dict(zip(names, key, strict=True)))
        elif key in there:
            touched[key] = row
        setattr(row, cell.figure, value)
        row.source_import = None
    empty = [row.pk for row in touched.values() if row.volume is None and row.revenue is None]
    BudgetRow.objects.filter(pk__in=empty).delete()
    kept = [row for row in touched.values() if row.pk not in set(empty)]
    BudgetRow.objects.bulk_update(kept, ["volume", "revenue", "source_import"], batch_size=500)
    BudgetRow.objects.bulk_create(new.values(), batch_size=2000)
    return len(changed)


def _check(user: Any, version: BudgetVersion, values: Values) -> None:
    tree, channels = LineTree(), visible_channel_ids(user)
    for subject in {cell.subject for cell in values}:
        if isinstance(subject, Product):
            product_within(user, subject)
        else:
            line_within(user, subject)
    for cell in values:
        if channels is not None and (cell.channel is None or cell.channel.pk not in channels):
            raise Http404(cell.channel)
        if budget_year(cell.month) != version.year:
            message = _("%(month)s is not in the financial year %(year)s of this budget.")
            details = {"month": formats.month(cell.month), "year": version.year}
            raise DomainError("budget_other_year", message % details, "month")
        line_id = cell.subject.line_id if isinstance(cell.subject, Product) else cell.subject.pk
        if cell.measure not in tree.measures(line_id):
            message = _("%(subject)s does not count %(measure)s.")
            details = {"subject": cell.subject, "measure": cell.measure}
            raise DomainError("measure_not_of_line", message % details, "measure")


@dataclass(frozen=True)
class Undone:
    """How many cells were put back, and how many stay as somebody has changed them again since."""

    restored: int
    left: int


@transaction.atomic
def budget_change_undo(*, user: Any, version: BudgetVersion, context_id: Any) -> Undone:
    """Put back what one save changed in the figures of a draft. What was changed again since stays.

    404 when there was no such change by hand. An import is undone on its own page.
    """
    current = draft_lock(version)
    events = list(
        BudgetRow.pgh_event_model.objects.filter(version_id=current.pk, pgh_context=context_id)  # type: ignore[attr-defined]
        .select_related("pgh_context", "product", "line", "channel", "measure")
        .order_by("pgh_id")
    )
    if not events or events[0].pgh_context.metadata.get("source") == "import":
        raise Http404(context_id)
    before, after = _states(events)
    there = rows_of(current, after)
    now = {cell: getattr(there.get(cell.row_key), cell.figure, None) for cell in after}
    values = {
        cell: before[cell] for cell in after if now[cell] == after[cell] and before[cell] != after[cell]
    }
    asked = sum(before[cell] != after[cell] for cell in after)
    when = formats.moment(events[0].pgh_created_at)
    with pghistory.context(reason=_("Put back what was changed on %(when)s.") % {"when": when}):
        budget_cells_set(user=user, version=current, values=values)
    return Undone(len(values), asked - len(values))


def _states(events: list[Any]) -> tuple[dict[Cell, Decimal | None], dict[Cell, Decimal | None]]:
    """What each cell was before these events of one save, and after them."""
    model = type(events[0])
    before: dict[Cell, Decimal | None] = {}
    after: dict[Cell, Decimal | None] = {}
    first = {event.pgh_obj_id: event for event in reversed(events)}
    earlier = (
        model.objects.filter(pgh_obj_id__in=first, pgh_id__lt=events[0].pgh_id)
        .order_by("pgh_obj_id", "-pgh_id")
        .distinct("pgh_obj_id")
    )
    known = {event.pgh_obj_id: event for event in earlier}
    for event in events:
        was = known.get(event.pgh_obj_id) if event.pgh_label != "insert" else None
        for figure in ("volume", "revenue"):
            cell = Cell(event.product or event.line, event.channel, event.measure, event.month, figure)
            before.setdefault(cell, getattr(was, figure, None) if event is first[event.pgh_obj_id] else None)
            after[cell] = None if event.pgh_label == "delete" else getattr(event, figure)
    return before, after
