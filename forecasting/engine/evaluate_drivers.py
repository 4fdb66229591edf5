"""What drivers are worth: `python -m forecasting.engine.evaluate_drivers SALES.csv DRIVERS.csv` prints the
table of docs/algorithms/drivers.md for daily sales as whole weeks (from Monday): seasonal naive, drivers not
known, drivers known ahead. With `--key sku --period week_start` SALES.csv has weeks of many products and the
drivers in columns of its own. `--simulated 300` says instead how often useless and real drivers enter.
"""

import argparse
import csv
import datetime
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .backtesting import seasonal_naive
from .drivers import Driver, driven, driver_effects
from .forecaster import forecast
from .heavy import warm_up
from .measures import naive_scale
from .series import FloatArray, Series
from .simulate_business import simulate_business

WEEKS, AHEAD = 52, 26


def main() -> int:
    options = _parser().parse_args()
    warm_up()
    if options.simulated:
        sys.stdout.write("\n".join(simulated_rows(options.simulated, seed=options.seed)) + "\n")
        return 0
    if options.key:
        sys.stdout.write("\n".join(product_rows(options)) + "\n")
        return 0
    if not options.sales or not options.drivers:
        sys.stderr.write("give a file with sales and one with drivers, or --simulated\n")
        return 2
    mondays, sales = _weeks(options.sales, options.value, total=True)
    given = []
    for name in options.driver.split(","):
        known, values = _weeks(options.drivers, name, total=False)
        by_week = dict(zip(known, values.tolist(), strict=True))
        column = np.array([by_week.get(monday, np.nan) for monday in mondays])
        given.append((name, column, name in options.events.split(",")))
    origins = [int(x) for x in options.origins.split(",")]
    sys.stdout.write("\n".join(weekly_rows(sales, given, origins)) + "\n")
    return 0


