"""Noise-free lives of products: the level of sales month by month from the launch on, of many shapes.

The shapes are of this project's own choosing, drawn widely: adoption curves, S-curves to a plateau, humps,
lives in phases, random slow paths, fast growth with a slump, failures, relaunches, old products that wander,
withdrawals, and a trend of the whole category on top.
"""

from dataclasses import dataclass

import numpy as np

from .series import FloatArray

_KINDS = {
    "bass": 0.14, "s_curve": 0.13, "hump": 0.10, "phases": 0.16, "knots": 0.08, "slump": 0.04,
    "failure": 0.03, "relaunch": 0.29, "old": 0.03,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shape:
    """A level of largest value 1, a value a month, the month a relaunch starts (None without one), and how
    many times longer its phases last than those of one product."""

    kind: str
    level: FloatArray
    relaunch: int | None
    pace: float


def draw_shape(rng: np.random.Generator, *, years: int, slow: bool = False) -> Shape:
    """One life over so many years; `slow` stretches all its phases, as whole markets live."""
    t = np.arange(12 * years, dtype=np.float64)
    pace = float(np.exp(rng.uniform(0.2, 2.1))) if slow else float(np.exp(rng.normal(-0.2, 0.3)))
    kind = str(rng.choice(list(_KINDS), p=list(_KINDS.values())))
    relaunch = None
    if kind == "relaunch":
        level, relaunch = _relaunched(
            rng, _base(rng, str(rng.choice(["bass", "hump", "phases", "s_curve"])), t, pace), pace
        )
    else:
        level = _base(rng, kind, t, pace)
    if level.argmax() < 4:  # no life starts at its peak
        ramp = np.linspace(rng.uniform(0.02, 0.5), 1, int(rng.integers(4, 9)))[:-1] * level[0]
        level = np.concatenate([ramp, level[: -len(ramp)]])
    if rng.random() < 0.2:  # the whole category rises or falls
        level = level * np.exp(rng.normal(0, 0.05) / 12 / pace * t)
    if relaunch is None and rng.random() < 0.06:
        level = _withdrawn(rng, level)
    return Shape(kind, level / level.max(), relaunch, pace)


def _base(rng: np.random.Generator, kind: str, t: FloatArray, pace: float) -> FloatArray:
    return _SHAPES[kind](rng, t, pace)


def _bass(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    """First purchases (Bass 1969), and mostly repeat purchases that follow the number of owners."""
    years = rng.uniform(0.8, 7.0) * pace  # to the peak
    q = rng.uniform(1.5, 8.0) / years
    p = q / np.exp(years * q * rng.uniform(0.7, 1.0))
    e = np.exp(-(p + q) * t / 12)
    rate = (p + q) ** 2 / p * e / (1 + q / p * e) ** 2
    owners = (1 - e) / (1 + q / p * e)
    repeat = rng.choice([0.0, rng.uniform(0.05, 1.0)])
    level: FloatArray = rate / rate.max() + repeat * owners
    return _with_decline(rng, level, t, pace) if repeat > 0.5 and rng.random() < 0.6 else level


def _s_curve(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    middle = rng.uniform(3, 54) * pace
    rise: FloatArray = 1 / (1 + np.exp(-np.clip((t / middle - 1) * rng.uniform(1.5, 6.5), -60, 60)))
    return _with_decline(rng, rise, t, pace)


def _hump(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    peak, k = rng.uniform(5, 90) * pace, rng.uniform(0.6, 4.5)
    hump: FloatArray = ((t + 1) / peak) ** k * np.exp(k * (1 - (t + 1) / peak))
    return hump


def _phases(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    intro, grow = rng.uniform(2, 28) * pace, np.exp(rng.uniform(np.log(5), np.log(66))) * pace
    first = np.exp(rng.uniform(np.log(0.003), np.log(0.12)))
    early = first * np.exp(np.clip(t / intro, 0, 1) * np.log(0.1 / first))
    x = np.clip((t - intro) / grow, 0, 1)
    if rng.random() < 0.5:
        rise = 0.1 + 0.9 * np.sin(x * np.pi / 2) ** rng.uniform(0.6, 1.6)
    else:  # a rate of growth that fades
        fade = rng.uniform(0.2, 3)
        rise = 0.1 ** (1 - (1 - np.exp(-fade * x)) / (1 - np.exp(-fade)))
    return _with_decline(rng, np.where(t < intro, early, rise), t, pace, from_month=int(intro + grow))


def _knots(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    """A path of random straight stretches of the logarithm: up, level, mostly down; corners rounded."""
    at, value = [0.0], [np.log(rng.uniform(0.02, 0.4))]
    for slope, months in (
        *((rng.uniform(0.1, 2.0), rng.uniform(4, 24)) for _ in range(int(rng.integers(1, 4)))),
        *((rng.normal(0, 0.05), rng.uniform(6, 40)) for _ in range(int(rng.integers(1, 3)))),
        *((-rng.uniform(0.05, 0.7), rng.uniform(12, 48)) for _ in range(int(rng.integers(0, 3)))),
    ):
        at.append(at[-1] + months * pace)
        value.append(value[-1] + slope * months / 12)
    path = np.interp(t, at, value)
    width = int(rng.integers(3, 13))
    path = np.convolve(np.pad(path, width, mode="edge"), np.ones(width) / width, "same")[width:-width]
    level: FloatArray = np.exp(path - path.max())
    return level


def _slump(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    """Fast growth to a first rush, a slump, then a maturity of its own."""
    peak, rush = rng.uniform(3, 24) * pace, rng.uniform(1, 4)
    hype = ((t + 1) / peak) ** rush * np.exp(rush * (1 - (t + 1) / peak))
    stay = rng.uniform(0.2, 0.85) / (1 + np.exp(-(t - peak) / (1 + rng.uniform(0.2, 0.6) * peak)))
    return _with_decline(rng, np.maximum(hype, 1e-6) + stay, t, pace)


def _failure(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    """Never grows: filled shelves, then little or nothing."""
    fill = rng.uniform(0.2, 3) * np.exp(-t / rng.uniform(1, 8))
    level: FloatArray = (fill + rng.uniform(0.1, 1)) * np.exp(
        -np.maximum(t - rng.uniform(0, 18), 0) * rng.uniform(0.01, 0.12)
    )
    return level


def _old(rng: np.random.Generator, t: FloatArray, pace: float) -> FloatArray:
    """Seen only in maturity: wanders around its level, then perhaps declines."""
    drift = np.cumsum(np.cumsum(rng.normal(0, 0.002, len(t))) * 0.3 + rng.normal(0, 0.006, len(t)))
    around = 0.25 * np.tanh(drift - drift.mean())
    return _with_decline(rng, np.exp(around), t, pace, from_month=int(rng.integers(0, 90)))


_SHAPES = {
    "bass": _bass, "s_curve": _s_curve, "hump": _hump, "phases": _phases, "knots": _knots, "slump": _slump,
    "failure": _failure, "old": _old,
}  # fmt: skip


def _with_decline(
    rng: np.random.Generator, level: FloatArray, t: FloatArray, pace: float, from_month: int | None = None
) -> FloatArray:
    """A plateau with a slow drift, then, mostly, a decline of 6 to 60 % a year that may end on a floor."""
    if from_month is None:
        from_month = int(np.argmax(level >= 0.95 * level.max()))
    begin = from_month + int(rng.uniform(0, 90) * rng.uniform(0.2, 1) * pace)
    drift = np.exp(rng.normal(0, 0.03) / pace / 12 * np.clip(t - from_month, 0, begin - from_month))
    rate = -np.log(1 - rng.uniform(0.08, 0.65)) / 12 / np.sqrt(pace)
    ease = np.clip((t - begin) / (rng.uniform(1, 20) * pace), 0, 1)
    fall = np.ones(len(t)) if rng.random() < 0.1 else np.exp(-rate * np.cumsum(ease))
    floor = rng.choice([0.0, rng.uniform(0.05, 0.8)])
    lived: FloatArray = level * drift * (floor + (1 - floor) * fall)
    return lived


def _relaunched(rng: np.random.Generator, level: FloatArray, pace: float) -> tuple[FloatArray, int | None]:
    """A relaunch somewhere in the decline (or late in maturity) lifts the level by 30 % and more."""
    n = len(level)
    peak = int(level.argmax())
    deep = rng.random() < 0.2  # nearly forgotten, then wanted again
    share = np.exp(rng.uniform(np.log(0.01), np.log(0.25))) if deep else rng.uniform(0.2, 0.9)
    low = np.flatnonzero((np.arange(n) > peak) & (level < share * level.max()))
    if len(low) == 0:
        return level, None
    start = int(low[0]) + int(rng.uniform(0, 14) * pace)
    if start > n - 36:
        return level, None
    months = rng.uniform(5, 42) * pace
    lift = np.exp(rng.uniform(np.log(0.33), np.log(20 if deep else 3)))
    x = np.arange(n - start) / months
    bend = rng.uniform(4, 9)
    rise = 1 / (1 + np.exp(-bend * (x - 0.5))) - 1 / (1 + np.exp(bend * 0.5))
    if rng.random() < 0.3:
        rise = np.sin(np.clip(x, 0, 1) * np.pi / 2) ** rng.uniform(0.7, 1.5)
    # The old decline is over: what is left of it runs out under the new sales.
    left = np.exp(-np.arange(n - start) * rng.uniform(0, 0.01))
    t = np.arange(n - start, dtype=np.float64)
    after = _with_decline(rng, left + lift * rise, t, pace, from_month=int(months))
    return np.concatenate([level[:start], level[start] * after / after[0]]), start


def _withdrawn(rng: np.random.Generator, level: FloatArray) -> FloatArray:
    """Taken from the market: sales run out within months."""
    at = int(rng.integers(6, 120))
    months = rng.uniform(0.3, 8)
    gone: FloatArray = np.where(
        np.arange(len(level)) < at, level, level * np.exp(-np.maximum(np.arange(len(level)) - at, 0) / months)
    )
    return np.where(gone < 1e-3 * gone.max(), np.where(np.arange(len(level)) < at, gone, 0.0), gone)
