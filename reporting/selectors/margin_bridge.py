"""What prices, costs, volume and mix did to the contribution margin since a year before, or the budget."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from django.db.models import Case, Max, Min, Q, Sum, When
from django.utils.translation import gettext as _

from core.months import month_add
from pricing.engine.bridge import Bridge, Compared, Part, Side, bridge
from pricing.engine.costs import LEVELS, booked
from products.models import Product
from products.selectors.access import visible_channel_ids
from products.selectors.budget import budget_months_leading
from products.selectors.budget_lines import LEAST, products_budget
from products.selectors.units import unit_of

from .cost_report import booked_visible, within
from .margin_gaps import NO_GAPS, MarginGaps, margin_gaps
from .margin_report import Sold, leading, products_asked, sales_booked
from .report_names import Name, product_name
from .report_query import SOURCES, ReportQuery, Span

ZERO = Decimal(0)
NOTHING = Side(None, ZERO, ZERO)


@dataclass(frozen=True)
class BridgeReport:
    """``parts`` with their product's name, the largest change first. ``gaps``: what either side is without.
    ``limited``: the person sees only some channels."""

    found: Bridge | None = None
    parts: tuple[tuple[Name, Part], ...] = ()
    limited: bool = False
    gaps: MarginGaps = NO_GAPS

    @property
    def has_currency(self) -> bool:
        """Whether rates of exchange did anything to a part."""
        return any(part.currency for _name, part in self.parts)


def margin_level(query: ReportQuery) -> str:
    """The margin that is bridged: after these costs."""
    level = query.filters.get("level", "")
    return level if level in LEVELS else "cm3"


def margin_bridge(user: Any, query: ReportQuery) -> BridgeReport:
    if visible_channel_ids(user) is not None:
        return BridgeReport(limited=True)
    products, rows, gaps = compared(user, query)
    if not rows:
        return BridgeReport()
    found = bridge(rows)
    named = ((_name(products, part.key), part) for part in found.parts if part.change)
    parts = tuple(sorted(named, key=lambda pair: -abs(pair[1].change)))
    return BridgeReport(found, parts, gaps=gaps)


def compared(user: Any, query: ReportQuery) -> tuple[dict[int, Product], list[Compared], MarginGaps]:
    """The products asked for, both periods of each (and of what is on none), and what these are without."""
    plain = replace(query, filters={key: own for key, own in query.filters.items() if key != "level"})
    products, tree, level = products_asked(user, plain), query.called.tree, margin_level(query)
    then, now = query.sides
    sides, bare, others = _sides(user, plain, products, (then, now), level)
    rows = [
        Compared(key, _unit(products.get(key), tree), *(side.get(key, NOTHING) for side in sides))
        for key in sorted(sides[0].keys() | sides[1].keys(), key=lambda key: (key is None, key))
    ]
    spans = [span for span in (then, now) if span.sources != SOURCES["budget"]]
    gaps = margin_gaps(user, plain, products, leading(query, products), spans, _before(level))
    of_lines = sides[0].get(None, NOTHING).net if then.sources == SOURCES["budget"] else ZERO
    return products, rows, replace(gaps, unplanned=tuple(bare), of_lines=of_lines, measures=others)


def _before(level: str) -> Q:
    """The costs that the margin is after."""
    return Q(kind__level__in=LEVELS[: LEVELS.index(level) + 1])


def _sides(
    user: Any, query: ReportQuery, products: Mapping[int, Product], spans: tuple[Span, Span], level: str
) -> tuple[list[dict[Any, Side]], list[datetime.date], frozenset[int]]:
    """Of both periods by product; the first and the last months for which sales are planned and no costs; and
    the measures that lines are planned in and that lead nothing."""
    costs = _costs(user, query, products, spans, level)
    booked = [span for span in spans if span.sources != SOURCES["budget"]]
    sold = iter(sales_booked(replace(query, by=("product",)), products, *booked))
    sides: list[dict[Any, Side]] = []
    bare: list[datetime.date] = []
    others = frozenset[int]()
    for span, found in zip(spans, costs, strict=True):
        if span.sources == SOURCES["budget"]:
            sales, months, others = _sales_planned(user, query, products, span)
            bare = sorted(month for month in months if not found.first <= month <= found.last)
        else:
            sales = next(sold)
        sides.append(
            {
                key: Side(
                    own.units,
                    own.net or ZERO,
                    found.amounts.get(key, ZERO),
                    found.foreign.get(key, {}),
                    own.unpriced,
                    own.months,
                )
                for key in found.amounts.keys() | sales.keys()
                for own in [sales.get(key, Sold())]
            }
        )
    return sides, bare, others


@dataclass
class _Costs:
    """Of a period by product, what of it was in other currencies, and its first and last month with any."""

    first: datetime.date
    last: datetime.date
    amounts: dict[Any, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    foreign: dict[Any, dict[str, tuple[Decimal, Decimal]]] = field(default_factory=lambda: defaultdict(dict))


def _costs(
    user: Any, query: ReportQuery, products: Mapping[int, Product], spans: tuple[Span, Span], level: str
) -> list[_Costs]:
    """One query."""
    of = [Q(month__range=(span.first, span.last), source__in=span.sources) for span in spans]
    visible = booked_visible(user).filter(within(query), of[0] | of[1], _before(level))
    found = [_Costs(month_add(span.last, 1), month_add(span.first, -1)) for span in spans]
    rows = visible.order_by().annotate(side=Case(When(of[0], then=0), default=1))
    sums = Sum("currency_amount"), Sum("amount"), Min("month"), Max("month")
    for side, pk, currency, in_it, amount, begun, until in rows.values_list(
        "side", "product_id", "currency"
    ).annotate(*sums):
        key, own = pk if pk in products else None, found[side]
        own.amounts[key] += amount
        if currency:
            before = own.foreign[key].get(currency, (ZERO, ZERO))
            own.foreign[key][currency] = (before[0] + in_it, before[1] + amount)
        own.first, own.last = min(own.first, begun), max(own.last, until)
    return found


def _sales_planned(
    user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span
) -> tuple[dict[int | None, Sold], set[datetime.date], frozenset[int]]:
    """As the budget has sales, by product (``None``: what is made for lines as wholes beyond that, under
    nothing where products are planned above their line), the months of which it has amounts, and the measures
    that lead nothing."""
    channel = query.filters.get("channel")
    channels = query.called.channels_below(channel) if channel else None
    found: dict[int | None, Sold] = {}
    months: set[datetime.date] = set()
    leads, of_products = leading(query, products), ZERO
    for pk, plan in budget_months_leading(user, leads, span.first, span.last, channels):
        _gross, net, units, unpriced, _months = found.get(pk, Sold())
        if plan.volume is not None:
            units = (units or ZERO) + plan.volume
        if plan.revenue is not None:
            months.add(plan.month)
            of_products += plan.revenue
            net = (net or ZERO) + booked(plan.revenue)
        elif plan.volume is not None:
            unpriced += plan.volume
        found[pk] = Sold(net, net, units, unpriced)
    whole = products_budget(user, list(products), span.first, span.last, channels)
    if whole.of_lines:
        months.update(whole.months)
        more = booked(sum(whole.months.values(), ZERO) - of_products)
        if abs(more) >= LEAST:
            found[None] = Sold(more, more, None, ZERO)
    return found, months, whole.others


def _unit(product: Product | None, tree: Any) -> str:
    return unit_of(tree, product, tree.lead_measure(product.line_id)) if product else ""


def _name(products: Mapping[int, Product], key: Any) -> Name:
    row = products.get(key)
    return product_name(row) if row else Name("", _("not on a product"))
