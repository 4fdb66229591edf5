"""Product histories of many shapes with known stages: what the stage model is trained on and judged by.

On the smooth level of `shapes` come season, noise, promotions, stock-outs, one-off steps (a customer won or
lost), dips, lumpy orders, small counts, pilots, missing months, rounding, and a window: the history may start
long after the launch and end anywhere. Published histories (smooth, rounded, spread over the months of a year
or quarter) are among them. Everything is drawn from the generator handed in.
"""

from dataclasses import dataclass

import numpy as np

from .series import FloatArray
from .shapes import Shape, draw_shape
from .stages.definition import GROWTH, true_stages

_PUBLISHED = 0.15
# A whole market lives by a slower clock: by so large a part of them it is judged by that.
_SLOW_CLOCK, _SLOWER = 0.6, 0.85
# Months kept of an own product, and how often each stage is asked for where a life has it.
KEPT = 120
ASKED = (0.30, 0.20, 0.24, 0.25, 0.60)


@dataclass(frozen=True, eq=False)
class Life:
    """One simulated product as seen: arrays of one length, a value a month.

    `units` may hold NaN (missing), `promo` is 0/1, `stockout` a share, `level` the noise-free level, `stage`
    the index in STAGES by definition or −1 before the first sale, `since` months since that stage began
    (counted before the window too), `future` the stages from the window's start to the life's end. `launch`
    is the position of the launch, negative when it lies before the window, None when nobody noted it down.
    """

    units: FloatArray
    promo: FloatArray
    stockout: FloatArray
    level: FloatArray
    stage: FloatArray
    since: FloatArray
    future: FloatArray
    launch: int | None
    kind: str


def simulate_life(rng: np.random.Generator) -> Life:
    """Draw one product."""
    published = rng.random() < _PUBLISHED
    while True:
        shape = draw_shape(rng, years=80 if published else 25, slow=published)
        clock = max(1.0, shape.pace**_SLOWER) if published and rng.random() < _SLOW_CLOCK else 1.0
        stage = true_stages(shape.level, relaunch=shape.relaunch, clock=clock)
        start, stop = _published_window(rng, shape, stage) if published else _window(rng, shape, stage)
        # A peak too sharp for the definition would be called growth while it falls: no truth to learn from.
        past = np.arange(len(stage)) > shape.level[: shape.relaunch].argmax()
        senseless = (past & (stage == GROWTH) & (shape.level < 0.7)).any()
        if not senseless and shape.level[start:stop].max() > 0.02:
            break
    window = slice(start, stop)
    n = stop - start
    changed = np.concatenate([[True], stage[1:] != stage[:-1]])
    months = np.arange(len(stage))
    since = (months - np.maximum.accumulate(np.where(changed, months, 0)))[window].astype(np.float64)
    known = rng.random() < (0.55 if start else 0.7)
    launch = -start if known else None
    level, future = shape.level[window], stage[start:]
    if published:
        units, promo, out = _published(rng, level)
        pilot = 0
    else:
        units, promo, out = _seen(rng, level, services=rng.random() < 0.08)
        pilot = int(rng.integers(2, 11)) if start == 0 and rng.random() < 0.12 else 0
    if pilot:
        units, promo, out, level, since = (
            np.concatenate([before, values])
            for before, values in zip(
                (_pilot(rng, pilot, units), *np.zeros((4, pilot))),
                (units, promo, out, level, since),
                strict=True,
            )
        )
        future = np.concatenate([np.full(pilot, -1.0), future])
        n += pilot
        launch = None if launch is None else (pilot if rng.random() < 0.8 else 0)
    return Life(units, promo, out, level, future[:n], since, future, launch, shape.kind)


