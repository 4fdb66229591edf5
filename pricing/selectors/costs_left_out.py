"""Cost lines that totals lack, as what they count by is not known: which, and of which products."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FilteredRelation, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from pricing.models import CostKind, CostLeftOut, CostLine
from products.models import Product
from products.selectors.closed_names import Called

from .costs import kind_called

SHOWN = 5


@dataclass(frozen=True)
class LeftOutLine:
    """A cost line by its kind and its own name; of the products that lack it the first code and the first
    name, and how many ``others`` do."""

    kind: CostKind
    name: str
    code: str
    product: str
    others: int = 0


@dataclass(frozen=True)
class LeftOutCosts:
    """The first ``SHOWN`` of them; ``more``: there are others."""

    lines: Sequence[LeftOutLine]
    more: bool = False

    @property
    def said(self) -> str:
        """For another system: kind:product, +n where n other products lack the line too."""
        found = [
            f"{row.kind.code}:{row.code}" + (f"+{row.others}" if row.others else "") for row in self.lines
        ]
        return ",".join([*found, *(["..."] if self.more else [])])


def lacking(rows: Q, months: Collection[datetime.date]) -> QuerySet[CostLeftOut]:
    """What booked standard costs of these months lack, among ``rows`` (as of booked costs). Who may see it is
    asked by who calls."""
    return CostLeftOut.objects.filter(rows, month__in=months)


def costs_left_out(rows: QuerySet[CostLeftOut], called: Called) -> LeftOutCosts | None:
    """Their lines, called as a report calls things; ``None``: there are none. One query."""
    found: QuerySet[Any] = rows
    names: dict[str, Any] = {"called_code": F("product__code"), "called_name": F("product__name")}
    if called.closing is not None:
        kept = FilteredRelation("product__closed_as", condition=Q(product__closed_as__closing=called.closing))
        found = found.annotate(kept=kept)
        names = {name: Coalesce(F(f"kept__{name[7:]}"), now) for name, now in names.items()}
    of = ("kind", "kind__code", "kind__name_en", "kind__name_nl")
    by_line = (
        found.annotate(**names)
        .order_by("kind__place", "kind", "cost_line__name", "cost_line")
        .values_list("kind__place", *of, "cost_line__name", "cost_line")
        .annotate(Min("called_code"), Min("called_name"), Count("product", distinct=True))
    )
    listed = list(by_line[: SHOWN + 1])
    if not listed:
        return None
    lines = [
        LeftOutLine(
            kind_called(CostKind(pk=pk, code=kind, name_en=en, name_nl=nl), called),
            *(name, code, product, count - 1),
        )
        for _place, pk, kind, en, nl, name, _line, code, product, count in listed[:SHOWN]
    ]
    return LeftOutCosts(lines, len(listed) > SHOWN)


def costs_left_out_of(unknown: Iterable[tuple[Product, CostLine]]) -> LeftOutCosts | None:
    """The same of lines that are at hand with the products that lack them."""
    products: dict[CostLine, list[Product]] = {}
    for product, line in unknown:
        own = products.setdefault(line, [])
        if product not in own:
            own.append(product)
    lines = [
        LeftOutLine(
            line.kind,
            line.name,
            min(each.code for each in own),
            min(each.name for each in own),
            len(own) - 1,
        )
        for line, own in sorted(products.items(), key=lambda each: (each[0].kind.place, each[0].pk))
    ]
    return LeftOutCosts(lines[:SHOWN], len(lines) > SHOWN) if lines else None
