"""File layouts by hand: another name, deleted, put back. They are remembered by ``services.steps``."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import row_lock, row_save
from exchange.models import Layout
from exchange.selectors import layouts_in_use


def _name_check(row: Layout, name: str) -> None:
    if layouts_in_use().filter(sheet=row.sheet, name=name).exclude(pk=row.pk).exists():
        message = _("There is another layout “%(name)s” for this kind of file.") % {"name": name}
        raise DomainError("name_taken", message, "name")


@transaction.atomic
def layout_rename(*, user: Any, layout: Layout, name: str, version: int | None = None) -> Layout:
    """Another name, by which the API asks for it; ``VersionConflict`` when somebody renamed it since."""
    current = row_lock(layout)
    _not_retired(current)
    _name_check(current, name.strip())
    row_save(current, version=version, values={"name": name.strip()})
    return current


@transaction.atomic
def layout_retire(*, user: Any, layout: Layout) -> None:
    """Forget how such files are read: the next one is asked about as a new one. What came in stays; twice is
    once."""
    current = row_lock(layout)
    if current.retired_at is None:
        current.retired_at = timezone.now()
        current.save(update_fields=["retired_at"])


@transaction.atomic
def layout_put_back(*, user: Any, layout: Layout) -> None:
    """Read such files by it again; ``DomainError`` when they have another layout, or its name is taken."""
    current = row_lock(layout)
    if current.retired_at is None:
        return
    newer = layouts_in_use().filter(sheet=current.sheet, signature=current.signature).first()
    if newer is not None:
        message = _("Such files are read by “%(name)s” now. Delete that one first.") % {"name": newer.name}
        raise DomainError("layout_replaced", message, status=409)
    _name_check(current, current.name)
    current.retired_at = None
    current.save(update_fields=["retired_at"])


def _not_retired(row: Layout) -> None:
    if row.retired_at is not None:
        raise DomainError("layout_deleted", _("This layout was deleted. Put it back first."), status=409)
