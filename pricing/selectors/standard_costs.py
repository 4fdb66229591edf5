"""Standard costs to book: rates × what was sold, of many products, and of what they are made, as a hash.

For the night and for services: nobody's rights are asked, rows go to the table of booked cents alone.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property

from django.db import connection
from django.db.models import Min, Q

from core.months import month_range
from pricing.engine.costs import booked
from pricing.models import CostLine, CostMonth, CostRate
from products.models import Channel, Product, ProductMonth
from products.selectors.closing import months_corrected
from products.selectors.lines import LineTree, line_tree

from .channel_parts import Weights, channel_weights, in_channels
from .cost_months import BookedCost, LeftOut
from .cost_splits import Splits, Spread
from .costs import Rates, of_products, rates_borne
from .margins import Margins
from .month_margin import lasting_amount

VERSION = 7
"""Raise it where the same figures would be booked otherwise."""
NONE = ""
"""The hash of a product that no cost is borne by."""

_SOLD = """
    SELECT product_id, sum(hash_record_extended(
        row(measure_id, channel_id, month, volume, average_volume, revenue, gross_revenue), 0))
    FROM products_salesmonth WHERE product_id = ANY(%s) AND month BETWEEN %s AND %s GROUP BY 1
"""


def sales_said(product_ids: Collection[int], first: datetime.date, last: datetime.date) -> dict[int, Decimal]:
    """By product a hash of what it sold in these months."""
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, [list(product_ids), first, last])
        return dict(cursor.fetchall())


def rates_by_line(rows: Q) -> dict[int, Rates]:
    """The cost lines with rates, by id, in the order of their kinds. One query."""
    found: dict[int, list[CostRate]] = defaultdict(list)
    lines: dict[int, CostLine] = {}
    rates = CostRate.objects.filter(rows, withdrawn_at=None).select_related(
        "cost_line__kind", "cost_line__measure"
    )
    for rate in rates.order_by("cost_line__kind__place", "cost_line", "start_date", "from_quantity"):
        line = lines.setdefault(rate.cost_line_id, rate.cost_line)
        rate.cost_line = line
        found[line.pk].append(rate)
    return {pk: Rates(lines[pk], own) for pk, own in found.items()}


def _of_lines(rows: Q) -> Q:
    """The same condition on cost lines, asked of their rates."""
    return Q(cost_line__in=CostLine.objects.filter(rows).order_by())


def months_booked(last: datetime.date) -> list[datetime.date]:
    """From the first month of sales, or booked one, to the last."""
    firsts = (
        ProductMonth.objects.aggregate(first=Min("month"))["first"],
        CostMonth.objects.filter(source="standard").aggregate(first=Min("month"))["first"],
    )
    first = min((month for month in firsts if month), default=last)
    return list(month_range(first, last))


def products_bearing(line_ids: Collection[int]) -> list[int]:
    """The products that bear one of the cost lines, alone or with others."""
    lines = list(CostLine.objects.filter(pk__in=line_ids))
    products = Product.objects.order_by("pk")
    if all(line.product_id or line.line_id for line in lines):
        tree = line_tree()
        within = {pk for line in lines if line.line_id for pk in tree.descendants(line.line_id)}
        own = {line.product_id for line in lines if line.product_id}
        products = products.filter(Q(line__in=within) | Q(pk__in=own))
    return list(products.values_list("pk", flat=True))


class SplitLines:
    """The cost lines that are split over products, and their parts in the months."""

    def __init__(self, months: Sequence[datetime.date], year: Sequence[datetime.date] | None = None) -> None:
        """``months`` ahead are split as those of ``year`` together."""
        self.months = months
        # Read before what was sold: what is corrected meanwhile is followed by the next booking.
        self.corrected = [] if year else months_corrected("sales", "rates")
        self.rates = list(rates_by_line(_of_lines(~Q(key=""))).values())
        known = year or months
        self.splits = Splits([each.cost_line for each in self.rates], known[0], known[-1])
        self.shared = Spread(self.splits) if year else self.splits
        self._amounts = {
            (each.cost_line.pk, month): (booked(ours), booked(own) if each.is_foreign else None)
            for each in self.rates
            for month in months
            for ours, own in [lasting_amount(each, month)]
        }

    def of(self, product_id: int) -> Iterator[BookedCost]:
        """A product's parts; whether or not anything is known of its sales."""
        for each in self.rates:
            line = each.cost_line
            for month in self.months:
                amount, abroad = self._amounts[line.pk, month]
                part = self.shared.part(line, product_id, month, amount) if amount else None
                if part:
                    own = None if abroad is None else self.shared.part(line, product_id, month, abroad)
                    yield booked_row(product_id, month, each, part, own)

    def left(self) -> Iterator[BookedCost]:
        """What nothing says how to split: on no product."""
        for each in self.rates:
            for month in self.months:
                amount, abroad = self._amounts[each.cost_line.pk, month]
                if amount and not self.shared.parts(each.cost_line, month, amount):
                    yield booked_row(None, month, each, amount, abroad)

    @cached_property
    def sign(self) -> str:
        lines = [each.cost_line for each in self.rates]
        said = [(line.pk, sorted(self.splits.said(line).items()), self.splits.ends(line)) for line in lines]
        fixed = [self.splits.fixed(each.cost_line, month) for each in self.rates for month in self.months]
        return said_hash([said, fixed, sorted(self._amounts.items())])


