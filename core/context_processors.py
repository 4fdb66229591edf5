from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import JSONArray
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
    def _parts(self) -> dict[str, Any]:
        """What rooms add: numbers in the menu and other parts, and what a page has read along with them. All
        that are rows are read in one query."""
        parts = {f"badge {entry.key}": entry.badge(self._user) for entry in self._entries if entry.badge}
        parts |= {part.key: part.build(self._user) for part in registries.frame_parts}
        parts |= getattr(self._request, "frame_rows", {})
        return parts | frame_read({key: part for key, part in parts.items() if _is_rows(part)})

    @cached_property
    def menu(self) -> list[MenuItem]:
        entries = [(entry, reverse(entry.url_name)) for entry in self._entries]
        path = self._request.path
        under = [url for _, url in entries if path == url or (url != "/" and path.startswith(url))]
        active = max(under, key=len, default="")
        return [
            MenuItem(entry.label, url, entry.icon, self._parts.get(f"badge {entry.key}"), url == active)
            for entry, url in entries
        ]

    @property
    def views(self) -> Any:
        """What the page left in ``request.frame_rows``: kept under a name, as chips beside its title."""
        return self._parts.get("views")

    @property
    def followed(self) -> Any:
        return self._parts.get("followed")

    @property
    def unread(self) -> Any:
        return self._parts.get("unread")

    @property
    def data_status(self) -> Any:
        return self._parts.get("data_status")

    @property
    def notifications_url(self) -> Any:
        return self._parts.get("notifications_url")

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


def _is_rows(part: Any) -> bool:
    return isinstance(part, QuerySet | tuple | registries.FrameRows)


def frame_read(parts: dict[str, Any]) -> dict[str, Any]:
    """The rows of all parts in one query, each part as it is shown; rows to count become their number."""
    if not parts:
        return {}
    wanted = [
        part.rows.values(frame_key=Value(key), frame_row=part.row)
        if isinstance(part, registries.FrameRows)
        else part.order_by().values(frame_key=Value(key)).annotate(frame_row=JSONArray(Count("pk")))
        for key, whole in parts.items()
        for part in (whole if isinstance(whole, tuple) else (whole,))
    ]
    found: dict[str, list[Any]] = {key: [] for key in parts}
    for row in wanted[0].union(*wanted[1:], all=True):
        found[row["frame_key"]].append(row["frame_row"])
    return {
        key: part.show(found[key]) if isinstance(part, registries.FrameRows) else _number(found[key])
        for key, part in parts.items()
    }


def _number(counted: list[list[int]]) -> int:
    """No row is none to count."""
    return sum(number for (number,) in counted)


def frame(request: HttpRequest) -> dict[str, Any]:
    """``frame`` in every template of a signed-in person; guests have none."""
    user = getattr(request, "user", None)
    return {"frame": Frame(request) if user is not None and user.is_authenticated else None}
