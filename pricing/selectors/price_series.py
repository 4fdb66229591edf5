"""What was sold of a product at which price, for the engine: by the week where its sales come so, else by the
month. A channel with a price of its own apart, the rest of the product at the price for everybody."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from core.months import month_end
from core.organisation import organisation_get
from pricing.models import Elasticity, Price, PriceList, Promotion, PromotionProduct
from pricing.models.price import State
from pricing.selectors.promotion_series import measured_days, part_of
from pricing.selectors.volumes import final_until, volumes_by_month, volumes_by_week
from pricing.words.promotions import effective_of
from products.models import Measure, Product
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree

if TYPE_CHECKING:
    from pricing.engine import History

WEEK = datetime.timedelta(days=7)
# Fewer weeks than this: by the month.
MIN_WEEKS = 26
MOST_WEEKS, MOST_MONTHS = 156, 60
AVERAGE_MONTH = 365.25 / 12
WEEKS, MONTHS = Elasticity.Frequency.WEEKS, Elasticity.Frequency.MONTHS
# What a consumer really pays says most; our own price least, where somebody stands between.
KINDS = (PriceList.Kind.OBSERVED, PriceList.Kind.ADVISED, PriceList.Kind.OWN)
# Of a product so many channels are measured apart, the largest.
MOST_CHANNELS = 12
Steps = list[tuple[datetime.date, Decimal | None]]
"""A price's rows, the oldest first."""
ByChannel = Mapping[int, Mapping[datetime.date, float]]
"""Volume by channel and first day of the period."""


@dataclass(frozen=True)
class PriceSeries:
    """One product, or what of it a channel sold. ``price`` is the regular one, ``cut`` the share promotions
    take off it, ``promo`` and ``display`` how much of the period and of its volume they covered (with a lower
    price, without)."""

    product: Product
    measure: Measure
    frequency: str
    price_kind: str
    channel_id: int | None = None
    starts: tuple[datetime.date, ...] = ()
    units: tuple[float, ...] = ()
    price: tuple[float | None, ...] = ()
    cut: tuple[float, ...] = ()
    promo: tuple[float, ...] = ()
    display: tuple[float, ...] = ()

    @cached_property
    def history(self) -> History:
        import numpy as np

        from pricing.engine import History

        monthly = self.frequency == MONTHS
        regular = np.array([np.nan if one is None else one for one in self.price], dtype=np.float64)
        cut, promo, display = map(np.array, (self.cut, self.promo, self.display))
        if monthly:
            display, promo, cut = np.minimum(display + promo, 1), promo * 0, cut * 0
        middles = [day.toordinal() + (15 if monthly else 3) for day in self.starts]
        return History(
            id=str(self.product.pk),
            category=str(self.product.line_id),
            week=np.array(middles, dtype=np.int64) // 7,
            units=np.array(self.units, dtype=np.float64),
            price=regular * (1 - cut),
            regular_price=regular,
            promo=promo,
            display=display,
            monthly=monthly,
        )


