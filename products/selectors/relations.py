"""What is around a product: its other codes, units and dated relations; and the history of all that."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.rows import sql_of
from core.history import Related
from core.organisation import today
from core.registries import Event
from products.models import BundlePart, FamilyMember, Product, ProductCode, Succession, UnitFactor

from .access import families_visible, products_visible, visible_line_ids

OWN_ROWS = (
    Related(ProductCode, "product", _("Other code")),
    Related(UnitFactor, "product", _("Unit")),
)
DATED_ROWS = (
    Related(FamilyMember, "product", _("Family")),
    Related(BundlePart, "bundle", _("Part of the bundle")),
    Related(Succession, "predecessor", _("Successor")),
    Related(Succession, "successor", _("Predecessor")),
)


def history_related(user: Any) -> tuple[Related, ...]:
    """The rows whose history is part of a product's own. Those that name other products are left out for a
    person limited to lines, who may not even know they exist."""
    return OWN_ROWS if visible_line_ids(user) is not None else OWN_ROWS + DATED_ROWS


@dataclass(frozen=True)
class Dated:
    """A dated row, and whether it is the one that holds today."""

    row: Any
    holds: bool


@dataclass(frozen=True)
class Relations:
    """Everything around one product that the person may see."""

    codes: Sequence[ProductCode]
    unit_factors: Sequence[UnitFactor]
    memberships: Sequence[Dated]
    parts: Sequence[Dated]
    bundles: Sequence[Dated]
    successors: Sequence[Succession]
    predecessors: Sequence[Succession]


def _dated(rows: Iterable[Any], key: str) -> list[Dated]:
    """Newest first; of each key the newest that has started holds."""
    day = today()
    held: set[Any] = set()
    found = []
    for row in sorted(rows, key=lambda row: row.start_date, reverse=True):
        value = getattr(row, key)
        holds = row.start_date <= day and value not in held
        if holds:
            held.add(value)
        found.append(Dated(row, holds))
    return found


def relations_of(user: Any, product: Product) -> Relations:
    """What the product hangs together with; products and families out of the person's sight are left out."""
    seen = products_visible(user).values("pk")
    families = families_visible(user).values("pk")
    memberships = FamilyMember.objects.filter(Q(family=None) | Q(family__in=families), product=product)
    parts = BundlePart.objects.filter(bundle=product, part__in=seen).select_related("part")
    bundles = BundlePart.objects.filter(part=product, bundle__in=seen).select_related("bundle")
    return Relations(
        codes=list(ProductCode.objects.filter(product=product)),
        unit_factors=list(UnitFactor.objects.filter(product=product)),
        memberships=_dated(memberships.select_related("family"), "product_id"),
        parts=_dated(parts, "part_id"),
        bundles=_dated(bundles, "bundle_id"),
        successors=list(
            Succession.objects.filter(predecessor=product, successor__in=seen).select_related("successor")
        ),
        predecessors=list(
            Succession.objects.filter(successor=product, predecessor__in=seen).select_related("predecessor")
        ),
    )


def in_succession(_user: Any) -> RawSQL:
    """Whether the product of a page follows or is followed by another; read with it."""
    return _succession_read()


@cache
def _succession_read() -> RawSQL:
    rows = Succession.objects.filter(Q(predecessor=OuterRef("pk")) | Q(successor=OuterRef("pk")))
    return sql_of(Product, Exists(rows))


def _successions(user: Any, product: Product) -> QuerySet[Succession]:
    seen = products_visible(user).values("pk")
    return Succession.objects.filter(
        Q(predecessor=product, successor__in=seen) | Q(successor=product, predecessor__in=seen)
    ).select_related("predecessor", "successor")


def product_events(user: Any, product: Product, first: datetime.date, last: datetime.date) -> Iterator[Event]:
    """Launch, end and changes of the guard, as marks on the product's charts."""
    found = []
    if product.launched:
        found.append(Event("launch", product.launched, gettext("launch")))
    if product.ended:
        found.append(Event("end", product.ended, gettext("end")))
    for row in _successions(user, product) if getattr(product, "in_succession", True) else ():
        if row.predecessor_id == product.pk:
            text = gettext("%(product)s takes its place") % {"product": row.successor.name}
            found.append(Event("launch", row.start_date, gettext("successor"), text))
        else:
            text = gettext("takes the place of %(product)s") % {"product": row.predecessor.name}
            found.append(Event("launch", row.start_date, gettext("succession"), text))
    yield from (event for event in found if first <= event.date <= last)
