"""Budgets: versions of a financial year that can be filled, then frozen for good."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check
from products.models import BudgetVersion

from .scope import unlimited


def _shared(user: Any) -> None:
    unlimited(user, _("A budget is shared by all lines; you are limited to some of them."))


@transaction.atomic
def budget_create(*, user: Any, code: str, name: str, year: int) -> BudgetVersion:
    """A new, empty budget of a financial year. ``DomainError`` when the code is taken."""
    _shared(user)
    code = code.strip()
    if BudgetVersion.objects.filter(code__iexact=code).exists():
        raise DomainError("code_taken", _("The code %(code)s is already in use.") % {"code": code}, "code")
    version = BudgetVersion(code=code, name=name.strip(), year=year)
    check(version)
    version.save()
    return version


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
    """A draft can go with its rows; a frozen budget stays."""
    _shared(user)
    current = BudgetVersion.objects.select_for_update().get(pk=version.pk)
    if current.frozen_at is not None:
        raise DomainError("budget_frozen", _("A frozen budget stays as it is."), status=409)
    current.delete()
