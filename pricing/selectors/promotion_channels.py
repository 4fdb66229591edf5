"""Of what a promotion moves, which part its channels sell."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pricing.models import PromotionProduct
from products.models import Measure
from products.selectors.lines import LineTree


def moved_measure(tree: LineTree, line: int) -> Measure:
    """The measure that a promotion moves: what leads, of a state what comes into it."""
    return tree.inflow(line) or tree.lead_measure(line)


def asked_channels(row: PromotionProduct) -> frozenset[int]:
    """Where it runs; none: everywhere."""
    return frozenset(part.channel_id for part in row.promotion.channel_rows.all())


def sold_there(
    sold: Mapping[int, float], asked: frozenset[int], above: Mapping[int, Collection[int]]
) -> dict[int, float]:
    """What is sold by channel in those asked for and below them (none: everywhere); ``above``: by channel
    itself and those above it."""
    return {pk: volume for pk, volume in sold.items() if not asked or asked.intersection(above[pk])}
