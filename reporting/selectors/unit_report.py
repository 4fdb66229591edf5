"""What each product costs and leaves a unit, beside what it did a year before or should by the budget."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pricing.engine.bridge import Side
from pricing.selectors.own_prices import own_prices_at_end
from products.selectors.access import visible_channel_ids

from .margin_bridge import compared
from .margin_gaps import NO_GAPS, MarginGaps
from .report_names import Name, product_name
from .report_query import ReportQuery


@dataclass(frozen=True)
class UnitRow:
    """A product in both periods. ``price``: our own price for everybody at the end of the month, without VAT;
    of a closed month as it was when that was closed. All else is a unit sold; missing where nothing was, or
    it is not counted. ``is_partial``: of some channels, while there are costs in none."""

    name: Name
    unit: str
    now: Side
    before: Side
    price: Decimal | None
    is_partial: bool = False

    @property
    def units(self) -> Decimal | None:
        return self.now.units

    @property
    def net(self) -> Decimal | None:
        return _each(self.now.net, self.now)

    @property
    def cost(self) -> Decimal | None:
        return _each(self.now.cost, self.now)

    @property
    def cost_before(self) -> Decimal | None:
        return _each(self.before.cost, self.before)

    @property
    def change(self) -> Decimal | None:
        """Of the cost, as a rate."""
        before = self.cost_before
        return None if self.cost is None or not before else self.cost / before - 1

    @property
    def margin(self) -> Decimal | None:
        return _each(self.now.margin, self.now)

    @property
    def rate(self) -> Decimal | None:
        """The margin of net sales."""
        return self.now.margin / self.now.net if self.now.net and not self.is_partial else None


@dataclass(frozen=True)
class UnitReport:
    """``limited``: the person sees only some channels, what they would see is no margin."""

    rows: list[UnitRow]
    gaps: MarginGaps = NO_GAPS
    limited: bool = False


SORTS = ("name", "units", "price", "net", "cost", "cost_before", "change", "margin", "rate")


def unit_report(user: Any, query: ReportQuery, sort: str = "name") -> UnitReport:
    """The products that sold or cost anything now, by one of ``SORTS`` (``-``: the largest first); what is
    missing stands last. Costs are those before the margin of ``query``."""
    if visible_channel_ids(user) is not None:
        return UnitReport([], limited=True)
    products, pairs, gaps = compared(user, query)
    prices = own_prices_at_end(query.month)
    rows = [
        UnitRow(product_name(row), pair.unit, pair.after, pair.before, prices.get(row.pk), bool(gaps.apart))
        for pair in pairs
        if (pair.after.is_sold or pair.after.cost) and (row := products.get(pair.key))  # type: ignore[call-overload]
    ]
    rows.sort(key=lambda row: row.name.label.lower())
    field = sort.lstrip("-")
    if field != "name":
        known = [row for row in rows if getattr(row, field) is not None]
        known.sort(key=lambda row: getattr(row, field), reverse=sort.startswith("-"))
        rows = [*known, *(row for row in rows if getattr(row, field) is None)]
    elif sort.startswith("-"):
        rows.reverse()
    return UnitReport(rows, gaps)


def _each(amount: Decimal, side: Side) -> Decimal | None:
    return amount / side.units if side.units and side.units > 0 else None
