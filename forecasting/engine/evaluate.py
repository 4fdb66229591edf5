"""Rolling origins on a file: what the forecasts are worth beside seasonal naive, and whether the bands hold.

`python -m forecasting.engine.evaluate FILE.csv --key sku --period month --value units --origins 18,36` prints
one row of the tables in docs/algorithms/forecast.md. Rows of one key and period are added up. Every origin is
a night of its own: backtest, calibration and forecast by what was known then. Intermittent series stay out of
the averages. `--simulated 1000 --frequency monthly` takes simulated business series instead of a file, and
`--autoets` adds what a plain loop of AutoETS costs on the same series; `--dirty 1000` says what of simulated
spikes, steps and stock-outs is found, `--sound` counts the forecasts that are none.
"""

import argparse
import sys
import time
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from . import tables
from .backtesting import BacktestResult, backtest, seasonal_naive
from .calibration import Calibration, calibrate
from .cleaning import findings
from .cli import SEASON_LENGTHS
from .forecaster import Forecast, forecast
from .heavy import warm_up
from .measures import interval_score, mase, naive_scale, rmsse
from .parallel import map_all
from .series import FloatArray, Series
from .simulate_business import PERIODS, simulate_business
from .simulate_dirt import DIRTS, LONGEST, Dirt, simulate_dirt, simulate_dirty_level
from .simulate_families import FAMILIES
from .simulate_intermittent import simulate_intermittent

# Value by period of every series.
Sums = dict[str, dict[int, float]]


@dataclass(frozen=True)
class Scored:
    """One series at one origin; error sums in units, mase and scaled interval score without unit, smape in
    percent, inside by step."""

    mase: float
    naive_mase: float
    smape: float
    naive_smape: float
    error: float
    naive_error: float
    actual: float
    inside80: FloatArray
    inside95: FloatArray
    interval: float
    seconds: float


def main() -> int:
    options = _parser().parse_args()
    if options.dirty:
        sys.stdout.write("\n".join(dirt_rows(options.dirty, seed=options.seed)) + "\n")
        return 0
    if options.intermittent:
        rows = intermittent_rows(options.intermittent, seed=options.seed, horizon=options.horizon)
        sys.stdout.write("\n".join(rows) + "\n")
        return 0
    if (options.input is None) == (options.simulated is None):
        sys.stderr.write("give a file or --simulated, one of them\n")
        return 2
    sums = read_sums(options) if options.input else _simulated(options)
    season_length = SEASON_LENGTHS[options.frequency]
    warm_up()
    scored: list[Scored] = []
    answered: list[Answered] = []
    for origin in (int(x) for x in options.origins.split(",")):
        answers = _answers(sums, origin, season_length, options.horizon, options.window)
        answered += answers
        scored += _scored(answers, season_length)
    sys.stdout.write(table_row(scored) + "\n")
    if options.sound:
        sys.stdout.write(sound_row(answered, options.horizon) + "\n")
    if options.autoets:
        cost = _autoets_seconds(sums, int(options.origins.split(",")[0]), season_length, options.horizon)
        sys.stdout.write(f"AutoETS: {1000 * cost:.0f} ms a series\n")
    return 0


def read_sums(options: argparse.Namespace) -> Sums:
    """The file that the arguments name; rows of one key and period are added up."""
    keys = options.key.split(",")
    rows = tables.read_rows(options.input, required=(*keys, options.period, options.value))
    calendar = tables.calendar(rows[0].cells[options.period], options.frequency)
    sums: Sums = {}
    for row in rows:
        values = sums.setdefault("|".join(row.cells[k] for k in keys), {})
        period = calendar.ordinal(row.cells[options.period])
        values[period] = values.get(period, 0.0) + tables.number(row.cells[options.value])
    return sums


def _simulated(options: argparse.Namespace) -> Sums:
    """All series end in the same period."""
    rng = np.random.default_rng(options.seed)
    drawn = [_draw(rng, options) for _ in range(options.simulated)]
    return {
        f"S{number:05}": {place - len(values) + 1: float(v) for place, v in enumerate(values)}
        for number, values in enumerate(drawn)
    }


