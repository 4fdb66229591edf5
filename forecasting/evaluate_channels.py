"""Do the bands of a product's channels hold? Rolling origins on a file.

`python -m forecasting.evaluate_channels FILE.csv --key sku,channel --period month --value units --origins
18,24` prints the rows of the table in docs/algorithms/totals.md, by size of the channel's share: of the first
twelve months together how often the 80 % band holds what came; of single months how often those of 80 % (with
the worst and the best step) and of 95 % do, the interval score of 95 % over what was sold, and how far off
the months were (WAPE), beside the year before. The last column of the key is the channel. Every
origin is a night of its own.
"""

from __future__ import annotations

import datetime
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from math import fsum

import numpy as np

from core.numbers import Z80, Z95
from forecasting import engine
from forecasting.channel_parts import (
    YEAR,
    part_band,
    parts_by_month,
    parts_of,
    split_errors,
    split_sizes,
    year_band,
)
from forecasting.engine.evaluate import Sums, argument_parser, read_sums
from forecasting.engine.measures import interval_score
from forecasting.engine.parallel import map_all
from forecasting.totals import error_correlation, total_band

SEASON_LENGTH, HORIZON = 12, 18
RULES = ("share of the year", "as it is")
SIZES = ((0.0, "under 10 %"), (0.1, "10 to 50 %"), (0.5, "over 50 %"))


@dataclass
class Held:
    """Years that a band held, and by channel its months; their interval scores, and errors of the months, of
    the year before too."""

    years: list[bool] = field(default_factory=list)
    months80: list[list[bool]] = field(default_factory=list)
    months95: list[list[bool]] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    off: list[float] = field(default_factory=list)
    off_naive: list[float] = field(default_factory=list)
    actual: list[float] = field(default_factory=list)

    def row(self) -> str:
        steps = np.mean(self.months80, axis=0)
        held = [
            f"{np.mean(self.years):.2f}",
            f"{steps.mean():.2f} ({steps.min():.2f}–{steps.max():.2f})",
            f"{np.mean(self.months95):.2f}",
        ]
        sums = (fsum(part) / fsum(self.actual) for part in (self.scores, self.off, self.off_naive))
        return " | ".join([f"{len(self.years)}", *held, *(f"{one:.3f}" for one in sums)])


@dataclass(frozen=True)
class Part:
    """A channel's months up to the origin, and those that came."""

    past: dict[int, float]
    came: list[float]


def main() -> int:
    options = argument_parser("python -m forecasting.evaluate_channels").parse_args()
    sums = read_sums(options)
    engine.warm_up()
    found: dict[tuple[str, str], Held] = defaultdict(Held)
    for origin in options.origins.split(","):
        for name, held in _night(sums, int(origin)):
            for size in ("all", name[1]):
                _add(found[name[0], size], held)
    for rule in RULES:
        for size in ("all", *(size for _from, size in SIZES)):
            if (rule, size) in found:
                sys.stdout.write(f"| {rule} | {size} | {found[rule, size].row()} |\n")
    return 0


def _add(held: Held, one: Held) -> None:
    for name, values in vars(one).items():
        getattr(held, name).extend(values)


def _night(sums: Sums, origin: int) -> Iterator[tuple[tuple[str, str], Held]]:
    """By rule and size, every channel that sold in the last year, of products sold in all months ahead."""
    last = max(max(values) for values in sums.values()) - origin
    products: dict[str, dict[str, Part]] = defaultdict(dict)
    for key, values in sums.items():
        product, channel = key.rsplit("|", 1)
        past = {month: value for month, value in values.items() if month <= last}
        came = [values.get(last + step, 0.0) for step in range(1, HORIZON + 1)]
        products[product][channel] = Part(past, came)
    wholes = {product: _whole(own) for product, own in products.items()}
    asked = [key for key in products if last in wholes[key] and _came(sums, key, last)]
    series = [_series(key, wholes[key], last) for key in asked]
    tests = map_all(
        partial(engine.backtest, season_length=SEASON_LENGTH, horizon=HORIZON), series, label="backtest"
    )
    bands = engine.calibrate(tests, horizon=HORIZON, season_length=SEASON_LENGTH)
    correlation = error_correlation([test.errors for test in tests])
    answers = map_all(
        partial(_one, bands=bands), list(zip(series, tests, strict=True)), label=f"origin {origin}"
    )
    for key, answer in zip(asked, answers, strict=True):
        yield from _scored(products[key], wholes[key], answer, last, correlation)


