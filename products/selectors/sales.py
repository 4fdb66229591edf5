"""Sales by month, from the roll-ups, within a person's limits.

A person limited to some channels gets the sum over those. A month without data is a gap (``None``), never 0.
Volumes in the measure's unit, revenue in the organisation's currency.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum

from core.months import month_range
from core.organisation import today
from products.models import (
    Channel,
    Measure,
    Product,
    ProductMonth,
    SalesMonth,
)

from .access import product_seen, products_visible, visible_channel_ids
from .lines import line_tree
from .months import first_provisional_month, product_complete_month
from .units import Addable, addable


@dataclass(frozen=True)
class MonthSales:
    """One month of sales. ``volume`` of a flow is the month's sum, of a level the state at its end and
    ``average_volume`` the average over it. ``days``: how many days of the month the facts cover.

    ``provisional``: the figures may still move. ``complete``: it counts in totals of whole months.
    """

    month: datetime.date
    volume: Decimal | None = None
    average_volume: Decimal | None = None
    revenue: Decimal | None = None
    days: int = 0
    provisional: bool = False
    complete: bool = True


@dataclass(frozen=True)
class ChannelSales:
    """What one channel sold over some months; of a level the state at the end of the newest that any of the
    channels has, so that they add up to the whole."""

    channel: Channel
    volume: Decimal | None
    revenue: Decimal | None
    months: int


def rolled_up(user: Any) -> tuple[QuerySet[Any], bool]:
    """The roll-up a person reads from, and whether it has to be added over channels."""
    channels = visible_channel_ids(user)
    if channels is None:
        return ProductMonth.objects.all(), False
    return SalesMonth.objects.filter(channel__in=channels), True


def product_months(
    user: Any, product_ids: Iterable[int], measure: Measure, first: datetime.date, last: datetime.date
) -> dict[tuple[int, datetime.date], MonthSales]:
    """The months with data of several products, by product id and month. One query. The products must be ones
    the person may see."""
    rows, by_channel = rolled_up(user)
    rows = rows.filter(product__in=list(product_ids), measure=measure, month__range=(first, last)).order_by()
    names = ("volume", "average_volume", "revenue")
    if by_channel:
        rows = rows.values("product_id", "month").annotate(
            **{f"{name}_sum": Sum(name) for name in names}, days_max=Max("days")
        )
        found = rows.values_list("product_id", "month", *(f"{name}_sum" for name in names), "days_max")
    else:
        found = rows.values_list("product_id", "month", *names, "days")
    return {(row[0], row[1]): MonthSales(*row[1:]) for row in found}


def products_revenue(
    user: Any, products: Iterable[Product], measure: Measure, first: datetime.date, last: datetime.date
) -> dict[int, tuple[Decimal, int]]:
    """By product its revenue over the months, and of how many of them it is known; without one it is missing.
    One query. The products must be ones the person may see."""
    rows, _by_channel = rolled_up(user)
    rows = rows.filter(product__in=[product.pk for product in products], measure=measure)
    rows = rows.filter(month__range=(first, last), revenue__isnull=False).order_by().values("product_id")
    found = rows.annotate(sum=Sum("revenue"), known=Count("month", distinct=True))
    return {pk: (revenue, known) for pk, revenue, known in found.values_list("product_id", "sum", "known")}


def sales_months(
    user: Any, product: Product, measure: Measure, first: datetime.date, last: datetime.date
) -> list[MonthSales]:
    """Every month from the first to the last, both included, in order; gaps too."""
    if not product_seen(user, product):
        return []
    tree = line_tree()
    found = product_months(user, [product.pk], measure, first, last)
    complete = product_complete_month(product, measure.pk)
    moving = first_provisional_month(tree, product.line_id, today())
    return [
        _marked(found.get((product.pk, month)), month, complete=complete, moving=moving)
        for month in month_range(first, last)
    ]


def _marked(
    sales: MonthSales | None, month: datetime.date, *, complete: datetime.date | None, moving: datetime.date
) -> MonthSales:
    known = sales or MonthSales(month)
    return MonthSales(
        month,
        known.volume,
        known.average_volume,
        known.revenue,
        known.days,
        provisional=month >= moving,
        complete=complete is not None and month <= complete,
    )


def sales_by_channel(
    user: Any, product: Product, measure: Measure, first: datetime.date, last: datetime.date
) -> list[ChannelSales]:
    """What each channel the person may see sold, most revenue (else volume) first."""
    if not product_seen(user, product):
        return []
    rows = SalesMonth.objects.filter(product=product.pk, measure=measure, month__range=(first, last))
    channels = visible_channel_ids(user)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    found: dict[Channel, list[tuple[datetime.date, Decimal | None, Decimal | None]]] = {}
    for row in rows.select_related("channel").order_by("month"):
        found.setdefault(row.channel, []).append((row.month, row.volume, row.revenue))
    newest = max((month[0] for months in found.values() for month in months), default=last)
    sales = [
        ChannelSales(channel, _over_time(measure, months, newest), total(m[2] for m in months), len(months))
        for channel, months in found.items()
    ]
    return most_first(sales)


def sold_together(channel: Channel, sales: Sequence[ChannelSales]) -> ChannelSales:
    """What these, of which there is one at least, come to as the sales of one channel."""
    volume, revenue = total(each.volume for each in sales), total(each.revenue for each in sales)
    return ChannelSales(channel, volume, revenue, max(each.months for each in sales))


def most_first(sales: Iterable[ChannelSales]) -> list[ChannelSales]:
    """By revenue, else volume."""
    return sorted(sales, key=lambda row: (-(row.revenue or 0), -(row.volume or 0), row.channel.name))


def _over_time(measure: Measure, months: list[Any], last: datetime.date) -> Decimal | None:
    is_level = measure.kind == Measure.Kind.LEVEL
    return total(volume for month, volume, _revenue in months if month == last or not is_level)


def total(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known; ``None`` when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None


@dataclass(frozen=True)
class GroupSales:
    """Several products together: ``unit`` and volumes are empty where their units cannot be added."""

    unit: str
    addable: bool
    months: list[MonthSales]


def products_total(
    user: Any,
    products: Iterable[Product],
    measure: Measure,
    line_id: int | None,
    first: datetime.date,
    last: datetime.date,
) -> GroupSales:
    """The products' months added: money always, volume in one unit or not at all. Added by the database: a
    query for each factor between the products' units and the one they are added in."""
    rows = _rows_added(user, products)
    units = addable(line_tree(), rows, measure, line_id)
    found, _by_channel = rolled_up(user)
    found = found.filter(measure=measure, month__range=(first, last)).order_by().values("month")
    names = ("volume", "average_volume", "revenue")
    added = {f"{name}_sum": Sum(name) for name in names} | {"days_max": Max("days")}
    sums: dict[datetime.date, list[MonthSales]] = {}
    for factor, own in _by_factor(rows, units).items():
        for row in found.filter(product__in=own).annotate(**added).values_list("month", *added):
            sums.setdefault(row[0], []).append(_converted(MonthSales(*row), factor))
    months = [
        MonthSales(
            month,
            total(s.volume for s in sums.get(month, ())),
            total(s.average_volume for s in sums.get(month, ())),
            total(s.revenue for s in sums.get(month, ())),
            max((s.days for s in sums.get(month, ())), default=0),
        )
        for month in month_range(first, last)
    ]
    return GroupSales(units.unit, units.ok, months)


