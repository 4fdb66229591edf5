"""Product histories of many shapes with known stages: what the stage weights are fitted on and the tests
judge by.

The shapes are of this project's own choosing: adoption curves, S-curves to a plateau, humps, straight-line
lives in phases, relaunches, and old products seen only in maturity. On the smooth level come season, noise,
promotions, stock-outs, one-off steps (a customer won or lost), lumpy orders, small counts, missing months,
and a window: the history may start long after the launch and end anywhere. Everything is drawn from the
generator handed in.
"""

from dataclasses import dataclass

import numpy as np

from .series import FloatArray
from .stages.definition import true_stages


@dataclass(frozen=True, eq=False)
class Life:
    """One simulated product as seen: arrays of one length, a value a month.

    `units` may hold NaN (missing), `promo` is 0/1, `stockout` a share, `level` the noise-free level, `stage`
    the index in STAGES by definition or −1 before the first sale, `future` the same from the window's start
    to the life's end. `launch` is the position of the launch, negative when it lies before the window, None
    when nobody noted it down.
    """

    units: FloatArray
    promo: FloatArray
    stockout: FloatArray
    level: FloatArray
    stage: FloatArray
    future: FloatArray
    launch: int | None


def simulate_life(rng: np.random.Generator) -> Life:
    """Draw one product."""
    level, relaunch = _shape(rng)
    stage = true_stages(level, relaunch=relaunch)
    # A product that has faded to nothing is not followed on.
    alive = np.flatnonzero(level > 0.02 * level.max())
    last = int(alive[-1]) + 1
    start = int(rng.integers(0, max(1, min(last - 6, 80)))) if rng.random() < 0.4 else 0
    months = int(rng.integers(3, 37)) if rng.random() < 0.45 else int(rng.integers(12, 145))
    stop = min(last, start + months)
    if relaunch is not None and rng.random() < 0.7:  # people look at what they have just relaunched
        stop = min(last, relaunch + int(rng.integers(-6, 48)))
        start = min(start, max(0, stop - 24))
    if stop - start < 3:
        start = max(0, stop - 3)
    window = slice(start, stop)
    known = rng.random() < (0.5 if start else 0.9)
    return _seen(rng, level[window], stage[start:], -start if known else None)


def _shape(rng: np.random.Generator) -> tuple[FloatArray, int | None]:
    """A level over 20 years, largest value about 1, and the month of a relaunch."""
    t = np.arange(240, dtype=np.float64)
    kind = rng.choice(
        ["bass", "s_curve", "hump", "phases", "relaunch", "old"], p=[0.17, 0.16, 0.14, 0.2, 0.29, 0.04]
    )
    if kind == "bass":
        years = rng.uniform(1.0, 7.0)  # to the peak
        q = rng.uniform(1.5, 4.5) / years
        p = q / np.exp(years * q * rng.uniform(0.75, 1.0))
        e = np.exp(-(p + q) * t / 12)
        rate = (p + q) ** 2 / p * e / (1 + q / p * e) ** 2
        cumulative = (1 - e) / (1 + q / p * e)
        return _unit(rate / rate.max() + rng.choice([0.0, rng.uniform(0.1, 0.9)]) * cumulative), None
    if kind == "s_curve":
        return _with_decline(rng, _rise(rng, t), t), None
    if kind == "hump":
        peak, k = rng.uniform(8, 90), rng.uniform(0.8, 4.0)
        return _unit(((t + 1) / peak) ** k * np.exp(k * (1 - (t + 1) / peak))), None
    if kind == "old":
        drift = np.cumsum(rng.normal(0, 0.006, len(t)))
        return _unit(_with_decline(rng, np.exp(0.3 * (drift - drift.mean())), t)), None
    level = _phases(rng, t)
    if kind == "phases":
        return level, None
    peak = int(level.argmax())
    low = np.flatnonzero((t > peak) & (level < rng.uniform(0.3, 0.85) * level.max()))
    if len(low) == 0:
        return level, None
    return _relaunched(rng, level, int(low[0]) + int(rng.integers(0, 10)))


def _rise(rng: np.random.Generator, t: FloatArray) -> FloatArray:
    middle, width = rng.uniform(4, 50), rng.uniform(1.5, 12)
    rise: FloatArray = 1 / (1 + np.exp(-(t - middle) / min(width, middle / 2)))
    return rise


