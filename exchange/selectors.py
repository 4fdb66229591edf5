"""Which imports a person sees: with the right to import, those of sheets they may import; of others only when
the sheet says that they are not limited (``Sheet.sees_all``)."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import Http404

from .models import Import, ImportCreation, Layout
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
    open_to_all = _open_to_all(user)
    seen = Q(created_by=user) | Q(sheet__in=open_to_all)
    if open_to_all:  # what came by itself and could not be told to be of any sheet
        seen |= Q(created_by=None, sheet="")
    return Import.objects.filter(seen).select_related("created_by", "applied_by", "undone_by", "layout")


def _open_to_all(user: Any) -> list[str]:
    return [sheet.key for sheet in sheets_for(user) if sheet.sees_all(user)]


def import_is_visible(user: Any, row: Import) -> bool:
    """As :func:`imports_visible` has it, of a row that is read already and came with a sheet."""
    return user.has_perm("exchange.import") and (
        row.created_by_id == user.pk or row.sheet in _open_to_all(user)
    )


def import_get(user: Any, pk: int) -> Import:
    """The import, or 404."""
    row = imports_visible(user).filter(pk=pk).first()
    if row is None:
        raise Http404(pk)
    return row


def correction_right(row: Import) -> str:
    """What importing it as a correction of closed months needs."""
    sheet = sheets.get(row.sheet) if row.sheet in sheets else None
    return getattr(sheet, "correction_right", "") or "exchange.no_correction"


def imports_waiting() -> QuerySet[Import]:
    """What came by itself, by the watched folder or the API, and needs a person now; for Today."""
    return Import.objects.filter(
        state__in=[*Import.OPEN, Import.State.FAILED],
        source__in=[Import.Source.FOLDER, Import.Source.API],
    ).order_by("pk")


def imports_to_approve() -> QuerySet[Import]:
    """What is checked and may ask for somebody else to apply it (``Sheet.apply_refused``)."""
    return Import.objects.filter(state=Import.State.READY, counts__has_key="approval").order_by("pk")


def import_later(row: Import) -> Import | None:
    """The newest applied import of the same sheet that changed something after this one did."""
    return _applied_after(row).filter(EFFECT).first()


def import_repeated(row: Import) -> Import | None:
    """The newest applied import after this one that changed nothing because it held what was known already.
    It does not bar the undo of this one, which takes away what both hold."""
    return _applied_after(row).filter(~EFFECT, counts__unchanged__gt=0).first()


EFFECT = Q(counts__new__gt=0) | Q(counts__changed__gt=0)
"""As :attr:`Import.has_effect`."""


def _applied_after(row: Import) -> QuerySet[Import]:
    states = [Import.State.APPLIED, Import.State.UNDOING]
    rows = Import.objects.filter(sheet=row.sheet, state__in=states, applied_at__gt=row.applied_at)
    return rows.exclude(pk=row.pk).order_by("-applied_at")


def creations_first(row: Import, count: int) -> QuerySet[ImportCreation]:
    """The first of each kind that is made on the way."""
    place = Window(RowNumber(), partition_by="kind", order_by="pk")
    return row.creations.annotate(place=place).filter(place__lte=count).order_by("pk")


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