def _rows_added(user: Any, products: Iterable[Product]) -> list[Product]:
    """Those that the person sees, with what it takes to add them: there may be 20,000."""
    rows = products_visible(user).filter(pk__in=[product.pk for product in products])
    return list(rows.only("line", "unit"))


def _by_factor(rows: Iterable[Product], units: Addable) -> dict[Decimal | None, list[int]]:
    """Products by what one of their units is in the one they are added in; ``None``: they are not."""
    found: dict[Decimal | None, list[int]] = {}
    for row in rows:
        found.setdefault(units.factors[row.pk] if units.ok else None, []).append(row.pk)
    return found


def _converted(sales: MonthSales, factor: Decimal | None) -> MonthSales:
    def times(volume: Decimal | None) -> Decimal | None:
        return None if volume is None or factor is None else volume * factor

    return MonthSales(
        sales.month, times(sales.volume), times(sales.average_volume), sales.revenue, sales.days
    )


def products_by_channel(
    user: Any,
    products: Iterable[Product],
    measure: Measure,
    line_id: int | None,
    first: datetime.date,
    last: datetime.date,
) -> list[ChannelSales]:
    """The same over the months by channel, most first. A query for each factor between the products' units
    and the one they are added in."""
    rows = _rows_added(user, products)
    units = addable(line_tree(), rows, measure, line_id)
    found = SalesMonth.objects.filter(measure=measure, month__range=(first, last)).order_by()
    channels = visible_channel_ids(user)
    if channels is not None:
        found = found.filter(channel__in=channels)
    sold: dict[tuple[int, datetime.date], list[MonthSales]] = {}
    for factor, own in _by_factor(rows, units).items():
        sums = found.filter(product__in=own).values("channel_id", "month")
        sums = sums.annotate(volume_sum=Sum("volume"), revenue_sum=Sum("revenue"))
        for channel, month, volume, revenue in sums.values_list(
            "channel_id", "month", "volume_sum", "revenue_sum"
        ):
            sales = MonthSales(month, volume=volume, revenue=revenue)
            sold.setdefault((channel, month), []).append(_converted(sales, factor))
    months: dict[int, list[tuple[datetime.date, Decimal | None, Decimal | None]]] = {}
    for (channel, month), parts in sorted(sold.items()):
        volume, revenue = (total(getattr(part, name) for part in parts) for name in ("volume", "revenue"))
        months.setdefault(channel, []).append((month, volume, revenue))
    newest = max((month for _channel, month in sold), default=last)
    return most_first(
        ChannelSales(channel, _over_time(measure, own, newest), total(each[2] for each in own), len(own))
        for channel in Channel.objects.filter(pk__in=months)
        for own in [months[channel.pk]]
    )
