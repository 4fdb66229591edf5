"""Which costs a product has, of which rate, on which day. Only for who may see costs."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet

from core.kept import kept_while_reading
from core.months import month_add, month_start
from core.organisation import organisation_get, today
from pricing.engine.costs import Rate, Tier
from pricing.models import CostKind, CostLine, CostRate, CostShare
from products.models import Product
from products.selectors.access import products_visible, visible_channel_ids, visible_line_ids
from products.selectors.closed_names import Called
from products.selectors.lines import LineTree, line_tree

from .ledger import UNMAPPED

RIGHT, EDIT = "pricing.view_costs", "pricing.edit_costs"
MOVING = {CostLine.Basis.UNIT, CostLine.Basis.CONTRACT_MONTH, CostLine.Basis.SHARE}
"""What counts by what is sold, where it does not count another measure."""
RELATED = ("kind", "product", "line", "measure", "supplier", "channel")


@kept_while_reading
def cost_kinds() -> list[CostKind]:
    """The kinds of cost in their order, read once for all that a page shows of them."""
    return list(CostKind.objects.all())


def kinds_offered() -> QuerySet[CostKind]:
    """Those that a new cost line or mapping can have."""
    return CostKind.objects.filter(is_retired=False).exclude(code=UNMAPPED)


def kind_called(kind: CostKind, called: Called) -> CostKind:
    """As a report calls it: of a closed month as it was when it was closed."""
    found, then = copy(kind), called.kept.get("kind", {}).get(kind.pk)
    if then is not None:
        found.code, found.name_en = then.code, then.name
        found.name_nl, found.place = then.said["name_nl"], then.said["place"]
    return found


def cost_lines_visible(user: Any) -> QuerySet[CostLine]:
    """The cost lines a person may see: none without the right to see costs. Limited to product lines: those
    of their products and of all. Limited to channels: those there and those of all channels."""
    if not (user.has_perm(RIGHT) and user.has_perm("products.view")):
        return CostLine.objects.none()
    rows = CostLine.objects.select_related(*RELATED)
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if lines is not None:
        tree = line_tree()
        above = {line.pk for own in lines for line in tree.ancestors(own)}
        rows = rows.filter(Q(product=None, line=None) | Q(line__in=above) | Q(product__line__in=lines))
    if channels is not None:
        rows = rows.filter(Q(channel=None) | Q(channel__in=channels))
    return rows


def margins_allowed(user: Any) -> bool:
    """Margins are over all channels, and not for who is limited to some."""
    return bool(user.has_perm(RIGHT)) and visible_channel_ids(user) is None


@dataclass(frozen=True)
class FixedShares:
    """What the products of a cost line bear from a month on (``None``: from its first rate), by their codes,
    as far as a person sees them. ``holds``: now."""

    start_date: datetime.date | None
    shares: Sequence[tuple[str, Decimal]]
    holds: bool = False


def fixed_shares(user: Any, cost_lines: Iterable[CostLine]) -> dict[int, list[FixedShares]]:
    """By cost line that is split by fixed shares all of these, oldest first. One query."""
    rows = CostShare.objects.filter(
        cost_line__in=[row.pk for row in cost_lines if row.key == CostLine.Key.FIXED],
        product__in=products_visible(user),
    )
    found: dict[int, dict[datetime.date | None, list[tuple[str, Decimal]]]] = {}
    fields = ("cost_line", "start_date", "product__code", "weight")
    for line, start, code, weight in rows.order_by(F("start_date").asc(nulls_first=True), "pk").values_list(
        *fields
    ):
        found.setdefault(line, {}).setdefault(start, []).append((code, weight))
    return {line: _held(keys) for line, keys in found.items()}


def _held(keys: Mapping[datetime.date | None, Sequence[tuple[str, Decimal]]]) -> list[FixedShares]:
    begun = [start for start in keys if start is None or start <= today()]
    return [FixedShares(start, own, start in begun[-1:]) for start, own in keys.items()]


def of_products(products: Iterable[Product], tree: LineTree | None = None) -> Q:
    """The cost lines that products bear: their own, their line's or one above it, and those of all."""
    rows, tree = list(products), tree or line_tree()
    above = {line.pk for row in rows for line in tree.ancestors(row.line_id)}
    return Q(product__in=[row.pk for row in rows]) | Q(line__in=above) | Q(product=None, line=None)


def cost_lines_of(user: Any, product: Product) -> QuerySet[CostLine]:
    return cost_lines_visible(user).filter(of_products([product])).order_by("kind__place", "pk")


def ends_on(cost_line: CostLine, product: Product | None) -> datetime.date | None:
    """The first day on which a line no longer counts for a product that ended: an amount a month ends after
    the month of the end and its tail. The others go by what is still sold or in force: never."""
    if product is None or product.ended is None or cost_line.basis != CostLine.Basis.MONTH:
        return None
    return month_add(month_start(product.ended), cost_line.tail_months + 1)


def has_ended(cost_line: CostLine, product: Product, day: datetime.date) -> bool:
    """Whether the line no longer counts for the product on the day."""
    end = ends_on(cost_line, product)
    return end is not None and day >= end


