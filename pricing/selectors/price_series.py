"""What was sold of a product at which price, for the engine: by the week where its sales come so, else by the
month. A channel with a price of its own apart, the rest of the product at the price for everybody.

Volume and price are of one place in the chain: sell-out where it is known long enough, else what leads; what
we sell to a reseller stands against our price alone, for he orders neither when nor as much as consumers buy.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from core.lookups import many
from core.months import month_end, month_start
from core.organisation import organisation_get
from forecasting.selectors.decisions import gaps_of
from pricing.models import Elasticity, PriceList, Promotion, PromotionProduct
from pricing.selectors.distribution_series import UNKNOWN, Distribution, distribution_of, distribution_rates
from pricing.selectors.price_steps import (
    Steps,
    price_on,
    price_over,
    prices_apart,
    prices_by_list,
    widest_price,
)
from pricing.selectors.promotion_runs import ran_or_will
from pricing.selectors.promotion_series import SELL_IN, SELL_OUT, measured_days, part_of
from pricing.selectors.promotions import currency_of
from pricing.selectors.volumes import final_until, volumes_by_month, volumes_by_week
from pricing.words.promotions import cut_of
from products.models import Measure, Product
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree

if TYPE_CHECKING:
    from pricing.engine import History

WEEK = datetime.timedelta(days=7)
# Fewer weeks than this: by the month.
MIN_WEEKS = 26
# Fewer months of sell-out than this: by what leads.
MIN_MONTHS = 24
MOST_WEEKS, MOST_MONTHS = 156, 60
AVERAGE_MONTH = 365.25 / 12
WEEKS, MONTHS = Elasticity.Frequency.WEEKS, Elasticity.Frequency.MONTHS
MIDDLE = {WEEKS.value: datetime.timedelta(days=3), MONTHS.value: datetime.timedelta(days=15)}
# Of a product so many channels are measured apart, the largest.
MOST_CHANNELS = 12
ByChannel = Mapping[int, Mapping[datetime.date, float]]
"""Volume by channel and first day of the period."""


@dataclass(frozen=True)
class PriceSeries:
    """One product, or what of it a channel sold. ``price`` is the regular one, ``cut`` the share promotions
    take off it, ``promo`` and ``display`` how much of the period and of its volume they covered (with a lower
    price, without). ``gaps`` are the periods that do not speak about demand. ``unpriced``: consumers have a
    price, but not where the measure is sold."""

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
    gaps: tuple[bool, ...] = ()
    distribution: Distribution = UNKNOWN
    unpriced: bool = False

    @cached_property
    def history(self) -> History:
        import numpy as np

        from pricing.engine import History

        monthly = self.frequency == MONTHS
        regular = np.array([np.nan if one is None else one for one in self.price], dtype=np.float64)
        cut, promo, display = map(np.array, (self.cut, self.promo, self.display))
        if monthly:
            display, promo, cut = np.minimum(display + promo, 1), promo * 0, cut * 0
        middles = [day.toordinal() + MIDDLE[self.frequency].days for day in self.starts]
        return History(
            id=str(self.product.pk),
            category=str(self.product.line_id),
            week=np.array(middles, dtype=np.int64) // 7,
            units=np.array(self.units, dtype=np.float64),
            price=regular * (1 - cut),
            regular_price=regular,
            promo=promo,
            display=display,
            stockout=np.array(self.gaps, dtype=np.float64),
            distribution=np.array(self.distribution.values, dtype=np.float64),
            monthly=monthly,
        )


class PriceSeriesReader:
    """Reads for one chunk of the night: prices, promotions and sales of all its products at once."""

    def __init__(self, complete: Mapping[tuple[int, int], datetime.date], product_ids: Sequence[int]) -> None:
        rows = Product.objects.filter(pk__any=many(product_ids)).only("line_id").order_by("pk")
        self.products = list(rows)
        tree = LineTree()
        self._measures = {
            line_id: [
                (measure, final_until(tree, complete, line_id, measure))
                for measure in answering_measures(tree, line_id)
            ]
            for line_id in {product.line_id for product in self.products}
        }
        self._prices = prices_by_list([product.pk for product in self.products])
        self._promotions = _promotions([product.pk for product in self.products])
        self._chains = channel_chains()
        self._gaps = gaps_of(product_ids)
        self._distribution = distribution_rates(product_ids)
        measures = {measure.pk for of in self._measures.values() for measure, _until in of}
        ids = ([product.pk for product in self.products], sorted(measures))
        self._weeks, self._months = volumes_by_week(*ids), volumes_by_month(*ids)

    def series(self, product: Product) -> list[PriceSeries]:
        """The product's first, without what channels sold at a price of their own; then theirs."""
        measure, until = self._measure(product)
        prices = self._prices.get(product.pk, [])
        unpriced = False
        if measure.code == SELL_IN:
            ours = [row for row in prices if row[0].kind == PriceList.Kind.OWN]
            prices, unpriced = ours, bool(prices) and not ours
        if measure.kind == Measure.Kind.LEVEL or until is None:
            return [PriceSeries(product, measure, "", widest_price(prices)[0])]
        since = until - MIN_WEEKS * WEEK
        apart = prices_apart(prices, since, self._chains)
        volumes = [
            (frequency, rows.get((product.pk, measure.pk), {}))
            for frequency, rows in ((WEEKS, self._weeks), (MONTHS, self._months))
        ]
        chosen = self._largest(volumes, apart)
        said: dict[int | None, tuple[str, Steps]] = {None: widest_price(prices, since)}
        said |= {pk: apart[pk] for pk in chosen}
        return [
            self._series(
                PriceSeries(product, measure, "", price[0], channel, unpriced=unpriced),
                price[1],
                [
                    (frequency, {pk: rows[pk] for pk in rows if self._nearest(pk, apart) == channel})
                    for frequency, rows in volumes
                ],
                until,
            )
            for channel, price in said.items()
        ]

    def _measure(self, product: Product) -> tuple[Measure, datetime.date | None]:
        """Sell-out where enough of it is final, else what leads; and the last day of it that is."""
        *others, lead = self._measures[product.line_id]
        for measure, until in others:
            key = (product.pk, measure.pk)
            if until is not None and (
                len(_sold(self._weeks.get(key, {}), WEEKS, until)) >= MIN_WEEKS
                or len(_sold(self._months.get(key, {}), MONTHS, until)) >= MIN_MONTHS
            ):
                return measure, until
        return lead

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
        of: PriceSeries,
        steps: Steps,
        volumes: Sequence[tuple[str, ByChannel]],
        until: datetime.date,
    ) -> PriceSeries:
        """``of`` filled with what was sold and what moved it."""
        for frequency, by_channel in volumes:
            sold = _sold(by_channel, frequency, until)
            if frequency == MONTHS or len(sold) >= MIN_WEEKS:
                break
        starts = tuple(sorted(sold))
        if not starts:
            return of
        if not steps:  # refused for that, whatever else is known
            return replace(of, frequency=frequency, starts=starts)
        product, measure = of.product.pk, of.measure
        ran = [
            (_depth(part, steps), self._covers(part.promotion, measure, by_channel, frequency, starts))
            for part in self._promotions.get(product, ())
        ]
        months = [month_start(day + MIDDLE[frequency]) for day in starts]
        gaps = self._gaps.get((product, measure.pk), [])
        return replace(
            of,
            frequency=frequency,
            starts=starts,
            units=tuple(sold[day] for day in starts),
            price=tuple(price_over(steps, day, _end(frequency, day)) for day in starts),
            cut=_summed([[depth * part for part in covers] for depth, covers in ran], len(starts)),
            promo=_summed([covers for depth, covers in ran if depth > 0], len(starts)),
            display=_summed([covers for depth, covers in ran if depth == 0], len(starts)),
            gaps=tuple(any(first <= month <= last for first, last in gaps) for month in months),
            distribution=distribution_of(
                self._distribution.get(product, {}), by_channel, self._chains, starts, months
            ),
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


def answering_measures(tree: LineTree, line_id: int) -> list[Measure]:
    """What a line's products may be measured on, the first that is known long enough; of a state what comes
    into it, else it is not."""
    measures = tree.measures(line_id)
    lead, moved = measures[0], tree.moved(line_id)
    if moved != lead:
        return [moved or lead]
    return [*(one for one in measures if one.code == SELL_OUT and one != lead), lead]


def _promotions(product_ids: Sequence[int]) -> dict[int, list[PromotionProduct]]:
    rows = PromotionProduct.objects.filter(
        ran_or_will("promotion__"), product__any=many(product_ids)
    ).select_related("promotion")
    found: dict[int, list[PromotionProduct]] = defaultdict(list)
    for part in rows.prefetch_related("promotion__channel_rows").order_by("promotion"):
        found[part.product_id].append(part)
    return found


def _depth(part: PromotionProduct, steps: Steps) -> float:
    """By which share a promotion lowers the price; 0 where it does not, or nobody knows."""
    # Of these lists all are in our currency; its own normal price is in that of the promotion.
    currency = currency_of(part.promotion) if part.price else organisation_get().currency
    normal, effective = cut_of(part, price_on(steps, part.promotion.store_start), currency)
    if effective is None or not normal:
        return 0.0
    return round(min(max(float(1 - effective / normal), 0.0), 0.9), 6)


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


def _summed(rows: Iterable[Sequence[float]], length: int) -> tuple[float, ...]:
    total = [0.0] * length
    for row in rows:
        total = [a + b for a, b in zip(total, row, strict=True)]
    return tuple(round(min(value, 1.0), 6) for value in total)
