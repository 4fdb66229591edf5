"""What the step ``alerts`` compares, for a few thousand products at a time: one statement a question.

It sees every product and takes no person. Months are first days, volumes in the measure's unit.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.arrays import array_text
from core.months import month_add
from core.sql import rows_of
from forecasting.layers import Layers

# How far back the vintage may lie that this month's is compared with: months in which no night ran.
VINTAGE_GAP_MONTHS = 3
YEAR_MONTHS = 12
Key = tuple[int, int]


@dataclass(frozen=True)
class Moved:
    """The same 12 months as the current forecast and an earlier vintage see them: sums of the final forecast.

    ``priced`` weighs each month by what is decided of prices: times the price of the 12 months before the
    vintage it is revenue. ``layers``: how much of the move in volume each layer made; they add up to it.
    """

    as_of: datetime.date
    before_as_of: datetime.date
    now: float
    before: float
    method: str
    method_before: str
    priced: float
    priced_before: float
    layers: Mapping[str, float]

    @property
    def change(self) -> float:
        return self.now - self.before

    @property
    def layer(self) -> str:
        """The one that made most of the move."""
        return max(self.layers, key=lambda layer: self.layers[layer] * (1 if self.change > 0 else -1))


@dataclass(frozen=True)
class Hit:
    """One month's actual beside what was planned with in the newest vintage before it: the final forecast
    and its bands, as they were frozen."""

    month: datetime.date
    actual: float
    final: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float


@dataclass(frozen=True)
class BudgetYear:
    """A financial year's plan, and what is known and expected of the same year; ``None``: incomplete, as a
    plan is that leaves out a month in which something is sold or expected.

    Volumes of a flow are sums, of a level the state in the last month. A month that was loaded half counts as
    one ahead. ``ahead_sum`` is what is expected of the months ahead added up, of a level too, weighed by what
    is decided of prices: times a month's price it is their revenue.
    """

    budget_volume: float | None
    budget_revenue: float | None
    sold_volume: float | None
    sold_revenue: float | None
    ahead_volume: float | None
    ahead_sum: float | None
    ahead_months: int


def _vintage_before(row: str, month: str) -> str:
    """The newest vintage of a row's product and measure that did not know the row's month."""
    return f"""
        SELECT f.id, f.as_of, f.method FROM forecasting_forecast f
        WHERE f.product_id = {row}.product_id AND f.family_id IS NULL AND f.measure_id = {row}.measure_id
          AND f.as_of < {row}.{month} AND f.as_of >= ({row}.{month} - make_interval(months => %(gap)s))::date
        ORDER BY f.as_of DESC LIMIT 1
    """  # noqa: S608


# What is expected up to each layer, of a month ``row``.
_UP_TO = {
    "statistics": "{row}.mean",
    "driven": "coalesce({row}.driven, {row}.mean)",
    "overridden": "coalesce({row}.overridden, {row}.driven, {row}.mean)",
    "agreed": "coalesce({row}.agreed, {row}.overridden, {row}.driven, {row}.mean)",
}
_FINAL = _UP_TO["agreed"]


def _sums(row: str) -> str:
    """Of the months ``row``: up to each layer, and the final forecast weighed by its prices. Sums of floats
    name their order: without it, digits hang on where the database keeps the rows."""
    summed = [*_UP_TO.values(), f"{_FINAL} * coalesce({{row}}.price_ratio, 1)"]
    return ", ".join(f"sum({each} ORDER BY {{row}}.month)" for each in summed).format(row=row)


_BEFORE = f"""
    SELECT a.product_id, v.id
    FROM unnest(%(products)s::bigint[], %(measures)s::bigint[], %(months)s::date[])
         AS a(product_id, measure_id, month)
    CROSS JOIN LATERAL ({_vintage_before("a", "month")}) v
    JOIN forecasting_forecastmonth m ON m.forecast_id = v.id AND m.month = a.month
"""  # noqa: S608

_MOVED = f"""
    SELECT c.product_id, c.measure_id, c.as_of, v.as_of, c.method, v.method, {_sums("n")}, {_sums("b")}
    FROM forecasting_forecast c
    CROSS JOIN LATERAL ({_vintage_before("c", "as_of")}) v
    JOIN forecasting_forecastmonth n
      ON n.forecast_id = c.id AND n.month <= (c.as_of + make_interval(months => %(year)s))::date
    JOIN forecasting_forecastmonth b ON b.forecast_id = v.id AND b.month = n.month
    WHERE c.current AND c.product_id = ANY(%(products)s)
    GROUP BY c.id, v.as_of, v.method
    HAVING count(*) = %(year)s