def _window(rng: np.random.Generator, shape: Shape, stage: FloatArray) -> tuple[int, int]:
    """The months seen: people ask in every stage, mostly of products whose beginning they hold, and keep no
    more than ten years."""
    level = shape.level
    # A product that has faded to nothing is followed for a year at most.
    alive = np.flatnonzero(level > 0.02 * level.max())
    longer = int(rng.integers(0, 13)) if rng.random() < 0.4 else 0
    last = min(int(alive[-1]) + 1 + longer, len(level))
    asked = _asked(rng, stage[:last]) + 1
    if rng.random() < 0.2:
        asked = min(last, asked + int(rng.integers(0, 25)))
    stop = max(asked, 3)
    start = 0
    if rng.random() < 0.42:
        start = max(
            0, stop - (int(rng.integers(3, 49)) if rng.random() < 0.4 else int(rng.integers(12, 121)))
        )
    if stop - start > KEPT and rng.random() < 0.9:
        start = stop - KEPT
    return start, min(stop, len(level))


def _asked(rng: np.random.Generator, stage: FloatArray) -> int:
    """A month, the third or later, of a stage that is drawn first: short stages are asked for as well."""
    stage = np.where(np.arange(len(stage)) < np.argmax(stage >= 0) + 2, -1, stage)
    there = np.unique(stage[stage >= 0]).astype(int)
    if len(there) == 0:
        return len(stage) - 1
    weights = np.array(ASKED)[there]
    drawn = rng.choice(there, p=weights / weights.sum())
    return int(rng.choice(np.flatnonzero(stage == drawn)))


