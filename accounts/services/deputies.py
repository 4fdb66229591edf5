"""Who receives what is for somebody who is away."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import Deputy, User

from ._guard import manager_require

DeputyWarning = Callable[[User, User], str]
_warnings: list[DeputyWarning] = []


def register_warning(warning: DeputyWarning) -> None:
    """Add what a room has to say about an ``(owner, deputy)``: a sentence, or nothing. It refuses nothing."""
    _warnings.append(warning)


def deputy_warnings(owner: User, deputy: User) -> list[str]:
    """What the deputy will not receive, in sentences."""
    return [text for warning in _warnings if (text := warning(owner, deputy))]


def deputy_set(
    *, by: User, owner: User, deputy: User, start_date: datetime.date, end_date: datetime.date
) -> Deputy:
    """Name a deputy from one day to another, both included: for oneself; an administrator for anybody."""
    if by.pk != owner.pk:
        manager_require(by)
    if owner.pk == deputy.pk:
        raise DomainError("own_deputy", _("A deputy is somebody else."), "deputy")
    if not deputy.is_active:
        raise DomainError("deputy_inactive", _("This person can no longer sign in."), "deputy")
    if end_date < start_date:
        raise DomainError("dates_reversed", _("The last day is before the first."), "end_date")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # two at once wait here, not at the constraint
        clash = Deputy.objects.filter(
            owner=owner, start_date__lte=end_date, end_date__gte=start_date
        ).select_related("deputy")
        if other := clash.first():
            message = _(
                "%(name)s is already deputy from %(start)s to %(end)s. Choose other dates or end that."
            )
            start, end = (date_format(day, "SHORT_DATE_FORMAT") for day in (other.start_date, other.end_date))
            said = {"name": other.deputy, "start": start, "end": end}
            raise DomainError("deputy_overlaps", message % said, "start_date", status=409)
        return Deputy.objects.create(owner=owner, deputy=deputy, start_date=start_date, end_date=end_date)


def deputy_end(*, by: User, deputy: Deputy, today: datetime.date) -> None:
    """End it: from today on the owner receives again; what did not start yet is taken back."""
    if by.pk != deputy.owner_id:
        manager_require(by)
    with transaction.atomic():
        current = Deputy.objects.select_for_update().get(pk=deputy.pk)
        if current.start_date >= today:
            current.delete()
        elif current.end_date >= today:
            current.end_date = today - datetime.timedelta(days=1)
            current.save(update_fields=["end_date"])
