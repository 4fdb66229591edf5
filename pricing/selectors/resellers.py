"""Where a reseller stands between: what he keeps, and what he does when our price changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from core.organisation import organisation_get, today
from pricing.engine.formulas import reseller_margin_rate
from pricing.models import PassThrough, Price, PriceList
from products.selectors.access import visible_channel_ids

from .price_rows import PriceRow
from .prices import channels_above, with_pass_through

CONSUMER = (PriceList.Kind.OBSERVED, PriceList.Kind.ADVISED)
"""Kinds of consumer prices, what is observed before what is advised."""


def consumer_place(one: PriceList, near: Sequence[int | None]) -> tuple[int, int]:
    """Which consumer price counts first: the nearest, of each what is observed before what is advised;
    ``near``: its channel and those above it, and ``None`` for everybody's."""
    return near.index(one.channel_id), CONSUMER.index(one.kind)


def near_of(channel: int, above: Mapping[int, Collection[int]]) -> list[int | None]:
    """The channel, those above it and everybody (``None``), the nearest first; ``above`` says of each itself
    and those above it."""
    return [*sorted(above[channel], key=lambda pk: len(above[pk]), reverse=True), None]


def pass_throughs_visible(user: Any) -> QuerySet[PassThrough]:
    """Everybody's first, of each channel the newest first."""
    rows = PassThrough.objects.select_related("channel").order_by("channel__name", "-start_date")
    channels = visible_channel_ids(user)
    return rows if channels is None else rows.filter(Q(channel=None) | Q(channel__in=channels))


def margin_rate(consumer_net: Decimal | None, own_net: Decimal | None) -> float | None:
    """What the reseller keeps of the consumer price, both without VAT; below nothing where he loses."""
    if not consumer_net or own_net is None:
        return None
    return reseller_margin_rate(float(consumer_net), 0.0, float(own_net))


def passed_on(amount: Decimal, change: Decimal, pass_through: Decimal) -> Decimal:
    """The consumer price after ours has changed by this share."""
    return amount * max(1 + change * pass_through, Decimal(0))


def own_beside(row: PriceRow, rows: Sequence[PriceRow]) -> PriceRow | None:
    """Our own price to the reseller of a consumer price: of the same component, tier and currency, in the
    same channel, else the nearest above it, else everybody's."""
    if row.price_list.kind not in CONSUMER:
        return None
    near: list[int | None] = [*channels_above(row.price_list.channel), None]
    own = [
        other
        for other in rows
        if other.price_list.kind == PriceList.Kind.OWN
        and not other.price_list.with_vat
        and (other.component, other.tier, other.price_list.currency)
        == (row.component, row.tier, row.price_list.currency)
        and other.price_list.channel_id in near
        and other.price_list.segment_id in (None, row.price_list.segment_id)
        and other.now
    ]
    place = lambda other: (near.index(other.price_list.channel_id), other.price_list.segment_id is None)  # noqa: E731
    return min(own, key=place, default=None)


def reseller_margin(row: PriceRow, rows: Sequence[PriceRow]) -> float | None:
    """Of a consumer price beside our own of today."""
    own = own_beside(row, rows)
    return margin_rate(row.both(row.now)[1], own.both(own.now)[1]) if own else None


def consumer_prices(price_list: PriceList, products: Collection[int]) -> dict[int, Price]:
    """The consumer price per unit of today beside an own list, by product: of the list's channel, else the
    nearest above it, else everybody's; of each what is observed before what is advised. In one query."""
    if price_list.kind != PriceList.Kind.OWN or price_list.with_vat:
        return {}
    near: list[int | None] = [*channels_above(price_list.channel), None]
    rows = _consumer_now(products, price_list.currency).filter(
        Q(price_list__channel=None) | Q(price_list__channel__in=near[:-1]),
        Q(price_list__segment=None) | Q(price_list__segment=price_list.segment_id),
    )
    found: dict[int, Price] = {}
    for row in sorted(rows, key=lambda row: consumer_place(row.price_list, near)):
        if row.amount:
            found.setdefault(row.product_id, row)
    return found


