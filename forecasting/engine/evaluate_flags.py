"""What an event costs that a person has flagged, beside one that nobody has: `python -m
forecasting.engine.evaluate_flags 300` prints the table of docs/algorithms/findings.md.

Simulated business series with 18 months of truth behind them; one event is put into the last two years of
each. The error is MASE, divided by the in-sample error of the clean series.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cleaning import findings
from .decisions import decided
from .forecaster import forecast
from .heavy import warm_up
from .measures import naive_scale
from .series import FloatArray, Series
from .simulate_business import simulate_business

EVENTS = ("spike", "stockout", "zero", "half_month", "step")
AHEAD, SEASON_LENGTH = 18, 12
# A step that is believed has this many months behind it.
_STEP_AGO = 6


@dataclass(frozen=True)
class Cost:
    """Mean MASE on the same series: clean, with the event flagged, with it taken for ordinary sales."""

    clean: float
    flagged: float
    unflagged: float


def costs(count: int, *, seed: int, events: Sequence[str] = EVENTS) -> dict[str, Cost]:
    """The cost of each kind of event over so many simulated series."""
    rng = np.random.default_rng(seed)
    errors: dict[str, list[tuple[float, float, float]]] = {event: [] for event in events}
    for _ in range(count):
        full = simulate_business(rng, "monthly", ahead=AHEAD)
        clean, truth = full[:-AHEAD], full[-AHEAD:]
        scale = naive_scale(clean, season_length=SEASON_LENGTH) or 1.0
        best = _error(Series("S", 0, clean), truth, scale)
        for event in events:
            values, said = _with_event(rng, event, clean)
            flagged = _error(decided(Series("S", 0, values), **said), truth, scale)
            everything = tuple(range(len(values)))
            plain = _error(Series("S", 0, values, trusted=everything), truth, scale)
            errors[event].append((best, flagged, plain))
    return {event: Cost(*np.mean(found, axis=0).tolist()) for event, found in errors.items()}


def _error(series: Series, truth: FloatArray, scale: float) -> float:
    ahead = forecast(series, season_length=SEASON_LENGTH, horizon=AHEAD)
    return float(np.abs(ahead.mean - truth).mean()) / scale


def _with_event(rng: np.random.Generator, event: str, clean: FloatArray) -> tuple[FloatArray, dict[str, Any]]:
    """The series with the event, and what a person says of it. Sizes as in `simulate_dirt`."""
    values, last = clean.copy(), len(clean) - 1
    at = int(last - rng.integers(1, 24))
    if event == "spike":
        values[at] *= rng.uniform(1.7, 3.5)
    elif event == "zero":
        values[at] = 0
    elif event == "half_month":
        at = last
        values[at] *= rng.uniform(0.25, 0.6)
    elif event == "stockout":
        end = min(at + int(rng.integers(1, 4)), last)
        values[at:end] *= 1 - rng.uniform(0.4, 0.95)
        return values, {"left_out": range(at, end)}
    else:
        return _stepped(rng, values)
    return values, {"left_out": [at]}


def _stepped(rng: np.random.Generator, values: FloatArray) -> tuple[FloatArray, dict[str, Any]]:
    """The last months stay, so that the truth behind them does; the person says what the engine saw, or,
    where it saw nothing, what the months on either side say."""
    at = int(len(values) - 1 - rng.integers(_STEP_AGO, 24))
    values[:at] /= rng.choice([rng.uniform(1.3, 1.6), rng.uniform(0.55, 0.75)])
    for found in findings(Series("S", 0, values), season_length=SEASON_LENGTH):
        if found.kind == "step" and abs(found.first - at) <= 1:
            return values, {"steps": [(found.first, found.seen / found.expected)]}
    before, after = values[max(0, at - SEASON_LENGTH) : at], values[at : at + SEASON_LENGTH]
    return values, {"steps": [(at, float(np.median(after) / np.median(before)))]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forecasting.engine.evaluate_flags")
    parser.add_argument("count", type=int, help="how many simulated series")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warm_up()
    for event, cost in costs(options.count, seed=options.seed).items():
        share, unshare = cost.flagged / cost.clean - 1, cost.unflagged / cost.clean - 1
        row = f"{event} | {cost.clean:.3f} | {cost.flagged:.3f} | {share:+.1%} | {cost.unflagged:.3f} | "
        sys.stdout.write(f"{row}{unshare:+.0%}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
