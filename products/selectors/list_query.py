"""What the product list is asked for: everything is in the address, and only what is allowed gets through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict

from .columns import Column, columns_chosen

FILTERS = (
    *("owner", "status", "line", "stage", "channel", "family", "kind", "supplier", "segment", "temporary"),
    "review",
)
STATUSES = ("current", "planned", "active", "ending", "ended")
STAGES = ("introduction", "growth", "maturity", "decline", "revival", "none")
ALLOWED = {
    "status": STATUSES,
    "stage": STAGES,
    "kind": ("good", "service"),
    "temporary": ("yes", "no"),
    "review": ("due",),
}
DEFAULT_SORT = "-revenue_12m"
MOST_VALUES = 20


@dataclass(frozen=True)
class ListQuery:
    """Search text, filters (key → values, any of which may hold), sort and columns; ``view`` is the lit tab,
    ``available`` every column the person may have, ``limited`` whether they see some channels only;
    ``alike``: names alike to the text instead of those that hold it.

    ``sort`` is ``name``, ``code`` or a column's key, with ``-`` in front for the largest first.
    """

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = DEFAULT_SORT
    columns: tuple[Column, ...] = ()
    chosen: bool = False
    view: str = ""
    available: tuple[Column, ...] = ()
    limited: bool = False
    alike: bool = False

    def address(self, **changes: Any) -> str:
        """The query string of this question, with changes: ``filters=…``, ``sort=…``, ``view=…``."""
        return replace(self, **changes).encoded

    @property
    def encoded(self) -> str:
        query = QueryDict(mutable=True)
        if self.view:
            query["view"] = self.view
        if self.text:
            query["q"] = self.text
        if self.alike:
            query["alike"] = "1"
        for key in self.filters:
            query.setlist(key, list(self.filters[key]))
        if self.sort != DEFAULT_SORT:
            query["sort"] = self.sort
        if self.chosen:
            query["cols"] = ",".join(column.key for column in self.columns)
        return query.urlencode()

    def without(self, key: str, value: str = "") -> str:
        """The address with this filter, or one of its values, taken off."""
        left = tuple(v for v in self.filters.get(key, ()) if value and v != value)
        rest = {k: v for k, v in self.filters.items() if k != key}
        return self.address(filters={**rest, key: left} if left else rest)

    def having(self, key: str, value: str) -> str:
        """The address with this value added to the filter."""
        values = tuple(dict.fromkeys((*self.filters.get(key, ()), value)))
        return self.address(filters={**self.filters, key: values})


def list_query(query: QueryDict, available: Sequence[Column], *, limited: bool) -> ListQuery:
    """Read the address; what is unknown is left out. ``limited``: not sorted by all channels' figures."""
    sortable = {
        "name",
        "code",
        *(column.key for column in available if column.sort and not (limited and column.of_sales)),
    }
    fallback = "name" if limited else DEFAULT_SORT
    sort = query.get("sort", fallback)
    keys = [key for key in query.get("cols", "").split(",") if key]
    return ListQuery(
        text=query.get("q", "").strip()[:200],
        filters=_filters(query, available),
        sort=sort if sort.removeprefix("-") in sortable else fallback,
        columns=tuple(columns_chosen(available, keys)),
        chosen=bool(keys),
        view=query.get("view", "")[:20],
        available=tuple(available),
        limited=limited,
        alike=query.get("alike") == "1",
    )


def _filters(query: QueryDict, available: Iterable[Column]) -> dict[str, tuple[str, ...]]:
    known = [*FILTERS, *(c.key for c in available if c.added is not None and c.added.filter_label)]
    found = {}
    for key in known:
        allowed = ALLOWED.get(key) or (None if key in FILTERS else ("yes",))
        values = (v for v in query.getlist(key) if v and (allowed is None or v in allowed))
        kept = tuple(dict.fromkeys(values))[:MOST_VALUES]
        if kept:
            found[key] = kept
    return found