class PriceSeriesReader:
    """Reads for one chunk of the night: prices, promotions and sales of all its products at once."""

    def __init__(self, complete: Mapping[tuple[int, int], datetime.date], product_ids: Sequence[int]) -> None:
        self._tree = LineTree()
        rows = Product.objects.filter(pk__in=product_ids).select_related("line").order_by("pk")
        self.products = list(rows)
        self._measures = {p.pk: self._tree.lead_measure(p.line_id) for p in self.products}
        self._complete = complete
        self._prices = _prices([product.pk for product in self.products])
        self._promotions = _promotions([product.pk for product in self.products])
        self._chains = channel_chains()
        ids = ([product.pk for product in self.products], sorted({m.pk for m in self._measures.values()}))
        self._weeks, self._months = volumes_by_week(*ids), volumes_by_month(*ids)

    def series(self, product: Product) -> list[PriceSeries]:
        """The product's first, without what channels sold at a price of their own; then theirs."""
        measure = self._measures[product.pk]
        prices = self._prices.get(product.pk, [])
        until = final_until(self._tree, self._complete, product.line_id, measure)
        if measure.kind == Measure.Kind.LEVEL or until is None:
            return [PriceSeries(product, measure, "", _first(prices)[0])]
        apart = _apart(prices, until - MIN_WEEKS * WEEK)
        volumes = [
            (frequency, rows.get((product.pk, measure.pk), {}))
            for frequency, rows in ((WEEKS, self._weeks), (MONTHS, self._months))
        ]
        chosen = self._largest(volumes, apart)
        rest = [(row, steps) for row, steps in prices if row.channel_id not in chosen or row.segment_id]
        said: dict[int | None, tuple[str, Steps]] = {None: _first(rest), **{pk: apart[pk] for pk in chosen}}
        return [
            self._series(
                product,
                measure,
                channel,
                price,
                [
                    (frequency, {pk: rows[pk] for pk in rows if self._nearest(pk, apart) == channel})
                    for frequency, rows in volumes
                ],
                until,
            )
            for channel, price in said.items()
        ]

    def _nearest(self, channel: int, apart: Collection[int]) -> int | None:
        """Whose price it pays: its own or the nearest above it; ``None``: everybody's."""
        return next((pk for pk in self._chains[channel] if pk in apart), None)

    def _largest(self, volumes: Sequence[tuple[str, ByChannel]], apart: Collection[int]) -> list[int]:
        """Those that sold, most of it first."""
        sold: dict[int, float] = defaultdict(float)
        for channel, rows in volumes[-1][1].items() if apart else ():
            if (pk := self._nearest(channel, apart)) is not None:
                sold[pk] += sum(rows.values())
        return sorted(sold, key=lambda pk: (-sold[pk], pk))[:MOST_CHANNELS]

    def _series(
        self,
        product: Product,
        measure: Measure,
        channel: int | None,
        price: tuple[str, Steps],
        volumes: Sequence[tuple[str, ByChannel]],
        until: datetime.date,
    ) -> PriceSeries:
        kind, steps = price
        for frequency, by_channel in volumes:
            sold = _sold(by_channel, frequency, until)
            if frequency == MONTHS or len(sold) >= MIN_WEEKS:
                break
        starts = tuple(sorted(sold))
        ran = [
            (_depth(part, steps), self._covers(part.promotion, measure, by_channel, frequency, starts))
            for part in self._promotions.get(product.pk, ())
        ]
        return PriceSeries(
            product=product,
            measure=measure,
            frequency=frequency if starts else "",
            price_kind=kind,
            channel_id=channel,
            starts=starts,
            units=tuple(sold[day] for day in starts),
            price=tuple(_mean_price(steps, day, _end(frequency, day)) for day in starts),
            cut=_summed([[depth * part for part in covers] for depth, covers in ran], len(starts)),
            promo=_summed([covers for depth, covers in ran if depth > 0], len(starts)),
            display=_summed([covers for depth, covers in ran if depth == 0], len(starts)),
        )

    def _covers(
        self,
        promotion: Promotion,
        measure: Measure,
        by_channel: ByChannel,
        frequency: str,
        starts: Sequence[datetime.date],
    ) -> list[float]:
        """Of each period the part it ran, times the share of the volume its channels sell."""
        asked = {row.channel_id for row in promotion.channel_rows.all()}
        total = {channel: sum(rows.values()) for channel, rows in by_channel.items()}
        there = [
            volume
            for channel, volume in total.items()
            if not asked or asked.intersection(self._chains[channel])
        ]
        share = sum(there) / sum(total.values()) if sum(total.values()) > 0 else 0.0
        first, last = measured_days(promotion, measure)
        return [part_of(frequency, day, first, last) * share for day in starts]


def _prices(product_ids: Sequence[int]) -> dict[int, list[tuple[PriceList, Steps]]]:
    """By product the price per unit on each list that has one, everybody's first."""
    lists = {
        row.pk: row for row in PriceList.objects.filter(currency=organisation_get().currency).order_by("code")
    }
    rows = Price.objects.filter(
        product__in=product_ids,
        price_list__in=lists,
        component=Price.Component.UNIT,
        tier="",
        state=State.APPROVED,
    ).order_by("start_date")
    by_list: dict[tuple[int, int], Steps] = defaultdict(list)
    for product_id, list_id, day, amount in rows.values_list(
        "product_id", "price_list_id", "start_date", "amount"
    ):
        by_list[product_id, list_id].append((day, amount))
    places = {pk: place for place, pk in enumerate(lists)}

    def widest(key: tuple[int, int]) -> tuple[bool, bool, int]:
        row = lists[key[1]]
        return row.channel_id is not None, row.segment_id is not None, places[row.pk]

    found: dict[int, list[tuple[PriceList, Steps]]] = defaultdict(list)
    for key in sorted(by_list, key=widest):
        found[key[0]].append((lists[key[1]], by_list[key]))
    return found


