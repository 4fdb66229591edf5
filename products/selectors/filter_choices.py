"""What the filters of the product list offer, and how those in use are called."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from products.models import Product, Segment, Supplier

from .access import channels_visible, families_visible, lines_visible, visible_line_ids
from .list_query import ListQuery
from .product_filter import NOBODY

MOST = 200


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    depth: int = 0


@dataclass(frozen=True)
class Chip:
    """A filter in use: what it is called, its value in words, and the address without it."""

    label: str
    text: str
    without: str


def fold(text: str) -> str:
    """Lower case without accents, as the database folds names."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).lower()


def stage_choices() -> list[Choice]:
    return [
        Choice("introduction", _("introduction")),
        Choice("growth", _("growth")),
        Choice("maturity", _("maturity")),
        Choice("decline", _("decline")),
        Choice("revival", _("revival")),
        Choice("none", _("no stage")),
    ]


def status_choices() -> list[Choice]:
    rest = [Choice(value, str(label)) for value, label in Product.Status.choices]
    return [Choice("current", _("not ended")), *rest]


def _tree(rows: Sequence[Any]) -> list[Choice]:
    """Rows with a parent, each below its parent; a row whose parent is not among them is a top."""
    ids = {row.pk for row in rows}
    below: dict[Any, list[Any]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in ids else None, []).append(row)
    found: list[Choice] = []

    def walk(parent: Any, depth: int) -> None:
        for row in below.get(parent, ()):
            found.append(Choice(row.code, row.name, depth))
            walk(row.pk, depth + 1)

    walk(None, 0)
    return found


def _named(rows: Any) -> list[Choice]:
    return [Choice(row.code, row.name) for row in rows[:MOST]]


def _owners(user: Any) -> list[Choice]:
    people = User.objects.filter(is_active=True).order_by("name")
    lines = visible_line_ids(user)
    if lines is not None:
        people = people.filter(owned_products__line_id__in=lines).distinct()
    return [
        Choice("me", _("me")),
        *(Choice(str(person.pk), person.name) for person in people[:MOST]),
        Choice(NOBODY, _("nobody")),
    ]


_CHOICES: dict[str, Callable[[Any], list[Choice]]] = {
    "line": lambda user: _tree(list(lines_visible(user))),
    "owner": _owners,
    "status": lambda user: status_choices(),
    "stage": lambda user: stage_choices(),
    "kind": lambda user: [Choice(value, str(label)) for value, label in Product.Kind.choices],
    "channel": lambda user: _tree(list(channels_visible(user))),
    "family": lambda user: _named(families_visible(user)),
    "supplier": lambda user: [*_named(Supplier.objects.all()), Choice(NOBODY, _("none"))],
    "segment": lambda user: [*_named(Segment.objects.all()), Choice(NOBODY, _("none"))],
    "temporary": lambda user: [Choice("yes", _("yes")), Choice("no", _("no"))],
    "review": lambda user: [Choice("due", _("due"))],
}


def labels() -> dict[str, str]:
    return {
        "line": _("Line"),
        "owner": _("Owner"),
        "status": _("Status"),
        "stage": _("Stage"),
        "channel": _("Channel"),
        "kind": _("Kind"),
        "family": _("Family"),
        "supplier": _("Supplier"),
        "segment": _("Segment"),
        "temporary": _("Temporary"),
        "review": _("Review"),
    }


def filter_keys(query: ListQuery) -> list[tuple[str, str]]:
    """The filters that can be added, with their names."""
    added = [
        (column.key, str(column.added.filter_label))
        for column in query.available
        if column.added and column.added.filter_label
    ]
    stages = not query.limited and any(column.key == "stage" for column in query.available)
    own = {key: label for key, label in labels().items() if stages or key != "stage"}
    return [*own.items(), *added]


def filter_choices(user: Any, key: str, text: str = "") -> list[Choice] | None:
    """The values of a filter that hold the text; ``None`` for a filter that does not exist."""
    if key not in _CHOICES:
        return None
    wanted = fold(text)
    return [choice for choice in _CHOICES[key](user) if wanted in fold(choice.label)]


def chips(user: Any, query: ListQuery) -> list[Chip]:
    """The filters in use, in words; a query only for a kind of filter that is in use."""
    names = labels() | dict(filter_keys(query))
    found = []
    for key, values in query.filters.items():
        if key not in _CHOICES:
            found.append(Chip(names[key], "", query.without(key)))
            continue
        if key == "owner" and values == ("me",):  # the usual one, without asking who else there is
            found.append(Chip(names[key], user.name, query.without(key)))
            continue
        known = {choice.value.lower(): choice.label for choice in _CHOICES[key](user)}
        if key == "owner":
            known["me"] = user.name
        for value in values:
            label = known.get(value.lower(), value)
            found.append(Chip(names[key], label, query.without(key, value)))
    return found
