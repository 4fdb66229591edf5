"""The contribution margin of many: net sales less booked costs, by line, product, family, channel or month.

Amounts are those of the statement of a product: sales and deductions of its month in cents, costs as booked.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.utils.translation import pgettext

from core import formats
from core.months import month_end
from pricing.engine.costs import LEVELS, ClaimRatios, claim_ratios
from products.models import Channel, Family, FamilyMember, Product
from products.selectors.access import products_visible, visible_channel_ids
from products.selectors.lines import line_tree
from products.selectors.product_filter import channels_below

from .cost_report import booked_visible, within
from .report_names import Name
from .report_query import ReportQuery

ZERO = Decimal(0)
WHOLE = Name("", "")
SUMMED = (*LEVELS, "claims")
Sold = tuple[Decimal, Decimal, Decimal | None, datetime.date]
"""Gross and net sales in cents, units (of a level: contracts × months), and the first month with any."""
# The leading measure of each product; by product and month in cents, as its statement has it.
_SALES = """
    SELECT key, sum(gross), sum(net), sum(units), min(month) FROM (
        SELECT {key} AS key, s.month, round(sum(coalesce(s.gross_revenue, s.revenue)), 2) AS gross,
               round(sum(coalesce(s.gross_revenue, s.revenue)), 2)
               - round(sum(coalesce(s.gross_revenue, s.revenue)) - sum(s.revenue), 2) AS net,
               sum(CASE WHEN m.kind = 'level' THEN coalesce(s.average_volume, s.volume)
                        ELSE s.volume END) AS units
        FROM products_salesmonth s
        JOIN unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS lead (product_id, measure_id)
          ON lead.product_id = s.product_id AND lead.measure_id = s.measure_id
        JOIN products_measure m ON m.id = s.measure_id
        WHERE s.month BETWEEN %(first)s AND %(last)s AND s.revenue IS NOT NULL {within}
        GROUP BY s.product_id, s.month, {key}
    ) booked GROUP BY key
"""
_KEYS = {
    "month": "s.month",
    "channel": "s.channel_id",
    "product and month": "s.product_id || ' ' || s.month",
}
# Months of a product in which anything actual is booked of it.
_WITH_ACTUAL = """
    AND EXISTS (SELECT 1 FROM pricing_costmonth c WHERE c.product_id = s.product_id AND c.month = s.month
                AND c.source IN ('actual', 'accrual') AND c.replaced_at IS NULL)
