"""Business series of many kinds, to try forecasts on: what firms, industries, economies, markets and
populations look like month by month, quarter by quarter and year by year.

Each is a sum on the logarithm: a level that wanders, a slope that wanders and comes back, a cycle of three to
nine years, a season that slowly changes, now and then a step, and noise with heavy tails; three in ten add up
instead of multiplying. The sizes of the parts were set by hand until naive, exponential smoothing and Theta
stood to each other roughly as the literature says they do on business series (Makridakis and Hibon 2000,
International Journal of Forecasting 16, its tables only); no series was taken from there.
"""

from dataclasses import dataclass

import numpy as np

from .series import FloatArray

SEASON_LENGTHS = {"monthly": 12, "quarterly": 4, "yearly": 1}
PERIODS = {"monthly": (50, 126), "quarterly": (16, 64), "yearly": (14, 41)}
_BURN_IN_YEARS = 10


@dataclass(frozen=True)
class _Kind:
    """Ranges of a year's sizes, drawn evenly on the logarithm; growth as mean and deviation; how often there
    is a season."""

    noise: tuple[float, float]
    level: tuple[float, float]
    growth: tuple[float, float]
    slope: tuple[float, float]
    cycle: tuple[float, float]
    season: tuple[float, float]
    seasonal: float


_KINDS = {
    "firm": _Kind((0.05, 0.45), (0.03, 0.25), (0.01, 0.06), (0.003, 0.04), (0.005, 0.08), (0.02, 0.35), 0.7),
    "industry": _Kind(
        (0.015, 0.15), (0.03, 0.12), (0.02, 0.03), (0.003, 0.03), (0.01, 0.1), (0.02, 0.25), 0.85
    ),
    "economy": _Kind(
        (0.003, 0.06), (0.01, 0.08), (0.04, 0.03), (0.003, 0.02), (0.005, 0.05), (0.01, 0.12), 0.7
    ),
    "market": _Kind((0.001, 0.08), (0.06, 0.3), (0.04, 0.06), (0.003, 0.05), (0.01, 0.1), (0.01, 0.05), 0.2),
    "people": _Kind(
        (0.002, 0.1), (0.008, 0.08), (0.015, 0.03), (0.003, 0.03), (0.002, 0.03), (0.02, 0.3), 0.6
    ),
}
_SHARES = {
    "monthly": (0.33, 0.24, 0.22, 0.11, 0.10),
    "quarterly": (0.27, 0.11, 0.45, 0.10, 0.07),
    "yearly": (0.23, 0.16, 0.13, 0.09, 0.39),
}


def simulate_business(rng: np.random.Generator, frequency: str, *, ahead: int) -> FloatArray:
    """One series of positive values: a history of ordinary length for its frequency, `ahead` periods more."""
    m = SEASON_LENGTHS[frequency]
    name = str(rng.choice(list(_KINDS), p=_SHARES[frequency]))
    kind = _KINDS[name]
    low, high = PERIODS[frequency]
    n = int(rng.integers(low, high + 1)) + ahead
    periods = n + _BURN_IN_YEARS * m
    sizes = _sizes(rng, kind, m)
    x = _trend(rng, periods, m, sizes) + _cycle(rng, periods, m, sizes["cycle"])
    x += _steps(rng, periods, m, sizes["level"])
    if m > 1 and rng.random() < kind.seasonal:
        x += _season(rng, periods, m, sizes["season"])
    x += _noise(rng, periods, sizes["noise"])
    x = x[-n:] - x[-n:].mean()
    if rng.random() < 0.3 and name != "firm":
        values: FloatArray = np.maximum(5000 * (1 + 0.6 * x), 50)
    else:
        values = np.exp(np.clip(x, -4, 4)) * _drawn(rng, (1500, 8000))
    return values.round(2)


def _drawn(rng: np.random.Generator, ends: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]))))


def _heavy(rng: np.random.Generator, size: int) -> FloatArray:
    """Student's t with five degrees of freedom, standard deviation one."""
    draws: FloatArray = rng.standard_t(5, size=size) / np.sqrt(5 / 3)
    return draws


def _sizes(rng: np.random.Generator, kind: _Kind, m: int) -> dict[str, float]:
    names = ("noise", "level", "slope", "cycle", "season")
    sizes = {part: _drawn(rng, getattr(kind, part)) for part in names}
    sizes["growth"] = float(rng.normal(*kind.growth))
    # A year's or a quarter's sum hides part of what months do.
    if m == 1:
        sizes |= {
            "noise": 0.4 * sizes["noise"],
            "slope": 0.8 * sizes["slope"],
            "level": 1.35 * sizes["level"],
        }
        sizes["growth"] = 0.02 + 0.45 * (sizes["growth"] - 0.02)
    elif m == 4:
        sizes |= {"noise": 0.7 * sizes["noise"], "slope": 0.6 * sizes["slope"], "level": 0.8 * sizes["level"]}
        sizes["growth"] *= 0.6
    return sizes


def _trend(rng: np.random.Generator, periods: int, m: int, sizes: dict[str, float]) -> FloatArray:
    kept = rng.uniform(0.3, 0.97) ** (1 / m)
    slope = np.empty(periods)
    at = sizes["growth"] * rng.uniform(0, 2)
    for t, shock in enumerate(sizes["slope"] / np.sqrt(m) * _heavy(rng, periods)):
        at = sizes["growth"] + kept * (at - sizes["growth"]) + shock
        slope[t] = at / m
    wander = 0.8 * sizes["level"] / np.sqrt(m) * _heavy(rng, periods)
    level: FloatArray = np.cumsum(slope + wander)
    return level


def _cycle(rng: np.random.Generator, periods: int, m: int, size: float) -> FloatArray:
    length = m * _drawn(rng, (3, 9))
    damping = 0.98 ** (12 / m) if m > 1 else 0.85
    first, second = 2 * damping * np.cos(2 * np.pi / length), -(damping**2)
    shocks = rng.normal(size=periods)
    cycle = np.zeros(periods)
    for t in range(2, periods):
        cycle[t] = first * cycle[t - 1] + second * cycle[t - 2] + shocks[t]
    scaled: FloatArray = cycle * (size / max(float(cycle.std()), 1e-9))
    return scaled


def _steps(rng: np.random.Generator, periods: int, m: int, level: float) -> FloatArray:
    steps = np.zeros(periods)
    if rng.random() < 0.25:
        for _ in range(rng.poisson(periods / m / 12)):
            steps[int(rng.integers(periods)) :] += rng.normal(0, 3 * level)
    return steps


def _season(rng: np.random.Generator, periods: int, m: int, size: float) -> FloatArray:
    pattern = rng.normal(size=m)
    if rng.random() < 0.6:
        pattern = np.cos(2 * np.pi * (np.arange(m) - rng.uniform(0, m)) / m) + 0.5 * pattern
    pattern = (pattern - pattern.mean()) / pattern.std() * size
    change = _drawn(rng, (0.01, 0.15)) * size
    season = np.empty(periods)
    for t in range(periods):
        pattern[t % m] += change * rng.normal()
        season[t] = pattern[t % m] - pattern.mean()
    return season


def _noise(rng: np.random.Generator, periods: int, size: float) -> FloatArray:
    noise = size * _heavy(rng, periods)
    if rng.random() < 0.3:
        noise += np.where(rng.random(periods) < 0.02, rng.normal(0, 4 * size, periods), 0.0)
    kept = rng.choice([0.0, 0.0, 0.3, -0.2])
    for t in range(1, periods):
        noise[t] += kept * noise[t - 1]
    return noise
