"""Which imports a person sees: with the right to import, those of sheets they may import; of others only when
the sheet says that they are not limited (``Sheet.sees_all``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404

from .models import Import, Layout
from .sheets import sheets


def sheets_for(user: Any) -> list[Any]:
    """The sheets a person may import, in their order; all for the shell and the watched folder (``None``)."""
    return [
        sheet
        for sheet in sheets
        if user is None or (user.has_perm("exchange.import") and user.has_perm(sheet.permission))
    ]


def imports_visible(user: Any) -> QuerySet[Import]:
    """The imports a person may see, newest first."""
    if not user.has_perm("exchange.import"):
        return Import.objects.none()
    open_to_all = [sheet.key for sheet in sheets_for(user) if sheet.sees_all(user)]
    seen = Q(created_by=user) | Q(sheet__in=open_to_all)
    if open_to_all:  # what came by itself and could not be told to be of any sheet
        seen |= Q(created_by=None, sheet="")
    return Import.objects.filter(seen).select_related("created_by", "applied_by", "undone_by", "layout")


def import_get(user: Any, pk: int) -> Import:
    """The import, or 404."""
    row = imports_visible(user).filter(pk=pk).first()
    if row is None:
        raise Http404(pk)
    return row


def imports_waiting() -> QuerySet[Import]:
    """What came by itself, by the watched folder or the API, and needs a person now; for Today."""
    return Import.objects.filter(
        state__in=[*Import.OPEN, Import.State.FAILED],
        source__in=[Import.Source.FOLDER, Import.Source.API],
    ).order_by("pk")


def import_later(row: Import) -> Import | None:
    """The newest applied import of the same sheet that changed something after this one did."""
    later = Import.objects.filter(
        sheet=row.sheet, state__in=[Import.State.APPLIED, Import.State.APPLYING, Import.State.UNDOING]
    ).exclude(pk=row.pk)
    later = later.filter(Q(applied_at__gt=row.applied_at) | Q(applied_at=None))
    return next((each for each in later.order_by("-applied_at") if each.applied_at and each.has_effect), None)


def layouts_in_use() -> QuerySet[Layout]:
    """Those that files are read by: not deleted."""
    return Layout.objects.filter(retired_at=None)


def layouts_visible(user: Any) -> QuerySet[Layout]:
    """The layouts of the kinds of files a person may import, deleted ones too, with when a file was last read
    by each, and how many were."""
    kinds = [sheet.key for sheet in sheets_for(user)]
    rows = Layout.objects.filter(sheet__in=kinds).select_related("updated_by")
    return rows.annotate(used_at=Max("imports__created_at"), used=Count("imports"))


def layout_get(user: Any, pk: int) -> Layout:
    """The layout, or 404."""
    row = layouts_visible(user).filter(pk=pk).first()
    if row is None:
        raise Http404(pk)
    return row


def layout_named(sheet: str, name: str) -> Layout | None:
    rows = layouts_in_use().filter(name=name)
    return (rows.filter(sheet=sheet) if sheet else rows).first()
