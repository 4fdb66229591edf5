"""Do moving holidays earn their place? Rolling origins on a file of months or weeks, in which all its series
are one group.

`python -m forecasting.evaluate_holidays FILE.csv --key sku --period month --value units --origins 6,18,30`
prints the rows of the table in docs/algorithms/drivers.md: by origin (periods before the end) how many series
tell of it, what a whole holiday does, by how much it made the past better in how many years, whether it
entered, and how far off the periods around it were (WAPE) with seasonal naive, without and with what entered.
Every origin is a night of its own.

`--simulated 40` says instead how often an Easter enters that does nothing, and one of 10 %, in so many lines
of ten products forecast by the week.
"""

from __future__ import annotations

import csv
import datetime
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.months import month_add, month_days, months_between
from forecasting import engine
from forecasting.calendars import MOVING, calendar_value
from forecasting.engine.drivers import Driver, driven, driver_effects
from forecasting.engine.evaluate import argument_parser
from forecasting.engine.series import FloatArray
from forecasting.engine.shared import SharedEffect, cross_products, pooled, summed

WEEK, YEAR = datetime.timedelta(days=7), 12
AHEAD = {12: 6, 52: 26}
# A simulated line: its first week, how many products, and the standard deviations of what they share in a
# week, of what is their own, and of the step that their level takes.
FIRST, PRODUCTS = datetime.date(2021, 1, 4), 10
SHARED_NOISE, OWN_NOISE, LEVEL_STEP = 0.03, 0.08, 0.02


@dataclass(frozen=True)
class Known:
    """A series as known at an origin, its holidays, and what came."""

    series: engine.Series
    drivers: list[Driver]
    truth: FloatArray


def main() -> int:
    parser = argument_parser("python -m forecasting.evaluate_holidays")
    parser.add_argument("--calendars", default=",".join(MOVING), help="with commas")
    parser.add_argument("--simulated", type=int, help="this many simulated lines of each size instead")
    options = parser.parse_args()
    engine.warm_up()
    if options.simulated:
        sys.stdout.write("\n".join(simulated_rows(options.simulated)) + "\n")
        return 0
    season = YEAR if options.period == "month" else 52
    series = _read(options, season)
    for back in map(int, options.origins.split(",")):
        rows = _night(series, season, options.calendars.split(","), back)
        sys.stdout.write("\n".join(rows) + "\n")
    return 0


