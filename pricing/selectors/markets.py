"""Where a product costs the same: our own prices by the channels that pay them, with what these sold.

A product without a list of a channel has one market, everybody's. Lists of a segment are left out: nobody
says what a segment buys of all that is sold. A channel that pays in another currency has a market of its own:
what moves there is its new price by its old one, whatever the currency.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from core.lookups import many
from core.months import month_add
from core.organisation import organisation_get, today
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import Product
from products.selectors.channels import channel_chains
from products.selectors.lines import line_tree

from .own_prices import YEAR, Parts, Rows, amount_on, lasting
from .prices import Part, vat_rates, with_and_without

_SOLD = """
    SELECT product_id, channel_id, measure_id, month, volume::float8, revenue::float8
    FROM products_salesmonth
    WHERE product_id = ANY(%s) AND month >= %s AND month < %s AND volume IS NOT NULL
    ORDER BY 1, 2, 3, 4
"""


@dataclass
class Sold:
    """Of a year: units, and what they brought in by month."""

    volume: float = 0.0
    revenues: dict[datetime.date, float] = field(default_factory=dict)

    def add(self, other: Sold) -> None:
        self.volume += other.volume
        for month, revenue in other.revenues.items():
            self.revenues[month] = self.revenues.get(month, 0.0) + revenue

    @property
    def revenue(self) -> float:
        return sum(self.revenues.values())


@dataclass(frozen=True)
class Market:
    """``lists`` are those it pays by, the nearest first; none: it has no price. ``parts`` what holds there,
    0 where it has ended. ``sold``: in the 12 months before; ``None``: all of the product."""

    lists: tuple[PriceList, ...]
    parts: Parts
    sold: Sold | None = None

    @property
    def own(self) -> PriceList | None:
        """The list of a channel that it pays by first; ``None``: everybody's."""
        return self.lists[0] if self.lists and self.lists[0].channel_id else None

    @property
    def volume(self) -> float:
        return 1.0 if self.sold is None else max(self.sold.volume, 0.0)


ByList = Mapping[int, dict[Part, Rows]]


def changing(products: Collection[int], since: datetime.date, last: datetime.date) -> set[int]:
    """Those with a new own price after ``since`` and up to ``last``, on whichever list."""
    rows = _prices(own_lists()).filter(
        product_id__any=many(products), start_date__gt=since, start_date__lte=last
    )
    return set(rows.order_by().values_list("product_id", flat=True))


