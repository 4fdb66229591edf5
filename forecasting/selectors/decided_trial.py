"""Whether what was decided (prices, promotions) made the forecasts of a line better, in months now over."""

from __future__ import annotations

import datetime
from collections import defaultdict
from typing import Any

from django.db import connection

from core.months import month_add
from forecasting.value_added import Pairs, ValueAdded, Verdict, value_added

from .accuracy_sums import PAIRS, pair_columns

# Forecasts of so many months ahead count, of so many months back; each moved by at least this share.
LAG, MONTHS, LEAST = 3, 24, 0.01


def decisions_tried(as_of: datetime.date) -> dict[tuple[int, str], ValueAdded]:
    """By line and source of decisions (``price``, ``promotion``): the frozen forecasts of three months ahead
    that decisions alone moved, of the last two years, with the effect and without. A product's months belong
    together, each in units of its usual error."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT p.line_id, e->>'key', {pair_columns("driven", "(1.0 / r.scale)")}
                FROM forecasting_accuracyrow r
                JOIN products_product p ON p.id = r.product_id
                JOIN forecasting_forecast f ON f.id = r.vintage_id,
                jsonb_array_elements(f.driver_effects->'planned') e
                WHERE r.lag = %s AND r.month > %s AND r.month <= %s AND r.scale > 0
                  AND abs(r.driven - r.statistical) > %s * r.statistical
                  AND f.driver_effects->'used' = '[]' AND NOT e->'params' ? 'still' AND NOT e ? 'left_out'
                GROUP BY p.line_id, e->>'key', r.product_id
                ORDER BY p.line_id, e->>'key', r.product_id""",  # noqa: S608
            [LAG, month_add(as_of, -MONTHS), as_of, LEAST],
        )
        parts: dict[tuple[int, str], list[Pairs]] = defaultdict(list)
        for line_id, key, *sums in cursor.fetchall():
            parts[line_id, key].append(Pairs(*(float(value or 0) for value in sums[:PAIRS])))
    return {key: value_added(own) for key, own in parts.items()}


def decisions_left_out(as_of: datetime.date) -> list[list[Any]]:
    """What is not put on the forecasts of a line since it made them worse for certain: line, source, in how
    many months, and the errors with and without as shares of the usual one (plain values)."""
    return [
        [line_id, key, tried.observations, round(tried.after or 0, 5), round(tried.before or 0, 5)]
        for (line_id, key), tried in sorted(decisions_tried(as_of).items())
        if tried.verdict is Verdict.HURTS
    ]
