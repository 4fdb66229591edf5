"""Of what a promotion moves, which part its channels sell."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pricing.models import PromotionProduct


def asked_channels(row: PromotionProduct) -> frozenset[int]:
    """Where it runs; none: everywhere."""
    return frozenset(part.channel_id for part in row.promotion.channel_rows.all())


def sold_there(
    sold: Mapping[int, float], asked: frozenset[int], above: Mapping[int, Collection[int]]
) -> dict[int, float]:
    """What is sold by channel in those asked for and below them (none: everywhere); ``above``: by channel
    itself and those above it."""
    return {pk: volume for pk, volume in sold.items() if not asked or asked.intersection(above[pk])}
