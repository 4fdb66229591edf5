"""What the stages are worth on well-known histories: `python -m tests.forecasting.engine.cases` prints the
table of docs/algorithms/lifecycle.md and the cases that were missed.

`cases.csv` holds rough yearly figures of public knowledge, typed in from memory, and for some years the stage
that hindsight would give them, by our own judgement.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from forecasting.engine import STAGES, Series, lifecycle

CASES = Path(__file__).with_name("cases.csv")


@dataclass(frozen=True)
class Case:
    """A history asked about at the end of a year: the stage that was, the one named, the probability of the
    first, and what Polli and Cook say (None under two years)."""

    history: str
    year: int
    truth: str
    said: str
    share: float
    polli_cook: str | None


def judge_cases() -> Iterator[Case]:
    """Every case by what its years said until then, each spread evenly over its months; years between two
    known ones lie on a straight line."""
    with CASES.open(encoding="utf-8", newline="") as file:
        for history, rows in groupby(csv.DictReader(file), key=lambda row: row["history"]):
            known = {int(row["year"]): row for row in rows}
            years, figures = list(known), [float(row["figure"]) for row in known.values()]
            yearly = np.interp(np.arange(years[0], years[-1] + 1), years, figures)
            path = lifecycle(Series(history, 12 * years[0], np.repeat(yearly * 1e6, 12)))
            for year, truth in ((year, row["stage"]) for year, row in known.items() if row["stage"]):
                answer = path.at(12 * year + 11, smoothed=False)
                share = answer.probabilities[STAGES.index(truth)]
                yield Case(history, year, truth, answer.stage or "", share, answer.polli_cook)


def table(cases: list[Case]) -> list[tuple[str, int, int, int, float]]:
    """By stage and over all: cases, named right, right by Polli and Cook, log-loss."""
    return [
        (
            name,
            len(some),
            sum(case.said == case.truth for case in some),
            sum(case.polli_cook == case.truth for case in some),
            float(-np.mean([np.log(case.share) for case in some])),
        )
        for name in (*STAGES, "all")
        if (some := [case for case in cases if name in (case.truth, "all")])
    ]


def main() -> None:
    cases = list(judge_cases())
    for name, count, right, polli_cook, loss in table(cases):
        sys.stdout.write(f"| {name} | {count} | {right} | {polli_cook} | {loss:.2f} |\n")
    for case in cases:
        if case.said != case.truth:
            sys.stdout.write(f"{case.history}, {case.year}: {case.truth}, called {case.said}\n")


if __name__ == "__main__":
    main()
