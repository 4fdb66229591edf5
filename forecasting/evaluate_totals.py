"""Do the bands of totals hold? Rolling origins on a file, beside what adding quantiles would have said.

`python -m forecasting.evaluate_totals FILE.csv --key sku --period month --value units --origins 18,24` prints
the rows of the table in docs/algorithms/totals.md: how often the 80 % band of a month and of the first
twelve months holds what came, and how wide it is (its half over the mean), by level: products, groups of the
products whose key begins alike, all. Every origin is a night of its own, with the correlations of its own
backtests.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from forecasting import engine
from forecasting.engine.evaluate import Sums, argument_parser, read_sums
from forecasting.engine.parallel import map_all
from forecasting.totals import error_correlation, product_correlation, summed_half, total_band

SEASON_LENGTH, HORIZON, YEAR = 12, 18, 12
# Correlations of products and of months: bands added up, by the rule (what was measured), wholly apart.
WAYS: dict[str, float | None] = {"sum": 1.0, "rule": None, "root": 0.0}


@dataclass
class Held:
    """Months and years inside the band, and their half widths over the means, the middle one told."""

    months: list[bool] = field(default_factory=list)
    years: list[bool] = field(default_factory=list)
    month_widths: list[float] = field(default_factory=list)
    year_widths: list[float] = field(default_factory=list)
    spans: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))

    def row(self) -> str:
        year = f"{np.mean(self.years):.2f} | {100 * np.median(self.year_widths):.1f} %"
        return f"{np.mean(self.months):.2f} | {100 * np.median(self.month_widths):.1f} % | {year}"


@dataclass(frozen=True)
class Ahead:
    """A product's forecast and what came, arrays by step."""

    key: str
    mean: np.ndarray
    lo80: np.ndarray
    hi80: np.ndarray
    actual: np.ndarray


def main() -> int:
    options = _parser().parse_args()
    sums = read_sums(options)
    engine.warm_up()
    found: dict[tuple[str, str], Held] = {}
    for origin in (int(text) for text in options.origins.split(",")):
        ahead, of_products, of_months = _night(sums, origin)
        sys.stderr.write(f"origin {origin}: correlation {of_products} of products, {of_months} of months\n")
        for level, groups in _levels(ahead, options.group):
            for group in groups:
                for way, fixed in WAYS.items():
                    said = (of_products, of_months) if fixed is None else (fixed, fixed)
                    _score(found.setdefault((level, way), Held()), group, *said, spans=options.spans)
    for (level, way), held in found.items():
        sys.stdout.write(f"| {level} | {way} | {held.row()} |\n")
    for (level, way), held in found.items():
        for span, inside in held.spans.items():
            sys.stdout.write(f"| {level} | {way} | first {span} months | {np.mean(inside):.2f} |\n")
    return 0


def _night(sums: Sums, origin: int) -> tuple[list[Ahead], float, float]:
    """Products that were sold in all months from the origin on, by what was known then."""
    last = max(max(values) for values in sums.values()) - origin
    past = {}
    for key, values in sums.items():
        known = [period for period in values if period <= last]
        ahead = range(last + 1, last + HORIZON + 1)
        if known and last in values and all(period in values for period in ahead):
            start = min(known)
            history = np.array([values.get(period, np.nan) for period in range(start, last + 1)])
            past[key] = engine.Series(key, start, history)
    tests = map_all(
        partial(engine.backtest, season_length=SEASON_LENGTH, horizon=HORIZON),
        list(past.values()),
        label="backtest",
    )
    bands = engine.calibrate(tests, horizon=HORIZON, season_length=SEASON_LENGTH)
    answers = map_all(
        partial(_one, bands=bands), list(zip(past.values(), tests, strict=True)), label="forecast"
    )
    found = [
        Ahead(
            key,
            answer.mean,
            answer.lo80,
            answer.hi80,
            np.array([sums[key][last + step] for step in range(1, HORIZON + 1)]),
        )
        for key, answer in zip(past, answers, strict=True)
    ]
    errors = [test.errors for test in tests]
    return (
        found,
        product_correlation(errors, [test.scale or 0.0 for test in tests]),
        error_correlation(errors),
    )


def _one(item: tuple[engine.Series, engine.BacktestResult], *, bands: engine.Calibration) -> engine.Forecast:
    series, tested = item
    return engine.forecast(
        series, season_length=SEASON_LENGTH, horizon=HORIZON, calibration=bands, backtest=tested
    )


def _levels(ahead: Sequence[Ahead], letters: int) -> Iterable[tuple[str, list[list[Ahead]]]]:
    yield "products", [[one] for one in ahead]
    groups: dict[str, list[Ahead]] = {}
    for one in ahead:
        groups.setdefault(one.key[:letters], []).append(one)
    yield "groups", list(groups.values())
    yield "all", [list(ahead)]


def _score(
    held: Held, group: Sequence[Ahead], of_products: float, of_months: float, *, spans: Sequence[int]
) -> None:
    mean, actual = (sum(getattr(one, name) for one in group) for name in ("mean", "actual"))
    below = _half([one.mean - one.lo80 for one in group], of_products)
    above = _half([one.hi80 - one.mean for one in group], of_products)
    low, high = np.maximum(mean - below, 0.0), mean + above
    held.months += ((actual >= low) & (actual <= high)).tolist()
    held.month_widths += ((high - low) / 2 / np.maximum(mean, 1e-9)).tolist()
    year = slice(0, YEAR)
    low_year, high_year = total_band(mean[year], low[year], high[year], correlation=of_months)
    held.years.append(bool(low_year <= actual[year].sum() <= high_year))
    for span in spans:
        first = slice(0, span)
        edges = total_band(mean[first], low[first], high[first], correlation=of_months)
        held.spans[span].append(bool(edges[0] <= actual[first].sum() <= edges[1]))
    held.year_widths.append((high_year - low_year) / 2 / max(mean[year].sum(), 1e-9))


def _half(widths: Sequence[np.ndarray], correlation: float) -> np.ndarray:
    stacked = np.vstack(widths)
    plain, squares = stacked.sum(axis=0), (stacked**2).sum(axis=0)
    pairs = zip(plain, squares, strict=True)
    return np.array([summed_half(float(p), float(s), correlation=correlation) for p, s in pairs])


def _parser() -> argparse.ArgumentParser:
    parser = argument_parser("python -m forecasting.evaluate_totals")
    parser.add_argument("--group", type=int, default=1, help="so many first letters make a group")
    parser.add_argument(
        "--spans",
        type=lambda text: [int(part) for part in text.split(",")],
        default=[],
        help="sums of so many first months too, such as 1,3,6: what decisions did is held against them",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
