"""The path of a product through its stages, month by month, each month judged on what was known by then.

The probabilities of a month are smoothed with those of the months before, and the stage shown changes only
when another leads it by a margin, a larger one where the definition knows no such change: a stage that
flickers is worse than one a month late. This state needs no storage: the whole path of 60 months costs a few
milliseconds, so the night recomputes it from the history and gets the same state.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..codes import STAGES
from ..series import FloatArray, Series
from .definition import DECLINE
from .estimate import clean_demand, views
from .evidence import evidence
from .features import Measured, measure
from .hysteresis import step_doubt, walk
from .network import Answers, answers
from .polli_cook import second_opinion

# Known months with a sale before anything is said.
NEEDED = 2
# So many months without any sale after sales are a decline, whatever the slopes say.
DEAD_MONTHS = 6
# A month alone is named after the likeliest stage, a rare one counted for more: otherwise short stages would
# be hidden behind the long one that follows. Chosen on simulated lives; probabilities stay as they are.
RARE = np.array((1.5, 1.0, 1.0, 1.0, 1.5))


@dataclass(frozen=True)
class StageResult:
    """The answer for one month. `stage` is None with a `reason` when too little is known; probabilities
    follow STAGES.

    `months_to_next` with its 80 % range is given that the next stage comes within three years. `evidence` is
    a code of EVIDENCE_CODES, `evidence_params` its numbers. `polli_cook` is the second opinion, None under
    two years.
    """

    month: int
    stage: str | None
    probabilities: tuple[float, ...] = ()
    stage_start: int | None = None
    months_to_next: float | None = None
    months_to_next_lo: float | None = None
    months_to_next_hi: float | None = None
    evidence: str | None = None
    evidence_params: dict[str, float] = field(default_factory=dict)
    polli_cook: str | None = None
    reason: str | None = None
    reason_params: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__} | {
            "probabilities": list(self.probabilities)
        }


@dataclass(frozen=True, eq=False)
class StagePath:
    """All months of one product. `stages[i]` and `probabilities[i]` belong to month `start + i`, smoothed and
    with hysteresis; None and zeros where too little was known; `since` is the first month of that stage.
    `said` holds what each month says alone, `begun` the first month of each stage by that."""

    id: str
    start: int
    stages: tuple[str | None, ...]
    probabilities: FloatArray
    demand: FloatArray
    said: Answers | None
    since: tuple[int, ...]
    begun: FloatArray
    measured: Measured | None

    @property
    def last(self) -> StageResult:
        """The answer for the last month of the history, as shown night after night."""
        return self.at(self.start + len(self.stages) - 1)

    def at(self, month: int, *, smoothed: bool = True) -> StageResult:
        """The answer for `month` (an ordinal) by what was known then; `smoothed=False` looks at that month
        alone.

        A month after the history is answered by its last one.
        """
        t = min(month - self.start, len(self.stages) - 1)
        if t < 0 or self.measured is None or self.said is None or self.stages[t] is None:
            known = int((self.demand[: max(t + 1, 0)] > 0).sum())
            reason = "no_sales" if known == 0 else "too_short"
            params: dict[str, float] = {"periods": known}
            return StageResult(
                month, None, reason=reason, reason_params=params | ({} if known == 0 else {"needed": NEEDED})
            )
        shares = (self.probabilities if smoothed else self.said.probabilities)[t]
        stage = STAGES.index(self.stages[t] or "") if smoothed else int((shares * RARE).argmax())
        begun = self.since[t] if smoothed else int(self.begun[t, stage])
        lo, middle, hi = (round(float(months), 1) for months in self.said.ahead[t])
        silent = t - int(np.flatnonzero(self.demand[: t + 1] != 0)[-1])
        unknown = t - int(np.flatnonzero(~np.isnan(self.demand[: t + 1]))[-1])
        code, numbers = evidence(self.measured, t, stage, silent=silent, unknown=unknown)
        return StageResult(
            month=month,
            stage=STAGES[stage],
            probabilities=_rounded(shares),
            stage_start=self.start + begun,
            months_to_next=middle,
            months_to_next_lo=lo,
            months_to_next_hi=hi,
            evidence=code,
            evidence_params=numbers,
            polli_cook=second_opinion(self.demand[: t + 1]),
        )


def lifecycle(
    series: Series,
    *,
    launch: int | None = None,
    promo: ArrayLike | None = None,
    stockout: ArrayLike | None = None,
) -> StagePath:
    """Stages of a monthly series. `promo` (0/1) and `stockout` (share of the month) have the length of its
    values.

    `launch` is the ordinal of the launch month where known (default: that of the series). Months added later
    never change an earlier answer. Raises ValueError when a flag row has another length.
    """
    n = len(series.array)
    flags = [None if x is None else np.asarray(x, dtype=np.float64) for x in (promo, stockout)]
    if any(x is not None and x.shape != (n,) for x in flags):
        raise ValueError(f"series {series.id}: promo and stockout need {n} values")
    launch = series.launch if launch is None else launch
    place = None if launch is None else launch - series.start
    demand = clean_demand(series.array, *flags)
    ready = np.cumsum(demand > 0) >= NEEDED
    nothing = np.zeros((n, len(STAGES)))
    if not ready.any():
        return StagePath(series.id, series.start, (None,) * n, nothing, demand, None, (), nothing, None)
    measured = measure(views(demand), demand, launch=place)
    said = answers(measured.rows)
    said.probabilities[_dead(demand)] = _certain(DECLINE)
    said.probabilities[~ready] = 0
    doubt = step_doubt(measured.step, measured.slope)
    begun = _begun(said, demand, place)
    smooth, shown, since = walk(said.probabilities, begun, doubt, first=int(ready.argmax()))
    stages = tuple(STAGES[k] if k >= 0 else None for k in shown)
    return StagePath(series.id, series.start, stages, smooth, demand, said, since, begun, measured)


def _begun(said: Answers, demand: FloatArray, launch: int | None) -> FloatArray:
    """First month of each stage (a column each) by what each month says alone: no earlier than the launch or
    the first sale that is known."""
    months = np.arange(len(demand))[:, None]
    first = int(np.argmax(np.nan_to_num(demand) > 0))
    earliest = first if launch is None else min(launch, first)
    begun: FloatArray = np.minimum(np.maximum(np.round(months - said.since), earliest), months)
    return begun


def _dead(demand: FloatArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Months at the end of DEAD_MONTHS without a sale, after one; at least half of those months are known."""

    def within(x: FloatArray) -> FloatArray:
        total: FloatArray = np.cumsum(x)
        lately: FloatArray = (
            total - np.concatenate([np.zeros(DEAD_MONTHS), total[:-DEAD_MONTHS]])[: len(demand)]
        )
        return lately

    sold = np.nan_to_num(demand) > 0
    silent = (np.cumsum(sold) > 0) & (within(sold.astype(np.float64)) == 0)
    dead: np.ndarray[Any, np.dtype[np.bool_]] = silent & (
        within((~np.isnan(demand)).astype(np.float64)) >= DEAD_MONTHS / 2
    )
    return dead


def _certain(stage: int) -> FloatArray:
    shares = np.full(len(STAGES), 0.02)
    shares[stage] = 1 - 0.02 * (len(STAGES) - 1)
    return shares


def _rounded(shares: FloatArray) -> tuple[float, ...]:
    """Four decimals that add up to 1: what rounding leaves goes to the largest."""
    out = [round(float(p), 4) for p in shares]
    largest = out.index(max(out))
    out[largest] = round(out[largest] + 1 - sum(out), 4)
    return tuple(out)
