"""What the volume did to standard costs: those of what was sold beside those of what was planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import QuerySet

from core.sql import rows_of, sql_of
from pricing.engine.volume_mix import Moved, volume_and_mix
from pricing.selectors.costs import MOVING
from products.models import Product
from products.selectors.budget import rows_between
from products.selectors.units import unit_of

from .margin_report import leading, units_sold
from .report_query import SOURCES, ReportQuery, Span

ZERO = Decimal(0)
# What is planned and sold by product and month is brought together by adding up; of a join the planner would
# expect few rows, and walk through them for each booked one. Only standard costs need these months: what is
# actual has made its month one of them. Rows are of products, kinds or lines, so a kind of a product is in
# one. Of what moves in it its standard, and what of it is because another volume than planned was sold,
# rounded by booked row. Not known: a month without a planned volume, or a kind of which but a part moves.
_COMPARED = """
    WITH months AS MATERIALIZED (
        SELECT product_id, month, bool_or(is_booked) AS is_booked, sum(planned) AS planned,
               sum(units) AS units,
               CASE WHEN sum(units) <> 0 THEN 1 - sum(planned) / sum(units) END AS more
        FROM (
            SELECT coalesce(product_id, 0) AS product_id, month, true AS is_booked, NULL::numeric AS planned,
                   NULL::numeric AS units
            FROM ({there}) there
            UNION ALL
            SELECT plan.product_id, month, false, volume, NULL FROM ({plan}) plan
            JOIN unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS lead (product_id, measure_id)
              ON lead.product_id = plan.product_id AND lead.measure_id = plan.measure_id
            UNION ALL
            SELECT product_id, month, false, NULL, units FROM ({sold}) sold
        ) said GROUP BY product_id, month
    ), pairs AS MATERIALIZED (
        SELECT * FROM months WHERE is_booked AND more IS NOT NULL
    ), kinds AS MATERIALIZED (
        SELECT product_id, kind_id, coalesce(ours.key, theirs.key) AS key, standard, change, is_unknown,
               actual, actual IS NOT NULL AS paired
        FROM (
            SELECT months.product_id, kind_id, booked.{key} AS key, sum(amount) AS standard,
                   sum(round(amount * more, 2)) AS change, bool_or(more IS NULL) AS is_unknown
            FROM ({standard}) booked
            JOIN months ON months.product_id = coalesce(booked.product_id, 0) AND months.month = booked.month
            WHERE is_booked GROUP BY months.product_id, kind_id, booked.{key}
        ) ours
        FULL JOIN (
            SELECT coalesce(booked.product_id, 0) AS product_id, kind_id, booked.{key} AS key,
                   sum(amount) AS actual
            FROM ({actual}) booked GROUP BY coalesce(booked.product_id, 0), kind_id, booked.{key}
        ) theirs USING (product_id, kind_id)
    ), borne AS MATERIALIZED (
        SELECT p.product_id, l.kind_id,
               bool_and(l.basis = ANY(%(moving)s) AND l.measure_id IS NULL) AS whole,
               bool_or(l.basis = ANY(%(moving)s) AND l.measure_id IS NULL) AS some
        FROM unnest(%(products)s::bigint[], %(lines)s::bigint[]) AS p (product_id, line_id)
        JOIN LATERAL (
            SELECT * FROM pricing_costline l WHERE l.product_id = p.product_id
            UNION ALL
            SELECT l.* FROM pricing_costline l
            JOIN unnest(%(below)s::bigint[], %(above)s::bigint[]) AS up (below, above)
              ON up.above = l.line_id AND up.below = p.line_id
            UNION ALL
            SELECT * FROM pricing_costline l WHERE l.product_id IS NULL AND l.line_id IS NULL
        ) l ON true
        WHERE p.product_id IN (SELECT product_id FROM pairs)
          AND EXISTS (SELECT 1 FROM pricing_costrate r WHERE r.cost_line_id = l.id AND r.withdrawn_at IS NULL
                      AND r.start_date < (SELECT max(month) + interval '1 month' FROM pairs))
        GROUP BY p.product_id, l.kind_id
    ), effects AS MATERIALIZED (
        SELECT key, product_id, sum(standard) AS moving, coalesce(sum(change), 0) AS change,
               bool_or(NOT borne.whole OR is_unknown) AS is_unknown
        FROM kinds JOIN borne USING (product_id, kind_id) WHERE paired AND borne.some AND standard IS NOT NULL
        GROUP BY key, product_id
    ), unknown AS MATERIALIZED (SELECT DISTINCT product_id FROM effects WHERE is_unknown)
    SELECT 'row', key, sum(standard) FILTER (WHERE paired), sum(actual),
           coalesce(sum(standard) FILTER (WHERE NOT paired), 0), NULL::numeric
    FROM kinds GROUP BY key
    UNION ALL
    SELECT 'change', key, sum(change), NULL::numeric, NULL::numeric, NULL::numeric FROM effects
    WHERE product_id NOT IN (SELECT product_id FROM unknown)
      AND product_id IN (SELECT product_id FROM pairs) GROUP BY key
    UNION ALL
    SELECT 'known', product_id, sum(planned), sum(units), sum(moving), sum(change) FROM (
        SELECT product_id, planned, units, NULL::numeric AS moving, NULL::numeric AS change FROM pairs
        UNION ALL
        SELECT product_id, NULL, NULL, moving, change FROM effects
    ) whole WHERE product_id NOT IN (SELECT product_id FROM unknown)
    GROUP BY product_id HAVING sum(planned) IS NOT NULL
    UNION ALL
    SELECT 'sold', product_id, sum(units), count(units), NULL, NULL FROM months
    WHERE is_booked AND units IS NOT NULL
    GROUP BY product_id
    UNION ALL
    SELECT 'plan', count(planned), NULL, NULL, NULL, NULL FROM months
