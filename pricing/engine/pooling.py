"""What a figure will be of one product, from what it was before: its own, its line's and everybody's.

Plain Python, as pages answer with it. A figure seen is its product's value with what differs from time to
time and what was not known of it; a product's value lies around its line's, a line's around that of all. How
far in all is what was seen (DerSimonian and Laird 1986), shrunk towards what is expected where little was;
a quarter of the variance lies between lines, a quarter between products of a line, half between times.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

# What is expected of the spread weighs as so many figures.
_EXPECTED_WEIGHT = 5
_LINES, _PRODUCTS, _TIMES = 0.25, 0.25, 0.5


@dataclass(frozen=True)
class Seen:
    """``sd``: how sure the figure is."""

    product: int
    line: int
    value: float
    sd: float


@dataclass(frozen=True)
class Belief:
    """Of the next time: normal. ``own``, ``line``, ``count``: figures of the product, its line, all."""

    mean: float
    sd: float
    own: int
    line: int
    count: int

    @property
    def source(self) -> str:
        return "own" if self.own else "line" if self.line else "portfolio"


def pooled(seen: Sequence[Seen], product: int, line: int, spread: float) -> Belief | None:
    """``spread``: the standard deviation expected between figures. ``None`` where nothing was seen."""
    if not seen:
        return None
    variance = _between(seen, spread)
    by_product: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    for row in seen:
        by_product[row.line, row.product].append((row.value, row.sd**2 + _TIMES * variance))
    by_line: dict[int, list[tuple[float, float]]] = defaultdict(list)
    products = {key: _mean(rows) for key, rows in by_product.items()}
    for (of_line, _product), (mean, sure) in products.items():
        by_line[of_line].append((mean, sure + _PRODUCTS * variance))
    lines = {key: _mean(rows) for key, rows in by_line.items()}
    found = _mean([(mean, sure + _LINES * variance) for mean, sure in lines.values()])
    found = _towards(lines.get(line), found, _LINES * variance)
    found = _towards(products.get((line, product)), found, _PRODUCTS * variance)
    return Belief(
        found[0],
        sqrt(found[1] + _TIMES * variance),
        sum(row.product == product for row in seen),
        sum(row.line == line for row in seen),
        len(seen),
    )


def _mean(rows: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Of values with their variances, and its own."""
    listed = [(value, 1 / max(variance, 1e-9)) for value, variance in rows]
    weight = sum(w for _value, w in listed)
    return sum(value * w for value, w in listed) / weight, 1 / weight


def _towards(
    own: tuple[float, float] | None, above: tuple[float, float], between: float
) -> tuple[float, float]:
    """What lies around something known, where it was seen itself or not."""
    around = above[0], above[1] + between
    if own is None:
        return around
    weight = between / (between + own[1])
    mean = above[0] + weight * (own[0] - above[0])
    return mean, weight * own[1] + (1 - weight) ** 2 * above[1]


def _between(seen: Sequence[Seen], spread: float) -> float:
    rows = [(row.value, row.sd**2) for row in seen]
    weights = [1 / max(variance, 1e-6) for _value, variance in rows]
    middle = sum(w * value for w, (value, _v) in zip(weights, rows, strict=True)) / sum(weights)
    q = sum(w * (value - middle) ** 2 for w, (value, _v) in zip(weights, rows, strict=True))
    scale = sum(weights) - sum(w * w for w in weights) / sum(weights)
    found = max((q - (len(rows) - 1)) / scale, 0.0) if scale > 0 else 0.0
    # Of few lines and products not all that lies between them is seen.
    products, lines = (len(set(of)) for of in ([row.product for row in seen], [row.line for row in seen]))
    found /= _TIMES + _PRODUCTS * (1 - 1 / products) + _LINES * (1 - 1 / lines)
    return (len(rows) * found + _EXPECTED_WEIGHT * spread**2) / (len(rows) + _EXPECTED_WEIGHT)
