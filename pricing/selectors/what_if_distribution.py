"""More or less distribution as a what-if: volume moves by the product's rate of sale in the channel."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from pricing.engine.pooling import Belief
from pricing.engine.what_if_distribution import distribution_answer, distribution_what_if
from products.models import Channel, Measure

from .channel_volumes import ChannelVolumes, channel_volumes
from .place import distribution_visible
from .what_if import Answer, Ground

LEAST, MOST = Decimal("0.01"), Decimal(1)


@dataclass(frozen=True)
class DistributionAsked:
    """Weighted distribution of ``rate`` in a channel from a day on. ``cost``: what is paid for it, once."""

    channel: int
    rate: Decimal
    start: datetime.date
    cost: Decimal = Decimal(0)

    @property
    def values(self) -> dict[str, Any]:
        return {
            "kind": "distribution",
            "channel": [str(self.channel)],
            "rate": str(self.rate),
            "start": str(self.start),
            **({"cost": str(self.cost)} if self.cost else {}),
        }


@dataclass(frozen=True, kw_only=True)
class DistributionAnswer(Answer):
    """``share`` of the volume that the channel sells; ``per_point``: what a percentage point of weighted
    distribution sold there in a month, on average, in that ``measure``."""

    belief: Belief
    share: float
    per_point: float
    measure: Measure


@dataclass(frozen=True)
class Spread:
    """A channel that the product has distribution in: of the newest month, and each month with its volume of
    that ``measure``."""

    channel: Channel
    rate: Decimal
    month: datetime.date
    months: list[tuple[float, float]]
    measure: Measure


class Distributions:
    """By channel, most volume first. How volume follows distribution is learnt where the price sensitivity
    was measured, from what consumers buy where that is known of the channel; else from what leads, of a state
    from what comes into it. Two queries beside the volumes, three where they are of another measure."""

    def __init__(self, user: Any, ground: Ground, volumes: ChannelVolumes) -> None:
        self._user, self.ground, self._volumes = user, ground, volumes

    @cached_property
    def spreads(self) -> dict[int, Spread]:
        rows = distribution_visible(self._user).filter(product=self.ground.product, weighted_rate__gt=0)
        by_channel = defaultdict(list)
        for row in rows.order_by("month"):
            by_channel[row.channel_id].append(row)
        found, learnt_from = [], self._learnt_from
        for pk, own in by_channel.items():
            if pk not in self._volumes.channels:
                continue
            rates = [(row.month, row.weighted_rate or LEAST) for row in own]
            for measure, volumes in learnt_from:
                sold = volumes.months(pk)
                months = [(float(rate), sold[month]) for month, rate in rates if month in sold]
                if distribution_answer(months) is not None:
                    month, rate = rates[-1]
                    found.append(Spread(own[-1].channel, rate, month, months, measure))
                    break
        found.sort(key=lambda spread: -self._volumes.share([spread.channel.pk]))
        return {spread.channel.pk: spread for spread in found}

    @property
    def _learnt_from(self) -> Sequence[tuple[Measure, ChannelVolumes]]:
        """The measure that speaks of consumers goes first."""
        ground, row = self.ground, self.ground.elasticity
        lead = (ground.moved, self._volumes)
        if row is None or row.measure == ground.moved:
            return (lead,)
        return (row.measure, channel_volumes(ground.product, [row.measure])[0]), lead

    def bounded(
        self, channel: int, rate: Decimal | None, start: datetime.date, cost: Decimal
    ) -> DistributionAsked:
        """The nearest that can be answered; without a rate, a tenth more than now. What it costs counts where
        margins are seen."""
        ground = self.ground
        if channel not in self.spreads:
            channel = next(iter(self.spreads), 0)
        held = self.spreads[channel].rate if channel else LEAST
        asked = (held * Decimal("1.1")).quantize(LEAST) if rate is None else rate
        start = min(max(start, ground.first_start), ground.last_start)
        cost = max(cost, Decimal(0)) if "margin" in ground.measures else Decimal(0)
        return DistributionAsked(channel, min(max(asked, LEAST), MOST), start, cost)

    def answer(self, asked: DistributionAsked) -> DistributionAnswer | None:
        """``None``: no channel has three months with distribution and sales."""
        spread = self.spreads.get(asked.channel)
        belief = distribution_answer(spread.months) if spread else None
        if spread is None or belief is None:
            return None
        share = self._volumes.share([asked.channel])
        found = distribution_what_if(
            self.ground.base(asked.start),
            belief,
            float(asked.rate / spread.rate),
            share,
            correlation=self.ground.correlation,
            cost=float(asked.cost),
            coming=self.ground.inflow,
        )
        per_point = sum(volume / rate / 100 for rate, volume in spread.months) / len(spread.months)
        return DistributionAnswer(
            asked, found, belief=belief, share=share, per_point=per_point, measure=spread.measure
        )