"""  # noqa: S608

_HITS = f"""
    SELECT s.product_id, s.measure_id, s.month, s.volume::float8,
           m.mean, m.lo80, m.hi80, m.lo95, m.hi95, m.driven, m.overridden, m.agreed, m.spread
    FROM products_productmonth s
    CROSS JOIN LATERAL ({_vintage_before("s", "month")}) v
    JOIN forecasting_forecastmonth m ON m.forecast_id = v.id AND m.month = s.month
    WHERE s.product_id = ANY(%(products)s) AND s.month BETWEEN %(first)s AND %(last)s AND s.volume IS NOT NULL
"""  # noqa: S608

_BUDGET = f"""
    WITH plan AS (
        SELECT product_id, measure_id, month, sum(volume) AS volume, sum(revenue) AS revenue
        FROM products_budgetrow
        WHERE version_id = %(version)s AND product_id = ANY(%(products)s) AND month = ANY(%(months)s)
        GROUP BY 1, 2, 3
    ), year AS (
        SELECT k.product_id, k.measure_id, m.month, c.id AS forecast_id, ms.kind = 'level' AS is_level,
               m.month > c.as_of AS is_ahead, m.month <= c.as_of AND h.month IS NULL AS is_known
        FROM (SELECT DISTINCT product_id, measure_id FROM plan) k
        JOIN products_product p ON p.id = k.product_id
        JOIN forecasting_forecast c
          ON c.current AND c.product_id = k.product_id AND c.measure_id = k.measure_id
        JOIN products_measure ms ON ms.id = k.measure_id
        CROSS JOIN unnest(%(months)s::date[]) AS m(month)
        LEFT JOIN unnest(%(half_lines)s::bigint[], %(half_measures)s::bigint[], %(half_months)s::date[])
             AS h(line_id, measure_id, month)
          ON h.line_id = p.line_id AND h.measure_id = k.measure_id AND h.month = m.month
    )
    SELECT y.product_id, y.measure_id,
           CASE WHEN bool_or(y.is_level) THEN max(p.volume) FILTER (WHERE y.month = %(last)s)
                WHEN NOT bool_or(p.volume IS NULL
                                 AND CASE WHEN y.is_known THEN s.volume ELSE f.final END <> 0)
                THEN sum(p.volume) END::float8,
           CASE WHEN NOT bool_or(p.revenue IS NULL
                                 AND CASE WHEN y.is_known THEN s.revenue ELSE f.final END <> 0)
                THEN sum(p.revenue) END::float8,
           CASE WHEN count(*) FILTER (WHERE y.is_known AND s.volume IS NULL AND p.volume <> 0) = 0
                THEN CASE WHEN bool_or(y.is_level) THEN max(s.volume) FILTER (WHERE y.month = %(last)s)
                          ELSE coalesce(sum(s.volume) FILTER (WHERE y.is_known), 0) END END::float8,
           CASE WHEN count(*) FILTER (WHERE y.is_known AND s.revenue IS NULL AND p.revenue <> 0) = 0
                THEN coalesce(sum(s.revenue) FILTER (WHERE y.is_known), 0) END::float8,
           CASE WHEN count(*) FILTER (WHERE NOT y.is_known AND f.mean IS NULL) = 0
                THEN coalesce(sum(f.final ORDER BY y.month) FILTER (WHERE NOT y.is_known), 0) END,
           coalesce(sum(f.priced ORDER BY y.month) FILTER (WHERE NOT y.is_known), 0),
           max(f.final) FILTER (WHERE y.month = %(last)s),
           bool_or(y.is_level),
           count(*) FILTER (WHERE NOT y.is_known)
    FROM year y
    LEFT JOIN plan p USING (product_id, measure_id, month)
    LEFT JOIN products_productmonth s
           ON s.product_id = y.product_id AND s.measure_id = y.measure_id AND s.month = y.month
    LEFT JOIN LATERAL (
        SELECT m.mean, {_FINAL.format(row="m")} AS final,
               {_FINAL.format(row="m")} * coalesce(m.price_ratio, 1) AS priced
        FROM forecasting_forecastmonth m
        WHERE m.month = y.month AND m.forecast_id = CASE
            WHEN y.is_ahead THEN y.forecast_id
            WHEN NOT y.is_known THEN (SELECT v.id FROM ({_vintage_before("y", "month")}) v) END
    ) f ON true
    GROUP BY 1, 2
