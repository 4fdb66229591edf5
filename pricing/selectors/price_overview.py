"""The page Prices: what every product costs on one list, now and next."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from core.lookups import ordered
from core.organisation import today
from core.search import folded, with_words
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import Product, ProductLine
from products.selectors.access import products_visible
from products.selectors.lines import line_tree
from products.selectors.product_filter import ONE_OF

from .prices import held_on

SORTS: dict[str, Any] = {
    "name": Lower("name"),
    "price": F("now_amount"),
    "since": F("now_since"),
    "next": F("next_date"),
}
SHOWN = ("with", "ahead", "without")


def products_priced(
    user: Any,
    price_list: PriceList,
    *,
    line: ProductLine | None = None,
    family: str = "",
    supplier: str = "",
    text: str = "",
    show: str = "with",
    sort: str = "name",
    descending: bool = False,
    day: datetime.date | None = None,
) -> QuerySet[Product]:
    """Products with ``now_amount`` and ``now_since`` of the price per unit in force on the list on the
    ``day``, today unless told, and ``next_amount`` and ``next_date`` of the first after it; what else a price
    is made of is in :func:`parts_priced`. ``show``: those *with* a price of any kind there, with a change
    *ahead*, or on sale *without* one; ``family`` and ``supplier`` are codes."""
    day = day or today()
    own = Price.objects.filter(
        product=OuterRef("pk"),
        price_list=price_list,
        component=Price.Component.UNIT,
        tier="",
        state=State.APPROVED,
    )
    now, ahead = (
        own.filter(start_date__lte=day).order_by("-start_date"),
        own.filter(start_date__gt=day).order_by("start_date"),
    )
    rows = products_visible(user).select_related("line")
    if line is not None:
        rows = rows.filter(line__in=line_tree().descendants(line.pk))
    for key, value in (("family", family), ("supplier", supplier)):
        if value:
            rows = rows.filter(ONE_OF[key](user, line_tree(), value))
    rows = with_words(rows, folded("code", "name"), text).annotate(
        now_amount=Subquery(now.values("amount")[:1]),
        now_since=Subquery(now.values("start_date")[:1]),
        next_amount=Subquery(ahead.values("amount")[:1]),
        next_date=Subquery(ahead.values("start_date")[:1]),
    )
    priced = Price.objects.filter(product=OuterRef("pk"), price_list=price_list, state=State.APPROVED)
    if show == "ahead":
        rows = rows.filter(Exists(priced.filter(start_date__gt=day)))
    elif show == "without":
        rows = rows.filter(_on_sale(day), ~Exists(held_on(priced.filter(amount__isnull=False), day)))
    else:
        rows = rows.filter(Exists(priced))
    return rows.order_by(ordered(SORTS[sort], descending), "pk")


@dataclass(frozen=True)
class Parts:
    """The components and tiers of a product's price but the plain one per unit: those in force, of each that
    changes the first ahead, and those that have ended."""

    now: Sequence[Price] = ()
    ahead: Sequence[Price] = ()
    ended: Sequence[Price] = ()


def parts_priced(
    price_list: PriceList, products: Collection[int], day: datetime.date | None = None
) -> dict[int, Parts]:
    """By product that has any on the list, in the order of components and tiers; in force on the ``day``,
    today unless told. One query."""
    day = day or today()
    rows = Price.objects.filter(price_list=price_list, product__in=products, state=State.APPROVED)
    held: dict[tuple[int, str, str], Price] = {}
    coming: dict[tuple[int, str, str], Price] = {}
    for row in rows.exclude(component=Price.Component.UNIT, tier="").order_by("start_date"):
        key = (row.product_id, row.component, row.tier)
        if row.start_date <= day:
            held[key] = row
        else:
            coming.setdefault(key, row)
    components = Price.Component.values
    found: dict[int, tuple[list[Price], list[Price], list[Price]]] = defaultdict(lambda: ([], [], []))
    for parts, is_ahead in ((held, False), (coming, True)):
        for key in sorted(parts, key=lambda key: (key[0], components.index(key[1]), key[2])):
            now, ahead, ended = found[key[0]]
            (ahead if is_ahead else ended if parts[key].amount is None else now).append(parts[key])
    return {pk: Parts(*said) for pk, said in found.items()}


def _on_sale(day: datetime.date) -> Q:
    return (Q(launched=None) | Q(launched__lte=day)) & (Q(ended=None) | Q(ended__gte=day))
