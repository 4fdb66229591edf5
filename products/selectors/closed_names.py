"""What things were called when a month was closed: reports of a closed month go by it, so that they stay the
same whatever is renamed or moved since."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, FilteredRelation, Model, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from core.kept import kept_while_reading
from products.models import (
    Channel,
    ClosedName,
    ClosedProduct,
    Family,
    FamilyMember,
    Measure,
    MonthClosing,
    Product,
    ProductLine,
    Supplier,
)

from .channels import channel_chains, channels_coded
from .closing import is_closed
from .lines import LineTree, line_tree


class ClosedTree(LineTree):
    """The lines as they were, and those made since; of what the former pass on only units and the measure
    that leads."""

    def __init__(self, rows: Collection[ClosedName], now: LineTree) -> None:
        self._usual = now._usual
        self.lines = now.lines | {row.object_id: _line(row) for row in rows}
        self._own = now._own | {row.object_id: [Measure(**row.said["measure"])] for row in rows}
        self._leads = {}
        self._children = {}
        for line in self.lines.values():
            self._children.setdefault(line.parent_id, []).append(line.pk)


def _line(row: ClosedName) -> ProductLine:
    units = {name: row.said[name] for name in ("unit", "reporting_unit")}
    return ProductLine(pk=row.object_id, code=row.code, name=row.name, parent_id=row.above, **units)


@dataclass(frozen=True, eq=False)
class Called:
    """What things are called: now, or (``closing``) when a month was closed. What came after that and is
    named all the same, such as by a budget, has the name of now."""

    tree: LineTree
    closing: int | None = None
    kept: Mapping[str, Mapping[int, ClosedName]] = field(default_factory=dict)
    """By kind and id what is kept with the closing."""
    _renamed: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def products(self, rows: QuerySet[Product]) -> QuerySet[Any]:
        """With ``called_code``, ``called_name``, ``called_line`` (its id), ``called_unit``, to filter by."""
        names = {
            "called_code": "code",
            "called_name": "name",
            "called_line": "line_id",
            "called_unit": "unit",
        }
        if self.closing is None:
            return rows.annotate(**{name: F(now) for name, now in names.items()})
        kept = FilteredRelation("closed_as", condition=Q(closed_as__closing=self.closing))
        known = {name: Coalesce(F(f"kept__{now}"), F(now)) for name, now in names.items()}
        return rows.annotate(kept=kept, **known)

    def products_read(self, rows: QuerySet[Product]) -> dict[int, Product]:
        """By id, with code, name, line and unit; ``code_now`` opens its page."""
        found: dict[int, Product] = {}
        for row in self.products(rows).only("code", "name", "line", "unit"):
            row.code_now = row.code
            row.code, row.name, row.unit = row.called_code, row.called_name, row.called_unit
            row.line_id = row.called_line
            found[row.pk] = row
        return found

    def families(self, day: datetime.date) -> dict[int, tuple[str, str]]:
        """By product code and name of the family it is in on this day. Two queries at most."""
        of = FamilyMember.objects.filter(start_date__lte=day).order_by("product", "-start_date")
        own: dict[int, int | None] = dict(of.distinct("product").values_list("product", "family"))
        if self.closing is not None:
            for pk, kept in ClosedProduct.objects.filter(closing=self.closing).values_list(
                "product", "families"
            ):
                held = [family for start, family in kept if start <= day.isoformat()]
                own[pk] = held[-1] if held else None
        names = self.names("family", Family.objects.all(), own.values())
        return {pk: names[family] for pk, family in own.items() if family in names}

    def lines_below(self, code: str) -> set[int]:
        """The line with this code and all below it; ``=`` before it: that line alone."""
        own = {line.pk for line in self.tree.lines.values() if line.code.upper() == code.lstrip("=").upper()}
        return own if code.startswith("=") else {pk for line in own for pk in self.tree.descendants(line)}

    def names(self, kind: str, now: QuerySet[Any], wanted: Collection[Any]) -> dict[int, tuple[str, str]]:
        """By id code and name, at least of those wanted; ``now``: the rows as they are. One query, of a
        closed month one only for what came after it."""
        found = {pk: (row.code, row.name) for pk, row in self.kept.get(kind, {}).items()}
        if found.keys() >= set(wanted) - {None}:
            return found
        rows = now.order_by().values_list("pk", "code", "name")
        return {pk: (code, name) for pk, code, name in rows} | found

    def code_now(self, kind: str, code: str) -> str:
        """The code of now of the product, channel or supplier that has this one in the report; ``=`` before
        it stays. One query at most for each kind."""
        if self.closing is None:
            return code
        if kind not in self._renamed:
            self._renamed[kind] = self._codes_now(kind, self.closing)
        bare = code.lstrip("=")
        return code[: len(code) - len(bare)] + self._renamed[kind].get(bare.lower(), bare)

    def _codes_now(self, kind: str, closing: int) -> dict[str, str]:
        """By code as it was, in small letters, those that are another now."""
        models: Mapping[str, type[Model]] = {"channel": Channel, "supplier": Supplier}
        if kind == "product":
            kept = ClosedProduct.objects.filter(closing=closing).exclude(code=F("product__code"))
            return {was.lower(): now for was, now in kept.values_list("code", "product__code")}
        if kind not in models:
            return {}
        codes = dict(models[kind]._default_manager.order_by().values_list("pk", "code"))
        return {row.code.lower(): codes[pk] for pk, row in self.kept.get(kind, {}).items() if pk in codes}

    def channels_below(self, code: str) -> list[int]:
        """The channel with this code and all below it; ``=`` before it: that channel alone."""
        tree = dict(channels_coded())
        tree |= {pk: (row.above, row.code) for pk, row in self.kept.get("channel", {}).items()}
        chains = channel_chains({pk: above for pk, (above, _own) in tree.items()})
        asked = {pk for pk, (_above, own) in tree.items() if own.lower() == code.lstrip("=").lower()}
        if code.startswith("="):
            return list(asked)
        return [pk for pk, chain in chains.items() if asked.intersection(chain)]


class CalledByMonth:
    """What rows of many months name, each month as it was when it was closed. Three queries at most."""

    def __init__(self, months: Collection[datetime.date], products: Collection[int | None]) -> None:
        wanted = {month for month in months if is_closed(month)}
        closings = (
            MonthClosing.objects.filter(month__gte=min(wanted)) if wanted else MonthClosing.objects.none()
        )
        known = dict(closings.order_by("month").values_list("month", "pk"))
        self._closings = {
            month: next((pk for until, pk in known.items() if until >= month), None) for month in wanted
        }
        of = {pk for pk in self._closings.values() if pk is not None}
        named = ClosedProduct.objects.filter(closing__in=of, product__in={pk for pk in products if pk})
        self._products = {(row.closing_id, row.product_id): row for row in named} if of else {}
        kinds = ("line", "channel", "supplier")
        others = ClosedName.objects.filter(closing__in=of, kind__in=kinds).order_by()
        codes = others.values_list("closing", "kind", "object_id", "code") if of else ()
        self._codes = {(closing, kind, pk): code for closing, kind, pk, code in codes}

    def product(self, month: datetime.date, product_id: int | None) -> ClosedProduct | None:
        return self._products.get((self._closings.get(month), product_id))  # type: ignore[arg-type]

    def code(self, month: datetime.date, kind: str, object_id: int | None) -> str | None:
        return self._codes.get((self._closings.get(month), kind, object_id))  # type: ignore[arg-type]


@kept_while_reading
def called(month: datetime.date) -> Called:
    """As reports of this month name things: as they were when it was closed, else as they are. One query
    where it is closed."""
    if is_closed(month):
        closings = MonthClosing.objects.filter(month__gte=month).order_by("month")
        kept: dict[str, dict[int, ClosedName]] = defaultdict(dict)
        for row in ClosedName.objects.filter(closing=Subquery(closings.values("pk")[:1])):
            kept[row.kind][row.object_id] = row
        if lines := list(kept["line"].values()):
            return Called(ClosedTree(lines, line_tree()), lines[0].closing_id, kept)
    return Called(line_tree())
