from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from collaboration.kinds import notification_kinds
from collaboration.models import Notification


def notify(
    *, users: Iterable[Any], kind: str, key: str, params: Mapping[str, Any], url: str, but_not: Any = None
) -> int:
    """Tell these people once (per ``key``); not the one who did it. Returns how many were told."""
    notification_kinds.get(kind)
    rows = [
        Notification(user=user, kind=kind, key=key, params=dict(params), url=url)
        for user in {user.pk: user for user in users}.values()
        if user.is_active and user != but_not
    ]
    return len(Notification.objects.bulk_create(rows, ignore_conflicts=True))


def notifications_read(*, user: Any, ids: list[int] | None = None) -> int:
    """Mark one's own notifications as read; all of them without ``ids``."""
    unread = Notification.objects.filter(user=user, read_at=None)
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    return unread.update(read_at=timezone.now())
