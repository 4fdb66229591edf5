"""A family's page: its head, and its members with the figures that the list of products shows."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, QuerySet
from django.http import QueryDict
from django.urls import reverse

from core import registries
from core.panels import PanelItem, panels_build
from products.models import Family, Product, ProductFigures

from .head import TabItem
from .lines import LineTree
from .list_query import ListQuery
from .product_list import ListRow, ListTotals, list_page, list_rows, list_totals, query_read
from .sales import total
from .structure import Membership, memberships
from .units import addable

MEMBER_COLUMNS = "stage,trend,volume_12m,forecast_volume,revenue_12m,forecast_12m"
MOST_MEMBERS = 200


@dataclass(frozen=True)
class FamilyHead:
    """What stands above every page of a family: ``badges`` beside its name, the tabs of the rooms, and up to
    which month there are data of products in it."""

    family: Family
    tabs: list[TabItem]
    badges: list[PanelItem]
    data_month: datetime.date | None


def family_head(user: Any, family: Family, active: str) -> FamilyHead:
    """The head of a family's page with the tab ``active`` (its registered key) lit."""
    tabs = [
        TabItem(tab.key, tab.label, reverse(tab.url_name, args=[family.code]), tab.key == active)
        for tab in registries.family_tabs
        if not tab.permission or user.has_perm(tab.permission)
    ]
    month = getattr(family, "data_month", None)  # as family_get reads it
    return FamilyHead(family, tabs, panels_build(user, family, "family_title"), month)


def data_month(products: QuerySet[Product]) -> datetime.date | None:
    """The last month that these products have data of, as the list says it. One query."""
    found: datetime.date | None = ProductFigures.objects.filter(product__in=products.order_by()).aggregate(
        last=Max("data_month")
    )["last"]
    return found


@dataclass(frozen=True)
class MemberTable:
    """The members of today as the list of products shows them (``since``: by product id), and those before.

    The volumes of ``totals`` are in the unit that the family's own months are in; unlike units are not added.
    """

    query: ListQuery
    rows: list[tuple[ListRow, datetime.date | None]]
    totals: ListTotals
    past: list[Membership]


def member_table(user: Any, family: Family, tree: LineTree) -> MemberTable:
    """A handful of queries, however many members there are; the largest :data:`MOST_MEMBERS` are shown."""
    asked = QueryDict(mutable=True)
    asked.update({"view": "all", "family": family.code, "cols": MEMBER_COLUMNS})
    query = query_read(user, asked)
    stays = memberships(user, family)
    since = {stay.product.pk: stay.start_date for stay in stays if stay.now}
    rows = list_rows(user, list_page(user, query, tree, 0, MOST_MEMBERS), tree, query)
    totals = list_totals(user, query, tree, volumes=len(rows) == MOST_MEMBERS)
    if len(rows) == totals.count:
        _volumes_total(totals, rows, family, tree)
    return MemberTable(
        query=query,
        rows=[(row, since.get(row.product.pk)) for row in rows],
        totals=totals,
        past=[stay for stay in stays if not stay.now],
    )


def _volumes_total(totals: ListTotals, rows: list[ListRow], family: Family, tree: LineTree) -> None:
    """The volumes of all members as the family's own figures add them, or not at all."""
    measure = tree.lead_measure(family.line_id)
    products = [row.product for row in rows]
    units = addable(tree, products, measure, family.line_id)
    same = all(tree.lead_measure(line) == measure for line in {product.line_id for product in products})
    totals.values["volume_12m"] = totals.values["forecast_volume"] = None
    if not units.ok or not same:
        return
    totals.volume_unit = units.unit
    factors = {row.product.pk: units.factors[row.product.pk] for row in rows}
    sold = [(row.figures.volume_12m, factors[row.product.pk]) for row in rows]
    ahead = [(row.figures.forecast_volume, factors[row.product.pk]) for row in rows]
    totals.values["volume_12m"] = total(None if v is None else v * factor for v, factor in sold)
    known = [v * float(factor) for v, factor in ahead if v is not None]
    totals.values["forecast_volume"] = sum(known) if known else None