def markets_of(
    products: Mapping[int, Product],
    first: datetime.date,
    last: datetime.date,
    proposal: int | None = None,
) -> dict[int, list[Market]]:
    """Of each product its markets with all prices up to ``last``, those of a ``proposal`` (its id) among them
    as if it were approved, and what they sold in the 12 months before
    ``first``; what is paid once is left out, but of what costs nothing else. In another currency counts what
    held before ``first``: against one in ours it says nothing. A product that no list has is missing."""
    lists, ours = own_lists(), organisation_get().currency
    by_product: dict[int, dict[int, dict[Part, Rows]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    prices = _prices(lists, proposal).filter(product_id__any=list(products), start_date__lte=last)
    rows = prices.order_by("start_date")
    for product, price_list, component, tier, date, amount in rows.values_list(
        "product_id", "price_list_id", "component", "tier", "start_date", "amount"
    ):
        by_product[product][price_list][component, tier].append((date, amount or Decimal(0)))
    for own in by_product.values():
        for pk in [pk for pk in own if lists[pk].currency != ours and not _began(own[pk], first)]:
            del own[pk]
        _without_once(own)
    apart = {pk for pk, own in by_product.items() if any(lists[one].channel_id for one in own)}
    channelled = {pk: products[pk] for pk in apart}
    sold = _sold(channelled, month_add(first, -YEAR), first) if apart else {}
    chains = channel_chains() if apart else {}
    rates = _rates(channelled, lists)
    found = {}
    for pk, own in by_product.items():
        together: dict[tuple[int, ...], Sold] = defaultdict(Sold)
        for channel, sales in sold.get(pk, {}).items():
            together[_reaching(own, lists, chains[channel])].add(sales)
        if together:
            found[pk] = [
                Market(
                    tuple(lists[one] for one in key),
                    _merged([lists[one] for one in key], own, rates.get(pk)),
                    sales,
                )
                for key, sales in sorted(together.items())
            ]
        elif key := _reaching(own, lists, ()):
            found[pk] = [Market(tuple(lists[one] for one in key), own[key[0]])]
    return found


def _began(parts: Mapping[Part, Rows], day: datetime.date) -> bool:
    return any(rows[0][0] <= day for rows in parts.values())


def _without_once(own: dict[int, dict[Part, Rows]]) -> None:
    kept = lasting({part: rows for parts in own.values() for part, rows in parts.items()})
    for pk in list(own):
        own[pk] = {part: rows for part, rows in own[pk].items() if part in kept}
        if not own[pk]:
            del own[pk]


def own_lists() -> dict[Any, PriceList]:
    """Ours for everybody in the organisation's currency, or for a channel in whichever."""
    counts = Q(currency=organisation_get().currency) | Q(channel__isnull=False)
    return (
        PriceList.objects.filter(counts, kind=PriceList.Kind.OWN, segment=None)
        .select_related("channel")
        .in_bulk()
    )


def _prices(lists: Iterable[int], proposal: int | None = None) -> QuerySet[Price]:
    counts = Q(state=State.APPROVED)
    if proposal is not None:
        counts |= Q(proposal=proposal)
    return Price.objects.filter(counts, price_list__in=list(lists))


def _reaching(own: ByList, lists: Mapping[int, PriceList], chain: Sequence[int]) -> tuple[int, ...]:
    """The lists with a price of it that hold in the channel, the nearest first; all in the currency of that
    one, of two of a channel ours."""
    near = {channel: place for place, channel in enumerate([*chain, None])}
    ours = organisation_get().currency
    held = [pk for pk in own if lists[pk].channel_id in near]
    held.sort(key=lambda pk: (near[lists[pk].channel_id], lists[pk].currency != ours))
    return tuple(pk for pk in held if lists[pk].currency == lists[held[0]].currency)


def _merged(lists: Sequence[PriceList], own: ByList, rate: Decimal | None) -> dict[Part, Rows]:
    """Of each part what the nearest list has that has one, without VAT where some of the lists have it."""
    if len(lists) == 1:
        return dict(own[lists[0].pk])
    mixed = len({one.with_vat for one in lists}) > 1
    found: dict[Part, Rows] = {}
    for part in {part for one in lists for part in own[one.pk]}:
        steps = [
            [
                (date, with_and_without(amount, mixed and one.with_vat, rate)[1])
                for date, amount in own[one.pk].get(part, ())
            ]
            for one in lists
        ]
        rows: Rows = []
        for day in sorted({date for each in steps for date, _amount in each}):
            amount = next((held for each in steps if (held := amount_on(each, day))), Decimal(0))
            if not rows or rows[-1][1] != amount:
                rows.append((day, amount))
        found[part] = rows
    return found


def _rates(products: Mapping[int, Product], lists: Mapping[int, PriceList]) -> dict[int, Decimal | None]:
    """The VAT of today, where lists with and without it can meet."""
    if not products or len({one.with_vat for one in lists.values()}) == 1:
        return {}
    return vat_rates(list(products.values()), today())


def _sold(
    products: Mapping[int, Product], since: datetime.date, until: datetime.date
) -> dict[int, dict[int, Sold]]:
    """By product and channel, in the leading measure of its line; months from ``since``, before ``until``."""
    tree = line_tree()
    measures = {pk: tree.lead_measure(product.line_id).pk for pk, product in products.items()}
    found: dict[int, dict[int, Sold]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_SOLD, [list(products), since, until])
        for product, channel, measure, month, volume, revenue in cursor.fetchall():
            if measure == measures[product]:
                one = Sold(volume, {month: revenue or 0.0})
                found[product].setdefault(channel, Sold()).add(one)
    return found
