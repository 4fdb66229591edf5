"""When a product has earned back what it cost since its first cost, by the month: sold, then expected."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Q, Sum

from core.lookups import many
from core.months import month_add, month_row
from pricing.models import CostKind, CostMonth
from products.models import Measure, Product, ProductMonth
from products.selectors.lines import line_tree
from products.selectors.months import whole_until

from .cost_months import cost_months
from .costs import MOVING
from .planned_volumes import volumes_planned

MONTHS = 12
ZERO = Decimal(0)
BELOW = CostKind.Level.BELOW
SOURCES = (CostMonth.Source.STANDARD, CostMonth.Source.FORECAST)
Amounts = dict[int, dict[datetime.date, Decimal]]


@dataclass(frozen=True)
class Earned:
    """``since``: the first month with a cost of its own. ``so_far``: net sales less costs before overhead
    until the last month that sales are known of. ``month``: from its end on that is never under nothing, as
    sold and as expected; ``None``: not within the forecast. ``units``: sold until then; of a level ``None``,
    as contracts in force are never added over months. ``is_expected``: it is still to come."""

    since: datetime.date
    so_far: Decimal
    month: datetime.date | None
    units: Decimal | None
    is_expected: bool


def earned_back(
    products: Sequence[Product], last: datetime.date, behind: Mapping[int, datetime.date]
) -> dict[int, Earned]:
    """By product that has booked standard costs. Of the months ahead: the forecast × what a unit brought in
    over the year before − the costs expected. They begin after ``last``, or after the last month that the
    sales of a product's line are whole of (``behind``: as the ranking found it). Three queries, however
    many."""
    if not products:
        return {}
    tree = line_tree()
    lasts = {row.pk: whole_until(row, last, behind) for row in products}
    measures = {row.pk: tree.lead_measure(row.line_id) for row in products}
    leads = {pk: measure.pk for pk, measure in measures.items()}
    costs, moving = _costs(leads, last)
    net, sold = _sales(leads, lasts)
    ahead = _ahead(leads, lasts)
    found = {}
    for pk, own in costs.items():
        since, until = min(own), lasts[pk]
        if since <= until:
            _expect(net[pk], sold[pk], ahead[pk], until)
            _expect_moving(own, moving[pk], sold[pk], month_row(month_add(until, 1), last), until)
            end = max((month for month in own if month in net[pk]), default=until)
            months = month_row(since, max(end, until))
            made = _earned(months, own, net[pk], sold[pk], until)
            found[pk] = replace(made, units=None) if measures[pk].kind == Measure.Kind.LEVEL else made
    return found


def _earned(
    months: Sequence[datetime.date],
    costs: Mapping[datetime.date, Decimal],
    net: Mapping[datetime.date, Decimal],
    sold: Mapping[datetime.date, Decimal],
    last: datetime.date,
) -> Earned:
    left, units, so_far = ZERO, ZERO, ZERO
    back: tuple[datetime.date, Decimal] | None = None
    for month in months:
        left += net.get(month, ZERO) - costs.get(month, ZERO)
        units += sold.get(month, ZERO)
        if left < 0:
            back = None
        elif back is None:
            back = month, units
        if month == last:
            so_far = left
    if back is None:
        return Earned(months[0], so_far, None, None, False)
    return Earned(months[0], so_far, back[0], back[1] or None, back[0] > last)


def _expect(
    net: dict[datetime.date, Decimal],
    sold: dict[datetime.date, Decimal],
    ahead: Mapping[datetime.date, Decimal],
    last: datetime.date,
) -> None:
    """Adds the months ahead, of a product that sold something in the year before."""
    each = _a_unit(net, sold, last)
    if each is not None:
        for month, volume in ahead.items():
            sold[month], net[month] = volume, volume * each


def _expect_moving(
    costs: dict[datetime.date, Decimal],
    moving: Mapping[datetime.date, Decimal],
    sold: Mapping[datetime.date, Decimal],
    months: Sequence[datetime.date],
    until: datetime.date,
) -> None:
    """Of passed months whose sales are only expected: what moves with these, a unit as in the year before."""
    each = _a_unit(moving, sold, until)
    if each is not None:
        for month in months:
            expected = sold.get(month, ZERO) * each
            costs[month] = costs.get(month, ZERO) - moving.get(month, ZERO) + expected


def _a_unit(
    amounts: Mapping[datetime.date, Decimal], sold: Mapping[datetime.date, Decimal], last: datetime.date
) -> Decimal | None:
    """Of the year up to ``last``; ``None`` where nothing was sold in it."""
    year = month_row(month_add(last, 1 - MONTHS), last)
    amount, units = (sum((each.get(month, ZERO) for month in year), ZERO) for each in (amounts, sold))
    return amount / units if units > 0 else None


def _costs(leads: Mapping[int, int], last: datetime.date) -> tuple[Amounts, Amounts]:
    """By product and month; of passed months standard costs, of others those expected. And what of them moves
    with what is sold."""
    found: Amounts = defaultdict(dict)
    moving: Amounts = defaultdict(dict)
    booked = cost_months().filter(product__any=many(leads), source__in=SOURCES).exclude(kind__level=BELOW)
    moves = Q(cost_line__basis__in=MOVING, cost_line__measure=None)
    sums = {"whole": Sum("amount"), "moved": Sum("amount", filter=moves, default=ZERO)}
    rows = booked.order_by().values_list("product_id", "month", "source").annotate(**sums)
    for pk, month, source, amount, moved in rows:
        if (source == CostMonth.Source.FORECAST) == (month > last):
            found[pk][month], moving[pk][month] = amount, moved
    return found, moving


def _sales(leads: Mapping[int, int], lasts: Mapping[int, datetime.date]) -> tuple[Amounts, Amounts]:
    """Net sales and units of the leading measure (of a level on average), by product and month."""
    net: Amounts = defaultdict(dict)
    sold: Amounts = defaultdict(dict)
    rows = ProductMonth.objects.filter(product__any=many(leads), measure__in=set(leads.values()))
    rows = rows.filter(month__lte=max(lasts.values()), revenue__isnull=False)
    names = ("product", "measure", "month", "revenue", "volume", "average_volume")
    for pk, measure, month, revenue, volume, average in rows.values_list(*names):
        if measure == leads[pk] and month <= lasts[pk] and revenue is not None:
            net[pk][month], sold[pk][month] = revenue, (volume if average is None else average) or ZERO
    return net, sold


def _ahead(leads: Mapping[int, int], lasts: Mapping[int, datetime.date]) -> Amounts:
    found: Amounts = defaultdict(dict)
    for pk, month, planned in volumes_planned(leads, Q(months__month__gt=min(lasts.values()))):
        if month > lasts[pk]:
            found[pk][month] = planned
    return found
