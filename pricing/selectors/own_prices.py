"""Our own prices for everybody over months, and what they say of the revenue a unit will bring."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from django.db import connection
from django.db.models import QuerySet

from core.months import month_add
from core.numbers import significant
from core.organisation import organisation_get
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import Product

from .prices import Part
from .yearly import customers_of, yearly_amount

Rows = list[tuple[datetime.date, Decimal]]
"""What one part of a price is from a date on, the oldest first."""
Parts = Mapping[Part, Rows]
UNIT: Part = (Price.Component.UNIT, "")
YEAR = 12
# Below this a price is what it was.
LEAST = 0.0005


def own_prices(
    products: Collection[int], since: datetime.date, last: datetime.date
) -> dict[int, dict[Part, Rows]]:
    """Of products with a new price after ``since``: all up to ``last``, but what is paid once."""
    prices = _for_everybody().exclude(component=Price.Component.ONCE)
    changing = prices.filter(product_id__any=list(products), start_date__gt=since, start_date__lte=last)
    ids = set(changing.order_by().values_list("product_id", flat=True))
    found: dict[int, dict[Part, Rows]] = defaultdict(lambda: defaultdict(list))
    if ids:
        rows = prices.filter(product_id__any=list(ids), start_date__lte=last).order_by("start_date")
        for product_id, component, tier, date, amount in rows.values_list(
            "product_id", "component", "tier", "start_date", "amount"
        ):
            found[product_id][component, tier].append((date, amount or Decimal(0)))
    return found


def own_prices_on(day: datetime.date) -> dict[int, Decimal]:
    """By product what one unit costs everybody, without VAT; not of those with more parts or none, nor from a
    list that has VAT in its prices. One query."""
    part = ("product_id", "component", "tier")
    rows = _for_everybody().filter(start_date__lte=day, price_list__with_vat=False)
    found: dict[int, dict[Part, Decimal]] = defaultdict(dict)
    for product_id, component, tier, amount in (
        rows.order_by(*part, "-start_date").distinct(*part).values_list(*part, "amount")
    ):
        if amount is not None:
            found[product_id][component, tier] = amount
    return {pk: parts[UNIT] for pk, parts in found.items() if parts.keys() == {UNIT}}


def _for_everybody() -> QuerySet[Price]:
    lists = PriceList.objects.filter(
        kind=PriceList.Kind.OWN, channel=None, segment=None, currency=organisation_get().currency
    )
    return Price.objects.filter(price_list__in=lists, state=State.APPROVED)


def mean_price(rows: Rows, month: datetime.date) -> float | None:
    """The price of a month over its days; ``None`` where it had none on its first."""
    if rows[0][0] > month:
        return None
    until = month_add(month, 1)
    starts = [max(date, month) for date, _amount in rows] + [until]
    days = [max((min(end, until) - start).days, 0) for start, end in pairwise(starts)]
    return sum(float(row[1]) * held for row, held in zip(rows, days, strict=True) if held) / sum(days)


def price_ratios(own: Mapping[int, Parts], months: Sequence[datetime.date]) -> dict[int, tuple[float, ...]]:
    """Of each product the price of these months against that of the 12 before them, weighed by what came in;
    of a price with more than one part, of what the reference customers of its line pay. Missing where nothing
    changes or a part is not known."""
    before = [month_add(months[0], -back) for back in range(YEAR, 0, -1)]
    lines = dict(Product.objects.filter(pk__any=list(own)).values_list("pk", "line_id"))
    several = {lines[pk] for pk, parts in own.items() if len(parts) > 1}
    customers = customers_of(several) if several else {}
    courses = {}
    for pk, parts in own.items():
        if any(not amount for rows in parts.values() for _date, amount in rows):
            continue  # one that ended, or was for nothing
        uses = [customer.uses for customer in customers.get(lines[pk], ())]
        courses[pk] = [_amount(parts, month, uses) for month in (*before, *months)]
    moved = {pk for pk, course in courses.items() if len(set(course[:YEAR]) - {None}) > 1}
    revenues = _revenues(moved, before)
    found = {}
    for pk, course in courses.items():
        base = _average(course[:YEAR], [revenues.get((pk, month), 0.0) for month in before])
        if base is None:
            continue
        ratios = tuple(significant((amount or base) / base, 9) for amount in course[YEAR:])
        if any(abs(ratio - 1) >= LEAST for ratio in ratios):
            found[pk] = ratios
    return found


def _amount(parts: Parts, month: datetime.date, uses: Sequence[Mapping[str, Decimal]]) -> float | None:
    """The price of a month, or what the reference customers pay together in a year at the prices of it."""
    means = {part: mean_price(rows, month) for part, rows in parts.items()}
    if len(parts) == 1:
        return next(iter(means.values()))
    known = {part: Decimal(mean) for part, mean in means.items() if mean is not None}
    if len(known) < len(parts):
        return None
    paid = [amount for use in uses if (amount := yearly_amount(known, use)) is not None]
    return float(sum(paid)) if paid else None


def _average(course: Sequence[float | None], revenues: Sequence[float]) -> float | None:
    """The price by which the revenue of these months came in: revenue / (revenue / price of each month). Of
    months without revenue the plain mean."""
    known = [(price, revenue) for price, revenue in zip(course, revenues, strict=True) if price]
    if not known:
        return None
    prices = [price for price, _revenue in known]
    if len(set(prices)) == 1:
        return prices[0]
    units = sum(revenue / price for price, revenue in known if revenue > 0)
    if units <= 0:
        return sum(prices) / len(prices)
    return sum(revenue for _price, revenue in known if revenue > 0) / units


def _revenues(
    products: Collection[int], months: Sequence[datetime.date]
) -> dict[tuple[int, datetime.date], float]:
    """What products brought in, by month: of the months that revenue per unit is told from."""
    if not products:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT product_id, month, sum(revenue)::float8 FROM products_productmonth"
            " WHERE product_id = ANY(%s) AND month BETWEEN %s AND %s"
            " AND volume IS NOT NULL AND revenue IS NOT NULL GROUP BY 1, 2",
            [list(products), months[0], months[-1]],
        )
        return {(product_id, month): revenue for product_id, month, revenue in cursor.fetchall()}
