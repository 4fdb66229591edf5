"""The contribution margin of many: net sales less booked costs, by line, product, family, channel or month.

Amounts are those of the statement of a product: sales and deductions of its month in cents, costs as booked.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q, Sum
from django.utils.translation import pgettext

from core import formats
from core.months import month_end
from pricing.engine.costs import LEVELS, ClaimRatios, claim_ratios
from pricing.models import CostKind
from pricing.selectors.sold_cents import sold_in_cents, sold_said, sold_sql
from products.models import Channel, Product
from products.selectors.access import products_visible, visible_channel_ids

from .cost_report import booked_visible, products_named, within
from .margin_gaps import NO_GAPS, MarginGaps, margin_gaps
from .report_names import Name
from .report_query import ReportQuery, Span

ZERO = Decimal(0)
WHOLE = Name("", "")
SUMMED = (*LEVELS, "claims")
_WHOLE = """
    SELECT place, {key}, sum(gross), sum(gross - off), sum(units), sum(unpriced), count(units) FROM (
        SELECT place, product_id, month, round(sum(gross), 2) AS gross, round(sum(off), 2) AS off,
               sum(units) AS units, coalesce(sum(units) FILTER (WHERE gross IS NULL), 0) AS unpriced
        FROM ({sold}) sold GROUP BY place, product_id, month
    ) booked GROUP BY 1, 2
"""
_UNITS = "SELECT product_id, month, sum(units) AS units FROM ({sold}) sold GROUP BY product_id, month"
_BY_CHANNEL = """
    SELECT place, {key}, sum(gross_cents), sum(gross_cents - off_cents), sum(units),
           coalesce(sum(units) FILTER (WHERE gross IS NULL), 0), {months}
    FROM ({cents}) booked WHERE {there} GROUP BY 1, 2
"""
_KEYS = {
    "month": "month",
    "channel": "channel_id",
    "product and month": "product_id || ' ' || month",
}
# Months of a product in which anything actual is booked of it.
_WITH_ACTUAL = """
    AND EXISTS (SELECT 1 FROM pricing_costmonth c WHERE c.product_id = s.product_id AND c.month = s.month
                AND c.source IN ('actual', 'accrual') AND c.replaced_at IS NULL)