def _whole(own: dict[str, Part]) -> dict[int, float]:
    months: dict[int, float] = defaultdict(float)
    for part in own.values():
        for month, value in part.past.items():
            months[month] += value
    return dict(months)


def _came(sums: Sums, product: str, last: int) -> bool:
    """Whether something is known of it in every month ahead."""
    own = [values for key, values in sums.items() if key.rsplit("|", 1)[0] == product]
    return all(any(last + step in values for values in own) for step in range(1, HORIZON + 1))


def _series(key: str, whole: dict[int, float], last: int) -> engine.Series:
    start = min(whole)
    return engine.Series(key, start, np.array([whole.get(m, np.nan) for m in range(start, last + 1)]))


def _one(item: tuple[engine.Series, engine.BacktestResult], *, bands: engine.Calibration) -> engine.Forecast:
    series, tested = item
    return engine.forecast(
        series, season_length=SEASON_LENGTH, horizon=HORIZON, calibration=bands, backtest=tested
    )


def _scored(
    own: dict[str, Part], whole: dict[int, float], answer: engine.Forecast, last: int, correlation: float
) -> Iterator[tuple[tuple[str, str], Held]]:
    mean, lo80, hi80, lo95, hi95 = (
        column.tolist() for column in (answer.mean, answer.lo80, answer.hi80, answer.lo95, answer.hi95)
    )
    first = [column[:YEAR] for column in (mean, lo80, hi80)]
    year = (fsum(first[0]), *total_band(*first, correlation=correlation))
    bands80, bands95 = (list(zip(mean, *edges, strict=True)) for edges in ((lo80, hi80), (lo95, hi95)))
    sold = {channel: _recent(part.past, last) for channel, part in own.items()}
    ahead = [engine.ordinal_month(last + step).month for step in range(1, HORIZON + 1)]
    usual = parts_of(
        {channel: fsum(part.past.get(last - n, 0.0) for n in range(YEAR)) for channel, part in own.items()}
    )
    by_month = parts_by_month(sold, engine.ordinal_month(last))
    errors = split_errors(sold, engine.ordinal_month(last))
    for channel, share in usual.items():
        part = own[channel]
        size = next(name for least, name in reversed(SIZES) if share >= least)
        before = [part.past.get(last + 1 + step % YEAR - YEAR, 0.0) for step in range(HORIZON)]
        shares = [by_month[month][channel] for month in ahead]
        for rule, parts, error in zip(
            RULES, ([share] * HORIZON, shares), (0.0, errors[channel]), strict=True
        ):
            split = [one * month for one, month in zip(parts, mean, strict=True)]
            sizes = split_sizes(split, error)
            band = year_band(split[:YEAR], year, share=share, sizes=sizes[:YEAR])
            at_80, at_95 = (
                [
                    part_band(one, whole, share=share, split=z * off)
                    for one, whole, off in zip(split, wholes, sizes, strict=True)
                ]
                for wholes, z in ((bands80, Z80), (bands95, Z95))
            )
            far = [
                interval_score(y, low, high, coverage=0.95)
                for y, (low, high) in zip(part.came, at_95, strict=True)
            ]
            yield (
                (rule, size),
                Held(
                    years=[band[0] <= fsum(part.came[:YEAR]) <= band[1]],
                    months80=[_inside(part.came, at_80)],
                    months95=[_inside(part.came, at_95)],
                    scores=far,
                    off=[abs(came - one) for came, one in zip(part.came, split, strict=True)],
                    off_naive=[abs(came - old) for came, old in zip(part.came, before, strict=True)],
                    actual=[abs(came) for came in part.came],
                ),
            )


def _inside(came: list[float], bands: list[tuple[float, float]]) -> list[bool]:
    return [low <= value <= high for value, (low, high) in zip(came, bands, strict=True)]


def _recent(months: dict[int, float], last: int) -> dict[datetime.date, float]:
    return {engine.ordinal_month(m): value for m, value in months.items() if last - 2 * YEAR < m <= last}


if __name__ == "__main__":
    sys.exit(main())