def _draw(rng: np.random.Generator, options: argparse.Namespace) -> FloatArray:
    if options.family == "structural":
        return simulate_business(rng, options.frequency, ahead=options.horizon)
    low, high = PERIODS[options.frequency]
    periods = int(rng.integers(low, high + 1)) + options.horizon
    name = options.family
    if name == "all":
        name = str(rng.choice(list(FAMILIES)))
    return FAMILIES[name](rng, periods, SEASON_LENGTHS[options.frequency]).round(2)


def _autoets_seconds(sums: Sums, origin: int, season_length: int, horizon: int) -> float:
    """CPU seconds a series of the plain AutoETS of statsforecast, one after another."""
    from statsforecast.models import AutoETS

    last = max(max(values) for values in sums.values()) - origin
    histories = [np.array([v for o, v in sorted(values.items()) if o <= last]) for values in sums.values()]
    histories = [y for y in histories if len(y) > 1]
    begin = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for y in histories:
            AutoETS(season_length=season_length).forecast(y, horizon)
    return (time.process_time() - begin) / len(histories)


@dataclass(frozen=True)
class Answered:
    """A series, what came, what was forecast, and in how much time."""

    series: Series
    actual: FloatArray
    answer: Forecast
    seconds: float


def _answers(sums: Sums, origin: int, season_length: int, horizon: int, window: int | None) -> list[Answered]:
    last = max(max(values) for values in sums.values()) - origin
    past, future = [], []
    for name, values in sums.items():
        known = [o for o in values if o <= last]
        if not known:
            continue
        start = max(min(known), last - window + 1) if window else min(known)
        history = np.array([values.get(o, np.nan) for o in range(start, last + 1)])
        if np.nansum(np.abs(history)) > 0:
            past.append(Series(name, start, history))
            future.append(np.array([values.get(last + k, np.nan) for k in range(1, horizon + 1)]))
    timed = partial(_timed_backtest, season_length=season_length, horizon=horizon)
    tests = map_all(timed, past, label="backtest")
    bands = calibrate([test for test, _ in tests], horizon=horizon, season_length=season_length)
    ahead = partial(_timed_forecast, season_length=season_length, horizon=horizon, calibration=bands)
    pairs = [(series, test) for series, (test, _) in zip(past, tests, strict=True)]
    answers = map_all(ahead, pairs, label="forecast")
    return [
        Answered(series, actual, answer, first + second)
        for series, actual, (answer, second), (_, first) in zip(past, future, answers, tests, strict=True)
    ]


def _scored(answers: list[Answered], season_length: int) -> list[Scored]:
    scored = [
        score(one.series, one.actual, one.answer, season_length=season_length, seconds=one.seconds)
        for one in answers
        if one.answer.method != "tsb"
    ]
    return [one for one in scored if one is not None]


def sound_row(answers: list[Answered], horizon: int) -> str:
    """How many forecasts there are, and how many of them are short of steps, not finite, below zero though
    nothing before was, and with bounds that cross. One that raises stops the command."""
    short = infinite = negative = crossed = 0
    for one in answers:
        answer = one.answer
        rows = np.vstack([answer.lo95, answer.lo80, answer.median, answer.hi80, answer.hi95])
        short += rows.shape[1] < horizon or len(answer.mean) < horizon
        infinite += not (np.isfinite(rows).all() and np.isfinite(answer.mean).all())
        known = one.series.array[~np.isnan(one.series.array)]
        negative += bool(known.min() >= 0 and min(rows.min(), answer.mean.min()) < 0)
        crossed += bool((np.diff(rows, axis=0) < 0).any())
    return f"{len(answers)} | {short} | {infinite} | {negative} | {crossed}"


def _timed_backtest(series: Series, *, season_length: int, horizon: int) -> tuple[BacktestResult, float]:
    begin = time.process_time()
    return backtest(series, season_length=season_length, horizon=horizon), time.process_time() - begin


