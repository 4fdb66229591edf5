"""Which channels bear a month's standard costs: those in which what a cost counts was sold.

A cost line of one channel is borne by what is sold there and below it, others by all channels: what counts
units, contracts or another measure by these; a percentage by its base; a split amount by what splits it; what
counts nothing that is sold (an amount a month, once, by fixed shares) by net sales. Parts add up to the cent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from pricing.engine.costs import PARTS, apportion
from pricing.models import CostLine

from .cost_months import BookedCost
from .sold import Sold

Basis, Base, Key = CostLine.Basis, CostLine.Base, CostLine.Key
Weights = Mapping[int, Decimal]
"""By the id of a channel."""
ZERO = Decimal(0)


def channel_weights(
    costs: Iterable[tuple[CostLine, Decimal]], sold: Mapping[int, Sold], below: Mapping[int, Collection[int]]
) -> dict[int, Weights]:
    """By the id of each cost line of a product's month by what its amount is split over channels; empty where
    nothing says how. ``sold``: by channel; ``below``: the channels in each, or below it."""
    found: dict[int, Weights] = {}
    costs = list(costs)
    for base, kinds in (("", ()), *PARTS.items()):
        bought: dict[int, Decimal] = {}
        for line, amount in costs:
            if line.kind.code in kinds and line.pk in found:
                for channel, part in apportion(amount, found[line.pk]).items():
                    bought[channel] = bought.get(channel, ZERO) + part
        for line, _amount in costs:
            if line.pk not in found and (line.base == base or (not base and line.base not in PARTS)):
                found[line.pk] = bought if base else _weights(line, sold, below)
    return found


def in_parts(
    amount: Decimal, weights: Weights, channel_id: int | None = None
) -> Iterable[tuple[int | None, Decimal]]:
    """The amount by channel; in the one given where nothing says how to split it."""
    parts = apportion(amount, weights)
    return parts.items() if parts else [(channel_id, amount)]


def in_channels(row: BookedCost, weights: Weights | None) -> list[BookedCost]:
    """The row by channel; in that of its line where nothing says how to split it."""
    parts = apportion(row.amount, weights or {})
    if not parts:
        return [row]
    abroad = apportion(row.currency_amount, weights or {}) if row.currency_amount is not None else {}
    return [
        row._replace(channel_id=channel, amount=amount, currency_amount=abroad.get(channel))
        for channel, amount in parts.items()
        if amount
    ]


def _weights(line: CostLine, sold: Mapping[int, Sold], below: Mapping[int, Collection[int]]) -> Weights:
    there = sold if line.channel_id is None else below.get(line.channel_id, ())
    counts_sold = line.basis in (Basis.UNIT, Basis.CONTRACT_MONTH, Basis.SHARE)
    found = {channel: _counted(line, sold[channel]) for channel in sorted(there) if channel in sold}
    return {channel: weight for channel, weight in found.items() if weight and (counts_sold or weight > 0)}


def _counted(line: CostLine, sold: Sold) -> Decimal | None:
    if line.measure_id is not None:
        return sold.counted.get(line.measure_id)
    if line.basis == Basis.CONTRACT_MONTH:
        return sold.contracts
    if line.basis == Basis.UNIT:
        return sold.units
    if line.key == Key.VOLUME:
        return sold.contracts if sold.units is None else sold.units
    return sold.gross if line.base == Base.GROSS else sold.net
