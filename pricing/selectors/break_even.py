"""Break-even, ABC by margin and XYZ by volume: what each product leaves in a year, how evenly it sells, and
how much of it has to be sold."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F, Q, Sum

from core.lookups import many
from core.months import month_add, month_end, month_row
from core.organisation import year_start
from core.sql import rows_of
from pricing.engine.costs import abc as abc_of
from pricing.engine.costs import break_even, operating_leverage, safety_rate
from pricing.engine.costs import xyz as xyz_of
from pricing.models import CostKind, CostLine, CostMonth
from products.models import Measure, Product, ProductLine
from products.selectors.access import is_limited, products_visible
from products.selectors.closed_names import Called
from products.selectors.lines import LineTree, line_tree
from products.selectors.months import behind_of, still_sold, whole_until

from .cost_months import cost_months
from .costs_left_out import LeftOutCosts, costs_left_out, costs_left_out_of, lacking
from .margins import Margins
from .month_margin import LASTING, MonthMargin
from .planned_volumes import volumes_planned
from .reconciliation import Reconciliation
from .sold import Sold
from .standard_costs import rates_of_products
from .variation import variation_of

MONTHS = 12
ZERO = Decimal(0)
BELOW = CostKind.Level.BELOW
SORTS = ("name", "net", "cm3", "share")
SOLD_MONTHS = 36
"""Of which the volume is read, to tell the season from what it varies by."""
# Net sales in cents, as a product's statement books them by month; and the volume of each month before, as
# text, as most products' is never looked at.
_NET = """
    SELECT product_id, measure_id, sum(gross - off) FILTER (WHERE month >= coalesce(own.first, %(first)s)),
           string_agg(month || ' ' || volume, ' ')
    FROM (
        SELECT product_id, measure_id, month, round(sum(coalesce(gross_revenue, revenue)), 2) AS gross,
               round(sum(coalesce(gross_revenue, revenue) - revenue), 2) AS off,
               sum(coalesce(average_volume, volume)) AS volume
        FROM products_salesmonth WHERE month BETWEEN %(earliest)s AND %(last)s
        GROUP BY product_id, measure_id, month
    ) booked
    LEFT JOIN unnest(%(behind)s::bigint[], %(sinces)s::date[], %(firsts)s::date[], %(lasts)s::date[])
              AS own (product_id, since, first, last) USING (product_id)
    WHERE month BETWEEN coalesce(own.since, %(since)s) AND coalesce(own.last, %(last)s)
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Ranked:
    """A product with what it left of its net sales before overhead; ``abc``: among all that are seen.
    ``last``: of whose 12 months; ``volumes``: what it sold by month up to it, a month and its volume after
    each other."""

    product: Product
    net: Decimal
    cm3: Decimal
    abc: str
    last: datetime.date
    volumes: str = ""

    @cached_property
    def variation(self) -> float | None:
        """Of its seasonally adjusted volume in the year."""
        said = self.volumes.split()
        months = zip(said[::2], said[1::2], strict=True)
        return variation_of({datetime.date.fromisoformat(on): float(sold) for on, sold in months}, self.last)

    @property
    def variation_said(self) -> Decimal | None:
        """With four decimals, as files and the API give it."""
        return None if self.variation is None else Decimal(str(round(self.variation, 4)))

    @property
    def xyz(self) -> str:
        return xyz_of(self.variation)

    @property
    def share(self) -> Decimal | None:
        return self.cm3 / self.net if self.net else None


@dataclass(frozen=True)
class BreakEven:
    """Of the last 12 months: ``fixed`` are amounts a month and once before overhead, ``unit_margin`` what a
    unit leaves after all costs that move. ``day``: when this financial year's sales and forecast have paid
    for a year of it. Of what is counted by a level (``of_level``) ``unit_margin`` is of a contract in force
    for a month, ``sold`` and ``units`` are contracts on average: never added over months."""

    fixed: Decimal
    sold: Decimal
    unit_margin: Decimal | None
    units: Decimal | None
    safety: Decimal | None
    leverage: Decimal | None
    day: datetime.date | None
    of_level: bool = False


@dataclass(frozen=True)
class Ranking:
    """``rows``: the products asked for; ``reconciliation``: of all standard costs that are booked of the 12
    months asked for, what is shown: those before overhead of these products' own 12; ``behind``: their
    lines whose 12 months end earlier, with the last one."""

    rows: list[Ranked]
    reconciliation: Reconciliation
    behind: Mapping[int, datetime.date]


