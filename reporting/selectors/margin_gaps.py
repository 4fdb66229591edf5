"""What a margin is without: months and products with sales that bear no costs yet, sales that are not loaded
yet, costs in no channel."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from core.months import month_end, month_range
from core.organisation import today
from core.sql import rows_of, sql_of
from forecasting.services.night import last_closed_month
from pricing.engine.costs import LEVELS
from products.models import Product
from products.selectors.closing import open_from
from products.selectors.months import behind_of, months_shown

from .cost_report import booked_visible, within
from .report_query import NONE, SOURCES, ReportQuery, Span
from .sales_since import sales_since

NAMED = 5
# Months with sales and none of the costs; of the other months the products with sales that bear none; and
# what is booked in no channel. Then when it was booked, where sales changed since; and up to which month the
# list has lines, with their measure.
_WITHOUT = """
    WITH there AS (
        SELECT s.month, s.product_id, true AS is_sold FROM {sales} s
        JOIN unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS lead (product_id, measure_id)
          ON lead.product_id = s.product_id AND lead.measure_id = s.measure_id
        WHERE s.month = ANY(%(months)s::date[]) AND s.revenue <> 0 {channels}
        UNION ALL {booked}
    ), unbooked AS (SELECT month FROM there GROUP BY month HAVING bool_and(is_sold))
    SELECT 'month', month, NULL::bigint, NULL, NULL::numeric, NULL::timestamptz FROM unbooked
    UNION ALL
    SELECT 'product', NULL::date, product_id, NULL, NULL::numeric, NULL::timestamptz FROM there
    WHERE %(of_products)s AND product_id IS NOT NULL AND month NOT IN (TABLE unbooked)
    GROUP BY product_id HAVING bool_and(is_sold)
    UNION ALL
    SELECT 'apart', month, NULL::bigint, level, sum(amount), NULL::timestamptz FROM ({apart}) apart
    GROUP BY month, level
    UNION ALL
    SELECT 'until', NULL::date, NULL::bigint, NULL, NULL::numeric, until FROM ({since}) since
    UNION ALL
    SELECT 'line', month, line, NULL, measure::numeric, NULL::timestamptz
    FROM ({shown}) shown (line, measure, month)
"""
_BOOKED = {
    "months": """
        SELECT asked.month, NULL, false FROM unnest(%(months)s::date[]) AS asked (month)
        CROSS JOIN LATERAL (SELECT FROM ({rows}) booked WHERE booked.month = asked.month LIMIT 1) found
    """,
    "products": "SELECT DISTINCT month, product_id, false FROM ({rows}) booked",
}
_NOTHING = """
    SELECT NULL::date AS month, NULL::bigint AS product_id, NULL AS level, 0::numeric AS amount WHERE false
