"""What each product costs and leaves a unit, beside what it did a year before or should by the budget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from core.months import month_end
from pricing.engine.bridge import Compared, Side
from pricing.models import CostRate
from pricing.selectors.own_prices import OwnPrice, own_prices_at_end
from products.models import Measure, MonthClosing, Product
from products.selectors.access import visible_channel_ids
from products.selectors.units import unit_of

from .margin_bridge import NOTHING, compared
from .margin_gaps import NO_GAPS, MarginGaps
from .margin_report import on_average
from .report_names import Name, product_name
from .report_query import ReportQuery


@dataclass(frozen=True)
class UnitRow:
    """A product in both periods. ``own_price``: for everybody at the end of the month, without VAT; of a
    closed month as it was when that was closed. All else is a unit sold; missing where nothing was, or it is
    not counted. Of a level (``of_level``) a unit is a contract in force for a month, and ``units`` are in
    force on average of ``months``. What was sold without an amount counts in the cost alone. ``is_partial``:
    of some channels, while there are costs in none."""

    name: Name
    unit: str
    now: Side
    before: Side
    own_price: OwnPrice | None
    is_partial: bool = False
    of_level: bool = False

    @property
    def months(self) -> Decimal | None:
        return Decimal(self.now.months) or None if self.of_level else None

    @property
    def price(self) -> Decimal | None:
        return self.own_price.amount if self.own_price else None

    @property
    def units(self) -> Decimal | None:
        return on_average(self.now.units, self.months)

    @property
    def net(self) -> Decimal | None:
        return _each(self.now.net, self.now.priced)

    @property
    def cost(self) -> Decimal | None:
        return _each(self.now.cost, self.now.units)

    @property
    def cost_before(self) -> Decimal | None:
        return _each(self.before.cost, self.before.units)

    @property
    def change(self) -> Decimal | None:
        """Of the cost, as a rate."""
        before = self.cost_before
        return None if self.cost is None or not before else self.cost / before - 1

    @property
    def margin(self) -> Decimal | None:
        if not self.now.unpriced:
            return _each(self.now.margin, self.now.units)
        return None if self.net is None or self.cost is None else self.net - self.cost

    @property
    def rate(self) -> Decimal | None:
        """The margin of net sales."""
        if self.is_partial or not self.now.net:
            return None
        if not self.now.unpriced:
            return self.now.margin / self.now.net
        return self.margin / self.net if self.margin is not None and self.net else None


@dataclass(frozen=True)
class UnitReport:
    """``limited``: the person sees only some channels, what they would see is no margin."""

    rows: list[UnitRow]
    gaps: MarginGaps = NO_GAPS
    limited: bool = False


SORTS = ("name", "units", "price", "net", "cost", "cost_before", "change", "margin", "rate")


def unit_report(user: Any, query: ReportQuery, sort: str = "name") -> UnitReport:
    """The products that sold or cost anything now, and of all channels those with a price or costs of their
    own, by one of ``SORTS`` (``-``: the largest first); what is missing stands last. Costs are those before
    the margin of ``query``."""
    if visible_channel_ids(user) is not None:
        return UnitReport([], limited=True)
    products, pairs, gaps = compared(user, query)
    prices, tree = own_prices_at_end(query.month), query.called.tree
    there = {pair.key: pair for pair in pairs}
    kept = set() if query.filters.get("channel") else _kept(query, products, prices)
    rows = []
    for pk, product in products.items():
        lead = tree.lead_measure(product.line_id)
        pair = there.get(pk) or Compared(pk, unit_of(tree, product, lead), NOTHING, NOTHING)
        if pair.after.is_sold or pair.after.cost or pk in kept:
            both = pair.after, pair.before
            own, partial, of_level = prices.get(pk), bool(gaps.apart), lead.kind == Measure.Kind.LEVEL
            rows.append(UnitRow(product_name(product), pair.unit, *both, own, partial, of_level))
    rows.sort(key=lambda row: row.name.label.lower())
    field = sort.lstrip("-")
    if field != "name":
        known = [row for row in rows if getattr(row, field) is not None]
        known.sort(key=lambda row: getattr(row, field), reverse=sort.startswith("-"))
        rows = [*known, *(row for row in rows if getattr(row, field) is None)]
    elif sort.startswith("-"):
        rows.reverse()
    return UnitReport(rows, gaps)


def _kept(query: ReportQuery, products: Mapping[int, Product], prices: Collection[int]) -> set[int]:
    """Those that have not ended before the period, as far as was known when it was closed, with a price or a
    cost line of their own. One query."""
    [span] = query.spans(query.period, query.of)
    rates = CostRate.objects.filter(withdrawn_at=None, start_date__lte=month_end(query.month))
    rows = Product.objects.filter(
        Q(pk__in=list(prices))
        | Q(pk__in=rates.filter(cost_line__product__isnull=False).values("cost_line__product"))
    )
    if query.called.closing is None:
        rows = rows.exclude(ended__lt=span.first)
    else:
        closed_at = MonthClosing.objects.filter(pk=query.called.closing).values("closed_at")
        events = Product.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
            pgh_obj=OuterRef("pk"), pgh_created_at__lte=Subquery(closed_at)
        )
        rows = rows.annotate(ended_then=Subquery(events.order_by("-pgh_id").values("ended")[:1]))
        rows = rows.filter(Q(ended_then=None) | Q(ended_then__gte=span.first))
    return {pk for pk in rows.order_by().values_list("pk", flat=True) if pk in products}


def _each(amount: Decimal, units: Decimal | None) -> Decimal | None:
    return amount / units if units and units > 0 else None