def ranked(
    user: Any,
    last: datetime.date,
    *,
    line: ProductLine | None = None,
    abc: str = "",
    xyz: str = "",
    text: str = "",
    sort: str = "cm3",
    descending: bool = True,
) -> Ranking:
    """Products with sales or costs in the 12 months up to ``last``, or up to the last month that the sales of
    their line are whole of, by booked standard costs. 3 queries, and one for each other such month."""
    tree, shown = line_tree(), {"measure": F("figures__measure"), "month": F("figures__data_month")}
    rows: Any = products_visible(user).only("code", "name", "line_id", "ended").annotate(**shown)
    products: dict[int, Product] = {row.pk: row for row in rows}
    lines = behind_of(
        {(row.line_id, row.measure): row.month for row in rows if row.month and still_sold(row, last)},
        last,
    )
    net: dict[int, Decimal] = {}
    volumes: dict[int, str] = {}
    behind = {pk: own for pk, row in products.items() if (own := whole_until(row, last, lines)) < last}
    for pk, measure, amount, said in rows_of(_NET, _net_said(last, behind)):
        if pk in products and measure == tree.lead_measure(products[pk].line_id).pk:
            volumes[pk] = said or ""
            if amount is not None:
                net[pk] = amount
    whole, costs = _costs(last, behind)
    there = [pk for pk in products if pk in net or pk in costs]
    left = {pk: net.get(pk, ZERO) - costs.get(pk, ZERO) for pk in there}
    classes = abc_of(left)
    below = tree.descendants(line.pk) if line is not None else None
    found = [
        Ranked(
            *(row, net.get(pk, ZERO), left[pk], classes.get(pk, "")),
            *(behind.get(pk, last), volumes.get(pk, "")),
        )
        for pk in there
        if (row := products[pk])
        and (below is None or row.line_id in below)
        and (not abc or classes.get(pk) == abc)
        and text.lower() in f"{row.code} {row.name}".lower()
    ]
    if xyz:
        found = [row for row in found if row.xyz == xyz]
    on_none = whole.get(None, ZERO) if not is_limited(user) else ZERO
    on_products = sum((amount for pk, amount in whole.items() if pk in products), ZERO)
    of_found = sum((costs.get(row.product.pk, ZERO) for row in found), ZERO)
    found.sort(key=_SORT[sort], reverse=descending)
    ends = {row.product.line_id: row.last for row in found if row.last < last}
    return Ranking(found, Reconciliation(on_products, on_none, of_found), ends)


def _net_said(last: datetime.date, behind: Mapping[int, datetime.date]) -> dict[str, Any]:
    """``behind``: by product its last month, where that is another one."""
    sinces, firsts = (
        [month_add(month, 1 - back) for month in (last, *behind.values())] for back in (SOLD_MONTHS, MONTHS)
    )
    own = {"behind": list(behind), "sinces": sinces[1:], "firsts": firsts[1:], "lasts": list(behind.values())}
    return own | {"earliest": min(sinces), "since": sinces[0], "first": firsts[0], "last": last}


def _costs(
    last: datetime.date, behind: Mapping[int, datetime.date]
) -> tuple[dict[int | None, Decimal], dict[int, Decimal]]:
    """By product what is booked of the 12 months up to ``last``, and what of its own is before overhead."""
    by_month: dict[datetime.date, list[int]] = defaultdict(list)
    for pk, month in behind.items():
        by_month[month].append(pk)
    booked = cost_months().filter(source=CostMonth.Source.STANDARD).order_by()
    sums = {"whole": Sum("amount"), "own": Sum("amount", filter=~Q(kind__level=BELOW))}
    all_of: dict[int | None, Decimal] = {}
    found: dict[int, Decimal] = {}
    for month, of in [(last, Q()), *((month, Q(product__any=many(pks))) for month, pks in by_month.items())]:
        rows = booked.filter(of, month__range=(month_add(month, 1 - MONTHS), month))
        for pk, whole, own in rows.values_list("product").annotate(**sums):
            if month == last:
                all_of[pk] = whole
            if pk is not None and own is not None and behind.get(pk, last) == month:
                found[pk] = own
    return all_of, found


def left_out_of(
    products: Sequence[Product], last: datetime.date, behind: Mapping[int, datetime.date]
) -> LeftOutCosts | None:
    """The cost lines before overhead that these lack in their 12 months, as :func:`ranked` has them. One
    query."""
    of = defaultdict[datetime.date, list[int]](list)
    for row in products:
        of[whole_until(row, last, behind)].append(row.pk)
    own = Q(pk__in=())
    for month, pks in of.items():
        own |= Q(product__any=many(pks), month__range=(month_add(month, 1 - MONTHS), month))
    months = month_row(month_add(min(of, default=last), 1 - MONTHS), last)
    return costs_left_out(lacking(own & ~Q(kind__level=BELOW), months), Called(line_tree()))


_SORT: Mapping[str, Any] = {
    "name": lambda row: row.product.name.lower(),
    "net": lambda row: row.net,
    "cm3": lambda row: row.cm3,
    "share": lambda row: (row.share is not None, row.share or ZERO),
}


def break_evens(
    products: Sequence[Product], last: datetime.date, behind: Mapping[int, datetime.date]
) -> dict[int, BreakEven]:
    """By product whose sales are known."""
    return break_evens_read(products, last, behind)[0]


