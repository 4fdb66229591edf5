"""What the stages are worth on simulated lives that nothing was trained or chosen on:
`python -m forecasting.engine.stages.evaluate [--lives 1000] [--seed 7]` prints the figures of
docs/algorithms/lifecycle.md.
"""

import argparse
import sys
import time
from dataclasses import dataclass

import numpy as np

from ..codes import STAGES
from ..series import FloatArray, Series
from ..simulate import Life, simulate_life
from .network import MAX_MONTHS
from .path import StagePath, lifecycle

_START, _MONTHS_A_LIFE = 24000, 6
# Lives of at least two years are also walked month by month.
_WALKED = 24
_FOUND, _EARLY, _GIVEN_UP = 6, 3, 18


@dataclass(frozen=True)
class Scored:
    """One month of one life: the stage that was, the one named, the probability of the first, the largest
    one and whether that was the stage; errors in months, NaN where there is no truth."""

    truth: int
    said: int
    share: float
    surest: float
    surest_right: float
    start_error: float
    inside: float


@dataclass
class Walked:
    """Month by month, added up over lives: `years`, changes `shown` and `true`, changes `back` within half a
    year, true changes `looked` for and `found` within half a year."""

    years: float = 0.0
    shown: int = 0
    true: int = 0
    back: int = 0
    looked: int = 0
    found: int = 0

    def add(self, shown: FloatArray, truth: FloatArray) -> None:
        """Stages shown and true of one life, index in STAGES, a value a month; −1 in truth before the first
        sale."""
        self.years += (len(shown) - 1) / 12
        changes = np.flatnonzero(shown[1:] != shown[:-1]) + 1
        self.shown += len(changes)
        self.back += sum(bool((shown[t + 1 : t + 7] == shown[t - 1]).any()) for t in changes)
        true = (np.flatnonzero(truth[1:] != truth[:-1]) + 1).tolist()
        self.true += len(true)
        for at, following in zip(true, [*true, 10**9][1:], strict=True):
            end = min(following, at + _GIVEN_UP)
            if truth[at - 1] < 0 or end > len(shown):
                continue
            self.looked += 1
            stage = truth[at]
            for t in range(max(at - _EARLY, 1), end):
                if shown[t] == stage != shown[t - 1] and (t + 1 == len(shown) or shown[t + 1] == stage):
                    self.found += t - at <= _FOUND
                    break


def judge(*, lives: int, seed: int) -> tuple[list[Scored], Walked, float]:
    """Months drawn from each life by what each says alone, the walk, and CPU seconds a life."""
    rng = np.random.default_rng(seed)
    scored, walked, seconds = [], Walked(), 0.0
    for _ in range(lives):
        life = simulate_life(rng)
        begin = time.process_time()
        path = lifecycle(
            Series("S", _START, life.units),
            launch=None if life.launch is None else _START + life.launch,
            promo=life.promo,
            stockout=life.stockout,
        )
        seconds += time.process_time() - begin
        shown = np.array([-1 if stage is None else STAGES.index(stage) for stage in path.stages])
        ready = np.flatnonzero((shown >= 0) & (life.stage >= 0))
        for t in rng.choice(ready, min(_MONTHS_A_LIFE, len(ready)), replace=False).tolist():
            scored.append(_score(path, life, t))
        if len(shown) >= _WALKED and len(ready):
            first = max(int(ready[0]), 2)
            walked.add(shown[first:], life.stage[first:])
    return scored, walked, seconds / lives


def _score(path: StagePath, life: Life, t: int) -> Scored:
    answer = path.at(_START + t, smoothed=False)
    truth = int(life.stage[t])
    said = STAGES.index(answer.stage or "")
    changes = np.flatnonzero(life.future[t:] != truth)
    comes = len(changes) > 0 and changes[0] <= MAX_MONTHS
    lo, hi = answer.months_to_next_lo or 0, answer.months_to_next_hi or 0
    return Scored(
        truth=truth,
        said=said,
        share=answer.probabilities[truth],
        surest=max(answer.probabilities),
        surest_right=float(answer.probabilities[truth] == max(answer.probabilities)),
        start_error=abs((answer.stage_start or 0) - (_START + t - life.since[t]))
        if said == truth
        else np.nan,
        inside=float(lo <= changes[0] <= hi) if comes else np.nan,
    )


def figures(scored: list[Scored], walked: Walked, seconds: float) -> dict[str, float]:
    """By the names of the page."""
    truth, said = (np.array([getattr(s, name) for s in scored]) for name in ("truth", "said"))
    share, surest, sure, start, inside = (
        np.array([getattr(s, name) for s in scored], dtype=np.float64)
        for name in ("share", "surest", "surest_right", "start_error", "inside")
    )
    right = said == truth
    f1 = {
        f"F1 {name}": 2 * float((right & (truth == k)).sum()) / float((said == k).sum() + (truth == k).sum())
        for k, name in enumerate(STAGES)
    }
    tenth = np.ceil(surest * 10)
    gaps = [abs(float((surest - sure)[tenth == k].sum())) / len(right) for k in range(1, 11)]
    return {
        "macro-F1": float(np.mean(list(f1.values()))),
        **f1,
        "log-loss": float(-np.log(share).mean()),
        "calibration error": float(sum(gaps)),
        "start of stage, median error in months": float(np.nanmedian(start)),
        "months to next, 80 % range covers": float(np.nanmean(inside)),
        "changes a year, true": walked.true / walked.years,
        "changes a year, shown": walked.shown / walked.years,
        "there and back within six months, a year": walked.back / walked.years,
        "changes found within six months": walked.found / max(walked.looked, 1),
        "CPU ms a product": 1000 * seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m forecasting.engine.stages.evaluate")
    parser.add_argument("--lives", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for name, value in figures(*judge(lives=options.lives, seed=options.seed)).items():
        sys.stdout.write(f"{name:45s} {value:.3f}\n")


if __name__ == "__main__":
    main()
