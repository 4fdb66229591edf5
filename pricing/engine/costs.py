"""Costs and contribution margin: what a cost line comes to, splits that lose no cent, statement, break-even.

Decimal throughout. An amount is booked once, in cents, half away from zero as ledgers do; totals are sums of
booked amounts, so every total equals its rows. What has no answer is None, never 0 or infinite. The worked
cases are those of docs/costs.md.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cached_property
from math import fsum, sqrt
from statistics import fmean
from typing import Generic, NamedTuple, TypeVar

CENT = Decimal("0.01")
ZERO = Decimal(0)
LEVELS = ("cm1", "cm2", "cm3", "below")
PARTS = {"purchase": ("purchase",), "freight": ("purchase", "inbound"), "cif": ("purchase", "inbound")}
"""The kinds that each base adds up; one of *inbound* that is a share of freight is not part of it."""
K = TypeVar("K", bound=Hashable)


def booked(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def allocate(total: Decimal, weights: Mapping[K, Decimal]) -> dict[K, Decimal]:
    """The total, booked, split by weight; the parts add up to it to the cent (largest remainder, the first of
    equal ones). Empty where no weight is over nothing: it cannot be split. Raises ValueError for a negative
    weight."""
    if any(weight < 0 for weight in weights.values()):
        raise ValueError("a weight is negative")
    return apportion(total, weights)


def apportion(total: Decimal, weights: Mapping[K, Decimal]) -> dict[K, Decimal]:
    """The same where a weight may be under nothing, as what came back is; empty where they add up to
    nothing."""
    whole, amount = sum(weights.values(), ZERO), booked(total)
    if not whole:
        return {}
    exact = {key: amount * weight / whole for key, weight in weights.items()}
    parts = {key: part.quantize(CENT, ROUND_DOWN) for key, part in exact.items()}
    left = int((amount - sum(parts.values(), ZERO)) / CENT)
    cent = CENT if left > 0 else -CENT
    for key in sorted(parts, key=lambda key: (parts[key] - exact[key]) * cent)[: abs(left)]:
        parts[key] += cent
    return parts


class Variance(NamedTuple):
    """``planned`` + ``volume`` = standard, standard + ``price`` = actual."""

    planned: Decimal
    volume: Decimal
    standard: Decimal
    price: Decimal
    actual: Decimal


def variance(
    actual: Decimal, standard: Decimal, moving: Decimal, sold: Decimal | None, planned: Decimal | None
) -> Variance | None:
    """Why a month's cost is not what was planned: of the standard, which is of what was sold, the part that
    moves with it would have been another at the planned volume; the rest is price. Booked amounts in and out.
    ``None`` where something moves and it is not known how much was planned or sold."""
    volume = ZERO
    if moving:
        if not sold or planned is None:
            return None
        volume = booked(moving * (1 - planned / sold))
    return Variance(standard - volume, volume, standard, actual - standard, actual)


class Tier(NamedTuple):
    """What each costs, a share of the base for a percentage. ``least``: the smallest quantity that is charged
    where any is. ``exchange_rate`` makes our currency of it, ``vat_rate`` is the VAT on it that cannot be
    reclaimed."""

    amount: Decimal
    least: Decimal = ZERO
    exchange_rate: Decimal = Decimal(1)
    vat_rate: Decimal = ZERO


@dataclass(frozen=True)
class Rate:
    """What holds of one cost line on a day: a tier by the quantity it begins at (0: any)."""

    tiers: Mapping[Decimal, Tier]

    @cached_property
    def _ordered(self) -> list[tuple[Decimal, Tier]]:
        return sorted(self.tiers.items())

    @cached_property
    def lowest(self) -> Tier:
        return self._ordered[0][1]

    def reached(self, quantity: Decimal) -> tuple[Decimal, Tier | None]:
        """What is charged of the quantity, and the tier this reaches, which then holds for all of it; none
        below the first. A minimum order is that of its tier and of those above. What is given back (a
        negative quantity), and nothing at all, is of the first tier, without a minimum."""
        if quantity <= 0:
            return quantity, self.lowest
        charged, reached = max(quantity, self.lowest.least), None
        for begin, tier in self._ordered:
            if begin > charged:
                break
            charged, reached = max(charged, tier.least), tier
        return charged, reached

    def exchange(self, quantity: Decimal | None) -> Decimal:
        """The exchange rate of the tier that is reached; of no quantity or below the first, the lowest's."""
        tier = None if quantity is None else self.reached(quantity)[1]
        return (tier or self.lowest).exchange_rate


def cost(rate: Rate, quantity: Decimal) -> Decimal | None:
    """What so many cost, in our currency, not rounded yet: units, contracts × months, months, euros of the
    base, or 1 for what is paid once. None below the first tier."""
    charged, tier = rate.reached(quantity)
    return None if tier is None else tier.amount * charged * tier.exchange_rate * (1 + tier.vat_rate)


class Item(NamedTuple, Generic[K]):
    """One cost line's part: so much of its driver at this rate, or with a ``base`` a share of that amount.
    ``kind`` says which base it is part of itself."""

    key: K
    kind: str
    rate: Rate
    quantity: Decimal | None = None
    base: str = ""