"""
_NOTHING = """
    SELECT NULL::bigint AS product_id, NULL::bigint AS measure_id, NULL::date AS month,
           NULL::numeric AS volume, NULL::bigint AS kind_id, NULL::bigint AS of_line,
           NULL::numeric AS amount WHERE false
"""


@dataclass(frozen=True)
class PlannedVolumes:
    """``changes``: by what the rows are of, what another volume than planned did to standard costs, volume
    and mix together; missing where nothing of it is known. ``products``: how many have a planned volume."""

    changes: Mapping[Any, Decimal]
    volume: Decimal
    mix: Decimal
    products: int


class Compared(NamedTuple):
    """``sums``: what the rows are of, standard and actual of the kinds of a product that have actual costs,
    and the standard of its other kinds; ``sold``: what each product sold in the months with actual costs,
    and in how many; ``plan``: missing where the budget that the year is compared with plans no volume."""

    sums: list[tuple[Any, Decimal | None, Decimal | None, Decimal]]
    sold: Mapping[int, tuple[Decimal, int]]
    plan: PlannedVolumes | None


def planned_compared(
    user: Any,
    query: ReportQuery,
    products: Mapping[int, Product],
    span: Span,
    booked: QuerySet[Any],
    there: QuerySet[Any],
    key: str,
) -> Compared:
    """``booked``: standard and actual rows with ``key``, which a product or its kind has one of; ``there``:
    the months of products that have actual costs. A product whose volume was not planned in every month that
    something moves in is left out, as on its own page. One query; only sums by product and by row come of
    it."""
    found: dict[str, dict[Any, tuple[Any, ...]]] = defaultdict(dict)
    for what, pk, *amounts in _read(user, query, products, span, booked, there, key):
        found[what][pk] = tuple(amounts)
    sums = [(pk, standard, actual, rest) for pk, (standard, actual, rest, _none) in found["row"].items()]
    sold = {pk: (units, int(months)) for pk, (units, months, *_none) in found["sold"].items()}
    if not any(found["plan"]):
        return Compared(sums, sold, None)
    known, tree = found["known"], query.called.tree
    changes = {pk: change for pk, (change, *_none) in found["change"].items()}
    if key == "product_id":
        changes |= dict.fromkeys(known.keys() - changes.keys(), ZERO)
    moved = [
        Moved(unit_of(tree, row, tree.lead_measure(row.line_id)), planned, units, moving, change)
        for pk, (planned, units, moving, change) in known.items()
        if moving is not None
        for row in [products[pk]]
    ]
    return Compared(sums, sold, PlannedVolumes(changes, *volume_and_mix(moved), len(known)))


def _read(
    user: Any,
    query: ReportQuery,
    products: Mapping[int, Product],
    span: Span,
    booked: QuerySet[Any],
    there: QuerySet[Any],
    key: str,
) -> list[tuple[Any, ...]]:
    leads, tree, channel = leading(query, products), query.called.tree, query.filters.get("channel")
    plan = rows_between(user, set(leads.values()), span.first, span.last)
    if channel:
        plan = plan.filter(channel__in=query.called.channels_below(channel))
    own = {pk: products[pk].line_id for pk in leads}
    ups = [(line, above.pk) for line in set(own.values()) for above in tree.ancestors(line)]
    sold, said = units_sold(query, leads, span)
    said |= {
        "moving": [str(basis) for basis in MOVING],
        "lines": list(own.values()),
        "below": [line for line, _above in ups],
        "above": [above for _line, above in ups],
    }
    parts = {
        "plan": plan.order_by().values("product_id", "measure_id", "month", "volume"),
        "standard": booked.filter(source__in=SOURCES["standard"]),
        "actual": booked.filter(source__in=SOURCES["actual"]),
        "there": there,
    }
    told = {name: sql_of(rows) for name, rows in parts.items()}
    if not (told["standard"] and told["actual"]):  # nothing that the person sees, or that the filters leave
        return []
    return rows_of(_COMPARED.format(key=key, sold=sold, **{k: v or _NOTHING for k, v in told.items()}), said)
