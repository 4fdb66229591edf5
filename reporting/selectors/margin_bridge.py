"""What prices, costs, volume and mix did to the contribution margin since a year before, or the budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Min, Sum
from django.utils.translation import gettext as _

from core.months import month_add
from pricing.engine.bridge import Bridge, Compared, Part, Side, bridge
from pricing.engine.costs import LEVELS, booked
from products.models import Product
from products.selectors.access import visible_channel_ids
from products.selectors.budget import budget_months_leading
from products.selectors.units import unit_of

from .cost_report import booked_visible, within
from .margin_report import Sold, leading, products_asked, sales_booked
from .report_names import Name, product_name
from .report_query import SOURCES, ReportQuery, Span

ZERO = Decimal(0)
NOTHING = Side(None, ZERO, ZERO)


@dataclass(frozen=True)
class BridgeReport:
    """``parts`` with their product's name, the largest change first. ``uneven``: the first months of a side
    have sales and no such costs. ``limited``: the person sees only some channels."""

    found: Bridge | None = None
    parts: tuple[tuple[Name, Part], ...] = ()
    limited: bool = False
    uneven: bool = False


def margin_level(query: ReportQuery) -> str:
    """The margin that is bridged: after these costs."""
    level = query.filters.get("level", "")
    return level if level in LEVELS else "cm3"


def margin_bridge(user: Any, query: ReportQuery) -> BridgeReport:
    if visible_channel_ids(user) is not None:
        return BridgeReport(limited=True)
    products, rows, uneven = compared(user, query)
    if not rows:
        return BridgeReport()
    found = bridge(rows)
    named = ((_name(products, part.key), part) for part in found.parts if part.change)
    parts = tuple(sorted(named, key=lambda pair: -abs(pair[1].change)))
    return BridgeReport(found, parts, uneven=uneven)


def compared(user: Any, query: ReportQuery) -> tuple[dict[int, Product], list[Compared], bool]:
    """The products asked for, both periods of each (and of what is on none), and whether they are uneven."""
    plain = replace(query, filters={key: own for key, own in query.filters.items() if key != "level"})
    products, tree, level = products_asked(user, plain), query.called.tree, margin_level(query)
    [now] = query.spans(query.period, query.of)
    [then] = query.spans(query.period, query.against)
    read = [_sides(user, plain, products, span, level) for span in (then, now)]
    sides = [side for side, _uneven in read]
    rows = [
        Compared(key, _unit(products.get(key), tree), *(side.get(key, NOTHING) for side in sides))
        for key in sorted(sides[0].keys() | sides[1].keys(), key=lambda key: (key is None, key))
    ]
    return products, rows, any(uneven for _side, uneven in read)


def _sides(
    user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span, level: str
) -> tuple[dict[Any, Side], bool]:
    """By product; and whether the first months have sales and no costs."""
    visible = booked_visible(user).filter(
        within(query),
        month__range=(span.first, span.last),
        source__in=span.sources,
        kind__level__in=LEVELS[: LEVELS.index(level) + 1],
    )
    costs: dict[Any, Decimal] = defaultdict(Decimal)
    foreign: dict[Any, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    first = month_add(span.last, 1)
    rows = visible.order_by().values_list("product_id", "currency")
    for pk, currency, in_it, amount, begun in rows.annotate(
        Sum("currency_amount"), Sum("amount"), Min("month")
    ):
        key = pk if pk in products else None
        costs[key] += amount
        if currency:
            before = foreign[key].get(currency, (ZERO, ZERO))
            foreign[key][currency] = (before[0] + in_it, before[1] + amount)
        first = min(first, begun)
    if span.sources == SOURCES["budget"]:
        sales = _sales_planned(user, query, products, span)
    else:
        sales = sales_booked(replace(query, by=("product",)), products, span.first, span.last)
    sides = {
        key: Side(units, net, costs.get(key, ZERO), foreign.get(key, {}))
        for key in costs.keys() | sales.keys()
        for _gross, net, units, *_begun in [sales.get(key, (ZERO, ZERO, None))]
    }
    return sides, first > span.first and any(begun < first for *_amounts, begun in sales.values())


def _sales_planned(
    user: Any, query: ReportQuery, products: Mapping[int, Product], span: Span
) -> dict[int, Sold]:
    """As the budget has sales, by product; months without an amount are left out, as those of sales are."""
    channel = query.filters.get("channel")
    channels = query.called.channels_below(channel) if channel else None
    found: dict[int, Sold] = {}
    leads = leading(query, products)
    for pk, plan in budget_months_leading(user, leads, span.first, span.last, channels):
        if plan.revenue is not None:
            amount = booked(plan.revenue)
            gross, net, units, begun = found.get(pk, (ZERO, ZERO, None, plan.month))
            if plan.volume is not None:
                units = (units or ZERO) + plan.volume
            found[pk] = (gross + amount, net + amount, units, min(begun, plan.month))
    return found


def _unit(product: Product | None, tree: Any) -> str:
    return unit_of(tree, product, tree.lead_measure(product.line_id)) if product else ""


def _name(products: Mapping[int, Product], key: Any) -> Name:
    row = products.get(key)
    return product_name(row) if row else Name("", _("not on a product"))