def amounts(items: Iterable[Item[K]], bases: Mapping[str, Decimal | None]) -> dict[K, Decimal | None]:
    """What each comes to, by key, not rounded; ``bases`` has gross and net. Shares of purchase come after
    what is bought, those of freight (insurance) after what brings it here, shares of cif after all of that.
    None where the quantity, the base or a part of the base is not known."""
    found: dict[K, Decimal | None] = {}
    known, every = dict(bases), list(items)
    todo = every
    for base, kinds in (("", ()), *PARTS.items()):
        if kinds:
            parts = [found[each.key] for each in every if each.kind in kinds and each.key in found]
            known[base] = None if None in parts else sum((part or ZERO for part in parts), ZERO)
        later = []
        for each in todo:
            if each.base and each.base not in known:
                later.append(each)
                continue
            quantity = known[each.base] if each.base else each.quantity
            found[each.key] = None if quantity is None else cost(each.rate, quantity)
        if not later:
            break
        todo = later
    return found


class Row(NamedTuple):
    """One line of a statement; ``level`` is what it is taken off before."""

    key: str
    level: str
    amount: Decimal


@dataclass(frozen=True)
class Statement:
    """Gross − deductions = net − costs by level = CM1, CM2, CM3, result; every amount in booked cents."""

    gross: Decimal
    net: Decimal
    rows: Sequence[Row]
    cm1: Decimal
    cm2: Decimal
    cm3: Decimal
    result: Decimal

    def rate(self, level: str) -> Decimal | None:
        """A margin as a share of net sales; ``level``: cm1, cm2, cm3 or result."""
        return getattr(self, level) / self.net if self.net else None


def statement(gross: Decimal, deductions: Iterable[Decimal], costs: Iterable[Row]) -> Statement:
    """Costs of one key at one level become one row, of booked amounts."""
    sales = booked(gross)
    net = sales - sum((booked(each) for each in deductions), ZERO)
    sums: dict[tuple[str, str], Decimal] = {}
    for row in costs:
        place = (row.level, row.key)
        sums[place] = sums.get(place, ZERO) + booked(row.amount)
    rows = [Row(key, level, amount) for (level, key), amount in sums.items()]
    rows.sort(key=lambda row: LEVELS.index(row.level))
    left, margins = net, []
    for level in LEVELS:
        left -= sum((row.amount for row in rows if row.level == level), ZERO)
        margins.append(left)
    return Statement(sales, net, rows, *margins)


def break_even(fixed: Decimal, unit_margin: Decimal, profit: Decimal = ZERO) -> Decimal | None:
    """Units that pay for what is fixed, and for the profit asked. None where a unit earns nothing."""
    return (fixed + profit) / unit_margin if unit_margin > 0 else None


def safety_rate(units: Decimal, break_even_units: Decimal) -> Decimal | None:
    """How far sales can fall before the result does not pay: a share of sales now."""
    return (units - break_even_units) / units if units else None


def operating_leverage(units: Decimal, unit_margin: Decimal, fixed: Decimal) -> Decimal | None:
    """Contribution over result: what 1 % of sales does to the result, in per cent. None without a profit."""
    result = units * unit_margin - fixed
    return units * unit_margin / result if result > 0 else None


def abc(amounts: Mapping[K, Decimal]) -> dict[K, str]:
    """A while the share *before* the item is under 80 %, B under 95 %, else C; the largest first. Of what is
    over nothing: a loss has no part in it and gets no class."""
    earning = {key: amount for key, amount in amounts.items() if amount > 0}
    whole, before, found = sum(earning.values(), ZERO), ZERO, {}
    for key in sorted(earning, key=lambda key: -earning[key]):
        share = before / whole
        found[key] = "A" if share < Decimal("0.8") else "B" if share < Decimal("0.95") else "C"
        before += earning[key]
    return found


def variation(volumes: Sequence[float]) -> float | None:
    """Coefficient of variation: the standard deviation (n − 1) as a share of the mean; seasonally adjusted
    volumes in. None of fewer than two, and where they are not over nothing together."""
    if len(volumes) < 2 or sum(volumes) <= 0:
        return None
    mean = fmean(volumes)
    return sqrt(fsum((volume - mean) ** 2 for volume in volumes) / (len(volumes) - 1)) / mean


def xyz(found: float | None) -> str:
    """X up to a variation of 0.5, Y up to 1, else Z; none where it is not known."""
    if found is None:
        return ""
    return "X" if found <= 0.5 else "Y" if found <= 1 else "Z"


@dataclass(frozen=True)
class ClaimRatios:
    claims: Decimal
    costs: Decimal
    combined: Decimal


def claim_ratios(premium: Decimal, claims: Decimal, costs: Decimal) -> ClaimRatios | None:
    """Shares of the premium. None without any."""
    if premium <= 0:
        return None
    return ClaimRatios(claims / premium, costs / premium, (claims + costs) / premium)
