"""A family as a whole: which months its members count in, and what they sold together."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, SupportsFloat

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.months import month_range, month_start
from core.organisation import today
from core.registries import Event
from products.models import Family, FamilyMember, Measure

from .access import families_visible, products_visible, visible_line_ids
from .budget import BudgetMonth, budget_months_of
from .lines import line_tree
from .months import complete_month, first_provisional_month
from .sales import MonthSales, product_months, total
from .structure import memberships
from .units import addable

# A month is known when the members with data then carry this share of the family's usual size.
COVER = 0.9
BEGINNING = datetime.date(1900, 1, 1)

Stay = tuple[datetime.date, datetime.date | None]


@dataclass(frozen=True)
class FamilySales:
    """A family's months in one measure. Members that count in units that do not add up (``adds`` is false)
    leave ``unit`` and the volumes empty; money always adds. ``month`` is the last complete one.

    ``whole``: no member is out of the person's sight; otherwise the months are of those in sight. ``stays``
    and ``factors`` (into the unit, where volumes add) are of the members in sight, by product id.
    """

    unit: str
    adds: bool
    whole: bool
    month: datetime.date | None
    months: list[MonthSales]
    stays: Mapping[int, Sequence[Stay]]
    factors: Mapping[int, Decimal]


def families_whole(user: Any) -> QuerySet[Family]:
    """The families of which a person may see every product that is or was in it."""
    rows = families_visible(user)
    lines = visible_line_ids(user)
    if lines is None:
        return rows
    hidden = FamilyMember.objects.filter(family__isnull=False).exclude(product__line_id__in=lines)
    return rows.exclude(pk__in=hidden.values("family_id"))


def stays_of(families: Collection[int]) -> dict[int, dict[int, list[Stay]]]:
    """Per family and product: in which months the product counts, as (first month, month it left). A product
    counts from the month in which it joined. One query."""
    found: dict[int, dict[int, list[Stay]]] = {pk: {} for pk in families}
    joined = FamilyMember.objects.filter(family__in=families).values("product_id")
    by_product: dict[int, list[FamilyMember]] = {}
    for row in FamilyMember.objects.filter(product_id__in=joined).order_by("product_id", "start_date"):
        by_product.setdefault(row.product_id, []).append(row)
    for product_id, own in by_product.items():
        for row, following in zip(own, [*own[1:], None], strict=True):
            if row.family_id in found:
                left = month_start(following.start_date) if following else None
                stays = found[row.family_id].setdefault(product_id, [])
                stays.append((month_start(row.start_date), left))
    return found


def belongs(month: datetime.date, stays: Sequence[Stay]) -> bool:
    return any(joined <= month and (left is None or month < left) for joined, left in stays)


def covered_months(members: Sequence[Mapping[datetime.date, SupportsFloat]]) -> list[datetime.date]:
    """The months in which the members that have data carry enough of the family's usual size, in order; in
    the others their sum would look like a fall that never was."""
    known = [own for own in members if own]
    weight = [sum(abs(float(v)) for v in own.values()) / len(own) for own in known]
    lives = [(min(own), max(own)) for own in known]
    found = []
    for month in sorted({month for own in known for month in own}):
        expected = sum(w for w, (first, last) in zip(weight, lives, strict=True) if first <= month <= last)
        there = sum(w for w, own in zip(weight, known, strict=True) if month in own)
        if there >= COVER * expected:
            found.append(month)
    return found


def family_sales(
    user: Any, family: Family, measure: Measure, first: datetime.date, last: datetime.date
) -> FamilySales:
    """Every month from the first to the last, both included, within the person's limits; the family must be
    one the person may see."""
    tree = line_tree()
    stays = stays_of([family.pk])[family.pk]
    products = list(products_visible(user).filter(pk__in=stays))
    units = addable(tree, products, measure, family.line_id)
    sold: dict[int, dict[datetime.date, MonthSales]] = {product.pk: {} for product in products}
    for (pk, month), sales in product_months(user, list(sold), measure, BEGINNING, last).items():
        if belongs(month, stays[pk]):
            factor = units.factors[pk] if units.ok else None
            volume = None if factor is None or sales.volume is None else sales.volume * factor
            sold[pk][month] = replace(sales, volume=volume)
    volumes, revenues = _added(sold, "volume"), _added(sold, "revenue")
    lines = {product.line_id for product in products}
    complete = max(filter(None, (complete_month(line, measure.pk) for line in lines)), default=None)
    moving = first_provisional_month(tree, family.line_id, today())
    months = [
        MonthSales(
            month,
            volumes.get(month),
            None,
            revenues.get(month),
            max((own[month].days for own in sold.values() if month in own), default=0),
            provisional=month >= moving,
            complete=complete is not None and month <= complete,
        )
        for month in month_range(first, last)
    ]
    return FamilySales(
        units.unit,
        units.ok,
        len(products) == len(stays),
        complete,
        months,
        {pk: stays[pk] for pk in sold},
        units.factors if units.ok else {},
    )


@dataclass(frozen=True)
class FamilyBudget:
    """What was planned of a family's members together, by month: volumes in its unit, or none. ``planned`` of
    them have a budget in these months."""

    months: dict[datetime.date, BudgetMonth]
    planned: int


def family_budget(
    user: Any, sold: FamilySales, measure: Measure, first: datetime.date, last: datetime.date
) -> FamilyBudget:
    """The budgets of the members in sight, each in the months it was one. One query."""
    months: dict[datetime.date, BudgetMonth] = {}
    planned = set()
    for pk, plan in budget_months_of(user, list(sold.stays), measure, first, last):
        if not belongs(plan.month, sold.stays[pk]):
            continue
        planned.add(pk)
        volume = plan.volume * sold.factors[pk] if plan.volume is not None and pk in sold.factors else None
        before = months.get(plan.month)
        months[plan.month] = replace(
            plan,
            volume=total([volume, before.volume if before else None]),
            revenue=total([plan.revenue, before.revenue if before else None]),
        )
    return FamilyBudget(months, len(planned))


def _added(
    sold: Mapping[int, Mapping[datetime.date, MonthSales]], name: str
) -> dict[datetime.date, Decimal | None]:
    """One figure of the members added up, in the months that are covered."""
    members = [
        {month: getattr(row, name) for month, row in own.items() if getattr(row, name) is not None}
        for own in sold.values()
    ]
    return {month: total(own.get(month) for own in members) for month in covered_months(members)}


def family_events(user: Any, family: Family, first: datetime.date, last: datetime.date) -> list[Event]:
    """Who joined after the family began and who left it, as marks on its charts; one mark a day and kind."""
    stays = memberships(user, family)
    began = min((stay.start_date for stay in stays), default=last)
    moves: dict[tuple[datetime.date, str], list[str]] = {}
    for stay in stays:
        if stay.start_date > began:
            moves.setdefault((stay.start_date, "launch"), []).append(stay.product.name)
        if stay.until is not None:
            moves.setdefault((stay.until, "end"), []).append(stay.product.name)
    words = {
        "launch": (_("new in it"), _("%(products)s joined")),
        "end": (pgettext("family", "left"), _("%(products)s left")),
    }
    return [
        Event(kind, day, words[kind][0], words[kind][1] % {"products": ", ".join(names)})
        for (day, kind), names in sorted(moves.items())
        if first <= day <= last
    ]