@dataclass(frozen=True)
class Rates:
    """All rates of one cost line that were not withdrawn, oldest first."""

    cost_line: CostLine
    rows: Sequence[CostRate]

    @cached_property
    def pk(self) -> int:
        """Of the cost line; a model looks its own up each time."""
        return self.cost_line.pk

    @cached_property
    def kind_code(self) -> str:
        """Of the cost line, as :attr:`pk`."""
        return self.cost_line.kind.code

    @cached_property
    def lasting(self) -> dict[datetime.date, tuple[Decimal, Decimal]]:
        """What it comes to in a month, over all its products, where that does not go by what is sold; worked
        out when first asked for."""
        return {}

    @cached_property
    def is_foreign(self) -> bool:
        """In another currency than ours."""
        return self.cost_line.currency != organisation_get().currency

    def tiers_on(self, day: datetime.date) -> dict[Decimal, CostRate]:
        """The row that holds of each tier, by its quantity; one that ended is not among them."""
        held: dict[Decimal, CostRate] = {}
        for row in self.rows:
            if row.start_date <= day:
                held[row.from_quantity] = row
        return {begin: row for begin, row in sorted(held.items()) if row.amount is not None}

    def ahead_of(self, day: datetime.date) -> list[CostRate]:
        """Those that begin after the day."""
        return [row for row in self.rows if row.start_date > day]

    def on(self, day: datetime.date) -> Rate | None:
        """What holds on the day, for the engine; ``None``: nothing."""
        begun = bisect_right(self._changes, day)
        if begun not in self._held:
            self._held[begun] = rate_of(self.tiers_on(day))
        return self._held[begun]

    def changes(self) -> Sequence[datetime.date]:
        return self._changes

    @cached_property
    def _changes(self) -> list[datetime.date]:
        return sorted({row.start_date for row in self.rows})

    @cached_property
    def _held(self) -> dict[int, Rate | None]:
        """What holds, by how many changes were before; worked out when first asked for."""
        return {}


def rate_of(tiers: Mapping[Decimal, CostRate]) -> Rate | None:
    """Each tier with its own minimum, exchange rate and VAT; none: nothing holds."""
    found = {
        begin: Tier(row.amount * row.times, row.least_quantity, row.exchange_rate, row.vat_rate)
        for begin, row in tiers.items()
        if row.amount is not None
    }
    return Rate(found) if found else None


def rates_of(cost_lines: Collection[CostLine]) -> dict[int, Rates]:
    """The rates of several cost lines, by id. One query."""
    found: dict[int, list[CostRate]] = defaultdict(list)
    rows = CostRate.objects.filter(cost_line__in=cost_lines, withdrawn_at=None)
    for row in rows.order_by("start_date", "from_quantity"):
        found[row.cost_line_id].append(row)
    return {each.pk: Rates(each, found[each.pk]) for each in cost_lines}


def product_rates(user: Any, product: Product) -> list[Rates]:
    """All rates of the lines a product bears, in the order of their kinds. Two queries."""
    return list(rates_of(list(cost_lines_of(user, product))).values())


def rates_by_product(user: Any, products: Sequence[Product]) -> dict[Product, list[Rates]]:
    """As :func:`product_rates`, of several products. Two queries."""
    rows = cost_lines_visible(user).filter(of_products(products)).order_by("kind__place", "pk")
    return rates_borne(products, rates_of(list(rows)).values())


def rates_borne(
    products: Iterable[Product], rates: Iterable[Rates], tree: LineTree | None = None
) -> dict[Product, list[Rates]]:
    """What each product bears of these rates: its own, then of its line and those above, then of all."""
    tree = tree or line_tree()
    by_of: dict[tuple[int | None, int | None], list[Rates]] = defaultdict(list)
    for each in rates:
        by_of[each.cost_line.product_id, each.cost_line.line_id].append(each)
    return {
        product: [
            *by_of[product.pk, None],
            *(each for line in tree.ancestors(product.line_id) for each in by_of[None, line.pk]),
            *by_of[None, None],
        ]
        for product in products
    }


def rates_read(user: Any, products: Sequence[Product]) -> dict[Product, list[Rates]]:
    """As :func:`rates_by_product`, without lines that have no rate; one query."""
    lines = cost_lines_visible(user).filter(of_products(products))
    rows = CostRate.objects.filter(cost_line__in=lines.order_by(), withdrawn_at=None)
    found: dict[CostLine, list[CostRate]] = defaultdict(list)
    for row in rows.select_related("cost_line__kind", "cost_line__measure").order_by(
        "start_date", "from_quantity"
    ):
        found[row.cost_line].append(row)
    return rates_borne(products, [Rates(line, own) for line, own in found.items()])


def costs_on(user: Any, product: Product, day: datetime.date) -> dict[CostLine, Rate]:
    """The costs that hold for the product on the day, by cost line, in the order of their kinds. What is paid
    once is only on its day."""
    found = {}
    for each in product_rates(user, product):
        rate = each.on(day)
        if each.cost_line.basis == CostLine.Basis.ONCE and day not in each.changes():
            rate = None
        if rate is not None and not has_ended(each.cost_line, product, day):
            found[each.cost_line] = rate
    return found


def with_rates(rows: QuerySet[CostLine]) -> QuerySet[CostLine]:
    """With every rate, also withdrawn ones, newest first, who entered it and what it corrected."""
    rates = CostRate.objects.select_related("created_by", "source_import", "corrected")
    rates = rates.order_by("-start_date", "-pk")
    return rows.prefetch_related(Prefetch("rates", rates, "all_rates"))