"""


@dataclass(frozen=True)
class MarginGaps:
    """``months``: with sales and none of the costs; ``unsold``: lines with costs in months after the last one
    that their sales are whole of, which is given; ``unplanned``: as the budget has them; ``of_lines``: so
    much of the budget is made for lines as wholes and of no product; under nothing: so much of products is
    above that of their lines; ``measures``: in which those lines are planned too and which lead nothing, so
    that nothing of it is in the budget. ``products``: the first names of those
    that sold something in the other months and have no actual costs there, and how many ``others``.
    ``apart``: costs that are booked in no channel, of margins in some; in ``apart_months``, the first of
    their levels ``apart_level``. ``booked_until``: when the costs were booked, where sales changed since."""

    months: Sequence[datetime.date] = ()
    unsold: Mapping[int, datetime.date] = field(default_factory=dict)
    unplanned: Sequence[datetime.date] = ()
    of_lines: Decimal = Decimal(0)
    measures: frozenset[int] = frozenset()
    products: Sequence[str] = ()
    others: int = 0
    apart: Decimal = Decimal(0)
    apart_months: Sequence[datetime.date] = ()
    apart_level: str = ""
    booked_until: datetime.datetime | None = None


NO_GAPS, ALL = MarginGaps(), Q()


def margin_gaps(
    user: Any,
    query: ReportQuery,
    products: Mapping[int, Product],
    leads: Mapping[int, int],
    spans: Sequence[Span],
    counted: Q = ALL,
) -> MarginGaps:
    """Of the spans, the last of which is the report's own; ``leads``: by product its leading measure;
    ``counted``: of which costs, besides the filters. One query, and one where a line is behind."""
    of = Q()
    for span in spans:
        of |= Q(month__range=(span.first, span.last), source__in=span.sources)
    rows = booked_visible(user).filter(of, counted)
    own = Q(month__range=(spans[-1].first, spans[-1].last), source__in=spans[-1].sources)
    of_products = all(span.sources == SOURCES["actual"] for span in spans)
    booked = rows.filter(within(query))
    there = sql_of(booked.order_by().values("month", "product_id")) or _NOTHING
    found = _without(
        query, leads, spans, there, _sql(rows.filter(_in_no_channel(query), own)), of_products=of_products
    )
    shown = {(pk, int(measure)): month for month, pk, _level, measure, _until in found["line"] if measure}
    apart = [(month, level, amount) for month, _pk, level, amount, _until in found["apart"] if amount]
    named: list[str] = []
    if of_products:
        named = sorted((products[pk].name for _month, pk, *_rest in found["product"]), key=str.lower)
    return MarginGaps(
        tuple(sorted(month for month, *_rest in found["month"])),
        unsold=_unsold(booked, products, spans, shown),
        products=tuple(named[:NAMED]),
        others=len(named[NAMED:]),
        apart=sum((amount for _month, _level, amount in apart), Decimal(0)),
        apart_months=tuple(sorted({month for month, _level, _amount in apart})),
        apart_level=min((level for _month, level, _amount in apart), key=LEVELS.index, default=""),
        booked_until=next((until for *_rest, until in found["until"] if until), None),
    )


def _unsold(
    booked: QuerySet[Any],
    products: Mapping[int, Product],
    spans: Sequence[Span],
    shown: Mapping[tuple[int, int], datetime.date],
) -> dict[int, datetime.date]:
    """Of closed months nothing is told: what nobody loaded until then was told at closing."""
    begin, last = open_from() or datetime.date.min, last_closed_month(today())
    until = min(max(span.last for span in spans), last)
    if until < begin:
        return {}
    lines = {product.line_id for product in products.values()}
    behind = {pk: month for pk, month in behind_of(shown, last).items() if pk in lines and month < until}
    if not behind:
        return {}
    later = Q(pk__in=())
    for pk, month in behind.items():
        sold = Q(product__ended=None) | Q(product__ended__gt=month_end(month))
        later |= Q(sold, product__line=pk, month__gt=month)
    costs = booked.filter(later, month__gte=begin, month__lte=until).order_by()
    return {pk: behind[pk] for pk in costs.values_list("product__line", flat=True).distinct()}


def _without(
    query: ReportQuery,
    leads: Mapping[int, int],
    spans: Iterable[Span],
    booked: str,
    apart: str,
    *,
    of_products: bool,
) -> Mapping[str, list[tuple[Any, ...]]]:
    """By kind the rows: month, product or line, level, amount or measure, when."""
    channel = query.filters.get("channel")
    said: dict[str, Any] = {
        "products": list(leads),
        "measures": list(leads.values()),
        "months": [month for span in spans for month in month_range(span.first, span.last)],
        "channels": query.called.channels_below(channel) if channel else [],
        "of_products": of_products,
    }
    sql = _WITHOUT.format(
        sales="products_salesmonth" if channel else "products_productmonth",
        channels="AND s.channel_id = ANY(%(channels)s::bigint[])" if channel else "",
        booked=_BOOKED["products" if of_products else "months"].format(rows=booked),
        apart=apart,
        since=sql_of(sales_since(list(spans))) or "SELECT NULL::timestamptz AS until WHERE false",
        shown=sql_of(months_shown(last_closed_month(today()))),
    )
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for kind, *row in rows_of(sql, said):
        found[kind].append(tuple(row))
    return found


def _in_no_channel(query: ReportQuery) -> Q:
    """What margins of some channels are without; of all channels there is nothing such."""
    channel = query.filters.get("channel")
    if channel == NONE or not (channel or query.by[0] == "channel"):
        return Q(pk__in=[])
    filters = {name: value for name, value in query.filters.items() if name != "channel"}
    return within(replace(query, filters=filters)) & Q(channel=None)


def _sql(rows: QuerySet[Any]) -> str:
    return sql_of(rows.order_by().values("month", "product_id", "amount", level=F("kind__level"))) or _NOTHING
