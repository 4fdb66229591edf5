"""What a unit will bring in at the own prices that are decided, against the 12 months before."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from core.months import month_add
from core.numbers import significant

from .markets import Market
from .own_prices import YEAR, Uses, has_ended, mean_price, paid

# Below this a price is what it was.
LEAST = 0.0005
Course = Sequence[float | None]


@dataclass(frozen=True)
class Asked:
    """A product's markets, what its line's reference customers use, and by market and month the factor on
    what is sold there (empty: all 1)."""

    markets: Sequence[Market]
    uses: Uses
    factors: Sequence[Sequence[float]]


def price_ratios(asked: Mapping[int, Asked], months: Sequence[datetime.date]) -> dict[int, tuple[float, ...]]:
    """Of each product the price of these months against that of the 12 before them, weighed by what came in;
    of a price with more than one part, of what the reference customers of its line pay. Where channels pay
    prices of their own, what each brought in counts by its own, and by what it will sell. Missing where
    nothing changes or a part is not known."""
    before = [month_add(months[0], -back) for back in range(YEAR, 0, -1)]
    alone = {pk for pk, one in asked.items() if one.markets[0].sold is None and _moves(one, before)}
    revenues = _revenues(alone, before)
    found = {}
    for pk, one in asked.items():
        own = [_ratios(market, one.uses, revenues.get(pk, {}), before, months) for market in one.markets]
        ratios = own[0] if len(own) == 1 else _together(one, own)
        if ratios and any(abs(ratio - 1) >= LEAST for ratio in ratios):
            found[pk] = tuple(significant(ratio, 9) for ratio in ratios)
    return found


def _moves(asked: Asked, before: Sequence[datetime.date]) -> bool:
    """Whether the price moved within the year before, so that revenue must say which of them counts."""
    course = _course(asked.markets[0], asked.uses, before)
    return len(set(course) - {None}) > 1


def _course(market: Market, uses: Uses, months: Sequence[datetime.date]) -> Course:
    """Its price by month; nothing where a part has ended, or was for nothing."""
    if not market.parts or has_ended(market.parts):
        return [None] * len(months)

    def price(month: datetime.date) -> float | None:
        return paid(market.parts, uses, lambda rows: mean_price(rows, month))

    return [price(month) for month in months]


def _ratios(
    market: Market,
    uses: Uses,
    revenues: Mapping[datetime.date, float],
    before: Sequence[datetime.date],
    months: Sequence[datetime.date],
) -> list[float] | None:
    said = revenues if market.sold is None else market.sold.revenues
    base = _average(_course(market, uses, before), [said.get(month, 0.0) for month in before])
    if base is None:
        return None
    return [(amount or base) / base for amount in _course(market, uses, months)]


def _together(asked: Asked, own: Sequence[Sequence[float] | None]) -> list[float] | None:
    """Over markets: one whose price is not known brings in what it did."""
    sold = [max(market.sold.volume, 0.0) if market.sold else 0.0 for market in asked.markets]
    brought = [max(market.sold.revenue, 0.0) if market.sold else 0.0 for market in asked.markets]
    if not sum(sold) or not sum(brought) or not any(own):
        return None
    found = []
    for step in range(len(next(filter(None, own)))):
        moves = [factors[step] if factors else 1.0 for factors in asked.factors]
        units = sum(volume * move for volume, move in zip(sold, moves, strict=True))
        ratios = [ratio[step] if ratio else 1.0 for ratio in own]
        comes_in = sum(each * move * ratio for each, move, ratio in zip(brought, moves, ratios, strict=True))
        found.append(comes_in / units / (sum(brought) / sum(sold)) if units > 0 else 1.0)
    return found


def _average(course: Course, revenues: Sequence[float]) -> float | None:
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
) -> dict[int, dict[datetime.date, float]]:
    """What products brought in, by month: of the months that revenue per unit is told from."""
    found: dict[int, dict[datetime.date, float]] = {}
    if not products:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT product_id, month, sum(revenue)::float8 FROM products_productmonth"
            " WHERE product_id = ANY(%s) AND month BETWEEN %s AND %s"
            " AND volume IS NOT NULL AND revenue IS NOT NULL GROUP BY 1, 2",
            [list(products), months[0], months[-1]],
        )
        for product_id, month, revenue in cursor.fetchall():
            found.setdefault(product_id, {})[month] = revenue
    return found
