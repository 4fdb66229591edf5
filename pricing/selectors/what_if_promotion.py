"""A promotion as a what-if: what earlier ones of its mechanic did is what this one is expected to do."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import hypot, log
from statistics import fmean, pstdev
from typing import Any

from core.months import month_end
from pricing.engine.mechanics import mechanic_price
from pricing.engine.pooling import Belief
from pricing.engine.what_if import BEYOND, WIDER
from pricing.engine.what_if_promotion import Offer, PromotionOutcome, promotion_what_if
from pricing.models import PriceList, Promotion
from products.selectors.access import products_visible

from .earlier_promotions import EarlierPromotions, Figure
from .resellers import CONSUMER, consumer_place, near_of
from .what_if import DAY, PUBLISHED_QUANTILES, Answer, Ground, PriceNow

Mechanic = Promotion.Mechanic
AFTER_DAYS, MOST_DAYS = 28, 92
LEAST_PRICE, MOST_ASSUMED = Decimal("0.3"), Decimal(500)
# What a mechanic that names no price of its own opens with.
_USUAL = Decimal("0.75")
_PRICED = ("price_cut", "coupon", "n_for", "bonus_pack", "welcome", "cashback")


@dataclass(frozen=True)
class PromotionAsked:
    """``price``: what its buyer pays for a unit; of a price in parts what a reference customer pays in a
    year, of a state what who comes in pays in the months looked at. ``channels``: none is everywhere.
    ``budget``: our part. ``assumed``: by how many per cent more comes into a state beside what its price
    does, as who asks assumes where no earlier promotion says it."""

    mechanic: str
    price: Decimal
    start: datetime.date
    end: datetime.date
    channels: tuple[int, ...] = ()
    budget: Decimal = Decimal(0)
    assumed: Decimal = Decimal(0)

    @property
    def values(self) -> dict[str, Any]:
        said = {"assumed": str(self.assumed)} if self.assumed else {}
        return {
            "kind": "promotion",
            "mechanic": self.mechanic,
            "price": str(self.price),
            "start": str(self.start),
            "end": str(self.end),
            "channel": [str(pk) for pk in self.channels],
            "budget": str(self.budget),
            **said,
        }


@dataclass(frozen=True, kw_only=True)
class PromotionAnswer(Answer):
    """``normal``: what its buyer pays else. ``belief``: what the uplift rests on. ``share`` of the volume
    that its channels sell, ``ours`` of that where the lower price is ours; elsewhere what is paid for it is
    in the budget. ``is_assumed``: the uplift is an assumption alone, without a range."""

    asked: PromotionAsked
    normal: PriceNow
    found: PromotionOutcome
    belief: Belief
    share: float
    ours: float
    is_assumed: bool


class Promotions:
    """All that a promotion of the product as a what-if stands on; read when it is needed, two queries."""

    def __init__(self, user: Any, ground: Ground) -> None:
        self._user, self.ground = user, ground
        self._normal: dict[tuple[int, ...], PriceNow] = {}

    def normal(self, channels: Collection[int]) -> PriceNow:
        """What its buyer normally pays: by the list by which consumers pay in all of these and those below
        them; where that differs what they pay everywhere, or as nobody knows that, what most is bought by."""
        key = tuple(channels)
        if key not in self._normal:
            self._normal[key] = self._paid_normally(key)
        return self._normal[key]

    def _paid_normally(self, channels: Collection[int]) -> PriceNow:
        usual = self._usual
        is_known = usual.price_list.kind in CONSUMER or usual.price_list.is_to_consumers
        if not channels and (is_known or not self.ground.sellers.is_apart):
            return usual
        volumes = self.ground.volumes
        found: dict[PriceList, PriceNow] = {}
        sold: dict[PriceList, float] = defaultdict(float)
        for pk in sorted(volumes.inside(channels)):
            paid = self._paid_in(pk)
            found[paid.price_list] = paid
            sold[paid.price_list] += volumes.part([pk])
        return usual if not found or (len(found) > 1 and is_known) else found[max(sold, key=sold.__getitem__)]

    @property
    def _usual(self) -> PriceNow:
        return self.ground.consumer or self.ground.price

    def slides(self, mechanic: str, channels: Collection[int]) -> str:
        """What a slider of its price is about: of another mechanic, or of channels that pay by another list,
        where it stood counts no more."""
        normal = self.normal(channels)
        is_usual = normal.price_list == self._usual.price_list
        return mechanic if is_usual else f"{mechanic}:{normal.price_list.channel_id or ''}"

    def _paid_in(self, channel: int) -> PriceNow:
        """By the nearest list of ours with VAT where we ask it, else the nearest consumer price."""
        ground, near = self.ground, near_of(channel, self.ground.volumes.above)
        if not ground.sellers.is_ours(channel, ground.volumes.above):
            there = [one for one in ground.consumers if one.price_list.channel_id in near]
            return min(there, key=lambda one: consumer_place(one.price_list, near))
        own = next((ground.own_prices[pk] for pk in near if pk in ground.own_prices), None)
        is_ours = own and own.price_list.is_to_consumers and own.price_list.currency == ground.currency
        return own if own and is_ours else self._usual

    def _ours(self, channels: Collection[int]) -> float:
        """The part of what these sell where no reseller stands between."""
        sellers = self.ground.sellers
        if not sellers.is_apart:
            return sellers.ours({}, {})
        volumes = self.ground.volumes
        there = volumes.inside(channels) if volumes.total > 0 else []
        return sellers.ours({pk: volumes.part([pk]) for pk in there}, volumes.above)

    @cached_property
    def _earlier(self) -> EarlierPromotions:
        ground = self.ground
        measure = ground.moved if ground.inflow else None
        return EarlierPromotions([ground.product.pk], products_visible(self._user), measure)

    def is_assumed(self, mechanic: str) -> bool:
        """Whether who asks says how much more comes into a state: too few of the mechanic were measured."""
        return self.ground.inflow is not None and not self._earlier.has_enough(
            self.ground.product.pk, mechanic
        )

    @property
    def _elasticity(self) -> Figure | None:
        """The price sensitivity; ``None`` where it is not known of what comes into a state."""
        if self.ground.is_assumed:
            return None
        quantiles = self.ground.elasticity.quantiles if self.ground.elasticity else PUBLISHED_QUANTILES
        return fmean(quantiles), pstdev(quantiles)

    @property
    def mechanics(self) -> list[str]:
        """The mechanics, of the product's last promotion first, then the line's, then of any."""
        product = self.ground.product
        rows = sorted(
            self._earlier.rows,
            key=lambda row: (row.of_product == product.pk, row.of_line == product.line_id, row.of_start),
            reverse=True,
        )
        return list(dict.fromkeys([*(row.mechanic for row in rows), *Mechanic.values]))

    def usual_price(self, mechanic: str, channels: Collection[int]) -> Decimal:
        normal = self.normal(channels).amount
        if mechanic in _PRICED:
            return (normal * _USUAL).quantize(Decimal("0.01"))
        found = mechanic_price(mechanic, float(normal))
        return normal if found is None else Decimal(str(round(found, 4)))

    def bounded(self, asked: PromotionAsked) -> PromotionAsked:
        """The nearest that can be answered."""
        ground = self.ground
        start = min(max(asked.start, ground.first_start), ground.last_start)
        last = min(start + (MOST_DAYS - 1) * DAY, ground.last_start)
        normal = self.normal(asked.channels).amount
        return PromotionAsked(
            asked.mechanic,
            min(max(asked.price, normal * LEAST_PRICE), normal),
            start,
            min(max(asked.end, start), last),
            asked.channels,
            max(asked.budget, Decimal(0)),
            min(max(asked.assumed, Decimal(0)), MOST_ASSUMED)
            if self.is_assumed(asked.mechanic)
            else Decimal(0),
        )

    def answer(self, asked: PromotionAsked) -> PromotionAnswer | None:
        """``None``: too few of the mechanic were measured, and it is no state, of which it is assumed."""
        ground, product = self.ground, self.ground.product
        normal, ours = self.normal(asked.channels), self._ours(asked.channels)
        ratio = float(asked.price / normal.amount)
        depth, elasticity = max(-log(ratio), 0.0), self._elasticity
        expected = self._earlier.expected(product.pk, product.line_id, asked.mechanic, depth, elasticity)
        if expected is None and ground.inflow is None:
            return None
        uplift, after, sisters = (
            (expected.uplift, expected.after, expected.sisters)
            if expected
            else (_assumed(asked, depth, elasticity), None, None)
        )
        share = self.ground.volumes.share(asked.channels) if asked.channels else 1.0
        after_first, after_last = asked.end + DAY, asked.end + AFTER_DAYS * DAY
        days = [(row.month, month_end(row.month)) for row in ground.months]
        offer = Offer(
            running=[
                _days(*month, asked.start, asked.end) / ((month[1] - month[0]).days + 1) for month in days
            ],
            after=[_days(*month, after_first, after_last) / AFTER_DAYS for month in days],
            channels=share,
            price=1 - ours * (1 - ratio),
            budget=float(asked.budget),
        )
        found = promotion_what_if(
            ground.base(asked.start),
            offer,
            uplift,
            after,
            sisters,
            correlation=ground.correlation,
            coming=ground.inflow,
        )
        return PromotionAnswer(
            asked=asked,
            normal=normal,
            outcome=found.outcome,
            found=found,
            belief=uplift,
            share=share,
            ours=ours,
            is_assumed=expected is None and elasticity is None,
        )


def _assumed(asked: PromotionAsked, depth: float, elasticity: Figure | None) -> Belief:
    """As what comes in answers a price where that is known, less sure more than a fifth below that of now,
    and what is assumed beside it; of no earlier promotion."""
    beside, over = log(1 + float(asked.assumed) / 100), max(depth + log(1 - BEYOND), 0.0)
    if elasticity is None:
        return Belief(beside, 0.0, 0, 0, 0)
    return Belief(beside - elasticity[0] * depth, hypot(elasticity[1] * depth, WIDER * over), 0, 0, 0)


def _days(first: datetime.date, last: datetime.date, start: datetime.date, end: datetime.date) -> int:
    return max((min(last, end) - max(first, start)).days + 1, 0)
