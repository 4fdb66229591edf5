"""Who changed what in the rows of a budget: each save, import, copy or undo as one entry."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from pghistory.models import Context

from accounts.models import User
from core.history import context_source
from products.models import BudgetRow, BudgetVersion

from .access import visible_channel_ids, visible_line_ids


@dataclass(frozen=True)
class RowsChange:
    """What one save did to the rows of a budget; ``context`` names it. ``by_hand``: it can be put back."""

    context: str
    at: datetime.datetime
    who: str
    source: str
    note: str
    made: int
    changed: int
    deleted: int
    by_hand: bool


@dataclass(frozen=True)
class CellChange:
    """One row of such a save, before and after."""

    row: Any
    volume: tuple[Any, Any]
    revenue: tuple[Any, Any]


def _events(user: Any, version: BudgetVersion) -> QuerySet[Any]:
    rows: QuerySet[Any] = BudgetRow.pgh_event_model.objects.filter(version_id=version.pk)  # type: ignore[attr-defined]
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        rows = rows.filter(Q(product__line__in=lines) | Q(line__in=lines))
    return rows if channels is None else rows.filter(channel__in=channels)


def budget_changes(user: Any, version: BudgetVersion, limit: int = 50) -> list[RowsChange]:
    """The newest saves that changed rows the person may see, newest first."""
    found = (
        _events(user, version)
        .filter(pgh_context__isnull=False)
        .values("pgh_context")
        .annotate(
            at=Max("pgh_created_at"),
            last=Max("pk"),
            **{label: Count("pk", filter=Q(pgh_label=label)) for label in ("insert", "update", "delete")},
        )
        .order_by("-last")[:limit]
    )
    groups = list(found)
    contexts = Context.objects.in_bulk([group["pgh_context"] for group in groups])
    said = {pk: context.metadata or {} for pk, context in contexts.items()}
    people = User.objects.in_bulk({one.get("user") for one in said.values()} - {None})
    changes = []
    for group in groups:
        metadata = said.get(group["pgh_context"], {})
        changes.append(
            RowsChange(
                context=str(group["pgh_context"]),
                at=group["at"],
                who=str(people.get(metadata.get("user"), "")),
                source=context_source(metadata),
                note=str(metadata.get("reason", "")),
                made=group["insert"],
                changed=group["update"],
                deleted=group["delete"],
                by_hand="source" not in metadata and metadata.get("user") is not None,
            )
        )
    return changes


def budget_cell_changes(user: Any, version: BudgetVersion, context: Any) -> QuerySet[Any]:
    """The events of one save, each with the figures before it (``was_volume``, ``was_revenue``)."""
    events = BudgetRow.pgh_event_model.objects  # type: ignore[attr-defined]
    earlier = events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")).order_by(
        "-pgh_id"
    )
    rows = _events(user, version).filter(pgh_context=context)
    return (
        rows.select_related("product", "line", "channel", "measure")
        .annotate(
            was_volume=Subquery(earlier.values("volume")[:1]),
            was_revenue=Subquery(earlier.values("revenue")[:1]),
        )
        .order_by("pgh_id")
    )


def cell_change(event: Any) -> CellChange:
    """As a page shows it: a row that came has nothing before, one that went nothing after."""
    new, gone = event.pgh_label == "insert", event.pgh_label == "delete"

    def pair(name: str) -> tuple[Any, Any]:
        before = None if new else getattr(event, f"was_{name}")
        return before, None if gone else getattr(event, name)

    return CellChange(event, pair("volume"), pair("revenue"))


@dataclass(frozen=True)
class DeletedBudget:
    """A draft that somebody deleted and that can be put back."""

    pk: int
    name: str
    code: str
    at: datetime.datetime
    who: str


def budgets_deleted(limit: int = 10) -> list[DeletedBudget]:
    """The drafts deleted last, which are not there again."""
    events = (
        BudgetVersion.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
            pgh_label="delete", pgh_context__metadata__has_key="budget_deleted"
        )
        .exclude(pgh_obj_id__in=BudgetVersion.objects.values("pk"))
        .select_related("pgh_context")
        .order_by("-pgh_id")[:limit]
    )
    rows = list({event.pgh_obj_id: event for event in reversed(events)}.values())[::-1]
    people = User.objects.in_bulk({event.pgh_context.metadata.get("user") for event in rows} - {None})
    return [
        DeletedBudget(
            event.pgh_obj_id,
            event.name,
            event.code,
            event.pgh_created_at,
            str(people.get(event.pgh_context.metadata.get("user"), "")) or _("System"),
        )
        for event in rows
    ]
