"""What the volume did to standard costs: those of what was sold beside those of what was planned."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from core.arrays import array_text
from core.months import month_add
from pricing.engine.volume_mix import Moved, volume_and_mix
from pricing.selectors.costs import MOVING
from products.models import Product
from products.selectors.budget import budget_months_leading
from products.selectors.units import unit_of

from .margin_report import leading, sales_booked
from .report_query import ReportQuery, Span

ZERO = Decimal(0)
Months = dict[int, dict[datetime.date, Decimal]]
# Added up by product and kind before it is joined with those: else half a million rows are sorted on disk.
# Of what moves in each kind of a product its standard, and what of it is because another volume than planned
# was sold, rounded by booked row. Not known: a month without a planned volume, or a kind of which but a part
# moves.
_EFFECTS = """
    WITH paired AS MATERIALIZED ({paired}), borne AS MATERIALIZED (
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
        WHERE EXISTS (SELECT 1 FROM pricing_costrate r WHERE r.cost_line_id = l.id
                      AND r.withdrawn_at IS NULL AND r.start_date < %(until)s)
        GROUP BY p.product_id, l.kind_id
    ), said AS MATERIALIZED ({standard}), changed AS MATERIALIZED (
        SELECT said.{key} AS key, said.product_id, said.kind_id, sum(said.amount) AS amount,
               sum(round(said.amount * sold.more, 2)) AS change, bool_or(sold.more IS NULL) AS is_unknown
        FROM said
        LEFT JOIN (
            SELECT product_id, month, 1 - planned / sold AS more
            FROM unnest(
                %(sold_of)s::bigint[], %(months)s::date[], %(planned)s::numeric[], %(sold)s::numeric[]
            ) AS sold (product_id, month, planned, sold)
        ) sold ON sold.product_id = said.product_id AND sold.month = said.month
        WHERE said.amount <> 0
        GROUP BY said.{key}, said.product_id, said.kind_id
    )
    SELECT changed.key, changed.product_id, sum(changed.amount), sum(changed.change),
           bool_or(NOT borne.whole OR changed.is_unknown)
    FROM changed
    JOIN paired ON paired.product_id = changed.product_id AND paired.kind_id = changed.kind_id
    JOIN borne ON borne.product_id = changed.product_id AND borne.kind_id = changed.kind_id AND borne.some
    GROUP BY changed.key, changed.product_id
"""


@dataclass(frozen=True)
class PlannedVolumes:
    """``changes``: by what the rows are of, what another volume than planned did to standard costs, volume
    and mix together; missing where nothing of it is known. ``products``: how many have a planned volume."""

    changes: Mapping[Any, Decimal]
    volume: Decimal
    mix: Decimal
    products: int


def planned_volumes(
    query: ReportQuery,
    products: Mapping[int, Product],
    plan: Months,
    sold: Months,
    standard: QuerySet[Any],
    actual: QuerySet[Any],
    key: str,
) -> PlannedVolumes:
    """``standard``: the rows of it that are compared, with ``key``; ``actual``: the kinds of products that
    have any. A product whose volume was not planned in every month that something moves in is left out, as on
    its own page. One query."""
    months = [
        (pk, month, planned, sold[pk][month])
        for pk, own in plan.items()
        for month, planned in own.items()
        if sold.get(pk, {}).get(month)
    ]
    found = _effects(query, products, plan, months, standard, actual, key)
    unknown = {pk for _key, pk, _moving, _change, is_unknown in found if is_unknown}
    changes: dict[Any, Decimal] = defaultdict(Decimal)
    sums: dict[int, list[Decimal]] = {}
    known = {pk for pk, *_rest in months} - unknown
    for group, pk, moving, change, _is_unknown in found:
        if pk in known:
            change = change or ZERO
            changes[group] += change
            own = sums.setdefault(pk, [ZERO, ZERO])
            own[0] += moving
            own[1] += change
    if key == "product_id":
        changes |= dict.fromkeys(known - changes.keys(), ZERO)
    units: dict[int, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for pk, _month, planned, units_sold in months:
        units[pk][0] += planned
        units[pk][1] += units_sold
    tree = query.called.tree
    named = {pk: unit_of(tree, products[pk], tree.lead_measure(products[pk].line_id)) for pk in sums}
    moved = [
        Moved(named[pk], units[pk][0], units[pk][1], moving, change) for pk, (moving, change) in sums.items()
    ]
    return PlannedVolumes(changes, *volume_and_mix(moved), len(known))


def volumes_planned(user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span) -> Months:
    """By product and month what the budget that the year is compared with plans to sell. One query."""
    channel = query.filters.get("channel")
    channels = query.called.channels_below(channel) if channel else None
    found: Months = defaultdict(dict)
    for pk, plan in budget_months_leading(user, leading(query, products), span.first, span.last, channels):
        if plan.volume is not None:
            found[pk][plan.month] = plan.volume
    return found


def volumes_sold(query: ReportQuery, products: Mapping[int, Product], span: Span) -> Months:
    """By product and month what was sold, of the months with actual costs. One query."""
    asked = replace(query, by=("product and month",))
    found: Months = defaultdict(dict)
    [sold] = sales_booked(asked, products, span, only_with_actual=True)
    for key, (_gross, _net, units) in sold.items():
        if units is not None:
            pk, month = key.split()
            found[int(pk)][datetime.date.fromisoformat(month)] = units
    return found


def _effects(
    query: ReportQuery,
    products: Mapping[int, Product],
    plan: Months,
    months: Sequence[tuple[int, datetime.date, Decimal, Decimal]],
    standard: QuerySet[Any],
    actual: QuerySet[Any],
    key: str,
) -> list[tuple[Any, int, Decimal, Decimal | None, bool]]:
    try:
        parts = {
            "standard": standard.filter(product__in=list(plan)).query.sql_with_params(),
            "paired": actual.query.sql_with_params(),
        }
    except EmptyResultSet:
        return []
    own = {pk: products[pk].line_id for pk in plan}
    tree = query.called.tree
    ups = [(line, above.pk) for line in set(own.values()) for above in tree.ancestors(line)]
    said: dict[str, Any] = {
        "moving": [str(basis) for basis in MOVING],
        "sold_of": array_text(pk for pk, *_rest in months),
        "months": array_text(month for _pk, month, *_rest in months),
        "planned": array_text(planned for _pk, _month, planned, _sold in months),
        "sold": array_text(sold for *_rest, sold in months),
        "products": list(own),
        "lines": list(own.values()),
        "below": [line for line, _above in ups],
        "above": [above for _line, above in ups],
        "until": month_add(max((row[1] for row in months), default=query.month), 1),
    }
    with connection.cursor() as cursor:
        told = {
            name: cursor.mogrify(sql, params).decode().replace("%", "%%")
            for name, (sql, params) in parts.items()
        }
        cursor.execute(_EFFECTS.format(key=key, **told), said)
        return cursor.fetchall()  # type: ignore[no-any-return]