def passed_through(consumers: Sequence[Price]) -> float:
    """What is passed on of a change of our price for everybody, by the consumer price for everybody: the one
    that is observed, else the one that is advised; without one all of ours."""
    return passed_in(consumers, ())


def consumers_by_product(products: Collection[int]) -> dict[int, list[Price]]:
    """The consumer prices of today of each that has any. One query."""
    found: dict[int, list[Price]] = defaultdict(list)
    for row in _consumer_now(products, organisation_get().currency):
        if row.amount:
            found[row.product_id].append(row)
    return found


@dataclass(frozen=True)
class Sellers:
    """Who asks consumers the price of a product, by channel (``None``: everybody): ``own`` where there is a
    price of ours, and whether that has VAT; ``others`` where a consumer price is known."""

    own: Mapping[int | None, bool]
    others: Collection[int | None]

    @property
    def is_apart(self) -> bool:
        """Whether it depends on the channel."""
        return bool({*self.own, *self.others} - {None})

    def is_ours(self, channel: int, above: Mapping[int, Collection[int]]) -> bool:
        """Whether we ask it in the channel; ``above`` as of :func:`near_of`."""
        return self._nearest_is_ours(near_of(channel, above))

    def ours(self, sold: Mapping[int, float], above: Mapping[int, Collection[int]]) -> float:
        """The part of what is ``sold``, by channel, where we ask it; of nothing: of everybody."""
        whole = sum(sold.values())
        if whole <= 0:
            return float(self._nearest_is_ours([None]))
        return sum(volume for pk, volume in sold.items() if self.is_ours(pk, above)) / whole

    def _nearest_is_ours(self, near: Sequence[int | None]) -> bool:
        """By a price of ours with VAT, unless a consumer price is known nearer by; or by none, where no
        consumer price is known at all."""
        first = next((pk for pk in near if pk in self.own or pk in self.others), None)
        return self.own.get(first, False) or not any(pk in self.others for pk in near)


def sellers_of(consumers: Mapping[int, Sequence[Price]]) -> dict[int, Sellers]:
    """Of each product of these (:func:`consumers_by_product`), by the prices of today for all segments. One
    query."""
    own: dict[int, dict[int | None, bool]] = defaultdict(dict)
    if consumers:
        for row in _now(consumers, organisation_get().currency).filter(
            price_list__segment=None, price_list__kind=PriceList.Kind.OWN
        ):
            if row.amount:
                own[row.product_id][row.price_list.channel_id] = row.price_list.with_vat
    return {
        pk: Sellers(
            own[pk], {price.price_list.channel_id for price in prices if not price.price_list.segment_id}
        )
        for pk, prices in consumers.items()
    }


def passed_in(consumers: Iterable[Price], channels: Sequence[int]) -> float:
    """What is passed on in the first of the channels, the others being above it: the nearest consumer
    price's, of each what is observed before what is advised; without one all of ours."""
    near: list[int | None] = [*channels, None]
    there = [row for row in consumers if row.price_list.channel_id in near and not row.price_list.segment_id]
    if not there:
        return 1.0
    return float(min(there, key=lambda row: consumer_place(row.price_list, near)).pass_through)


def _consumer_now(products: Collection[int], currency: str) -> QuerySet[Any]:
    """Of consumer lists, with what is passed on."""
    return with_pass_through(_now(products, currency).filter(price_list__kind__in=CONSUMER))


def _now(products: Collection[int], currency: str) -> QuerySet[Price]:
    """The row of today of each product and list, per unit."""
    rows = Price.objects.filter(
        product_id__any=list(products),
        price_list__currency=currency,
        component=Price.Component.UNIT,
        tier="",
        state="approved",
        start_date__lte=today(),
    ).select_related("price_list")
    key = ("product_id", "price_list_id")
    return rows.order_by(*key, "-start_date").distinct(*key)


def reach(row: PriceList) -> tuple[bool, bool, str]:
    """Everybody's list first."""
    return row.channel_id is not None, row.segment_id is not None, row.code
