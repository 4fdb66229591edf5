"""The contribution margin of products by month: what was sold, less what their cost lines come to.

Standard costs; closed months as they were booked. Of one product or many by the same few queries.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from core.months import month_range
from pricing.models import CostLine
from products.models import Product
from products.selectors.access import product_seen, visible_channel_ids
from products.selectors.closing import open_from
from products.selectors.lines import LineTree, line_tree

from .closed_costs import ClosedCosts
from .cost_splits import Splits
from .costs import RIGHT, Rates, cost_lines_visible, of_products, product_rates, rates_by_product
from .month_margin import MonthMargin, month_margin, month_of, stretch_costs
from .sold import Months, Sold, channels_below, sold_by_month, together

Basis = CostLine.Basis
ZERO = Decimal(0)
AT_ONCE = 500
"""Products whose rates and sales are held beside each other."""


def product_margins(
    user: Any,
    product: Product,
    first: datetime.date,
    last: datetime.date,
    rates: Sequence[Rates] | None = None,
) -> list[MonthMargin] | None:
    """Every month from the first to the last, closed ones as they were booked; ``rates``: as
    :func:`product_rates` gave them. ``None`` for who
    sees no costs or only some channels: what they would see is not the product's margin."""
    found = margins_read(user, product, first, last, rates)
    return None if found is None else found.of(product)


def margins_read(
    user: Any,
    product: Product,
    first: datetime.date,
    last: datetime.date,
    rates: Sequence[Rates] | None = None,
) -> Margins | None:
    """What :func:`product_margins` are worked out from."""
    if not user.has_perm(RIGHT) or not product_seen(user, product) or visible_channel_ids(user) is not None:
        return None
    own = product_rates(user, product) if rates is None else rates
    return Margins.as_booked({product: own}, first, last)


def margins_of_many(
    user: Any, products: Sequence[Product], first: datetime.date, last: datetime.date
) -> Iterator[tuple[Product, Margins]]:
    """Each product with what its margins are worked out from, closed months as they were booked: five queries
    for each ``AT_ONCE``, and where there are more of these three for what is split over all. The person must
    be one who sees the products, their costs and all channels."""
    splits = None
    if len(products) > AT_ONCE and last >= (open_from() or datetime.date.min):
        shared = cost_lines_visible(user).filter(of_products(products)).exclude(key="")
        splits = Splits(list(shared), first, last)
    for begin in range(0, len(products), AT_ONCE):
        some = products[begin : begin + AT_ONCE]
        margins = Margins.as_booked(rates_by_product(user, some), first, last, splits)
        yield from ((product, margins) for product in some)


class Margins:
    """The margins of many products: ``rates`` by product, all that each bears."""

    _closed: ClosedCosts | None = None

    def __init__(
        self,
        rates: Mapping[Product, Sequence[Rates]],
        first: datetime.date,
        last: datetime.date,
        splits: Splits | None = None,
        tree: LineTree | None = None,
    ) -> None:
        self.rates, self._first, self._last = rates, first, last
        self.tree = tree or line_tree()  # once: outside of a page it is read at each call
        self._sold = sold_by_month(self.tree, rates, first, last)
        lines = {each.cost_line.pk: each.cost_line for own in rates.values() for each in own}
        by_channel = any(line.channel_id is not None for line in lines.values())
        self.below = channels_below(self._sold.values()) if by_channel else {}
        self._splits, self._lines = splits, list(lines.values())

    @property
    def splits(self) -> Splits:
        """Read when first asked for: closed months need none."""
        if self._splits is None:
            self._splits = Splits(self._lines, self._first, self._last)
        return self._splits

    @classmethod
    def as_booked(
        cls,
        rates: Mapping[Product, Sequence[Rates]],
        first: datetime.date,
        last: datetime.date,
        splits: Splits | None = None,
    ) -> Margins:
        """The same, but closed months have the costs they were booked with. One more query for these."""
        found = cls(rates, first, last, splits)
        found._closed = ClosedCosts(rates, first, last)
        return found

    def under(self, rates: Mapping[Product, Sequence[Rates]]) -> Margins:
        """Of the same sales under other rates of the same cost lines."""
        found = copy(self)
        found.rates = rates
        return found

    def of(self, product: Product) -> list[MonthMargin]:
        """Every month from the first to the last."""
        rates, months, closed, found = self.rates[product], self.sold(product), self._closed, []
        for month in month_range(self._first, self._last):
            sold = months.get(month)
            if closed is None or not closed.has(month):
                found.append(month_margin(product, month, rates, sold, self.below, self.splits))
                continue
            whole = together((sold or {}).values())
            costs, left_out = closed.costs(product, month), closed.left_out(product, month)
            found.append(month_of(month, whole, costs, left_out))
        return found

    def sold(self, product: Product) -> Months:
        return self._sold.get(product.pk, {})


def unit_costs(
    user: Any, product: Product, rates: Sequence[Rates], day: datetime.date, units: Decimal
) -> tuple[Decimal, Decimal] | None:
    """What a unit costs on a day when so many are sold in a month, and which share of its price goes to costs
    as well: of the lines that count by what is sold, in all channels. ``None`` where there are none, one of
    them cannot be told, or the person sees no costs or only some channels."""
    if not user.has_perm(RIGHT) or visible_channel_ids(user) is not None:
        return None
    return moving_costs(product, rates, day, units)


def moving_costs(
    product: Product, rates: Sequence[Rates], day: datetime.date, units: Decimal
) -> tuple[Decimal, Decimal] | None:
    """As :func:`unit_costs`; for the night: nobody's rights are asked."""
    moving = [
        each
        for each in rates
        if each.cost_line.basis in (Basis.UNIT, Basis.SHARE)
        and each.cost_line.channel_id is None
        and each.cost_line.measure_id is None
        and not each.cost_line.is_split
    ]
    if not moving or units <= 0:
        return None
    free, paid = (
        stretch_costs(product, day, moving, Sold(units, None, net, net), {}, {}) for net in (ZERO, units)
    )
    known = [amount for amount in (*free.values(), *paid.values()) if amount is not None]
    if not free or len(known) < len(free) + len(paid):
        return None
    fixed = sum((amount or ZERO for amount in free.values()), ZERO)
    whole = sum((amount or ZERO for amount in paid.values()), ZERO)
    return fixed / units, (whole - fixed) / units
