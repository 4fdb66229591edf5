"""Budgets: versions of a financial year that can be filled, then frozen for good."""

from __future__ import annotations

from typing import Any

import pghistory
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import cells_meant, check
from core.months import month_add
from products.models import BudgetRow, BudgetVersion, Channel, Measure, Product, ProductLine

from .budget_cells import draft_lock
from .scope import unlimited


def _shared(user: Any) -> None:
    unlimited(user, _("A budget is shared by all lines; you are limited to some of them."))


@transaction.atomic
def budget_create(
    *, user: Any, code: str, name: str, year: int, copy_of: BudgetVersion | None = None
) -> BudgetVersion:
    """A new budget of a financial year: empty, or with the rows of another one, its months moved to the new
    year. ``DomainError`` when the code is taken."""
    _shared(user)
    code = code.strip()
    _code_check(code)
    version = BudgetVersion(code=code, name=name.strip(), year=year)
    check(version)
    version.save()
    if copy_of is not None:
        names = ("product_id", "line_id", "channel_id", "measure_id", "volume", "revenue")
        months = 12 * (year - copy_of.year)
        BudgetRow.objects.bulk_create(
            (
                BudgetRow(
                    version=version, month=month_add(month, months), **dict(zip(names, row, strict=True))
                )
                for month, *row in copy_of.rows.values_list("month", *names)
            ),
            batch_size=2000,
        )
    return version


def _code_check(code: str) -> None:
    if BudgetVersion.objects.filter(code__iexact=code).exists():
        raise DomainError("code_taken", _("The code %(code)s is already in use.") % {"code": code}, "code")


@transaction.atomic
def budget_rename(*, user: Any, version: BudgetVersion, name: str, seen: str | None = None) -> BudgetVersion:
    """Another name for a draft; its code, by which files know it, and its year stay. ``VersionConflict`` with
    both names where it was another than the one ``seen``."""
    _shared(user)
    current = draft_lock(version)
    meant = cells_meant(
        {"name": name.strip()},
        {} if seen is None else {"name": seen},
        {"name": current.name},
        message=_("Somebody else saved this in the meantime."),
        shown=lambda field, yours: (field, current.name, yours),
    )
    if meant and current.name != meant["name"]:
        current.name = meant["name"]
        check(current)
        current.save(update_fields=["name"])
    return current


@transaction.atomic
def budget_freeze(*, user: Any, version: BudgetVersion) -> BudgetVersion:
    """From now on this budget is what figures are compared with, and none of its rows changes any more.
    Freezing twice does nothing; an empty budget is refused."""
    _shared(user)
    current = BudgetVersion.objects.select_for_update().get(pk=version.pk)
    if current.frozen_at is not None:
        return current
    if not current.rows.exists():
        raise DomainError("budget_empty", _("There is nothing in this budget yet."), status=409)
    current.frozen_at, current.frozen_by = timezone.now(), user
    current.save(update_fields=["frozen_at", "frozen_by"])
    return current


@transaction.atomic
def budget_delete(*, user: Any, version: BudgetVersion) -> None:
    """A draft can go with its rows, and be put back; a frozen budget stays."""
    _shared(user)
    current = draft_lock(version)
    with pghistory.context(budget_deleted=current.pk):
        current.delete()


@transaction.atomic
def budget_restore(*, user: Any, pk: int) -> BudgetVersion:
    """Put back a draft that somebody deleted, with its rows; rows of a product, line or channel that is gone
    since are left out. 404 when no such budget was deleted."""
    _shared(user)
    gone = (
        BudgetVersion.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
            pgh_obj_id=pk, pgh_label="delete", pgh_context__metadata__has_key="budget_deleted"
        )
        .order_by("-pgh_id")
        .first()
    )
    if gone is None or BudgetVersion.objects.filter(pk=pk).exists():
        raise Http404(pk)
    _code_check(gone.code)
    version = BudgetVersion.objects.create(pk=pk, code=gone.code, name=gone.name, year=gone.year)
    rows = BudgetRow.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
        version_id=pk, pgh_label="delete", pgh_context=gone.pgh_context_id, pgh_created_at=gone.pgh_created_at
    )
    known = [
        ("product_id", Product),
        ("line_id", ProductLine),
        ("channel_id", Channel),
        ("measure_id", Measure),
    ]
    there = {name: set(model._default_manager.values_list("pk", flat=True)) for name, model in known}
    names = ("id", *there, "month", "volume", "revenue")
    BudgetRow.objects.bulk_create(
        (
            BudgetRow(version=version, **row)
            for row in rows.values(*names)
            if all(row[name] is None or row[name] in pks for name, pks in there.items())
        ),
        batch_size=2000,
    )
    return version
