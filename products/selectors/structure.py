"""The pages of what products hang on: lines, channels, families."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404

from accounts.models import User
from core.organisation import today
from products.models import Channel, Family, FamilyMember, Measure, Product, ProductFigures, ProductLine

from .access import channels_visible, families_visible, lines_visible, products_visible
from .lines import Inherited, line_tree


@dataclass(frozen=True)
class LineRow:
    """A line in the tree with what it says and inherits; ``values`` by field, ``owner`` holds a ``User``."""

    line: ProductLine
    depth: int
    values: dict[str, Inherited]
    owner: Inherited
    measures: Sequence[Measure]
    own_measures: bool
    products: int


FIELDS = (
    "owner_id",
    "unit",
    "reporting_unit",
    "floor_rate",
    "review_months",
    "final_after_months",
    "forecast_step",
)


def line_rows(user: Any) -> list[LineRow]:
    """The lines the person may see, each below the one it is part of; six queries however many."""
    tree = line_tree()
    visible = set(lines_visible(user).values_list("pk", flat=True))
    counts = dict(
        Product.objects.filter(line__in=visible).order_by().values_list("line").annotate(Count("pk"))
    )
    found: list[LineRow] = []

    def walk(parent: int | None, depth: int) -> None:
        for line in tree.lines.values():
            is_top = line.parent_id not in visible
            if (
                line.pk not in visible
                or (parent is None) != is_top
                or (not is_top and line.parent_id != parent)
            ):
                continue
            values = {field: tree.inherited(line.pk, field) for field in FIELDS}
            found.append(
                LineRow(
                    line,
                    depth,
                    values,
                    values["owner_id"],
                    tree.measures(line.pk),
                    bool(tree.own_measures(line.pk)),
                    counts.get(line.pk, 0),
                )
            )
            walk(line.pk, depth + 1)

    walk(None, 0)
    people = User.objects.in_bulk({row.owner.value for row in found if row.owner.value})
    return [
        LineRow(
            row.line,
            row.depth,
            row.values,
            Inherited(people.get(row.owner.value), row.owner.line),
            row.measures,
            row.own_measures,
            row.products,
        )
        for row in found
    ]


def line_get(user: Any, code: str) -> ProductLine:
    """The line with this code, or 404."""
    line = lines_visible(user).filter(code__iexact=code).first()
    if line is None:
        raise Http404(code)
    return line


@dataclass(frozen=True)
class ChannelRow:
    channel: Channel
    depth: int


def channel_rows(user: Any) -> list[ChannelRow]:
    """The channels the person may see, each below the one it is part of; one query."""
    rows = list(channels_visible(user))
    ids = {row.pk for row in rows}
    below: dict[int | None, list[Channel]] = {}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in ids else None, []).append(row)
    found: list[ChannelRow] = []

    def walk(parent: int | None, depth: int) -> None:
        for row in below.get(parent, ()):
            found.append(ChannelRow(row, depth))
            walk(row.pk, depth + 1)

    walk(None, 0)
    return found


def members_now() -> QuerySet[FamilyMember]:
    """What family each product is in today."""
    newest = FamilyMember.objects.filter(product=OuterRef("product"), start_date__lte=today())
    return FamilyMember.objects.filter(pk=Subquery(newest.order_by("-start_date").values("pk")[:1]))


def family_rows(user: Any) -> QuerySet[Family]:
    """The families with how many members each has today (``members_now``)."""
    held = members_now().filter(family=OuterRef("pk"))
    counted = held.order_by().values("family").annotate(count=Count("pk")).values("count")
    return families_visible(user).select_related("line").annotate(members_now=Subquery(counted))


def family_get(user: Any, code: str) -> Family:
    """The family with this code, or 404; with ``data_month``, the last month that products in it, as far as
    the person sees them, have data of."""
    figures = ProductFigures.objects.filter(
        product__in=products_visible(user).order_by(), product__memberships__family=OuterRef("pk")
    )
    last = figures.order_by("-data_month").filter(data_month__isnull=False).values("data_month")[:1]
    rows = families_visible(user).select_related("line").annotate(data_month=Subquery(last))
    family = rows.filter(code__iexact=code).first()
    if family is None:
        raise Http404(code)
    return family


@dataclass(frozen=True)
class Membership:
    """A product's stay in a family: ``until`` is the last day, ``None`` while it goes on."""

    product: Product
    start_date: datetime.date
    until: datetime.date | None
    now: bool


def memberships(user: Any, family: Family) -> list[Membership]:
    """Who was in the family when, those of today first; products out of sight are left out."""
    day = today()
    rows = (
        FamilyMember.objects.filter(product__in=products_visible(user).values("pk"))
        .filter(product__memberships__family=family)
        .select_related("product")
        .order_by("product_id", "start_date", "pk")
        .distinct()
    )
    by_product: dict[int, list[FamilyMember]] = {}
    for row in rows:
        by_product.setdefault(row.product_id, []).append(row)
    found = []
    for dated in by_product.values():
        for row, after in zip(dated, [*dated[1:], None], strict=True):
            if row.family_id == family.pk:
                until = after.start_date - datetime.timedelta(days=1) if after else None
                now = row.start_date <= day and (until is None or until >= day)
                found.append(Membership(row.product, row.start_date, until, now))
    return sorted(found, key=lambda stay: (not stay.now, stay.product.name.lower(), stay.start_date))
