"""What the rows of a cost report are called, and their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import F, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from pricing.models import CostKind, CostMonth
from pricing.selectors.costs import cost_kinds, kind_called
from products.models import Channel, Product, Supplier
from products.selectors.access import channels_visible

from .report_query import ReportQuery


class Name(NamedTuple):
    """A code that does not change with the language, and how it reads. ``now``: the code by which its page
    is found, where it is another."""

    code: str
    label: str
    now: str = ""


NOTHING = Name("", "")


def product_name(row: Product) -> Name:
    """Of a product as a report calls it."""
    return Name(row.code, row.name, getattr(row, "code_now", row.code))


class Names:
    """One query a dimension that the report has; lines are at hand."""

    def __init__(self, query: ReportQuery, rows: Iterable[tuple[tuple[Any, ...], Any]]) -> None:
        self._by, self._keys = query.by, [key for key, _sums in rows]
        self._called = query.called
        self._kept: dict[str, dict[Any, Name]] = {}
        self._orders: dict[str, dict[Any, tuple[Any, ...]]] = {name: {} for name in query.by}

    def _seen(self, dimension: str) -> set[Any]:
        place = self._by.index(dimension)
        return {key[place] for key in self._keys if key[place] is not None}

    @cached_property
    def _products(self) -> dict[int, Product]:
        return self._called.products_read(Product.objects.filter(pk__any=self._seen("product")))

    @cached_property
    def _lines(self) -> dict[int, tuple[str, ...]]:
        """By line its names from the top down, in which lines are sorted."""
        tree = self._called.tree
        return {pk: tuple(line.name.lower() for line in tree.path(pk)) for pk in tree.lines}

    @cached_property
    def _kinds(self) -> dict[int, CostKind]:
        return {kind.pk: kind_called(kind, self._called) for kind in cost_kinds()}

    def line_of(self, product_id: int | None) -> int | None:
        row = self._products.get(product_id) if product_id is not None else None
        return row.line_id if row else None

    def of(self, key: tuple[Any, ...]) -> tuple[Name, ...]:
        return tuple(self.one(name, value) for name, value in zip(self._by, key, strict=True))

    def one(self, dimension: str, value: Any) -> Name:
        known = self._kept.get(dimension)
        if known is None:
            known = self._kept[dimension] = self._read(dimension)
        if value in known:
            return known[value]
        if dimension in ("cost_centre", "month"):
            found = Name(value, value) if dimension == "cost_centre" else _month(value)
            return found if value else Name("", pgettext("cost report", "none"))
        words = {
            "line": _("not on a product"),
            "product": _("not on a product"),
            "channel": _("not by channel"),
            "supplier": _("no supplier"),
        }
        return Name("", words.get(dimension, "")) if value is None else Name(f"#{value}", f"#{value}")

    def _read(self, dimension: str) -> dict[Any, Name]:
        if dimension == "line":
            return {pk: Name(line.code, line.name) for pk, line in self._called.tree.lines.items()}
        if dimension == "product":
            return {pk: product_name(row) for pk, row in self._products.items()}
        if dimension == "kind":
            return {pk: Name(row.code, str(row)) for pk, row in self._kinds.items()}
        models: Mapping[str, Any] = {"channel": Channel, "supplier": Supplier}
        if dimension not in models:
            return {}
        rows = self._called.names(dimension, models[dimension].objects.all(), self._seen(dimension))
        return {pk: Name(code, name) for pk, (code, name) in rows.items()}

    def order(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        """Products by line and name, kinds in their order, all else by name; what is of none comes last."""
        found = []
        for name, value in zip(self._by, key, strict=True):
            known = self._orders[name]
            if value not in known:
                known[value] = self._order(name, value)
            found.append(known[value])
        return tuple(found)

    def _order(self, name: str, value: Any) -> tuple[Any, ...]:
        if value is None or value == "":
            return (True,)
        orders: Mapping[str, Callable[[Any], Any]] = {
            "product": self._product_order,
            "line": lambda pk: self._lines.get(pk, ()),
            "kind": lambda pk: (self._kinds[pk].place, self._kinds[pk].code) if pk in self._kinds else (),
            "month": lambda month: month,
        }
        by = orders.get(name, lambda value: (self.one(name, value).label.lower(), value))
        return (False, by(value))

    def _product_order(self, pk: int) -> tuple[Any, ...]:
        row = self._products.get(pk)
        return (self._lines[row.line_id], row.name.lower(), pk) if row else ((), "", pk)


OFFERED = ("channel", "supplier", "cost_centre")


def names_offered(user: Any, booked: QuerySet[CostMonth]) -> dict[str, list[Name]]:
    """What a report of ``booked`` can be narrowed to, by dimension: the person's channels, suppliers, and
    cost centres that something is booked on. One query."""
    own = (
        channels_visible(user).order_by().annotate(what=Value("channel")).values_list("what", "code", "name")
    )
    suppliers = Supplier.objects.annotate(what=Value("supplier")).values_list("what", "code", "name")
    centres = booked.exclude(cost_centre="").order_by().annotate(what=Value("cost_centre"))
    centres = centres.values_list("what", "cost_centre", F("cost_centre")).distinct()
    found: dict[str, list[Name]] = {name: [] for name in OFFERED}
    for what, code, label in own.union(suppliers.order_by(), centres, all=True):
        found[what].append(Name(code, label))
    return {what: sorted(rows, key=lambda row: row.label.lower()) for what, rows in found.items()}


def channels_offered(user: Any) -> list[Name]:
    """The person's channels. One query."""
    found = channels_visible(user).order_by().values_list("code", "name")
    return sorted((Name(code, name) for code, name in found), key=lambda row: row.label.lower())


def _month(value: Any) -> Name:
    return Name(f"{value:%Y-%m}", formats.month(value))