def _timed_forecast(
    item: tuple[Series, BacktestResult], *, season_length: int, horizon: int, calibration: Calibration
) -> tuple[Forecast, float]:
    begin = time.process_time()
    series, tested = item
    answer = forecast(
        series, season_length=season_length, horizon=horizon, calibration=calibration, backtest=tested
    )
    return answer, time.process_time() - begin


def score(
    series: Series, actual: FloatArray, answer: Forecast, *, season_length: int, seconds: float
) -> Scored | None:
    """Against what came, on the months that were seen; None where nothing was or the scale is zero."""
    seen = ~np.isnan(actual)
    history = series.array[~np.isnan(series.array)]
    scale = naive_scale(history, season_length=season_length) or naive_scale(history, season_length=1)
    if not seen.any() or scale is None:
        return None
    naive = seasonal_naive(history, season_length=season_length, horizon=len(actual))
    gap, naive_gap = np.abs(answer.mean - actual)[seen], np.abs(naive - actual)[seen]
    inside80 = np.where(seen, (actual >= answer.lo80) & (actual <= answer.hi80), np.nan)
    inside95 = np.where(seen, (actual >= answer.lo95) & (actual <= answer.hi95), np.nan)
    triples = zip(actual[seen], answer.lo95[seen], answer.hi95[seen], strict=True)
    width = float(np.mean([interval_score(y, lo, hi, coverage=0.95) for y, lo, hi in triples]))
    return Scored(
        mase=float(gap.mean()) / scale,
        naive_mase=float(naive_gap.mean()) / scale,
        smape=_smape(actual[seen], answer.mean[seen]),
        naive_smape=_smape(actual[seen], naive[seen]),
        error=float(gap.sum()),
        naive_error=float(naive_gap.sum()),
        actual=float(np.abs(actual[seen]).sum()),
        inside80=inside80,
        inside95=inside95,
        interval=width / scale,
        seconds=seconds,
    )


def dirt_rows(count: int, *, seed: int) -> list[str]:
    """What `findings` finds in `count` simulated histories of each kind, of flows and of levels: share found,
    share with a finding of anything else."""
    rng = np.random.default_rng(seed)
    rows = []
    kinds: tuple[Dirt, ...] = ("clean", *DIRTS)
    draws: dict[Literal["flow", "level"], Any] = {"flow": simulate_dirt, "level": simulate_dirty_level}
    for kind, draw in draws.items():
        for dirt in kinds:
            found = other = 0
            for _ in range(count):
                values, at = draw(rng, dirt)
                seen = findings(Series("S", 0, values, kind=kind), season_length=12)
                right = [f for f in seen if f.kind == dirt and f.first - LONGEST[dirt] <= at <= f.last + 1]
                found += bool(right)
                other += len(seen) > len(right)
            share = "—" if dirt == "clean" else f"{found / count:.2f}"
            rows.append(f"{kind} | {dirt} | {share} | {other / count:.3f}")
    return rows


def intermittent_rows(count: int, *, seed: int, horizon: int) -> list[str]:
    """Simulated products that sell only now and then, `horizon` months from their end, those that the ladder
    calls so: beside a forecast of nothing and the mean of the history, each one's RMSSE and MASE, and of the
    total over the horizon its error, summed over series regardless of sign, and its bias, both over all that
    was sold; then which share of months the bands held."""
    rng = np.random.default_rng(seed)
    sums: Sums = {}
    for number in range(count):
        values = simulate_intermittent(rng, int(rng.integers(36, 97)) + horizon)
        sums[f"S{number:05}"] = {place - len(values) + 1: float(v) for place, v in enumerate(values)}
    answers = [one for one in _answers(sums, horizon, 12, horizon, None) if one.answer.method == "tsb"]
    forecasts: dict[str, list[FloatArray]] = {
        "tsb": [one.answer.mean for one in answers],
        "nothing": [np.zeros(horizon) for _ in answers],
        "mean of the history": [np.full(horizon, one.series.array.mean()) for one in answers],
    }
    sold = sum(float(one.actual.sum()) for one in answers)
    rows = []
    for name, means in forecasts.items():
        pairs = list(zip(answers, means, strict=True))
        squared = [rmsse(one.actual, mean, one.series.array) for one, mean in pairs]
        scaled = [mase(one.actual, mean, one.series.array, season_length=12) for one, mean in pairs]
        over = [float(mean.sum() - one.actual.sum()) for one, mean in pairs]
        cells = [
            f"{np.mean([value for value in squared if value is not None]):.3f}",
            f"{np.mean([value for value in scaled if value is not None]):.3f}",
            f"{sum(map(abs, over)) / sold:.3f}",
            f"{sum(over) / sold:+.3f}",
        ]
        rows.append(" | ".join([name, *cells]))
    inside = [
        np.mean([(one.actual >= low) & (one.actual <= high) for one, low, high in bands])
        for bands in (
            [(one, one.answer.lo80, one.answer.hi80) for one in answers],
            [(one, one.answer.lo95, one.answer.hi95) for one in answers],
        )
    ]
    return [*rows, f"{len(answers)} series; bands hold {inside[0]:.3f} (80 %), {inside[1]:.3f} (95 %)"]


