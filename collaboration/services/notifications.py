from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils import timezone

from accounts.selectors import deputies_on
from collaboration.kinds import notification_kinds
from collaboration.models import Notification
from core.organisation import today


def notify(
    *,
    users: Iterable[Any],
    kind: str,
    key: str,
    params: Mapping[str, Any],
    url: str,
    but_not: Any = None,
    deputy_sees: Callable[[Any], bool] | None = None,
) -> int:
    """Tell these people once (per ``key``); not the one who did it. Returns how many were told.

    With ``deputy_sees``, whoever is their deputy today and may see what it is about is told too.
    """
    notification_kinds.get(kind)
    told = {user.pk: user for user in users}
    if deputy_sees is not None and told:
        deputies = deputies_on(today())
        standing_in = {deputies[pk].pk: deputies[pk] for pk in told if pk in deputies}
        told |= {pk: user for pk, user in standing_in.items() if pk not in told and deputy_sees(user)}
    rows = [
        Notification(user=user, kind=kind, key=key, params=dict(params), url=url)
        for user in told.values()
        if user.is_active and user != but_not
    ]
    return len(Notification.objects.bulk_create(rows, ignore_conflicts=True))


def notifications_change(*, key: str, params: Mapping[str, Any]) -> None:
    """What was told under a key is told with these values from now on."""
    rows = list(Notification.objects.filter(key=key))
    for row in rows:
        row.params |= params
    Notification.objects.bulk_update(rows, ["params"])


def notifications_withdraw(*, key: str) -> None:
    """What was told under a key is told no longer."""
    Notification.objects.filter(key=key).delete()


def notifications_read(*, user: Any, ids: list[int] | None = None) -> int:
    """Mark one's own notifications as read; all of them without ``ids``."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    return unread.update(read_at=timezone.now())