def _published_window(rng: np.random.Generator, shape: Shape, stage: FloatArray) -> tuple[int, int]:
    level = shape.level
    alive = np.flatnonzero(level > 0.005 * level.max())
    last = max(int(alive[-1]) + 1, 36)
    seen = np.flatnonzero(level > np.exp(rng.uniform(np.log(1e-4), np.log(0.08))) * level.max())
    start = int(seen[0]) if rng.random() < 0.8 else int(rng.integers(0, last // 2))
    drawn = _asked(rng, stage[:last]) + 1 if rng.random() < 0.6 else int(rng.integers(0, last + 1))
    stop = max(drawn, start + int(rng.integers(18, 61)))
    return start, min(stop, len(level))


def _seen(rng: np.random.Generator, level: FloatArray, *, services: bool) -> tuple[FloatArray, ...]:
    n = len(level)
    t = np.arange(n)
    size = np.exp(rng.choice([rng.uniform(2, 4.5), rng.uniform(4, 7), rng.uniform(6.5, 10)]))
    seen = level / level.max() * size
    if not services:
        seen = seen * _season(rng)[(t + int(rng.integers(12))) % 12]
    for _ in range(int(rng.choice([0, 1, 2], p=[0.68, 0.26, 0.06]))):
        at = int(rng.integers(0, n))
        seen[at:] = seen[at:] * np.exp(np.clip(rng.normal(-0.03, 0.24), -0.7, 0.5))
    if rng.random() < 0.06:  # a dip that passes
        middle, months = rng.uniform(0, n), rng.uniform(2, 7)
        seen = seen * (1 - rng.uniform(0.08, 0.3) * np.exp(-(((t - middle) / months) ** 2)))
    noise = rng.uniform(0.005, 0.04) if services else np.exp(rng.uniform(np.log(0.05), np.log(0.5)))
    seen = seen * _noise(rng, n, noise)
    promo = (rng.random(n) < rng.choice([0.0, rng.uniform(0.02, 0.15)], p=[0.5, 0.5])).astype(np.float64)
    lift = 1 + rng.uniform(0.2, 1.5)
    seen = seen * np.where(promo > 0, lift, 1)
    if rng.random() < 0.4:  # customers stocked up
        seen[1:] *= np.where(promo[:-1] > 0, rng.uniform(0.7, 1), 1)
    if rng.random() < 0.06:  # nobody noted the promotions down
        promo = np.zeros(n)
    out = np.where(rng.random(n) < rng.choice([0.0, 0.05]), rng.uniform(0.1, 1.0, n), 0.0)
    seen = seen * (1 - out)
    if rng.random() < 0.06:
        out = np.zeros(n)
    if rng.random() < 0.14:
        seen = _lumpy(rng, seen)
    if services or size > 2e4:
        units = np.round(seen)
    elif rng.random() < 0.15:
        spread = rng.uniform(0.5, 8)
        units = rng.poisson(seen * rng.gamma(spread, 1 / spread, n) if size < 50 else seen).astype(np.float64)
    else:
        units = rng.poisson(seen).astype(np.float64)
    if rng.random() < 0.04:
        units = units - np.where(rng.random(n) < 0.1, rng.poisson(0.3 * size, n), 0)
    return np.where(rng.random(n) < rng.choice([0.0, 0.03], p=[0.8, 0.2]), np.nan, units), promo, out


def _season(rng: np.random.Generator) -> FloatArray:
    strength = rng.choice([0.0, rng.uniform(0.03, 0.2), rng.uniform(0.2, 0.5)], p=[0.25, 0.4, 0.35])
    month = np.arange(12)
    wave = np.cos(2 * np.pi * (month - rng.uniform(0, 12)) / 12)
    if rng.random() < 0.3:
        wave = wave + 0.5 * np.cos(4 * np.pi * (month - rng.uniform(0, 6)) / 12)
    rough = rng.normal(0, 1, 12)
    season: FloatArray = np.maximum(
        1 + strength * (wave + rng.uniform(0, 0.5) * (rough - rough.mean())), 0.05
    )
    return season


def _noise(rng: np.random.Generator, n: int, size: float) -> FloatArray:
    shocks = rng.normal(0, size, n)
    if rng.random() < 0.25:  # good and bad months come together
        memory = rng.uniform(0.2, 0.7)
        shocks = shocks * np.sqrt(1 - memory**2)
        for i in range(1, n):
            shocks[i] += memory * shocks[i - 1]
    if rng.random() < 0.1:
        shocks = shocks + np.where(rng.random(n) < 0.04, rng.normal(0, 3 * size, n), 0)
    noise: FloatArray = np.exp(shocks - size**2 / 2)
    return noise


def _lumpy(rng: np.random.Generator, seen: FloatArray) -> FloatArray:
    """Orders come in lumps: a part of a month's demand waits for the next."""
    seen = seen.copy()
    share = rng.uniform(0.2, 0.7)
    for i in range(len(seen) - 1):
        if rng.random() < share:
            part = seen[i] * rng.uniform(0.3, 1.0)
            seen[i], seen[i + 1] = seen[i] - part, seen[i + 1] + part
    return seen


def _pilot(rng: np.random.Generator, months: int, units: FloatArray) -> FloatArray:
    """A trial sale, then nothing until the launch."""
    sold = int(rng.integers(1, max(2, months // 2 + 1)))
    trial = np.zeros(months)
    trial[:sold] = rng.poisson(
        max(1.0, rng.uniform(0.02, 0.6) * float(np.nan_to_num(units[:6]).mean())), sold
    )
    return trial


def _published(rng: np.random.Generator, level: FloatArray) -> tuple[FloatArray, ...]:
    """A history from reports: figures of years or quarters spread over their months, rounded."""
    n = len(level)
    t = np.arange(n)
    step = int(rng.choice([12, 3, 1], p=[0.7, 0.15, 0.15]))
    size = 10 ** rng.uniform(1, 6)
    slow = _noise(rng, n // step + 2, rng.uniform(0.005, 0.12))
    group = t // step
    means = np.bincount(group, level) / np.bincount(group) * slow[: group[-1] + 1]
    means = means / means.max() * size
    digits = 10.0 ** (np.floor(np.log10(np.maximum(means, 1e-9))) - int(rng.integers(1, 4)))
    means = np.round(means / digits) * digits
    centre = np.bincount(group, t) / np.bincount(group)
    how = rng.choice(["steps", "lines", "smooth"], p=[0.35, 0.35, 0.3])
    seen = means[group] if how == "steps" else np.interp(t, centre, means)
    if how == "smooth" and step > 1:
        kernel = np.hanning(step + 2)[1:-1]
        edges = np.pad(seen, step, mode="edge")
        seen = np.convolve(edges, kernel / kernel.sum(), "same")[step:-step]
    if rng.random() < 0.45:
        seen = (
            seen
            * (_season(rng)[t % 12] if rng.random() < 0.5 else 1)
            * _noise(rng, n, rng.uniform(0.01, 0.15))
        )
    return seen, np.zeros(n), np.zeros(n)
