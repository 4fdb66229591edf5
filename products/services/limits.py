"""Limiting a person to lines and channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import DomainError
from accounts.models import User
from accounts.versions import row_lock, version_check
from products.models import Channel, ChannelLimit, LineLimit, ProductLine

from .scope import unlimited

LIMITED = gettext_lazy("You are limited to some lines or channels yourself. Ask an administrator who is not.")


def limits_set(
    *,
    by: User,
    user: User,
    version: int | None,
    lines: Iterable[ProductLine],
    channels: Iterable[Channel],
) -> User:
    """Let a person see only these lines and channels and those below them; none: no limit.

    Holds from their next request on. Refused to who is limited: what they do not see they cannot give.
    """
    if not by.has_perm("accounts.manage"):
        raise DomainError("not_allowed", _("Only an administrator can do this."), status=403)
    unlimited(by, LIMITED)
    wanted_lines = {line.pk: line for line in lines}
    wanted_channels = {channel.pk: channel for channel in channels}
    with transaction.atomic():
        current = row_lock(user)
        line_rows = LineLimit.objects.filter(user=current).select_related("line")
        channel_rows = ChannelLimit.objects.filter(user=current).select_related("channel")
        had_lines = {row.line_id: row for row in line_rows}
        had_channels = {row.channel_id: row for row in channel_rows}
        differs: dict[str, tuple[Any, Any]] = {}
        if had_lines.keys() != wanted_lines.keys():
            theirs = _names(row.line for row in had_lines.values())
            differs["lines"] = (_names(wanted_lines.values()), theirs)
        if had_channels.keys() != wanted_channels.keys():
            theirs = _names(row.channel for row in had_channels.values())
            differs["channels"] = (_names(wanted_channels.values()), theirs)
        if not differs:
            return current
        version_check(current.version, version, differs)
        LineLimit.objects.filter(user=current).exclude(line__in=wanted_lines).delete()
        ChannelLimit.objects.filter(user=current).exclude(channel__in=wanted_channels).delete()
        for pk in wanted_lines.keys() - had_lines.keys():
            LineLimit.objects.create(user=current, line=wanted_lines[pk])
        for pk in wanted_channels.keys() - had_channels.keys():
            ChannelLimit.objects.create(user=current, channel=wanted_channels[pk])
        current.version += 1
        current.save(update_fields=["version"])
    return current


def _names(rows: Iterable[Any]) -> str:
    return ", ".join(sorted(str(row) for row in rows)) or _("no limit")