def _weeks(path: Path, column: str, *, total: bool) -> tuple[list[datetime.date], FloatArray]:
    """Whole weeks from Monday: their totals, or means over their days."""
    days: dict[datetime.date, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            day = datetime.date.fromisoformat(row["date"])
            text = row[column]
            value = float(text == "True") if text in {"True", "False"} else float(text)
            days.setdefault(day - datetime.timedelta(day.weekday()), []).append(value)
    whole = sorted(monday for monday, values in days.items() if len(values) == 7)
    return whole, np.array([sum(days[monday]) / (1 if total else 7) for monday in whole])


def product_rows(options: argparse.Namespace) -> list[str]:
    """One row an origin, over all products: WAPE of naive, drivers unknown and known, mean MASE of the same,
    and how often each driver entered; then over all. A driver of a product is the mean over its channels."""
    names, events = options.driver.split(","), options.events.split(",")
    products = _products(options, names)
    rows: list[str] = []
    everything: list[list[float]] = []
    entered = Counter[str]()
    for back in (int(origin) for origin in options.origins.split(",")):
        scored: list[list[float]] = []
        used = Counter[str]()
        for table in products.values():
            n = len(table) - back
            given = [(name, table[:, 1 + i], name in events) for i, name in enumerate(names)]
            series, truth = Series("S", 0, table[:n, 0]), table[n : n + options.ahead, 0]
            layers, moves = _layers(series, given, n, len(truth))
            used.update(moves)
            known = ~np.isnan(truth)
            scale = naive_scale(table[:n, 0], season_length=WEEKS) or 1.0
            gaps = [float(np.abs(layer - truth)[known].sum()) for layer in layers]
            scored.append([float(truth[known].sum()), *gaps, *(gap / scale / known.sum() for gap in gaps)])
        rows.append(_scored_row(str(back), scored, used))
        everything += scored
        entered += used
    return [*rows, _scored_row("mean", everything, entered)]


def _products(options: argparse.Namespace, names: Sequence[str]) -> dict[str, FloatArray]:
    """By product a row for every week: what was sold over all channels, and each driver."""
    found: dict[str, dict[datetime.date, list[list[float]]]] = {}
    logs = options.log.split(",")
    with options.sales.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            values = [float(row[name]) for name in names]
            values = [np.log(x) if name in logs else x for name, x in zip(names, values, strict=True)]
            week = datetime.date.fromisoformat(row[options.period])
            own = found.setdefault(row[options.key], {}).setdefault(week, [])
            own.append([float(row[options.value]), *values])
    made = {}
    for key, weeks in found.items():
        first = min(weeks)
        table = np.full(((max(weeks) - first).days // 7 + 1, 1 + len(names)), np.nan)
        for week, rows in weeks.items():
            cells = np.array(rows)
            table[(week - first).days // 7] = [cells[:, 0].sum(), *cells[:, 1:].mean(axis=0)]
        made[key] = table
    return made


def _layers(
    series: Series, given: Sequence[tuple[str, FloatArray, bool]], n: int, ahead: int
) -> tuple[tuple[FloatArray, ...], list[str]]:
    """Seasonal naive, the forecast without drivers and with them, and which entered."""
    drivers = [
        Driver(name, x[:n], x[n : n + ahead], "event" if event else "series") for name, x, event in given
    ]
    plain = forecast(series, season_length=WEEKS, horizon=ahead).mean
    found = driver_effects(series, drivers, season_length=WEEKS, horizon=ahead)
    layers = driven(series, plain, found, season_length=WEEKS, horizon=ahead)
    naive = seasonal_naive(series.array, season_length=WEEKS, horizon=ahead)
    return (naive, plain, [plain, *layers.values()][-1]), list(layers)


def _scored_row(name: str, scored: list[list[float]], used: Counter[str]) -> str:
    table = np.array(scored)
    cells = [*(table[:, 1:4].sum(axis=0) / table[:, 0].sum()), *table[:, 4:].mean(axis=0)]
    return _row(name, cells, ", ".join(f"{driver} {count}" for driver, count in sorted(used.items())))


def weekly_rows(
    sales: FloatArray, given: Sequence[tuple[str, FloatArray, bool]], origins: Sequence[int]
) -> list[str]:
    """One row an origin: weeks before the end, WAPE of naive, drivers unknown and known, MASE of the same,
    what entered; then the means."""
    rows, errors = [], []
    for back in origins:
        n = len(sales) - back
        series, truth = Series("S", 0, sales[:n]), sales[n : n + AHEAD]
        layers, entered = _layers(series, given, n, len(truth))
        scale = (naive_scale(sales[:n], season_length=WEEKS) or 1.0) * AHEAD
        gaps = [float(np.abs(f - truth).sum()) for f in layers]
        errors.append([gap / truth.sum() for gap in gaps] + [gap / scale for gap in gaps])
        rows.append(_row(str(back), errors[-1], ", ".join(entered) or "none"))
    return [*rows, _row("mean", np.mean(errors, axis=0).tolist(), "")]


def _row(name: str, cells: Sequence[float], entered: str) -> str:
    return " | ".join(
        [name, *(f"{cell:.4f}" for cell in cells[:3]), *(f"{c:.2f}" for c in cells[3:]), entered]
    )


# -- simulated ---------------------------------------------------------------------------------------------


def promotions(rng: np.random.Generator, n: int) -> FloatArray:
    """One month in six."""
    x = np.zeros(n)
    x[rng.choice(n, n // 6, replace=False)] = 1
    return x


def weather(rng: np.random.Generator, n: int) -> FloatArray:
    """A season with noise of 2 around it."""
    return np.asarray(10 + 8 * np.sin(np.arange(n) * np.pi / 6) + 2 * rng.normal(size=n))


def mood(rng: np.random.Generator, n: int) -> FloatArray:
    """What lasts some months: half of it goes over into the next."""
    x = rng.normal(size=n)
    for place in range(1, n):
        x[place] += x[place - 1] / 2
    return x


def prices(rng: np.random.Generator, n: int) -> FloatArray:
    """The logarithm of a price that changes once in 15 months, by 5 % or so."""
    x = np.zeros(n)
    for place in rng.choice(n, max(2, n // 15), replace=False):
        x[place:] += 0.05 * rng.normal()
    return x


Make = Callable[[np.random.Generator, int], FloatArray]
KINDS: dict[str, tuple[Make, str, tuple[float, ...]]] = {
    "promotions": (promotions, "event", (0.0, 0.2, 0.4)),
    "weather": (weather, "series", (0.0, 0.03, 0.07)),
    "mood": (mood, "series", (0.0, 0.05, 0.12)),
    "prices": (prices, "series", (0.0, -1.5, -3.0)),
}
"""How a driver comes about, its kind, and what one unit of it does to the logarithm."""


def entered(make: Make, kind: str, effect: float, count: int, *, seed: int) -> tuple[float, float, float]:
    """Over so many simulated monthly series: the share in which it enters, and MASE without and with it 18
    ahead (over all, also where it stayed out)."""
    rng = np.random.default_rng(seed)
    found: list[tuple[bool, float, float]] = []
    while len(found) < count:
        full = simulate_business(rng, "monthly", ahead=18)
        x = make(rng, len(full))
        y = full * np.exp(effect * (x - x.mean()))
        n = len(full) - 18
        if y[:n].min() <= 0:
            continue
        series = Series("S", 0, y[:n])
        driver = Driver("x", x[:n], x[n:], kind)  # type: ignore[arg-type]
        result = driver_effects(series, [driver], season_length=12, horizon=18)
        plain = forecast(series, season_length=12, horizon=18).mean
        with_it = driven(series, plain, result, season_length=12, horizon=18).get("x", plain)
        scale = naive_scale(y[:n], season_length=12) or 1.0
        errors = [float(np.abs(f - y[n:]).mean()) / scale for f in (plain, with_it)]
        found.append(("x" in result.moves, *errors))  # type: ignore[arg-type]
    share, without, together = np.mean(np.array(found, dtype=np.float64), axis=0).tolist()
    return share, without, together


def simulated_rows(count: int, *, seed: int) -> list[str]:
    rows = []
    for name, (make, kind, effects) in KINDS.items():
        for effect in effects:
            share, without, together = entered(make, kind, effect, count, seed=seed)
            rows.append(f"{name} | {effect:g} | {100 * share:.0f} % | {without:.3f} | {together:.3f}")
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m forecasting.engine.evaluate_drivers")
    parser.add_argument("sales", type=Path, nargs="?")
    parser.add_argument("drivers", type=Path, nargs="?")
    parser.add_argument("--value", default="units")
    parser.add_argument("--driver", default="temperature_mean", help="columns of DRIVERS.csv, with commas")
    parser.add_argument("--events", default="", help="those of them that are events, with commas")
    parser.add_argument("--key", help="the column of the product, of a file of weeks")
    parser.add_argument("--period", default="week_start", help="its column of weeks")
    parser.add_argument("--log", default="price", help="columns of which the logarithm counts, with commas")
    parser.add_argument("--ahead", type=int, default=13, help="weeks ahead, of a file of weeks")
    parser.add_argument("--origins", default="26,32,39,45,52", help="weeks before the end, with commas")
    parser.add_argument("--simulated", type=int, help="this many simulated series of each kind instead")
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