def _read(options: Any, season: int) -> dict[str, tuple[datetime.date, FloatArray]]:
    """By key the first period and a row of values up to the last of all, NaN where there is none."""
    found: dict[str, dict[datetime.date, float]] = {}
    with options.input.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            own, text = found.setdefault(row[options.key], {}), row[options.period]
            period = datetime.date.fromisoformat(f"{text[:7]}-01" if season == YEAR else text)
            own[period] = own.get(period, 0.0) + float(row[options.value])
    last = max(max(own) for own in found.values())
    made = {}
    for key, own in found.items():
        first = min(own)
        count = (months_between(first, last) if season == YEAR else (last - first).days // 7) + 1
        made[key] = first, np.array([own.get(p, np.nan) for p in _periods(first, count, season)])
    return made


def _periods(first: datetime.date, count: int, season: int) -> list[datetime.date]:
    return [month_add(first, i) if season == YEAR else first + i * WEEK for i in range(count)]


def _share(calendar: str, period: datetime.date, season: int) -> float:
    week = [period + datetime.timedelta(days=day) for day in range(7)]
    return calendar_value(calendar, month_days(period) if season == YEAR else week)


def _known(
    key: str, first: datetime.date, values: FloatArray, n: int, season: int, names: Sequence[str]
) -> Known:
    truth = values[n : n + AHEAD[season]]
    periods = _periods(first, n + len(truth), season)
    start = engine.month_ordinal(first) if season == YEAR else first.toordinal() // 7
    drivers = []
    for name in names:
        x = np.array([_share(name, period, season) for period in periods])
        drivers.append(Driver(name, x[:n], x[n:], "event"))
    return Known(engine.Series(key, start, values[:n]), drivers, truth)


def _night(
    series: Mapping[str, tuple[datetime.date, FloatArray]], season: int, names: Sequence[str], back: int
) -> list[str]:
    given = [_known(k, first, v, len(v) - back, season, names) for k, (first, v) in series.items()]
    sums = summed(cross_products(one.series, one.drivers, season_length=season) for one in given)
    effects = pooled(names, sums, season_length=season) if sums else {}
    if not effects:
        return [f"| {back} | too few series |"]
    weights = {name: effect.weight for name, effect in effects.items() if effect.enters}
    off, sold = {name: np.zeros(3) for name in names}, dict.fromkeys(names, 0.0)
    for one in given:
        layers = _layers(one, weights, season)
        if layers is None:
            continue
        for driver in one.drivers:
            around = _around(driver, one, season)
            sold[driver.id] += float(one.truth[around].sum())
            off[driver.id] += [float(np.abs(layer - one.truth)[around].sum()) for layer in layers]
    return [_row(back, name, effect, off[name], sold[name]) for name, effect in effects.items()]


def _around(driver: Driver, one: Known, season: int) -> Any:
    """The periods ahead in which the holiday lies, or lay in other years."""
    lies = {int(p) % season for p in one.series.start + np.flatnonzero(driver.past > 0)}
    ahead = one.series.start + len(one.series.array) + np.arange(len(one.truth))
    return np.array([p % season in lies for p in ahead.tolist()]) & ~np.isnan(one.truth)


def _layers(one: Known, weights: Mapping[str, float], season: int) -> list[FloatArray] | None:
    """Seasonal naive, the forecast without and with what entered; none where there is no year to repeat."""
    ahead = len(one.truth)
    naive = engine.naive_forecast(one.series, season_length=season, horizon=ahead)
    plain = engine.forecast(one.series, season_length=season, horizon=ahead).mean
    if not len(naive) or not len(plain) or not np.isfinite(naive).all():
        return None
    drivers = [driver for driver in one.drivers if driver.id in weights]
    found = driver_effects(one.series, drivers, season_length=season, horizon=ahead, shared=weights)
    layers = driven(one.series, plain, found, season_length=season, horizon=ahead)
    return [naive, plain, [plain, *layers.values()][-1]]


def _row(back: int, name: str, effect: SharedEffect, off: FloatArray, sold: float) -> str:
    wapes = [f"{value / sold:.4f}" if sold else "—" for value in off.tolist()]
    sums = [str(effect.series), f"{100 * effect.weight:+.1f} %", f"{100 * effect.gain:.1f} %"]
    cells = [str(back), name, *sums, str(effect.occasions), "yes" if effect.enters else "no", *wapes]
    return f"| {' | '.join(cells)} |"


# -- simulated ---------------------------------------------------------------------------------------------


def simulated_rows(lines: int) -> list[str]:
    """By weeks of history and by what Easter does: in which share of the lines it enters, and its weight."""
    rows = []
    for weeks in (209, 261):
        for effect in (0.0, 0.1):
            rng = np.random.default_rng(1)
            found = [simulated_line(rng, weeks, effect) for _ in range(lines)]
            weight = np.array([one.weight for one in found])
            share = 100 * np.mean([one.enters for one in found])
            rows.append(
                f"| {weeks} | {effect:g} | {share:.0f} % | {weight.mean():+.3f} ± {weight.std():.3f} |"
            )
    return rows


def simulated_line(rng: np.random.Generator, weeks: int, effect: float) -> SharedEffect:
    """What a line of products that Easter moves all alike tells of it."""
    x = np.array([_share("easter", FIRST + step * WEEK, 52) for step in range(weeks + AHEAD[52])])
    easter = Driver("easter", x[:weeks], x[weeks:], "event")
    common = SHARED_NOISE * rng.normal(size=weeks)

    def product() -> engine.Series:
        level = 5 + np.cumsum(LEVEL_STEP * rng.normal(size=weeks))
        season = 0.2 * np.sin(2 * np.pi * (np.arange(weeks) / 52.18 + rng.random()))
        own = OWN_NOISE * rng.normal(size=weeks)
        values = np.exp(level + season + effect * x[:weeks] + common + own)
        return engine.Series("S", FIRST.toordinal() // 7, values)

    sums = summed(cross_products(product(), [easter], season_length=52) for _ in range(PRODUCTS))
    if sums is None:
        raise ValueError(f"{weeks} weeks tell nothing")
    return pooled(["easter"], sums, season_length=52)["easter"]


if __name__ == "__main__":
    sys.exit(main())
