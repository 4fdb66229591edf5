"""Whether what was decided (prices, promotions) made the forecasts of a line better, in months now over."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from core.months import month_add
from core.sql import rows_of
from forecasting.value_added import Pairs, ValueAdded, Verdict, value_added
from products.models import Product
from products.selectors.lines import LineTree

from .accuracy_sums import PAIRS, pair_columns

# Forecasts of so many months ahead count, of so many months back; each moved by at least this share.
LAG, MONTHS, LEAST = 3, 24, 0.01
# Fewer products that a source moved do not speak for their line.
LEAST_PRODUCTS = 5


@dataclass(frozen=True)
class Tried:
    """What a source of decisions was worth on a line: of so many products, and over all their months."""

    products: int
    added: ValueAdded

    @property
    def hurts(self) -> bool:
        return self.products >= LEAST_PRODUCTS and self.added.verdict is Verdict.HURTS


def decisions_tried(
    as_of: datetime.date, products: Collection[int] | None = None
) -> dict[tuple[int, str], Tried]:
    """By line (all, or those of these products and above) and source of decisions (``price``, ``promotion``):
    the frozen forecasts of three months ahead, in the line's leading measure, that this source alone moved,
    of the last two years, with the effect and without. A product's months belong together, each in units of
    its usual error."""
    tree = LineTree()
    lines = list(tree.lines)
    if products is not None:
        own = Product.objects.filter(pk__any=products).values_list("line_id", flat=True)
        lines = list({line.pk for pk in set(own) for line in tree.ancestors(pk)})
    rows = rows_of(
        f"""SELECT p.line_id, moved.by, {pair_columns("driven", "(1.0 / r.scale)")}
            FROM forecasting_accuracyrow r
            JOIN products_product p ON p.id = r.product_id
            JOIN unnest(%s::bigint[], %s::bigint[]) AS led (line_id, measure_id)
              ON (led.line_id, led.measure_id) = (p.line_id, r.measure_id)
            JOIN forecasting_forecast f ON f.id = r.vintage_id AND f.driver_effects ? 'planned'
            JOIN LATERAL (
                SELECT min(e->>'key') AS by FROM jsonb_array_elements(f.driver_effects->'planned') e
                WHERE NOT e->'params' ? 'still' AND NOT e ? 'left_out' HAVING count(*) = 1
            ) moved ON true
            WHERE r.lag = %s AND r.month > %s AND r.month <= %s AND r.scale > 0 AND NOT r.afterwards
              AND abs(r.driven - r.statistical) > %s * r.statistical
              AND f.driver_effects->'used' = '[]'
            GROUP BY p.line_id, moved.by, r.product_id
            ORDER BY p.line_id, moved.by, r.product_id""",  # noqa: S608
        [
            lines,
            [tree.lead_measure(line).pk for line in lines],
            *(LAG, month_add(as_of, -MONTHS), as_of, LEAST),
        ],
    )
    parts: dict[tuple[int, str], list[Pairs]] = defaultdict(list)
    for line_id, key, *sums in rows:
        parts[line_id, key].append(Pairs(*(float(value or 0) for value in sums[:PAIRS])))
    return {key: Tried(len(own), value_added(own, apart=LEAST_PRODUCTS)) for key, own in parts.items()}


def decisions_left_out(as_of: datetime.date, products: Collection[int] | None = None) -> list[list[Any]]:
    """What is not put on the forecasts of a line (as of :func:`decisions_tried`) since it made them worse for
    certain: line, source, of how many products in how many months together, and the errors with and without
    as shares of the usual one (plain values)."""
    return [
        [
            *(line_id, key, tried.products, tried.added.observations),
            *(round(tried.added.after or 0, 5), round(tried.added.before or 0, 5)),
        ]
        for (line_id, key), tried in sorted(decisions_tried(as_of, products).items())
        if tried.hurts
    ]