def _phases(rng: np.random.Generator, t: FloatArray) -> FloatArray:
    intro, grow = rng.integers(2, 14), rng.integers(6, 60)
    first = rng.uniform(0.01, 0.09)
    early = first * np.exp(np.clip(t / intro, 0, 1) * np.log(0.1 / first))
    x = np.clip((t - intro) / grow, 0, 1)
    bend = rng.uniform(0.6, 1.6)
    rise = np.where(t < intro, early, 0.1 + 0.9 * np.sin(x * np.pi / 2) ** bend)
    return _with_decline(rng, rise, t, from_month=int(intro + grow))


def _with_decline(
    rng: np.random.Generator, level: FloatArray, t: FloatArray, from_month: int | None = None
) -> FloatArray:
    """A plateau with a slow drift, then, mostly, a decline of 8 to 60 % a year that may end on a floor."""
    if from_month is None:
        near = np.flatnonzero(level >= 0.95 * level.max())
        from_month = int(near[0])
    begin = from_month + int(rng.integers(3, 90))
    drift = np.exp(rng.normal(0, 0.03) / 12 * np.clip(t - from_month, 0, begin - from_month))
    rate = -np.log(1 - rng.uniform(0.08, 0.6)) / 12
    ease = np.clip((t - begin) / rng.uniform(1, 18), 0, 1)
    fall = np.exp(-rate * np.cumsum(ease))
    floor = rng.choice([0.0, rng.uniform(0.1, 0.75)])
    if rng.random() < 0.15:
        fall = np.ones(len(t))
    return _unit(level * drift * (floor + (1 - floor) * fall))


def _relaunched(rng: np.random.Generator, level: FloatArray, start: int) -> tuple[FloatArray, int | None]:
    n = len(level)
    if start > n - 30:
        return level, None
    months = rng.uniform(5, 24)
    lift = rng.uniform(0.35, 2.5)
    x = np.arange(n - start) / months
    after = level[start] * (1 + lift * 1 / (1 + np.exp(-(x - 0.5) * 8)) - lift / (1 + np.exp(4)))
    t = np.arange(n - start, dtype=np.float64)
    return _unit(
        np.concatenate([level[:start], _keep(after, _with_decline(rng, after, t, int(months)))])
    ), start


def _keep(before: FloatArray, shaped: FloatArray) -> FloatArray:
    """`shaped` at the size it had before it was brought to a largest value of 1."""
    kept: FloatArray = shaped * (before[0] / shaped[0])
    return kept


def _unit(level: FloatArray) -> FloatArray:
    unit: FloatArray = level / level.max()
    return unit


def _seen(rng: np.random.Generator, level: FloatArray, future: FloatArray, launch: int | None) -> Life:
    n = len(level)
    t = np.arange(n)
    seen = level * rng.choice([rng.uniform(15, 60), rng.uniform(100, 900), rng.uniform(1e3, 5e4)])
    size = float(seen.max())
    strength = rng.choice([0.0, 0.1, 0.25, 0.45])
    months = rng.normal(0, 1, 12)
    wave = np.cos(2 * np.pi * (np.arange(12) - rng.uniform(0, 12)) / 12) + 0.4 * (months - months.mean())
    seen = seen * np.maximum(1 + strength * wave[(t + int(rng.integers(12))) % 12], 0.05)
    if rng.random() < 0.25:
        at = int(rng.integers(0, n))
        seen[at:] = seen[at:] * np.exp(rng.normal(0, 0.18))
    noise = rng.choice([0.05, 0.1, 0.18, 0.3, 0.45], p=[0.18, 0.3, 0.28, 0.15, 0.09])
    seen = seen * np.exp(rng.normal(-(noise**2) / 2, noise, n))
    promo = (rng.random(n) < rng.choice([0.0, 0.08])).astype(np.float64)
    seen = seen * np.where(promo > 0, 1 + rng.uniform(0.3, 1.2), 1)
    out = np.where(rng.random(n) < rng.choice([0.0, 0.04]), rng.uniform(0.2, 1.0, n), 0.0)
    seen = seen * (1 - out)
    if rng.random() < 0.12:  # orders come in lumps: a month's demand waits for the next
        for i in range(n - 1):
            if rng.random() < 0.4:
                part = seen[i] * rng.uniform(0.3, 1.0)
                seen[i], seen[i + 1] = seen[i] - part, seen[i + 1] + part
    units = rng.poisson(np.minimum(seen, 1e7)).astype(np.float64) if size < 1e4 else np.round(seen)
    units = np.where(rng.random(n) < rng.choice([0.0, 0.03]), np.nan, units)
    return Life(units, promo, out, level, future[:n], future, launch)
