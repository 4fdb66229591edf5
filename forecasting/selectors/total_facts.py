"""What the step ``totals`` adds up: per month, over thousands of products, in one statement for all groups.

A group is whatever the step adds up together. It sees every product and takes no person.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import add
from typing import Generic, NamedTuple, TypeVar

from core.arrays import array_text
from core.numbers import Z80, Z95
from core.sql import rows_of

Row = TypeVar("Row")


class Asked(NamedTuple):
    """A product's part in a ``group``: its forecast and measure, the last month that sales are whole of, what
    one unit of it is in the group's unit (``None``: its volume is not added), the revenue per unit of the 12
    months before (``None``: unknown), and whether its revenue is in the group."""

    group: int
    product_id: int
    measure_id: int
    forecast_id: int
    closed: datetime.date
    factor: Decimal | None
    price: float | None
    in_money: bool


@dataclass(frozen=True)
class MonthSum:
    """One month over products: the sum of the final forecasts, and for each edge of the bands the sum of the
    distances from the forecast and the sum of their squares: (lo80, hi80, lo95, hi95). ``own`` and ``moved``
    are the sums of the 80 % distances apart, of the statistics' own error and of what is not known of
    decisions, and of their squares: (low, high, low squared, high squared)."""

    month: datetime.date
    mean: float
    plain: tuple[float, float, float, float]
    squares: tuple[float, float, float, float]
    own: tuple[float, float, float, float]
    moved: tuple[float, float, float, float]

    def __add__(self, other: MonthSum) -> MonthSum:
        """Both groups together."""
        return MonthSum(
            self.month,
            self.mean + other.mean,
            tuple(map(add, self.plain, other.plain)),  # type: ignore[arg-type]
            tuple(map(add, self.squares, other.squares)),  # type: ignore[arg-type]
            tuple(map(add, self.own, other.own)),  # type: ignore[arg-type]
            tuple(map(add, self.moved, other.moved)),  # type: ignore[arg-type]
        )


_EDGES = ("lo80", "hi80", "lo95", "hi95")
_APART = ("own_lo", "own_hi", "moved_lo", "moved_hi")


def _half(edge: str, z: float) -> str:
    """Of the part's band, wider by what is not known of decisions (``ForecastMonth.final_band``)."""
    return (
        f"CASE WHEN spread IS NULL THEN scale * {edge}"
        f" ELSE sqrt((scale * {edge}) ^ 2 + (greatest(final, 0) * (exp({z} * spread) - 1)) ^ 2) END AS {edge}"
    )


def _sums(weight: str) -> str:
    """The columns of a :class:`MonthSum` in its order, each part counting by its weight: the mean, then four
    each of ``plain``, ``squares``, ``own`` and ``moved``."""
    plain = [f"sum({weight} * {name})" for name in ("final", *_EDGES)]
    squares = [f"sum(({weight} * {name}) ^ 2)" for name in _EDGES]
    own, moved = (
        [f"sum({weight} * {name})" for name in names] + [f"sum(({weight} * {name}) ^ 2)" for name in names]
        for names in (_APART[:2], _APART[2:])
    )
    return ", ".join([*plain, *squares, *own, *moved])


# A band moves with what people and drivers made of the statistics: in proportion, where there is one. With
# OFFSET 0 what a row says is not worked out anew in each sum. In the order asked, whatever the plan: the last
# digit of a sum of floats hangs on it.
_AHEAD = f"""
    SELECT part, month, {_sums("factor")}, {_sums("price")}
    FROM (
        SELECT part, factor, price, month, final, scale * lo80 AS own_lo, scale * hi80 AS own_hi,
               coalesce(greatest(final, 0) * (1 - exp({-Z80} * spread)), 0) AS moved_lo,
               coalesce(greatest(final, 0) * (exp({Z80} * spread) - 1), 0) AS moved_hi,
               {_half("lo80", -Z80)}, {_half("hi80", Z80)}, {_half("lo95", -Z95)}, {_half("hi95", Z95)}
        FROM (
            SELECT *, CASE WHEN mean > 0 THEN greatest(final, 0) / mean ELSE 1 END AS scale
            FROM (
                SELECT p.part, p.factor, p.price * coalesce(m.price_ratio, 1) AS price, m.month, m.mean,
                       coalesce(m.agreed, m.overridden, m.driven, m.mean) AS final, m.spread,
                       m.mean - m.lo80 AS lo80, m.hi80 - m.mean AS hi80,
                       m.mean - m.lo95 AS lo95, m.hi95 - m.mean AS hi95
                FROM unnest(%s::int[], %s::bigint[], %s::date[], %s::float8[], %s::float8[])
                     WITH ORDINALITY AS p(part, forecast_id, closed, factor, price, place)
                JOIN forecasting_forecastmonth m ON m.forecast_id = p.forecast_id AND m.month > p.closed
                ORDER BY p.part, m.month, p.place OFFSET 0
            ) said
            OFFSET 0
        ) scaled
        OFFSET 0
    ) told
    GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608

# Product by product: joined by product and measure, the planner expects few rows, and sorts them all.
_PAST = """
    SELECT p.part, s.month, sum(s.volume * p.factor), sum(s.revenue) FILTER (WHERE p.in_money)
    FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::date[], %s::numeric[], %s::boolean[])
         AS p(part, product_id, measure_id, closed, factor, in_money)
    CROSS JOIN LATERAL (
        SELECT month, volume, revenue FROM products_productmonth
        WHERE product_id = p.product_id AND measure_id = p.measure_id AND month BETWEEN %s AND p.closed
        OFFSET 0
    ) s
    GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Sums(Generic[Row]):
    """By group, its products' months added up: volumes by ``factor``, and money."""

    units: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    money: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))


def sums_ahead(asked: Sequence[Asked]) -> Sums[MonthSum]:
    """Of its forecasts the months after those that sales are whole of; money is by the price, which moves
    with what is decided of prices. In one statement, whatever the number of groups."""
    found = Sums[MonthSum]()
    names = ("group", "forecast_id", "closed", "factor", "price")
    columns = [array_text(getattr(row, name) for row in asked) for name in names]
    for group, month, *sums in rows_of(_AHEAD, columns):
        half = len(sums) // 2
        for kept, own in ((found.units, sums[:half]), (found.money, sums[half:])):
            if own[0] is not None:
                kept[group].append(MonthSum(month, own[0], *(tuple(own[n : n + 4]) for n in (1, 5, 9, 13))))  # type: ignore[arg-type]
    return found


def sums_past(asked: Sequence[Asked], since: datetime.date) -> Sums[tuple[datetime.date, Decimal]]:
    """What its products sold in each month with data, and what they brought in by the same measure. In one
    statement, whatever the number of groups; it reads the months of all products once."""
    found = Sums[tuple[datetime.date, Decimal]]()
    names = ("group", "product_id", "measure_id", "closed", "factor", "in_money")
    columns = [array_text(getattr(row, name) for row in asked) for name in names]
    for group, month, volume, revenue in rows_of(_PAST, [*columns, since]):
        if volume is not None:
            found.units[group].append((month, volume))
        if revenue is not None:
            found.money[group].append((month, revenue))
    return found
