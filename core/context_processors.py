from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from . import registries


@dataclass
class MenuItem:
    label: Any
    url: str
    icon: str
    badge: int | None
    active: bool


class Frame:
    """What the frame around every page shows; each part is built when the template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._user = request.user

    @cached_property
    def _entries(self) -> list[registries.MenuEntry]:
        return [
            entry
            for entry in registries.menu
            if not entry.permission or self._user.has_perm(entry.permission)
        ]

    @cached_property
    def _numbers(self) -> dict[str, Any]:
        """The small numbers in menu and bell; all that are rows to be counted in one query."""
        asked = {entry.key: entry.badge(self._user) for entry in self._entries if entry.badge}
        asked["unread"] = self._part("unread")
        rows = {key: value for key, value in asked.items() if isinstance(value, QuerySet)}
        return asked | _counted(rows)

    @cached_property
    def menu(self) -> list[MenuItem]:
        entries = [(entry, reverse(entry.url_name)) for entry in self._entries]
        path = self._request.path
        under = [url for _, url in entries if path == url or (url != "/" and path.startswith(url))]
        active = max(under, key=len, default="")
        return [
            MenuItem(entry.label, url, entry.icon, self._numbers.get(entry.key), url == active)
            for entry, url in entries
        ]

    def _part(self, key: str) -> Any:
        if key not in registries.frame_parts:
            return None
        return registries.frame_parts.get(key).build(self._user)

    @cached_property
    def followed(self) -> Any:
        return self._part("followed")

    @cached_property
    def unread(self) -> Any:
        return self._numbers["unread"]

    @cached_property
    def data_status(self) -> Any:
        return self._part("data_status")

    @cached_property
    def notifications_url(self) -> Any:
        return self._part("notifications_url")

    @cached_property
    def help_url(self) -> Any:
        return self._part("help_url")

    @cached_property
    def role(self) -> str:
        return ", ".join(str(role) for role in self._user.role_list)

    @property
    def initials(self) -> str:
        return self._user.initials

    @property
    def search_url(self) -> str:
        return reverse("core:search")

    @property
    def suggest_url(self) -> str:
        return reverse("core:suggest")

    @property
    def account_url(self) -> str:
        return reverse("accounts:profile")


def _counted(rows: dict[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each has, in one query."""
    parts = [
        part.order_by().values(frame_key=Value(key)).annotate(frame_rows=Count("pk"))
        for key, part in rows.items()
    ]
    found = (
        {row["frame_key"]: row["frame_rows"] for row in parts[0].union(*parts[1:], all=True)} if parts else {}
    )
    return {key: found.get(key, 0) for key in rows}


def frame(request: HttpRequest) -> dict[str, Any]:
    """``frame`` in every template of a signed-in person; guests have none."""
    user = getattr(request, "user", None)
    return {"frame": Frame(request) if user is not None and user.is_authenticated else None}