"""
_COSTS = {"month": "month", "channel": "channel_id"}
_OF_KIND = ("code", "level", "place", "name_en", "name_nl")


class Sold(NamedTuple):
    """Gross and net sales in cents, missing where nothing has an amount, and units (of a level: contracts ×
    months), of which ``unpriced`` have none; ``months``: of how many months they are, of a product."""

    gross: Decimal | None = None
    net: Decimal | None = None
    units: Decimal | None = None
    unpriced: Decimal = ZERO
    months: int = 0


@dataclass(frozen=True)
class MarginRow:
    """Of ``name``: gross and net sales, and what is left after each level's costs, among which ``claims``;
    ``sold``: something is known of its sales; ``kinds``: its costs by the id of their kind. ``lacks``:
    of some channels, while costs of this level are in none, so from there on it is no share of net sales."""

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
    lacks: str = ""

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
        return claim_ratios(self.net, self.claims, others) if self.claims and not self.lacks else None

    def rate(self, level: str) -> Decimal | None:
        """A margin as a share of net sales."""
        place = LEVELS.index("below" if level == "result" else level)
        is_told = not self.lacks or place < LEVELS.index(self.lacks)
        return getattr(self, level) / self.net if self.net and is_told else None

    def share(self, amount: Decimal) -> Decimal | None:
        """Of net sales."""
        return amount / self.net if self.net and not self.lacks else None


@dataclass(frozen=True)
class MarginReport:
    """``limited``: the person sees only some channels, what they would see is no margin. ``kinds``: those
    that costs are of, as they are called."""

    rows: list[MarginRow]
    total: MarginRow | None = None
    limited: bool = False
    gaps: MarginGaps = NO_GAPS
    kinds: Sequence[CostKind] = ()


def margin_report(user: Any, query: ReportQuery) -> MarginReport:
    """Rows in the order of their names, and their sum. Eight queries at most."""
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
    called: dict[int, CostKind] = {}
    fields = (_COSTS.get(by, "product_id"), "kind_id", *(f"kind__{name}" for name in _OF_KIND))
    sums = {"all": Sum("amount"), "claims": Sum("amount", filter=Q(kind__code="claims"))}
    for key, kind, *said, amount, claims in booked.order_by().values_list(*fields).annotate(**sums):
        if kind not in called:
            called[kind] = CostKind(kind, **dict(zip(_OF_KIND, said, strict=True)))
        level = called[kind].level
        kinds[key][kind] = amount
        costs[key][level] = costs[key].get(level, ZERO) + amount
        costs[key]["claims"] = costs[key].get("claims", ZERO) + (claims or ZERO)
    [found_sales] = sales_booked(query, products, span)
    sales = {key: own for key, own in found_sales.items() if own.gross is not None}
    names = _names(by, query, products, costs.keys() | sales.keys())
    gaps = margin_gaps(user, query, products, leading(query, products), [span])
    found = replace(_added(names, sales, costs, kinds), kinds=[*called.values()])
    return _with_gaps(found, gaps, in_some="channel" in query.filters)


def _with_gaps(found: MarginReport, gaps: MarginGaps, *, in_some: bool) -> MarginReport:
    """``in_some``: also all rows together are of some channels."""
    rows, total = found.rows, found.total
    if gaps.apart_level:
        rows = [replace(row, lacks=gaps.apart_level) for row in rows]
        if total is not None and in_some:
            total = replace(total, lacks=gaps.apart_level)
    return replace(found, rows=rows, total=total, gaps=gaps)


def products_asked(user: Any, query: ReportQuery) -> dict[int, Product]:
    """The products of the report, whose sales count, as it calls them."""
    rows = products_named(query, products_visible(user))
    if query.only is not None:
        rows = rows.filter(pk__in=query.only)
    return query.called.products_read(rows)


def sales_booked(
    query: ReportQuery, products: Mapping[int, Product], *spans: Span, only_with_actual: bool = False
) -> list[dict[Any, Sold]]:
    """What was sold in each span, by what the rows are of; ``only_with_actual``: of a product's months that
    have actual costs. One query."""
    channel, leads = query.filters.get("channel"), leading(query, products)
    said = sold_said(leads, months_of(spans)) | {
        "channels": query.called.channels_below(channel) if channel else []
    }
    by = query.by[0]
    key, within = _KEYS.get(by, "product_id"), _WITH_ACTUAL if only_with_actual else ""
    if channel or by == "channel":
        there = "channel_id = ANY(%(channels)s::bigint[])" if channel else "true"
        months = "count(DISTINCT month) FILTER (WHERE units IS NOT NULL)" if by == "product" else "0"
        sql = _BY_CHANNEL.format(key=key, cents=sold_in_cents(within), there=there, months=months)
    else:
        sql = _WHOLE.format(key=key, sold=sold_sql(within))
    found: list[dict[Any, Sold]] = [{} for _span in spans]
    with connection.cursor() as cursor:
        cursor.execute(sql, said)
        for place, key, *sold in cursor.fetchall():
            found[place - 1][key] = Sold(*sold)
    return found


def on_average(units: Decimal | None, months: Decimal | None) -> Decimal | None:
    """Of a level how many were in force in these months; of a flow (no ``months``) the units as they are."""
    return units / months if units is not None and months else units


def months_of(spans: Iterable[Span]) -> list[tuple[datetime.date, datetime.date]]:
    return [(span.first, span.last) for span in spans]


def units_sold(query: ReportQuery, leads: Mapping[int, int], span: Span) -> tuple[str, dict[str, Any]]:
    """What was sold by product and month, as part of a query, and what it is asked by."""
    channel = query.filters.get("channel")
    within = "AND s.channel_id = ANY(%(channels)s::bigint[])" if channel else ""
    sql = _UNITS.format(sold=sold_sql(within))
    return sql, sold_said(leads, months_of([span])) | {
        "channels": query.called.channels_below(channel) if channel else []
    }


def leading(query: ReportQuery, products: Mapping[int, Product]) -> dict[int, int]:
    """By product the id of its leading measure: of a closed month the one that led when it was closed."""
    tree = query.called.tree
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
        rows = query.called.names("channel", Channel.objects.all(), [*keys])
        known = {pk: ((False, name.lower(), pk), Name(code, name)) for pk, (code, name) in rows.items()}
        return {key: known.get(key, nothing) for key in keys}
    tree = query.called.tree
    if by == "family":
        families = query.called.families(month_end(query.month))
        known = {
            pk: ((False, name.lower(), code), Name(code, name))
            for pk, (code, name) in families.items()
            if pk in products
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
            *(amount or ZERO for amount in sales.get(key, Sold())[:2]),
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