def _smape(actual: FloatArray, forecast: FloatArray) -> float:
    """Mean of 200 |f − y| / (|f| + |y|); nothing for nothing is no error."""
    size = np.abs(actual) + np.abs(forecast)
    return float(np.mean(200 * np.abs(forecast - actual) / np.where(size > 0, size, 1.0)))


def table_row(scored: list[Scored]) -> str:
    """One row for docs/algorithms/forecast.md."""
    total = sum(s.actual for s in scored)
    inside80, inside95 = (np.vstack([getattr(s, name) for s in scored]) for name in ("inside80", "inside95"))
    steps = np.nanmean(inside80, axis=0)
    cells = [
        f"{len(scored)}",
        f"{np.mean([s.mase for s in scored]):.3f}",
        f"{np.mean([s.naive_mase for s in scored]):.3f}",
        f"{np.mean([s.smape for s in scored]):.2f}",
        f"{np.mean([s.naive_smape for s in scored]):.2f}",
        f"{sum(s.error for s in scored) / total:.3f}",
        f"{sum(s.naive_error for s in scored) / total:.3f}",
        f"{100 * np.mean([s.mase < s.naive_mase for s in scored]):.0f} %",
        f"{np.nanmean(inside80):.2f} ({steps.min():.2f}–{steps.max():.2f})",
        f"{np.nanmean(inside95):.2f}",
        f"{np.mean([s.interval for s in scored]):.1f}",
        f"{1000 * np.mean([s.seconds for s in scored]):.0f}",
    ]
    return " | ".join(cells)


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("python -m forecasting.engine.evaluate")
    parser.add_argument("--simulated", type=int, help="this many simulated business series instead of a file")
    parser.add_argument(
        "--dirty", type=int, help="what is found in this many simulated histories of each kind"
    )
    parser.add_argument(
        "--intermittent",
        type=int,
        help="how this many simulated products that sell now and then are forecast",
    )
    parser.add_argument(
        "--family", default="structural", choices=("structural", "all", *FAMILIES), help="how they come about"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--autoets", action="store_true", help="also time a plain AutoETS loop")
    parser.add_argument("--sound", action="store_true", help="also count forecasts that are none")
    parser.add_argument("--horizon", type=int, default=18)
    parser.add_argument("--window", type=int, help="only the last periods before each origin")
    return parser


def argument_parser(prog: str) -> argparse.ArgumentParser:
    """Which file, and from where to look ahead."""
    parser = argparse.ArgumentParser(prog=prog)
    parser.add_argument("input", type=Path, nargs="?")
    parser.add_argument("--key", default="series_id", help="columns that make a series, with commas")
    parser.add_argument("--period", default="period")
    parser.add_argument("--value", default="value")
    parser.add_argument("--frequency", choices=SEASON_LENGTHS, default="monthly")
    parser.add_argument("--origins", default="18", help="periods before the end, with commas")
    return parser


if __name__ == "__main__":
    sys.exit(main())
