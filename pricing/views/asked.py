"""What the address of a list about products asks for."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from core.pages import Sort
from products.models import ProductLine
from products.selectors.access import lines_visible


def day_read(text: str) -> datetime.date | None:
    """A day of an address, as 2026-07-01; ``None`` where it names none."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Asked:
    """``where`` is the code of a channel or a segment, of a list that can be narrowed to one."""

    line: ProductLine | None
    where: str
    text: str
    show: str
    sort: Sort

    @classmethod
    def read(
        cls,
        request: HttpRequest,
        shown: tuple[str, ...],
        sorts: Iterable[str],
        first: str = "name",
        where: str = "",
    ) -> Asked:
        """``shown``: what there is to show, the first unless told; ``first``: how it is sorted unless told;
        ``where``: the name of its parameter."""
        line, show = request.GET.get("line", ""), request.GET.get("show", "")
        return cls(
            lines_visible(request.user).filter(code=line).first() if line else None,
            request.GET.get(where, "")[:60] if where else "",
            request.GET.get("q", "").strip()[:200],
            show if show in shown else shown[0],
            Sort.read(request, list(sorts), first),
        )

    @property
    def filters(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "text": self.text,
            "show": self.show,
            "sort": self.sort.field,
            "descending": self.sort.descending,
        }

    @property
    def narrowed(self) -> bool:
        return bool(self.line or self.where or self.text)