def break_evens_read(
    products: Sequence[Product], last: datetime.date, behind: Mapping[int, datetime.date]
) -> tuple[dict[int, BreakEven], LeftOutCosts | None]:
    """The same, and the cost lines before overhead that products lack. Each of the 12 months up to ``last``,
    or up to the last one that the sales of its line are whole of (``behind``: as :func:`ranked` found it).
    Seven queries, however many."""
    tree = line_tree()
    lasts = {row.pk: whole_until(row, last, behind) for row in products}
    first = month_add(min(lasts.values(), default=last), 1 - MONTHS)
    margins = Margins.as_booked(rates_of_products(products), first, last)
    year = _Year(products, tree, margins, last, lasts)
    found: dict[int, BreakEven] = {}
    unknown: list[tuple[Product, CostLine]] = []
    for product in products:
        until = lasts[product.pk]
        begin = month_add(until, 1 - MONTHS)
        months = [each for each in margins.of(product) if begin <= each.month <= until]
        unknown += [(product, line) for each in months for line in _unknown(each)]
        volumes = year.volumes(product)
        units, number = sum(volumes, ZERO), len(volumes)
        made = _break_even(months, units)
        if made is not None and volumes:
            fixed, unit_margin = made
            of_level, needed = year.is_level(product), None
            if unit_margin is not None:
                needed = break_even(fixed, unit_margin)
            a_month = number if of_level else 1
            found[product.pk] = BreakEven(
                fixed,
                units / a_month,
                unit_margin,
                None if needed is None else needed / a_month,
                None if needed is None else safety_rate(units, needed),
                None if unit_margin is None else operating_leverage(units, unit_margin, fixed),
                year.day(product.pk, needed),
                of_level,
            )
    return found, costs_left_out_of(unknown)


def _break_even(months: Sequence[MonthMargin], units: Decimal) -> tuple[Decimal, Decimal | None] | None:
    """Fixed costs, and what a unit leaves; ``None`` where a cost cannot be told or nothing is known."""
    known = [each for each in months if each.statement is not None]
    if not known or any(_untold(each) for each in known):
        return None
    net, fixed, moving = ZERO, ZERO, ZERO
    for each in known:
        assert each.statement is not None
        net += each.statement.net
        for line, amount in each.costs:
            if line.kind.level != BELOW:
                if line.basis in LASTING:
                    fixed += amount
                else:
                    moving += amount
    return fixed, (net - moving) / units if units > 0 else None


def _untold(month: MonthMargin) -> bool:
    """Whether a cost is not known, or not whether it is fixed: it was booked without its line."""
    return bool(_unknown(month)) or any(not line.basis for line, _amount in month.costs)


def _unknown(month: MonthMargin) -> list[CostLine]:
    return [line for line in month.unknown if line.kind.level != BELOW]


class _Year:
    """What products sold in the financial year of the month after ``last``, and will; of a level a contract
    counts in each month it is in force; ``lasts``: by product its last month, after which the forecast
    counts. One query."""

    def __init__(
        self,
        products: Sequence[Product],
        tree: LineTree,
        margins: Margins,
        last: datetime.date,
        lasts: Mapping[int, datetime.date],
    ) -> None:
        begin = year_start(month_add(last, 1))
        leads = {row.pk: tree.lead_measure(row.line_id) for row in products}
        self._levels = {pk for pk, lead in leads.items() if lead.kind == Measure.Kind.LEVEL}
        self._sold = {
            row.pk: {
                month: volume
                for month, sold in margins.sold(row).items()
                if month_add(lasts[row.pk], 1 - MONTHS) <= month <= lasts[row.pk]
                and (volume := _volume(sold, of_level=row.pk in self._levels)) is not None
            }
            for row in products
        }
        self._months = {
            pk: {month: volume for month, volume in sold.items() if month >= begin}
            for pk, sold in self._sold.items()
        }
        ahead = Q(months__month__gte=begin, months__month__lte=month_add(begin, 11))
        for pk, month, planned in volumes_planned({pk: lead.pk for pk, lead in leads.items()}, ahead):
            if month > lasts[pk]:
                self._months[pk].setdefault(month, planned)

    def is_level(self, product: Product) -> bool:
        return product.pk in self._levels

    def volumes(self, product: Product) -> Collection[Decimal]:
        """What was sold or in force in each month that is known."""
        return self._sold[product.pk].values()

    def day(self, product_id: int, needed: Decimal | None) -> datetime.date | None:
        """The day on which so many are sold, evenly within a month; ``None``: not this year."""
        if needed is None:
            return None
        for month, volume in sorted(self._months[product_id].items()):
            if volume > 0 and needed <= volume:
                days = month_end(month).day
                return month + datetime.timedelta(days=min(days - 1, int(needed / volume * days)))
            needed -= volume
        return None


def _volume(sold: Mapping[int, Sold], *, of_level: bool) -> Decimal | None:
    """Of a month, over its channels; of a level ``None`` where none of them says how many are in force."""
    if of_level:
        known = [row.contracts for row in sold.values() if row.contracts is not None]
        return sum(known, ZERO) if known else None
    return sum((row.units or ZERO for row in sold.values()), ZERO)
