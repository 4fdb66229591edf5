"""What the alerts and the news of products are told from, as one hash each: the same hash, the same words.

It sees every product and takes no person.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.arrays import array_text
from core.sql import rows_of

# Whoever changes a rule of `forecasting.alerts`, or what it looks at, raises this.
RULES = 4

# Figures and vintages are in the hash that the night found (`SubjectInputs.found`) and in the forecasts' own.
_SAID = """
    SELECT p.id, p.line_id, p.owner_id, i.judged, concat_ws('|', i.found, p.unit, p.temporary,
        coalesce(p.launched::text, '-'), coalesce(p.ended < %(today)s, false), coalesce(g.said, '-'),
        coalesce(f.said, '-'), coalesce(s.said, '-'), coalesce(h.said, '-'), coalesce(b.said, '-'),
        coalesce(j.said, '-'))
    FROM products_product p
    JOIN forecasting_subjectinputs i ON i.product_id = p.id
    LEFT JOIN (
        SELECT product_id, row(revenue_12m, forecast_12m_amount, stage, stage_by_hand)::text AS said
        FROM products_productfigures WHERE product_id = ANY(%(products)s)
    ) g ON g.product_id = p.id
    LEFT JOIN (
        SELECT product_id, string_agg(
            concat_ws(' ', measure_id, as_of, current, method, reason_code, content_hash), ','
            ORDER BY measure_id, as_of) AS said
        FROM forecasting_forecast WHERE product_id = ANY(%(products)s) GROUP BY 1
    ) f ON f.product_id = p.id
    LEFT JOIN (
        SELECT product_id, string_agg(
            concat_ws(' ', measure_id, as_of, current, engine_version, input_hash), ','
            ORDER BY measure_id, as_of) AS said
        FROM forecasting_stageestimate
        WHERE product_id = ANY(%(products)s) AND as_of >= %(stages_since)s GROUP BY 1
    ) s ON s.product_id = p.id
    LEFT JOIN (
        SELECT product_id, string_agg(concat_ws(' ', id, stage), ',' ORDER BY id) AS said
        FROM forecasting_stagesetting
        WHERE product_id = ANY(%(products)s) AND withdrawn_at IS NULL
          AND start_date <= %(today)s AND until >= %(today)s
        GROUP BY 1
    ) h ON h.product_id = p.id
    LEFT JOIN (
        SELECT product_id,
               sum(hash_record_extended(row(id, measure_id, month, volume, revenue), 0))::text AS said
        FROM products_budgetrow
        WHERE version_id = %(version)s AND product_id = ANY(%(products)s) AND month = ANY(%(months)s)
        GROUP BY 1
    ) b ON b.product_id = p.id
    LEFT JOIN (
        SELECT c.product_id, sum(hash_record_extended(
            row(c.measure_id, m.month, m.overridden, m.agreed), 0))::text AS said
        FROM forecasting_forecast c JOIN forecasting_forecastmonth m ON m.forecast_id = c.id
        WHERE c.current AND c.product_id = ANY(%(products)s)
          AND (m.overridden IS NOT NULL OR m.agreed IS NOT NULL)
        GROUP BY 1
    ) j ON j.product_id = p.id
    WHERE p.id = ANY(%(products)s)
"""


@dataclass(frozen=True)
class AlertInputs:
    """Of one product the hash of today, and the one that its alerts were last told from (empty: none)."""

    now: str
    judged: str


def alert_inputs(
    product_ids: Collection[int],
    *,
    today: datetime.date,
    stages_since: datetime.date,
    version: int | None,
    months: Sequence[datetime.date],
    of_line: Mapping[int, Any],
    told_to: Callable[[int, int | None], Any],
) -> dict[int, AlertInputs]:
    """By product, those that a night has looked at; ``of_line`` is what its line and everybody's settings
    say (plain values), ``told_to`` of line and own owner whom the alerts reach."""
    lines = {pk: _hash(json.dumps([RULES, said], default=str)) for pk, said in of_line.items()}
    params: dict[str, Any] = {
        "products": array_text(product_ids),
        "today": today,
        "stages_since": stages_since,
        "version": version,
        "months": list(months),
    }

    @cache
    def everything_else(line: int, owner: int | None) -> str:
        return f"{lines[line]}|{told_to(line, owner)}"

    return {
        pk: AlertInputs(_hash(f"{said}|{everything_else(line, owner)}"), judged)
        for pk, line, owner, judged, said in rows_of(_SAID, params)
    }


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()
