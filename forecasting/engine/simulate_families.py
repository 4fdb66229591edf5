"""Business series by ten more mechanisms, beside the sum of parts in `simulate_business`, so that what is
chosen on one of them can be tried on the others.

Each function draws one series of `periods` positive values, `m` periods a year. They share neither their
equations nor their sizes: what helps on most of them does not hang on one view of how figures come about.
"""

from collections.abc import Callable

import numpy as np

from .series import FloatArray

Rng = np.random.Generator
_LARGEST = 3.2  # logarithms: further than this from its middle a series is drawn again or bent back


def drawn(rng: Rng, low: float, high: float) -> float:
    """Between the two, evenly on the logarithm."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def pattern(rng: Rng, m: int) -> FloatArray:
    """A season of mean zero and deviation one: a wave, two waves, a peak of one or two periods, what
    adds up in a year and starts anew, or anything."""
    place = np.arange(m)
    wave = np.cos(2 * np.pi * (place - rng.uniform(0, m)) / m)
    kind = int(rng.integers(9)) // 2
    if kind == 0:
        shape = wave + 0.4 * rng.normal(size=m)
    elif kind == 1:
        shape = wave + rng.uniform(0.3, 1.2) * np.cos(4 * np.pi * (place - rng.uniform(0, m)) / m)
        shape = shape + 0.3 * rng.normal(size=m)
    elif kind == 2:
        shape = 0.5 * rng.normal(size=m)
        shape[int(rng.integers(m))] += rng.choice([-3, 3])
        shape[int(rng.integers(m))] += rng.choice([-2, 2])
    elif kind == 4:
        shape = np.roll(np.power(place / m, rng.uniform(0.4, 2)), int(rng.integers(m))) * rng.choice([-1, 1])
        shape = shape + 0.1 * rng.normal(size=m)
    else:
        shape = rng.normal(size=m)
    shape = shape - shape.mean()
    return np.asarray(shape / max(float(shape.std()), 1e-9))


def calendar(rng: Rng, periods: int, m: int, size: float) -> FloatArray:
    """Working days and a feast that moves between two months: what looks like noise in monthly figures."""
    if m != 12 or rng.random() < 0.4:
        return np.zeros(periods)
    days = size * rng.choice([-1.0, 0.0, 1.0], size=periods, p=[0.3, 0.4, 0.3])
    feast = np.zeros(periods)
    if rng.random() < 0.5:
        first = int(rng.integers(12))
        for start in range(first, periods - 1, 12):
            share = rng.uniform() if rng.random() < 0.5 else float(rng.integers(2))
            feast[start] += 2 * size * (share - 0.5)
            feast[start + 1] -= 2 * size * (share - 0.5)
    return days + feast


def heavy(rng: Rng, size: int, freedom: float = 4.0) -> FloatArray:
    draws: FloatArray = rng.standard_t(freedom, size=size) / np.sqrt(freedom / (freedom - 2))
    return draws


def _scaled(rng: Rng, x: FloatArray) -> FloatArray:
    """From the logarithm to figures."""
    x = x - x.mean()
    x = _LARGEST * np.tanh(x / _LARGEST)
    values: FloatArray = np.exp(x) * drawn(rng, 800, 9000)
    return values


def _positive(rng: Rng, values: FloatArray) -> FloatArray:
    """Figures around one that add up, to an ordinary size."""
    figures: FloatArray = np.maximum(values, 0.05) * drawn(rng, 800, 9000)
    return figures


def arima(rng: Rng, periods: int, m: int) -> FloatArray:
    """Seasonal ARIMA on the logarithm with drawn orders and weights."""
    n = periods + 6 * m + 20
    shocks = drawn(rng, 0.08, 0.5) / np.sqrt(m) * heavy(rng, n, 6) * (0.5 if m == 1 else 1)
    seasonal = m > 1 and rng.random() < 0.7
    yearly = rng.uniform(0.3, 0.95) if seasonal else 0.0
    x = shocks.copy()
    if seasonal:
        x[m:] -= yearly * shocks[:-m]
    twice = rng.random() < 0.3
    first = rng.uniform(0.0, 0.85)
    noise = x.copy()
    x[1:] -= first * noise[:-1]
    kept, second = rng.uniform(-0.3, 0.8), rng.uniform(-0.2, 0.25)
    w = np.zeros(n)
    for t in range(2, n):
        w[t] = kept * w[t - 1] + second * (1 - abs(kept)) * w[t - 2] + x[t]
    if seasonal:  # differenced over a year
        for t in range(m, n):
            w[t] += w[t - m]
        w = w - np.linspace(w[:m].mean(), w[-m:].mean(), n) * rng.uniform(0, 1)
        if rng.random() < 0.5:
            w += np.tile(pattern(rng, m), n // m + 1)[:n] * drawn(rng, 0.02, 0.3)
        level = w
    else:
        level = np.cumsum(w) if rng.random() < 0.8 else w
    if twice:
        back = rng.uniform(0.8, 0.98)
        slope = np.zeros(n)
        for t, shock in enumerate(heavy(rng, n) * drawn(rng, 0.01, 0.08) / m):
            slope[t] = back * slope[t - 1] + shock if t else shock
        level = level + np.cumsum(slope)
    level = level + rng.normal(0.02, 0.04) / m * np.arange(n)
    return _scaled(rng, level[-periods:])


def states(rng: Rng, periods: int, m: int) -> FloatArray:
    """Exponential smoothing as the truth: level, slope and season moved by one error, additive or
    multiplicative."""
    for _ in range(30):
        alpha = rng.uniform(0.05, 0.95)
        beta = alpha * rng.uniform(0, 0.25) if rng.random() < 0.6 else 0.0
        phi = rng.choice([1.0, rng.uniform(0.8, 0.99)])
        gamma = (1 - alpha) * rng.uniform(0, 0.3)
        relative = drawn(rng, 0.01, 0.15)
        multiplies = rng.random() < 0.55
        level, slope = 1.0, float(rng.normal(0.02, 0.06)) / m
        season = np.zeros(m)
        if m > 1 and rng.random() < 0.75:
            season = pattern(rng, m) * drawn(rng, 0.02, 0.3)
        grows = rng.random() < 0.3 and beta == 0
        values = np.empty(periods)
        errors = relative * heavy(rng, periods, 6)
        for t in range(periods):
            moved = phi * slope
            base = level * (1 + moved) if grows else level + moved
            if multiplies:
                values[t] = base * (1 + season[t % m]) * (1 + errors[t])
                push = base * errors[t]
                season[t % m] += gamma * errors[t]
            else:
                values[t] = base + season[t % m] + errors[t]
                push = errors[t]
                season[t % m] += gamma * errors[t]
            level = base + alpha * push
            slope = moved + beta * push
            if not 0.05 < values[t] < 40:
                break
        else:
            return values * drawn(rng, 800, 9000)
    return np.full(periods, 1000.0) + rng.normal(0, 30, periods)


def macro(rng: Rng, periods: int, m: int) -> FloatArray:
    """Economies: growth in two regimes (Hamilton 1989), smooth and seldom turning; or prices, whose rate of
    growth itself wanders. Years and quarters are sums of what happens inside them."""
    inner = 12 // m if rng.random() < 0.7 else 1
    n, per = (periods + 2) * inner, m * inner
    if rng.random() < 0.25:
        rate = np.empty(n)
        at, target = drawn(rng, 0.01, 0.12), drawn(rng, 0.01, 0.06)
        for t in range(n):
            at += (target - at) * 0.25 / per + 0.012 / np.sqrt(per) * rng.normal()
            rate[t] = at / per
        x = np.cumsum(rate)
    else:
        good, bad = drawn(rng, 0.015, 0.09), -drawn(rng, 0.005, 0.12)
        x, up, g = np.zeros(n), True, good
        kept = rng.uniform(0.4, 0.95) ** (12 / per / 3)
        shocks = drawn(rng, 0.004, 0.06) / np.sqrt(per) * heavy(rng, n, 6)
        for t in range(n):
            if rng.random() < (1 / 5 if up else 1 / 1.3) / per:
                up = not up
            g = kept * g + (1 - kept) * (good if up else bad)
            x[t] = (x[t - 1] if t else 0.0) + g / per + shocks[t]
    values = np.exp(x)[: n - n % inner].reshape(-1, inner).sum(axis=1)[-periods:]
    z = np.log(values)
    if m > 1 and rng.random() < 0.6:
        shape, change = pattern(rng, m) * drawn(rng, 0.01, 0.15), drawn(rng, 0.002, 0.06)
        for t in range(periods):
            shape[t % m] += change * shape.std() * rng.normal()
            z[t] += shape[t % m]
    z = z + drawn(rng, 0.001, 0.03) * heavy(rng, periods) + calendar(rng, periods, m, drawn(rng, 0.003, 0.03))
    return _scaled(rng, z)


def finance(rng: Rng, periods: int, m: int) -> FloatArray:
    """Markets: near random walks with calm and wild years, means over a period of what moves inside it; or
    rates that come back."""
    inner = 6
    n = periods * inner
    wild = np.empty(n)
    at = 0.0
    for t in range(n):
        at = 0.985 * at + 0.12 * rng.normal()
        wild[t] = at
    year = drawn(rng, 0.05, 0.35)
    steps = year / np.sqrt(m * inner) * np.exp(wild - wild.var() / 2) * heavy(rng, n, 5)
    if rng.random() < 0.35:
        back, x = drawn(rng, 0.1, 1.0) / (m * inner), np.zeros(n)
        for t in range(1, n):
            x[t] = x[t - 1] * (1 - back) + steps[t]
    else:
        x = np.cumsum(steps + rng.normal(0.05, 0.05) / (m * inner))
    z = x.reshape(-1, inner)
    closing = z[:, -1] if rng.random() < 0.4 else z.mean(axis=1)
    if m > 1 and rng.random() < 0.25:
        closing = closing + np.tile(pattern(rng, m), periods // m + 1)[:periods] * drawn(rng, 0.01, 0.06)
    if rng.random() < 0.4:  # volumes traded
        closing = closing + drawn(rng, 0.02, 0.2) * heavy(rng, periods)
    return _scaled(rng, closing)


def tourism(rng: Rng, periods: int, m: int) -> FloatArray:
    """Guests and nights: a strong season that grows with the level or faster or slower than it, changes its
    shape, feasts that move, and crises that are made up for."""
    t = np.arange(periods)
    growth = rng.normal(0.04, 0.04)
    bend = rng.normal(0, 0.015)
    years = t / m
    level = growth * years + bend * np.square(years) / 6
    level = level + np.cumsum(drawn(rng, 0.01, 0.1) / np.sqrt(m) * heavy(rng, periods))
    for _ in range(rng.poisson(periods / m / 10)):
        start, fade = int(rng.integers(periods)), rng.uniform(0.3, 1.5) * m
        level[start:] -= drawn(rng, 0.05, 0.35) * np.exp(-np.arange(periods - start) / fade)
    noise = drawn(rng, 0.015, 0.12) * heavy(rng, periods, 5) * (0.6 if m == 1 else 1)
    z = level + noise + calendar(rng, periods, m, drawn(rng, 0.01, 0.06))
    if m == 1:
        return _scaled(rng, z)
    size = drawn(rng, 0.12, 0.8)
    shape, change = pattern(rng, m) * size, drawn(rng, 0.01, 0.12) * size
    towards = pattern(rng, m) * size * rng.uniform(0, 0.5) / max(periods / m, 1)
    swell = rng.choice([0.0, 0.0, rng.normal(0, 0.05)])
    for k in range(periods):
        place = k % m
        shape[place] += change * rng.normal() + towards[place]
        z[k] += (shape[place] - shape.mean()) * np.exp(swell * k / m)
    if rng.random() < 0.3:  # the season adds
        base = np.exp(level - level.mean())
        wave = np.tile(pattern(rng, m), periods // m + 1)[:periods] * min(size, 0.45)
        values = base + wave * np.exp(swell * t / m) + base * noise
        return _positive(rng, values)
    return _scaled(rng, z)


def breaks(rng: Rng, periods: int, m: int) -> FloatArray:
    """Straight pieces with corners and jumps, single wild values, a season that is replaced at a break."""
    years = periods / m
    slopes = np.zeros(periods)
    cuts = sorted(int(c) for c in rng.integers(0, periods, rng.poisson(years / 4)))
    at = rng.normal(0.02, 0.08)
    for start, stop in zip([0, *cuts], [*cuts, periods], strict=True):
        slopes[start:stop] = at / m
        at = 0.3 * at + rng.normal(0.01, 0.08)
    z = np.cumsum(slopes)
    for c in rng.integers(0, periods, rng.poisson(years / 8)):
        z[int(c) :] += rng.normal(0, 0.2)
    if m > 1 and rng.random() < 0.7:
        size = drawn(rng, 0.02, 0.3)
        shape = pattern(rng, m)
        other = shape + rng.uniform(0, 0.8) * pattern(rng, m)
        late = np.arange(periods) >= (cuts[-1] if cuts else 0)
        place = np.arange(periods) % m
        z += size * np.where(late, other[place], shape[place])
    size = drawn(rng, 0.01, 0.2) * (0.5 if m == 1 else 1)
    noise = size * heavy(rng, periods)
    noise += np.where(rng.random(periods) < 0.02, 4 * size * rng.normal(size=periods), 0.0)
    if rng.random() < 0.4:  # adds instead of multiplying
        values = 1 + 0.7 * np.tanh((z - z.mean() + noise) / 0.7)
        return _positive(rng, values)
    return _scaled(rng, z + noise)


def lifecycles(rng: Rng, periods: int, m: int) -> FloatArray:
    """A firm's sales as the sum of products that come, grow, saturate and go, some of them large customers
    that leave at once."""
    t = np.arange(periods) / m
    end = t[-1]
    total = np.zeros(periods)
    for _ in range(int(rng.integers(2, 12))):
        start, size = rng.uniform(-10, end), drawn(rng, 0.2, 3)
        pace, life = drawn(rng, 0.3, 3), drawn(rng, 2, 30)
        rise = 1 / (1 + np.exp(-(t - start) / pace * 2))
        fall = 1 / (1 + np.exp((t - start - life) / drawn(rng, 0.3, 4)))
        path = size * rise * fall
        if rng.random() < 0.15:
            path[t > rng.uniform(0, end)] *= rng.uniform(0, 0.6)
        total += path * np.exp(np.cumsum(drawn(rng, 0.02, 0.2) / np.sqrt(m) * rng.normal(size=periods)))
    z = np.log(total + 0.15)
    if m > 1 and rng.random() < 0.7:
        shape = pattern(rng, m) * drawn(rng, 0.03, 0.35)
        change = drawn(rng, 0.01, 0.15) * shape.std()
        for k in range(periods):
            shape[k % m] += change * rng.normal()
            z[k] += shape[k % m]
    size = drawn(rng, 0.02, 0.3) / (2.5 if m == 1 else 1.4 if m == 4 else 1)
    noise = size * heavy(rng, periods, 5)
    if rng.random() < 0.3:  # what was bought early is not bought later
        noise[1:] -= rng.uniform(0.1, 0.5) * noise[:-1]
    return _scaled(rng, z + noise + calendar(rng, periods, m, drawn(rng, 0.005, 0.05)))


def process(rng: Rng, periods: int, m: int) -> FloatArray:
    """A Gaussian process with a drawn sum of kernels: smooth and rough wandering, waves, a season that
    fades into another, noise."""
    t = np.arange(periods) / m
    gap = np.abs(t[:, None] - t[None, :])
    cover = np.zeros((periods, periods))
    for _ in range(int(rng.integers(1, 4))):
        length, size = drawn(rng, 0.7, 15), drawn(rng, 0.03, 0.5)
        kind = int(rng.integers(3))
        if kind == 0:
            kernel = np.exp(-np.square(gap / length) / 2)
        elif kind == 1:
            kernel = np.exp(-gap / length)
        else:
            r = np.sqrt(3) * gap / length
            kernel = (1 + r) * np.exp(-r)
        cover += size**2 * kernel
    if m > 1 and rng.random() < 0.7:
        narrow, fade = drawn(rng, 0.4, 2), drawn(rng, 4, 60)
        wave = np.exp(-2 * np.square(np.sin(np.pi * gap) / narrow) - np.square(gap / fade) / 2)
        cover += drawn(rng, 0.03, 0.4) ** 2 * wave
    noise = drawn(rng, 0.008, 0.15) * (0.5 if m == 1 else 1)
    cover += np.eye(periods) * (noise**2 + 1e-8)
    x = np.linalg.cholesky(cover) @ rng.normal(size=periods)
    x += rng.normal(0.02, 0.04) * t
    if rng.random() < 0.3:
        values = 1 + 0.7 * np.tanh(x / 0.7)
        return _positive(rng, values)
    return _scaled(rng, x)


def people(rng: Rng, periods: int, m: int) -> FloatArray:
    """Births, deaths, members, jobs: smooth growth towards a ceiling, echoes of earlier years, counts that
    vary as counts do, cold winters."""
    t = np.arange(periods) / m
    ceiling = 1 / (1 + np.exp(-(t - rng.uniform(-30, 30)) / drawn(rng, 4, 25)))
    towards = float(rng.choice([-1, 1], p=[0.25, 0.75]))
    z: FloatArray = towards * np.log(ceiling + 0.2) + rng.normal(0, 0.01) * t
    for _ in range(2):
        length = drawn(rng, 6, 35)
        z += drawn(rng, 0.01, 0.12) * np.sin(2 * np.pi * (t - rng.uniform(0, length)) / length)
    slope = np.zeros(periods)
    for k, shock in enumerate(drawn(rng, 0.002, 0.03) / np.sqrt(m) * heavy(rng, periods, 6)):
        slope[k] = (slope[k - 1] if k else 0.0) * 0.8 ** (1 / m) + shock / m
    z = z + np.cumsum(slope)
    if m > 1 and rng.random() < 0.7:
        shape = pattern(rng, m) * drawn(rng, 0.02, 0.3)
        z = z + np.tile(shape, periods // m + 1)[:periods] * (1 + rng.normal(0, 0.02) * t)
    worse = np.abs(heavy(rng, periods)) * np.where(rng.random(periods) < 0.05, 1.0, 0.0)
    mean = _scaled(rng, z + drawn(rng, 0.01, 0.08) * worse)
    counts = rng.poisson(np.minimum(mean / drawn(rng, 1, 60), 1e6)) + 0.5
    written = np.exp(drawn(rng, 0.001, 0.05) * rng.normal(size=periods))
    return np.asarray(counts * written, dtype=np.float64)


def mixed(rng: Rng, periods: int, m: int) -> FloatArray:
    """The product of two of the others, each to a drawn power."""
    first, second = (FAMILIES[str(name)] for name in rng.choice(list(FAMILIES)[:-1], 2, replace=False))
    weight = rng.uniform(0.15, 0.85)
    x = weight * np.log(first(rng, periods, m)) + (1 - weight) * np.log(second(rng, periods, m))
    return _scaled(rng, x * rng.uniform(0.6, 1.4))


FAMILIES: dict[str, Callable[[Rng, int, int], FloatArray]] = {
    "arima": arima,
    "states": states,
    "macro": macro,
    "finance": finance,
    "tourism": tourism,
    "breaks": breaks,
    "lifecycles": lifecycles,
    "process": process,
    "people": people,
    "mixed": mixed,
}


def measured(rng: Rng, values: FloatArray) -> FloatArray:
    """As somebody wrote it down: at times in small whole numbers, at times with a wild value."""
    chance = rng.random()
    if chance < 0.12:
        values = np.maximum(np.round(values * drawn(rng, 8, 300) / values.mean()), 1.0)
    elif chance < 0.2:
        values = values.copy()
        values[int(rng.integers(len(values)))] *= np.exp(rng.choice([-1, 1]) * drawn(rng, 0.15, 0.7))
    return values.round(2)