def rates_of_products(
    products: Collection[Product], tree: LineTree | None = None
) -> dict[Product, list[Rates]]:
    """All rates that each product bears. One query, one more where ``tree`` is not there already."""
    tree = tree or line_tree()
    return rates_borne(products, rates_by_line(_of_lines(of_products(products, tree))).values(), tree)


class StandardCosts:
    """What some products' lines come to in the months; six queries for all."""

    def __init__(self, product_ids: Collection[int], split: SplitLines) -> None:
        self._split, self._months, self._tree = split, split.months, LineTree()
        self._products = list(Product.objects.filter(pk__in=product_ids).order_by("pk"))
        borne = Q(key="") & of_products(self._products, self._tree)
        own = rates_by_line(_of_lines(borne)).values()
        # Also what is split over it and others: shares of what is bought count that too.
        self._rates = rates_borne(self._products, [*own, *split.rates], self._tree)

    def signs(self) -> dict[int, str]:
        """By product a hash of all that its costs are made of; empty where it has none, whatever it sells."""
        bearing, parts = bearing_of(self._rates, self._split)
        signs = dict.fromkeys(parts, NONE)
        return signs | self._hashes(bearing, parts) if bearing else signs

    def _hashes(
        self, bearing: Mapping[Product, Sequence[Rates]], parts: Mapping[int, Sequence[BookedCost]]
    ) -> dict[int, str]:
        sold = sales_said([product.pk for product in bearing], self._months[0], self._months[-1])
        borne = borne_said(self._tree, bearing, parts)
        return {
            product.pk: said_hash(
                [
                    (VERSION, self._months[0], self._months[-1], product.ended, sold.get(product.pk)),
                    *borne[product.pk],
                ]
            )
            for product in bearing
        }

    def rows(self, product_ids: Collection[int]) -> list[BookedCost | LeftOut]:
        """What these products' lines come to, by the channels that bear it, and the lines that cannot be
        told."""
        wanted = {product: own for product, own in self._rates.items() if product.pk in product_ids}
        rates = {each.cost_line: each for own in wanted.values() for each in own}
        margins = Margins(wanted, self._months[0], self._months[-1], self._split.splits)
        found: list[BookedCost | LeftOut] = []
        for product in wanted:
            sold = margins.sold(product)
            weights: dict[datetime.date, Mapping[int, Weights]] = {}
            for month in margins.of(product):
                own = channel_weights(month.costs, sold.get(month.month, {}), margins.below)
                weights[month.month] = own
                for line, amount in month.costs:
                    if not line.is_split:
                        said = rates[line], amount, month.abroad.get(line.pk)
                        found += in_channels(booked_row(product.pk, month.month, *said), own[line.pk])
                found += [left_out_row(product.pk, month.month, line) for line in month.unknown]
            for row in self._split.of(product.pk):
                found += in_channels(row, weights[row.month].get(row.cost_line_id or 0))
        return found


def bearing_of(
    rates: Mapping[Product, Sequence[Rates]], split: SplitLines
) -> tuple[dict[Product, Sequence[Rates]], dict[int, list[BookedCost]]]:
    """The products that bear any cost, with their rates; and by product its parts of what is split."""
    parts = {product.pk: list(split.of(product.pk)) for product in rates}
    return {product: own for product, own in rates.items() if own or parts[product.pk]}, parts


def borne_said(
    tree: LineTree, bearing: Mapping[Product, Sequence[Rates]], parts: Mapping[int, Sequence[BookedCost]]
) -> dict[int, list[object]]:
    """By product what of its costs does not depend on its sales: how they are measured, the rates, the
    channels where one of them is of some only, and its parts of what is split."""
    channels = sorted(Channel.objects.values_list("pk", "parent_id"))
    rates = {each.cost_line.pk: rates_said(each) for own in bearing.values() for each in own}
    return {
        product.pk: [
            [(measure.pk, measure.kind) for measure in tree.measures(product.line_id)],
            [rates[each.cost_line.pk] for each in own],
            channels if any(each.cost_line.channel_id for each in own) else None,
            parts[product.pk],
        ]
        for product, own in bearing.items()
    }


def rates_said(rates: Rates) -> str:
    line = rates.cost_line
    of = (line.kind_id, line.kind.code, line.basis, line.base, line.channel_id, line.supplier_id)
    names = ("start_date", "from_quantity", "amount", "times", "least_quantity", "exchange_rate", "vat_rate")
    rows = [[getattr(row, name) for name in names] for row in rates.rows]
    return said_hash([line.pk, *of, line.cost_centre, line.tail_months, rows])


def booked_row(
    product_id: int | None,
    month: datetime.date,
    rates: Rates,
    amount: Decimal,
    abroad: Decimal | None = None,
) -> BookedCost:
    """``abroad``: what it is in the currency of its line, where that is not ours."""
    line = rates.cost_line
    of = (month, line.kind_id, line.channel_id, line.supplier_id, line.cost_centre)
    if abroad is None:
        return BookedCost(product_id, *of, amount, cost_line_id=line.pk)
    return BookedCost(product_id, *of, amount, line.currency, booked(abroad), line.pk)


def left_out_row(product_id: int, month: datetime.date, line: CostLine) -> LeftOut:
    of = (line.kind_id, line.channel_id, line.supplier_id, line.cost_centre)
    return LeftOut(product_id, month, line.pk, *of)


def said_hash(said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()