"""  # noqa: S608

_HISTORY = """
    SELECT s.product_id, s.measure_id, s.month, s.volume::float8
    FROM products_productmonth s
    JOIN unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS k(product_id, measure_id)
      USING (product_id, measure_id)
    WHERE s.month BETWEEN %(first)s AND %(last)s
"""


def moved_forecasts(product_ids: Collection[int]) -> dict[Key, Moved]:
    """By product and measure; those without an earlier vintage that sees the same 12 months are missing."""
    params = {"products": array_text(product_ids), "gap": VINTAGE_GAP_MONTHS, "year": YEAR_MONTHS}
    return {(row[0], row[1]): _moved(*row[2:]) for row in rows_of(_MOVED, params)}


def _moved(
    as_of: datetime.date, before_as_of: datetime.date, method: str, method_before: str, *sums: float
) -> Moved:
    half = len(sums) // 2
    *now, priced = sums[:half]
    *before, priced_before = sums[half:]
    moves = [there - here for there, here in zip(now, before, strict=True)]
    own = [move - under for move, under in zip(moves, [0.0, *moves], strict=False)]
    return Moved(
        as_of,
        before_as_of,
        now[-1],
        before[-1],
        method,
        method_before,
        priced,
        priced_before,
        dict(zip(_UP_TO, own, strict=True)),
    )


@dataclass(slots=True)
class _Frozen(Layers):
    """A month of a vintage."""

    mean: float
    lo80: float
    hi80: float
    lo95: float
    hi95: float
    driven: float | None
    overridden: float | None
    agreed: float | None
    spread: float | None


def hits(
    product_ids: Collection[int], first: datetime.date, last: datetime.date
) -> dict[Key, dict[datetime.date, Hit]]:
    """The actuals of these months beside the final forecast of the newest vintage that did not know them."""
    params = {"products": array_text(product_ids), "gap": VINTAGE_GAP_MONTHS, "first": first, "last": last}
    found: dict[Key, dict[datetime.date, Hit]] = {}
    for product_id, measure_id, month, actual, *layers in rows_of(_HITS, params):
        hit = Hit(month, actual, *_Frozen(*layers).final_band)
        found.setdefault((product_id, measure_id), {})[month] = hit
    return found


def forecasts_before(months: Mapping[Key, datetime.date]) -> dict[int, int]:
    """By product its newest forecast that did not know the month asked of it and a measure, where that says
    something of it."""
    if not months:
        return {}
    params = {
        "products": array_text(product_id for product_id, _measure in months),
        "measures": array_text(measure_id for _product, measure_id in months),
        "months": array_text(months.values()),
        "gap": VINTAGE_GAP_MONTHS,
    }
    return dict(rows_of(_BEFORE, params))


def budget_years(
    product_ids: Collection[int],
    version_id: int,
    months: Sequence[datetime.date],
    half: Mapping[Key, datetime.date],
) -> dict[Key, BudgetYear]:
    """The financial year of these months, by product and measure with rows in the budget and a forecast. The
    month of a line and measure that was loaded ``half`` is taken from the newest vintage that did not know
    it."""
    params = {
        "products": array_text(product_ids),
        "version": version_id,
        "months": list(months),
        "last": months[-1],
        "gap": VINTAGE_GAP_MONTHS,
        "half_lines": [line for line, _measure in half],
        "half_measures": [measure for _line, measure in half],
        "half_months": list(half.values()),
    }
    found = {}
    for row in rows_of(_BUDGET, params):
        (
            product_id,
            measure_id,
            plan,
            plan_revenue,
            sold,
            sold_revenue,
            ahead_sum,
            priced,
            end,
            is_level,
            left,
        ) = row
        ahead = ahead_sum
        if is_level:
            # The state at the end of the year: known when it is over, expected otherwise.
            sold, ahead = (sold, 0.0) if left == 0 else (0.0, end)
        found[product_id, measure_id] = BudgetYear(
            plan, plan_revenue, sold, sold_revenue, ahead, None if ahead_sum is None else priced, left
        )
    return found


def histories(keys: Collection[Key], last: datetime.date, months: int) -> dict[Key, list[float | None]]:
    """The months up to the last, oldest first, ``None`` for a gap."""
    if not keys:
        return {}
    first = month_add(last, 1 - months)
    params = {
        "products": [key[0] for key in keys],
        "measures": [key[1] for key in keys],
        "first": first,
        "last": last,
    }
    known: dict[Key, dict[datetime.date, float]] = {}
    for product_id, measure_id, month, volume in rows_of(_HISTORY, params):
        known.setdefault((product_id, measure_id), {})[month] = volume
    return {key: [known.get(key, {}).get(month_add(first, step)) for step in range(months)] for key in keys}
