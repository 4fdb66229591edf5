"""A promotion as a what-if: what earlier ones of its mechanic did is what this one is expected to do."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import log
from statistics import fmean, pstdev
from typing import Any

from django.db.models import F

from core.months import month_end
from pricing.engine.mechanics import mechanic_price
from pricing.engine.pooling import Belief, Seen, pooled
from pricing.engine.what_if_promotion import Offer, PromotionOutcome, promotion_what_if
from pricing.models import Promotion, PromotionProduct
from pricing.promotion_words import effective_of
from products.selectors.access import products_visible

from .channel_volumes import ChannelVolumes, channel_volumes
from .what_if import DAY, PUBLISHED_QUANTILES, Answer, Ground, Kind

Mechanic = Promotion.Mechanic
# Without one of its own, so many of others are needed.
LEAST_OTHERS = 3
# The newest that are looked at, over all mechanics.
MOST_SEEN = 3000
AFTER_DAYS, MOST_DAYS = 28, 92
LEAST_PRICE = Decimal("0.3")
# What a mechanic that names no price of its own opens with.
_USUAL = Decimal("0.75")
_PRICED = ("price_cut", "coupon", "n_for", "bonus_pack", "welcome", "cashback")
# How far promotions of one mechanic are expected to lie apart: of ln(1 + uplift), and of shares of what
# their days normally sell.
_SPREAD, _SHARE_SPREAD = 0.3, 0.15
_Z80 = 1.2816


@dataclass(frozen=True)
class PromotionAsked:
    """``price``: what its buyer pays for a unit. ``channels``: none is everywhere. ``budget``: our part."""

    mechanic: str
    price: Decimal
    start: datetime.date
    end: datetime.date
    channels: tuple[int, ...] = ()
    budget: Decimal = Decimal(0)

    @property
    def values(self) -> dict[str, Any]:
        return {
            "kind": "promotion",
            "mechanic": self.mechanic,
            "price": str(self.price),
            "start": str(self.start),
            "end": str(self.end),
            "channel": [str(pk) for pk in self.channels],
            "budget": str(self.budget),
        }


@dataclass(frozen=True, kw_only=True)
class PromotionAnswer(Answer):
    """``belief``: what the uplift rests on. ``share`` of the volume that its channels sell. ``ours``: whether
    the lower price is ours, or what is paid for it in the budget."""

    found: PromotionOutcome
    belief: Belief
    share: float
    ours: bool


@dataclass(frozen=True)
class _Earlier:
    """A measured promotion of a product; ``depth`` is −ln(price in it / normal), None where not known."""

    product: int
    line: int
    mechanic: str
    start: datetime.date
    depth: float | None
    uplift: tuple[float, float]
    after: tuple[float, float] | None
    sisters: tuple[float, float] | None


class Promotions:
    """All that a promotion of the product as a what-if stands on; read when it is needed, two queries."""

    def __init__(self, user: Any, ground: Ground) -> None:
        self._user, self.ground = user, ground
        # What its buyer normally pays.
        self.normal = (ground.consumer or ground.price).amount
        self.ours = ground.consumer is None and ground.price.price_list.kind == Kind.OWN

    @cached_property
    def volumes(self) -> ChannelVolumes:
        return channel_volumes(self.ground.product, self.ground.measure)

    @cached_property
    def _earlier(self) -> list[_Earlier]:
        return _earlier_read(self._user)

    @property
    def mechanics(self) -> list[str]:
        """The mechanics, of the product's last promotion first, then the line's, then of any."""
        product = self.ground.product
        rows = sorted(
            self._earlier,
            key=lambda row: (row.product == product.pk, row.line == product.line_id, row.start),
            reverse=True,
        )
        return list(dict.fromkeys([*(row.mechanic for row in rows), *Mechanic.values]))

    def usual_price(self, mechanic: str) -> Decimal:
        if mechanic in _PRICED:
            return (self.normal * _USUAL).quantize(Decimal("0.01"))
        found = mechanic_price(mechanic, float(self.normal))
        return self.normal if found is None else Decimal(str(round(found, 4)))

    def bounded(self, asked: PromotionAsked) -> PromotionAsked:
        """The nearest that can be answered."""
        ground = self.ground
        start = min(max(asked.start, ground.first_start), ground.last_start)
        last = min(start + (MOST_DAYS - 1) * DAY, ground.last_start)
        return PromotionAsked(
            asked.mechanic,
            min(max(asked.price, self.normal * LEAST_PRICE), self.normal),
            start,
            min(max(asked.end, start), last),
            tuple(pk for pk in asked.channels if pk in self.volumes.channels),
            max(asked.budget, Decimal(0)),
        )

    def answer(self, asked: PromotionAsked) -> PromotionAnswer | None:
        """``None``: too few of the mechanic were measured."""
        ground, product = self.ground, self.ground.product
        rows = [row for row in self._earlier if row.mechanic == asked.mechanic]
        own = sum(row.product == product.pk for row in rows)
        if not own and len(rows) < LEAST_OTHERS:
            return None
        depth = max(-log(asked.price / self.normal), 0.0)
        uplift = self._pooled(rows, [self._carried(row, depth) for row in rows], _SPREAD)
        assert uplift is not None
        share = self.volumes.share(asked.channels) if asked.channels else 1.0
        after_first, after_last = asked.end + DAY, asked.end + AFTER_DAYS * DAY
        days = [(row.month, month_end(row.month)) for row in ground.months]
        found = promotion_what_if(
            ground.base(asked.start),
            Offer(
                running=[
                    _days(*month, asked.start, asked.end) / ((month[1] - month[0]).days + 1) for month in days
                ],
                after=[_days(*month, after_first, after_last) / AFTER_DAYS for month in days],
                channels=share,
                price=float(asked.price / self.normal) if self.ours else 1.0,
                budget=float(asked.budget),
            ),
            uplift,
            self._pooled(rows, [row.after for row in rows], _SHARE_SPREAD),
            self._pooled(rows, [row.sisters for row in rows], _SHARE_SPREAD),
            correlation=ground.correlation,
        )
        return PromotionAnswer(asked, found.outcome, found=found, belief=uplift, share=share, ours=self.ours)

    def _carried(self, row: _Earlier, depth: float) -> tuple[float, float]:
        """Its uplift at this price: as far as the prices differ, by the price sensitivity of the product."""
        value, sd = row.uplift
        if row.depth is None:
            return value, sd
        quantiles = self.ground.elasticity.quantiles if self.ground.elasticity else PUBLISHED_QUANTILES
        apart = depth - row.depth
        return value - fmean(quantiles) * apart, (sd**2 + (pstdev(quantiles) * apart) ** 2) ** 0.5

    def _pooled(
        self, rows: Sequence[_Earlier], values: Sequence[tuple[float, float] | None], spread: float
    ) -> Belief | None:
        seen = [
            Seen(row.product, row.line, *value)
            for row, value in zip(rows, values, strict=True)
            if value is not None
        ]
        return pooled(seen, self.ground.product.pk, self.ground.product.line_id, spread)


def _days(first: datetime.date, last: datetime.date, start: datetime.date, end: datetime.date) -> int:
    return max((min(last, end) - max(first, start)).days + 1, 0)


_MEASURED = (
    *("uplift", "uplift_lo80", "uplift_hi80", "baseline", "after", "after_lo80", "after_hi80"),
    *("sisters", "sisters_lo80", "sisters_hi80"),
)


def _earlier_read(user: Any) -> list[_Earlier]:
    """Every promotion measured of the products in sight, the newest first. One query."""
    rows = PromotionProduct.objects.filter(
        promotion__effects__product=F("product"),
        promotion__effects__reason="",
        product__in=products_visible(user),
    )
    rows = rows.annotate(
        **{f"of_{name}": F(f"promotion__effects__{name}") for name in _MEASURED}, line_id=F("product__line")
    ).select_related("promotion")
    return [_earlier(row) for row in rows.order_by("-promotion__store_start", "-pk")[:MOST_SEEN]]


def _earlier(row: Any) -> _Earlier:
    promotion, baseline = row.promotion, row.of_baseline
    price = effective_of(promotion, row)
    known = row.price and price
    low, high = (log(max(1 + rate, 0.02)) for rate in (row.of_uplift_lo80, row.of_uplift_hi80))
    return _Earlier(
        product=row.product_id,
        line=row.line_id,
        mechanic=promotion.mechanic,
        start=promotion.store_start,
        depth=-log(price / row.price) if known else None,
        uplift=(log(max(1 + row.of_uplift, 0.02)), (high - low) / 2 / _Z80),
        after=_share(row.of_after, row.of_after_lo80, row.of_after_hi80, baseline),
        sisters=_share(row.of_sisters, row.of_sisters_lo80, row.of_sisters_hi80, baseline),
    )


def _share(
    value: float | None, low: float | None, high: float | None, baseline: float
) -> tuple[float, float] | None:
    """Of what its days normally sell, with its standard deviation."""
    if value is None or low is None or high is None or baseline <= 0:
        return None
    return value / baseline, (high - low) / 2 / _Z80 / baseline
