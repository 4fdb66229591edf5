"""What the step ``totals`` adds up: per month, over thousands of products, in one statement for all groups.

A group is whatever the step adds up together. It sees every product and takes no person.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import add
from typing import Any, TypeVar

from core.numbers import Z80, Z95
from core.sql import rows_of

Value = TypeVar("Value")
ByGroup = dict[int, list[tuple[datetime.date, Value]]]


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


def _half(edge: str, z: float) -> str:
    """Of the part's band, wider by what is not known of decisions (``ForecastMonth.final_band``)."""
    return (
        f"CASE WHEN spread IS NULL THEN scale * {edge}"
        f" ELSE sqrt((scale * {edge}) ^ 2 + (greatest(final, 0) * (exp({z} * spread) - 1)) ^ 2) END AS {edge}"
    )


# A band moves with what people and drivers made of the statistics: in proportion, where there is one.
_SUMS = f"""
    WITH priced AS (
        SELECT p.part, p.factor * CASE WHEN %s THEN coalesce(m.price_ratio, 1) ELSE 1 END AS factor, m.*
        FROM unnest(%s::int[], %s::bigint[], %s::float8[], %s::date[])
             AS p(part, forecast_id, factor, closed)
        JOIN forecasting_forecastmonth m ON m.forecast_id = p.forecast_id AND m.month > p.closed
    ), scaled AS (
        SELECT m.part, m.month, m.factor * coalesce(m.agreed, m.overridden, m.driven, m.mean) AS final,
               m.factor * CASE WHEN m.mean > 0
                   THEN greatest(coalesce(m.agreed, m.overridden, m.driven, m.mean), 0) / m.mean
                   ELSE 1 END AS scale,
               m.mean - m.lo80 AS lo80, m.hi80 - m.mean AS hi80,
               m.mean - m.lo95 AS lo95, m.hi95 - m.mean AS hi95, m.spread
        FROM priced m
    ), part AS (
        SELECT part, month, final, scale * lo80 AS own_lo, scale * hi80 AS own_hi,
               coalesce(greatest(final, 0) * (1 - exp({-Z80} * spread)), 0) AS moved_lo,
               coalesce(greatest(final, 0) * (exp({Z80} * spread) - 1), 0) AS moved_hi,
               {_half("lo80", -Z80)}, {_half("hi80", Z80)}, {_half("lo95", -Z95)}, {_half("hi95", Z95)}
        FROM scaled
    )
    SELECT part, month, sum(final), sum(lo80), sum(hi80), sum(lo95), sum(hi95),
           sum(lo80 ^ 2), sum(hi80 ^ 2), sum(lo95 ^ 2), sum(hi95 ^ 2),
           sum(own_lo), sum(own_hi), sum(own_lo ^ 2), sum(own_hi ^ 2),
           sum(moved_lo), sum(moved_hi), sum(moved_lo ^ 2), sum(moved_hi ^ 2)
    FROM part GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608

# Product by product: joined by product and measure, the planner expects few rows, and sorts them all.
_VOLUMES = """
    SELECT p.part, s.month, sum(s.volume * p.factor)
    FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::date[], %s::float8[])
         AS p(part, product_id, measure_id, closed, factor)
    CROSS JOIN LATERAL (
        SELECT month, volume::float8 FROM products_productmonth
        WHERE product_id = p.product_id AND measure_id = p.measure_id AND month BETWEEN %s AND p.closed
              AND volume IS NOT NULL
        OFFSET 0
    ) s
    GROUP BY 1, 2 ORDER BY 1, 2
"""

_REVENUES = """
    SELECT p.part, s.month, sum(s.revenue)
    FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::date[]) AS p(part, product_id, measure_id, closed)
    CROSS JOIN LATERAL (
        SELECT month, revenue FROM products_productmonth
        WHERE product_id = p.product_id AND measure_id = p.measure_id AND month BETWEEN %s AND p.closed
              AND revenue IS NOT NULL
        OFFSET 0
    ) s
    GROUP BY 1, 2 ORDER BY 1, 2
"""


def forecast_sums(
    parts: Iterable[tuple[int, int, float, datetime.date]], *, money: bool = False
) -> dict[int, list[MonthSum]]:
    """By group, the sums over its forecasts of each month after the last one that sales are whole of: (group,
    forecast's id, factor, that month). ``money``: the factor is the revenue per unit of the 12 months before,
    which moves with what is decided of prices."""
    found: dict[int, list[MonthSum]] = defaultdict(list)
    for group, month, mean, *edges in rows_of(_SUMS, [money, *_columns(parts, 4)]):
        found[group].append(MonthSum(month, mean, *(tuple(edges[n : n + 4]) for n in (0, 4, 8, 12))))  # type: ignore[arg-type]
    return found


def volumes_sold(
    parts: Iterable[tuple[int, int, int, datetime.date, float]], since: datetime.date
) -> ByGroup[float]:
    """By group, what its products sold in each month with data: (group, product's id, measure's, the last
    month that sales are whole of, factor)."""
    return _by_group(rows_of(_VOLUMES, [*_columns(parts, 5), since]))


def revenues_booked(
    parts: Iterable[tuple[int, int, int, datetime.date]], since: datetime.date
) -> ByGroup[Decimal]:
    """By group, what its products brought in by a measure, in each month with data: (group, product's id,
    measure's, the last month that sales are whole of)."""
    return _by_group(rows_of(_REVENUES, [*_columns(parts, 4), since]))


def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def _by_group(rows: Iterable[tuple[int, datetime.date, Value]]) -> ByGroup[Value]:
    found: ByGroup[Value] = defaultdict(list)
    for group, month, value in rows:
        found[group].append((month, value))
    return found
