"""Products with a promotion whose effect is known, for tests and for what docs/algorithms/promotions.md says
of the method: `python -m pricing.engine.simulate_promotions [COUNT] [SEED]` prints its table.

Drawn otherwise than the method supposes: the level steps and wanders, the season is one peak, sales are whole
units, some promotions stand in a wave of others, and what is pulled forward differs."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from .promotion_effect import A_YEAR, AFTER, FloatArray, Refused, Step, Window, promotion_effect

_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Truth:
    """`uplift`: what was sold more in the periods in which it ran (what came back in them taken off) over the
    baseline of its days. `after`: what was sold less (negative) in the periods after, in units."""

    uplift: float
    after: float


def simulate(step: Step, seed: int) -> tuple[Window, Truth]:
    """One product: two to five years of days, added into weeks or months."""
    rng = np.random.default_rng([seed, 20261101])
    days = int(rng.integers(2 * 365, 5 * 365))
    level = _level(rng, days)
    uplift = float(np.exp(rng.uniform(np.log(1.05), np.log(3.0))) - 1)
    length = int(rng.choice([7, 14, 21]))
    lag = AFTER[step] * (7 if step == "weeks" else 31)
    start = int(rng.integers(days // 2, days - length - lag - 40))
    start -= start % 7 if step == "weeks" else 0
    ran = np.zeros(days)
    ran[start : start + length] = 1
    expected = level * (1 + uplift * ran)
    pulled = rng.uniform(0, 0.4) * float((level * uplift * ran).sum())
    dip = np.zeros(days)
    fade = np.exp(-np.arange(28) / 10)
    dip[start + length : start + length + 28] = pulled * fade / fade.sum()
    expected = np.maximum(expected - dip, 0.1 * level)
    busy = np.zeros(days)
    for _ in range(int(rng.integers(0, 8))):
        at = int(rng.integers(0, days - 7))
        if not (start - 40 < at < start + length + lag + 40):
            busy[at : at + 7] = 1
            expected[at : at + 7] *= 1 + rng.uniform(0.1, 1.5)
    noise = rng.uniform(0.05, 0.3)
    units = rng.poisson(expected * rng.gamma(1 / noise**2, noise**2, days)).astype(np.float64)
    place = np.arange(days) // 7 if step == "weeks" else (np.arange(days) / _DAYS_A_MONTH).astype(int)
    whole = int(place[-1]) if step == "months" else days // 7
    added = [_by(place, values, whole) for values in (units, ran, busy, expected - level)]
    count = _by(place, np.ones(days), whole)
    taken = added[2] > 0
    for more in range(1, AFTER[step] + 1):
        taken[more:] |= added[2][:-more] > 0
    promo = added[1] / count
    last = int(np.flatnonzero(promo > 0)[-1])
    after = float(added[3][last + 1 : last + 1 + AFTER[step]].sum())
    taken &= promo == 0
    gross = float(added[3][promo > 0].sum() / (level * ran).sum())
    return Window(step, added[0], promo, taken), Truth(gross, after)


def _level(rng: np.random.Generator, days: int) -> FloatArray:
    time = np.arange(days) / 365.25
    size = np.exp(rng.uniform(np.log(3), np.log(400)))
    season = rng.uniform(0, 0.4) * np.exp(-0.5 * (((time + rng.random()) % 1 - 0.5) / 0.12) ** 2)
    wander = np.zeros(days)
    stays = np.exp(-1 / rng.uniform(20, 120))
    shocks = rng.normal(0, rng.uniform(0.02, 0.2) * np.sqrt(1 - stays**2), days)
    for day in range(1, days):
        wander[day] = stays * wander[day - 1] + shocks[day]
    jump = np.where(np.arange(days) > rng.integers(0, days), rng.normal(0, 0.15), 0.0)
    return np.asarray(size * np.exp(season + rng.normal(0, 0.15) * time + wander + jump))


def _by(place: np.ndarray, values: FloatArray, whole: int) -> FloatArray:
    return np.bincount(place, values)[:whole].astype(np.float64)


def table(count: int, seed: int) -> str:
    """How near the method comes, as rows of the page's table."""
    lines = []
    steps: tuple[Step, ...] = ("weeks", "months")
    for step in steps:
        errors, inside, wide, after, plain = [], [], [], [], []
        for number in range(count):
            window, truth = simulate(step, seed + number)
            effect = promotion_effect(window)
            if isinstance(effect, Refused):
                continue
            errors.append(abs((1 + effect.uplift.value) / (1 + truth.uplift) - 1))
            inside.append(effect.uplift.lo80 <= truth.uplift <= effect.uplift.hi80)
            wide.append(effect.uplift.hi80 - effect.uplift.lo80)
            plain.append(abs((1 + _plain(window)) / (1 + truth.uplift) - 1))
            if effect.after is not None:
                after.append(effect.after.lo80 <= truth.after <= effect.after.hi80)
        lines.append(
            f"| {step} | {len(errors)} | {np.median(errors):.3f} | {np.median(plain):.3f}"
            f" | {np.mean(inside):.2f} | {np.median(wide):.2f} | {np.mean(after):.2f} |"
        )
    return "\n".join(lines)


def _plain(window: Window) -> float:
    """What a spreadsheet does: against the mean of the year before."""
    ran = window.promo > 0
    first = int(np.flatnonzero(ran)[0])
    year = slice(max(first - round(A_YEAR[window.step]), 0), first)
    normal = float(np.nanmean(window.units[year]))
    extra = float((window.units[ran] - normal).sum())
    return extra / (normal * float(window.promo[ran].sum()))


if __name__ == "__main__":
    asked = [int(text) for text in sys.argv[1:3]]
    sys.stdout.write(table(*(asked + [300, 7][len(asked) :])) + "\n")