"""
_COSTS = {"month": "month", "channel": "channel_id"}


@dataclass(frozen=True)
class MarginRow:
    """Of ``name``: gross and net sales, and what is left after each level's costs, among which ``claims``;
    ``sold``: something is known of its sales; ``kinds``: its costs by the id of their kind."""

    name: Name
    gross: Decimal
    net: Decimal
    cm1: Decimal
    cm2: Decimal
    cm3: Decimal
    result: Decimal
    claims: Decimal = ZERO
    sold: bool = True
    kinds: Mapping[int, Decimal] = field(default_factory=dict)

    @property
    def deductions(self) -> Decimal:
        return self.net - self.gross

    @property
    def overhead(self) -> Decimal:
        return self.result - self.cm3

    @property
    def ratios(self) -> ClaimRatios | None:
        """Claims and all other costs as shares of net sales, where there are claims."""
        others = self.net - self.result - self.claims
        return claim_ratios(self.net, self.claims, others) if self.claims else None

    def rate(self, level: str) -> Decimal | None:
        """A margin as a share of net sales."""
        amount: Decimal = getattr(self, level)
        return amount / self.net if self.net else None


@dataclass(frozen=True)
class MarginReport:
    """``limited``: the person sees only some channels, what they would see is no margin."""

    rows: list[MarginRow]
    total: MarginRow | None = None
    limited: bool = False


def margin_report(user: Any, query: ReportQuery) -> MarginReport:
    """Rows in the order of their names, and their sum. Seven queries at most."""
    if visible_channel_ids(user) is not None:
        return MarginReport([], limited=True)
    by = query.by[0]
    [span] = query.spans(query.period, query.of)
    products = products_asked(user, query)
    costs: dict[Any, dict[str, Decimal]] = defaultdict(dict)
    booked = booked_visible(user).filter(
        within(query), month__range=(span.first, span.last), source__in=span.sources
    )
    kinds: dict[Any, dict[int, Decimal]] = defaultdict(dict)
    fields = (_COSTS.get(by, "product_id"), "kind__level", "kind_id")
    sums = {"all": Sum("amount"), "claims": Sum("amount", filter=Q(kind__code="claims"))}
    for key, level, kind, amount, claims in booked.order_by().values_list(*fields).annotate(**sums):
        kinds[key][kind] = amount
        costs[key][level] = costs[key].get(level, ZERO) + amount
        costs[key]["claims"] = costs[key].get("claims", ZERO) + (claims or ZERO)
    sales = sales_booked(query, products, span.first, span.last)
    names = _names(by, query, products, costs.keys() | sales.keys())
    return _added(names, sales, costs, kinds)


def products_asked(user: Any, query: ReportQuery) -> dict[int, Product]:
    """The products of the report, whose sales count."""
    rows = products_visible(user)
    if query.only is not None:
        rows = rows.filter(pk__in=query.only)
    for name in ("product", "line"):
        value = query.filters.get(name)
        if value and name == "product":
            rows = rows.filter(code__iexact=value)
        elif value:
            tree = line_tree()
            own = [line.pk for line in tree.lines.values() if line.code.upper() == value.upper()]
            rows = rows.filter(line__in={pk for line in own for pk in tree.descendants(line)})
    for word in query.text.split():
        rows = rows.filter(name__icontains=word) | rows.filter(code__icontains=word)
    return {row.pk: row for row in rows.only("code", "name", "line", "unit")}


def sales_booked(
    query: ReportQuery,
    products: Mapping[int, Product],
    first: datetime.date,
    last: datetime.date,
    *,
    only_with_actual: bool = False,
) -> dict[Any, Sold]:
    """By what the report is by first, else by product; ``only_with_actual``: of a product's months that have
    actual costs."""
    channel, leads = query.filters.get("channel"), leading(products)
    said: dict[str, Any] = {
        "products": list(leads),
        "measures": list(leads.values()),
        "first": first,
        "last": last,
        "channels": channels_below(channel) if channel else [],
    }
    key = _KEYS.get(query.by[0], "s.product_id")
    there = "AND s.channel_id = ANY(%(channels)s::bigint[])" if channel else ""
    there += _WITH_ACTUAL if only_with_actual else ""
    with connection.cursor() as cursor:
        cursor.execute(_SALES.format(key=key, within=there), said)
        return {key: tuple(sold) for key, *sold in cursor.fetchall()}


def leading(products: Mapping[int, Product]) -> dict[int, int]:
    """By product the id of its leading measure."""
    tree = line_tree()
    leads = {line: tree.lead_measure(line).pk for line in {row.line_id for row in products.values()}}
    return {pk: leads[row.line_id] for pk, row in products.items()}


def _names(
    by: str, query: ReportQuery, products: Mapping[int, Product], keys: Iterable[Any]
) -> dict[Any, tuple[Any, Name]]:
    """By what sales and costs are grouped by: where it stands in the list, and the row it is part of."""
    nothing: tuple[Any, Name] = ((True,), Name("", pgettext("cost report", "none")))
    known: dict[Any, tuple[Any, Name]]
    if by == "month":
        return {key: ((False, key), Name(f"{key:%Y-%m}", formats.month(key))) for key in keys}
    if by == "channel":
        rows = Channel.objects.values_list("pk", "code", "name")
        known = {pk: ((False, name.lower(), pk), Name(code, name)) for pk, code, name in rows}
        return {key: known.get(key, nothing) for key in keys}
    tree = line_tree()
    if by == "family":
        families = _families(query)
        known = {
            pk: ((False, families[pk].label.lower(), families[pk].code), families[pk])
            for pk in products
            if pk in families
        }
    elif by == "line":
        paths = {
            pk: ((False, [line.name.lower() for line in tree.path(pk)]), Name(line.code, line.name))
            for pk, line in tree.lines.items()
        }
        known = {pk: paths[row.line_id] for pk, row in products.items()}
    else:
        known = {
            pk: ((False, row.name.lower(), pk), Name(row.code, row.name)) for pk, row in products.items()
        }
    return {key: known.get(key, nothing) for key in keys}


def _families(query: ReportQuery) -> dict[int, Name]:
    """By product the family it is in at the end of the month."""
    latest = FamilyMember.objects.filter(
        product=OuterRef("pk"), start_date__lte=month_end(query.month)
    ).order_by("-start_date")
    rows = Product.objects.annotate(own=Subquery(latest.values("family")[:1])).exclude(own=None)
    names = {row.pk: Name(row.code, row.name) for row in Family.objects.all()}
    return {pk: names[own] for pk, own in rows.values_list("pk", F("own"))}


def _added(
    names: Mapping[Any, tuple[Any, Name]],
    sales: Mapping[Any, Sold],
    costs: Mapping[Any, Mapping[str, Decimal]],
    kinds: Mapping[Any, Mapping[int, Decimal]],
) -> MarginReport:
    sums: dict[Name, list[Decimal]] = {}
    orders: dict[Name, Any] = {}
    by_kind: dict[Name, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    sold = {names[key][1] for key in sales}
    for key, (order, name) in names.items():
        for kind, amount in kinds.get(key, {}).items():
            by_kind[name][kind] += amount
            by_kind[WHOLE][kind] += amount
        found = sums.setdefault(name, [ZERO] * (2 + len(SUMMED)))
        orders[name] = order
        amounts = [
            *sales.get(key, (ZERO, ZERO))[:2],
            *(costs.get(key, {}).get(level, ZERO) for level in SUMMED),
        ]
        sums[name] = [one + other for one, other in zip(found, amounts, strict=True)]
    ordered = sorted(sums, key=lambda name: orders[name])
    rows = [_row(name, sums[name], name in sold, by_kind[name]) for name in ordered]
    if not rows:
        return MarginReport([])
    total = [sum(column, ZERO) for column in zip(*sums.values(), strict=True)]
    return MarginReport(rows, _row(WHOLE, total, bool(sold), by_kind[WHOLE]))


def _row(name: Name, sums: list[Decimal], sold: bool, kinds: Mapping[int, Decimal]) -> MarginRow:
    gross, left, *levels, claims = sums
    margins: list[Decimal] = []
    for amount in levels:
        margins.append((margins[-1] if margins else left) - amount)
    cm1, cm2, cm3, result = margins
    return MarginRow(name, gross, left, cm1, cm2, cm3, result, claims, sold, kinds)