def _first(prices: Sequence[tuple[PriceList, Steps]]) -> tuple[str, Steps]:
    """The kind that says most, and its widest list's."""
    return next(((kind, steps) for kind in KINDS for row, steps in prices if row.kind == kind), ("", []))


def _apart(prices: Sequence[tuple[PriceList, Steps]], since: datetime.date) -> dict[int, tuple[str, Steps]]:
    """By channel its own price, where that was in force by then. Ours to a reseller says nothing where it is
    known what consumers pay."""
    resold = any(row.kind != PriceList.Kind.OWN for row, _steps in prices)
    own: dict[int, list[tuple[PriceList, Steps]]] = defaultdict(list)
    for row, steps in prices:
        to_reseller = row.kind == PriceList.Kind.OWN and not row.with_vat
        if row.channel_id and not row.segment_id and steps[0][0] <= since and not (resold and to_reseller):
            own[row.channel_id].append((row, steps))
    return {channel: _first(lists) for channel, lists in own.items()}


def _promotions(product_ids: Sequence[int]) -> dict[int, list[PromotionProduct]]:
    rows = PromotionProduct.objects.filter(
        product__in=product_ids, promotion__state=Promotion.State.APPROVED
    ).select_related("promotion")
    found: dict[int, list[PromotionProduct]] = defaultdict(list)
    for part in rows.prefetch_related("promotion__channel_rows").order_by("promotion"):
        found[part.product_id].append(part)
    return found


def _depth(part: PromotionProduct, steps: Steps) -> float:
    """By which share a promotion lowers the price; 0 where it does not, or nobody knows."""
    if part.price is None:
        part.price = _price_on(steps, part.promotion.store_start)
    effective = effective_of(part.promotion, part)
    if effective is None or not part.price:
        return 0.0
    return round(min(max(float(1 - effective / part.price), 0.0), 0.9), 6)


def _sold(by_channel: ByChannel, frequency: str, until: datetime.date) -> dict[datetime.date, float]:
    """Over the channels, the last years, as far as figures are final; a month as one of average length."""
    most = {WEEKS: MOST_WEEKS, MONTHS: MOST_MONTHS}[Elasticity.Frequency(frequency)]
    total: dict[datetime.date, float] = defaultdict(float)
    for rows in by_channel.values():
        for start, volume in rows.items():
            if _end(frequency, start) <= until:
                total[start] += volume
    found = {day: total[day] for day in sorted(total)[-most:]}
    if frequency == MONTHS:
        found = {day: volume * AVERAGE_MONTH / month_end(day).day for day, volume in found.items()}
    return {day: round(volume, 6) for day, volume in found.items()}


def _end(frequency: str, start: datetime.date) -> datetime.date:
    return start + WEEK - datetime.timedelta(days=1) if frequency == WEEKS else month_end(start)


def _price_on(steps: Steps, day: datetime.date) -> Decimal | None:
    return next((amount for start, amount in reversed(steps) if start <= day), None)


def _mean_price(steps: Steps, first: datetime.date, last: datetime.date) -> float | None:
    """Over the days of a period; ``None`` where it had none on one of them, or was for nothing."""
    corners = [first, *(day for day, _amount in steps if first < day <= last)]
    ends = [*corners[1:], last + datetime.timedelta(days=1)]
    total = 0.0
    for start, end in zip(corners, ends, strict=True):
        amount = _price_on(steps, start)
        if not amount:
            return None
        total += float(amount) * (end - start).days
    return round(total / ((last - first).days + 1), 8)


def _summed(rows: Iterable[Sequence[float]], length: int) -> tuple[float, ...]:
    total = [0.0] * length
    for row in rows:
        total = [a + b for a, b in zip(total, row, strict=True)]
    return tuple(round(min(value, 1.0), 6) for value in total)
