"""Is a forecast better with a price that is known ahead put on top of it? Rolling origins on a file of weeks,
by the month.

`python -m forecasting.evaluate_decisions FILE.csv --key sku --period week_start --value units --price price
--origins 3,4,5` prints what docs/algorithms/drivers.md says of it: over the months whose price differs from
what was charged before the origin, how far off the forecast was (WAPE) without and with the elasticity on it,
and in which share of them it was nearer with it; then by series the one error over the other. Origins are
months before the last whole one. The price of a series is the mean of its rows, on the logarithm.
"""

from __future__ import annotations

import csv
import datetime
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.months import month_add, month_end, months_between
from forecasting import engine
from forecasting.engine.evaluate import argument_parser
from forecasting.engine.series import FloatArray
from forecasting.week_months import shares

AHEAD = 3
# What was charged before: months back count so much less each; and how far a ratio is believed.
BEFORE, FADES, LEAST_RATIO, MOST_RATIO = 6, 0.7, 0.8, 1.2
# A price within this of what it was is the same.
SAME = 0.002
Weeks = Mapping[datetime.date, tuple[float, float]]


def main() -> int:
    parser = argument_parser("python -m forecasting.evaluate_decisions")
    parser.add_argument("--price", default="price")
    parser.add_argument("--elasticity", type=float, default=-2.62)
    options = parser.parse_args()
    engine.warm_up()
    origins = [int(origin) for origin in options.origins.split(",")]
    found = {
        key: moved_months(*_months(weeks), origins, options.elasticity)
        for key, weeks in _read(options).items()
    }
    sys.stdout.write("\n".join(rows_of(found)) + "\n")
    return 0


def rows_of(found: Mapping[str, FloatArray]) -> list[str]:
    """Over all, then by series; of a series with no month that moved nothing."""
    whole = np.concatenate([rows.reshape(-1, 3) for rows in found.values()])
    off, with_it, sold = whole.sum(axis=0)
    nearer = (whole[:, 1] < whole[:, 0]).mean()
    row = f"{len(whole)} months | {off / sold:.3f} | {with_it / sold:.3f} | {100 * nearer:.0f} % nearer"
    sums = {key: rows.sum(axis=0) for key, rows in found.items() if len(rows)}
    return [row, *(f"{key} | {own[1] / own[0]:.2f}" for key, own in sums.items())]


def moved_months(
    first: datetime.date,
    volumes: FloatArray,
    prices: FloatArray,
    origins: list[int],
    elasticity: float,
) -> FloatArray:
    """Of one series the months ahead whose price differs, over all origins, shape (n, 3): how far off without
    it and with it, and what was sold."""
    fading = FADES ** np.arange(BEFORE)
    found = []
    for back in origins:
        n = len(volumes) - back
        series = engine.Series("S", engine.month_ordinal(first), volumes[:n])
        mean = engine.forecast(series, season_length=12, horizon=AHEAD).mean
        charged = float(prices[n - BEFORE : n][::-1] @ fading / fading.sum())
        for step, (said, came) in enumerate(zip(mean, volumes[n : n + AHEAD], strict=False)):
            ratio = float(np.clip(prices[n + step] / charged, LEAST_RATIO, MOST_RATIO))
            if abs(ratio - 1) >= SAME:
                found.append([abs(said - came), abs(said * ratio**elasticity - came), came])
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _read(options: Any) -> dict[str, Weeks]:
    """By key and week what was sold and the logarithm of the price, over all rows of the week."""
    sold: dict[str, dict[datetime.date, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    with options.input.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            week = datetime.date.fromisoformat(row[options.period])
            price = float(np.log(float(row[options.price])))
            sold[row[options.key]][week].append((float(row[options.value]), price))
    return {
        key: {
            week: (sum(v for v, _p in rows), float(np.mean([p for _v, p in rows])))
            for week, rows in own.items()
        }
        for key, own in sold.items()
    }


def _months(weeks: Weeks) -> tuple[datetime.date, FloatArray, FloatArray]:
    """The first whole month, and what was sold and charged from it to the last whole one, NaN where weeks are
    missing."""
    volumes: dict[datetime.date, float] = defaultdict(float)
    prices: dict[datetime.date, float] = defaultdict(float)
    days: dict[datetime.date, int] = defaultdict(int)
    for week, (volume, price) in weeks.items():
        for month, share, covered in shares(week, volume):
            volumes[month] += float(share)
            prices[month] += price * covered
            days[month] += covered
    whole = [month for month in days if days[month] == month_end(month).day]
    first = min(whole)
    row = [month_add(first, step) for step in range(months_between(first, max(whole)) + 1)]
    known = [days[month] > 0 for month in row]
    sold = [volumes[month] if there else np.nan for month, there in zip(row, known, strict=True)]
    charged = [np.exp(prices[m] / days[m]) if there else np.nan for m, there in zip(row, known, strict=True)]
    return first, np.array(sold), np.array(charged)


if __name__ == "__main__":
    sys.exit(main())
