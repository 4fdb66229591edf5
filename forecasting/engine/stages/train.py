"""Fits the scorecard on simulated lives: `python -m forecasting.engine.stages.train` writes `weights.py`
anew.

Seeded: the same call gives the same file. Two minutes on one core. Never fitted on a yardstick.
"""

import sys
import textwrap
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from ..codes import STAGES
from ..series import FloatArray
from ..simulate import simulate_life
from .estimate import blocks, clean_demand
from .features import feature_rows, measure

LIVES, SEED = 12000, 20260101
# The mix of stages the probabilities are meant for: a portfolio with all stages in it, not the simulator's
# own mix.
PORTFOLIO = (0.14, 0.23, 0.32, 0.23, 0.08)
_SAMPLES_A_STAGE = 2
_RIDGE = 2e-4
_MAX_MONTHS = 36


def samples(*, lives: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Features, true stage and months to the next one (NaN when it never comes): up to two months a stage and
    life."""
    rng = np.random.default_rng(seed)
    rows, stages, ahead = [], [], []
    for _ in range(lives):
        life = simulate_life(rng)
        demand = clean_demand(life.units, life.promo, life.stockout)
        features = feature_rows(measure(blocks(demand)), launch=life.launch)
        for stage in range(len(STAGES)):
            months = np.flatnonzero((life.stage == stage) & (np.cumsum(demand > 0) > 1))
            for t in rng.choice(months, min(_SAMPLES_A_STAGE, len(months)), replace=False):
                changes = np.flatnonzero(life.future[t:] != stage)
                rows.append(features[t])
                stages.append(stage)
                ahead.append(float(changes[0]) if len(changes) else np.nan)
    return np.array(rows), np.array(stages, dtype=np.float64), np.array(ahead)


def fit_stages(x: FloatArray, stage: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights (features, 5) and bias (5,) of ridge multinomial logistic regression, weighted to the
    portfolio's mix."""
    n, d = x.shape
    k = len(STAGES)
    truth = np.eye(k)[stage.astype(int)]
    weight = (np.array(PORTFOLIO) / truth.mean(axis=0))[stage.astype(int)] / n

    def loss(v: FloatArray) -> tuple[float, FloatArray]:
        w, b = v[: d * k].reshape(d, k), v[d * k :]
        scores = x @ w + b
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        gap = (shares - truth) * weight[:, None]
        value = -(weight * np.log((shares * truth).sum(axis=1) + 1e-12)).sum() + _RIDGE * (w**2).sum()
        return float(value), np.concatenate([(x.T @ gap + 2 * _RIDGE * w).ravel(), gap.sum(axis=0)])

    v = minimize(loss, np.zeros(d * k + k), jac=True, method="L-BFGS-B", options={"maxiter": 500}).x
    return v[: d * k].reshape(d, k), v[d * k :]


def fit_months(x: FloatArray, stage: FloatArray, ahead: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By stage: ridge regression of log months to the next stage, and the 10, 50 and 90 % points of what it
    leaves."""
    lines, spreads = [], []
    for k in range(len(STAGES)):
        rows = (stage == k) & (ahead <= _MAX_MONTHS)
        design = np.column_stack([x[rows], np.ones(rows.sum())])
        target = np.log(ahead[rows])
        line = np.linalg.solve(design.T @ design + 20 * np.eye(design.shape[1]), design.T @ target)
        lines.append(line)
        spreads.append(np.quantile(target - design @ line, [0.1, 0.5, 0.9]))
    return np.array(lines), np.array(spreads)


def write(path: Path, **tables: FloatArray) -> None:
    """A module of plain numbers, four decimals."""
    lines = [
        '"""Weights of the stage scorecard, written by `train`; not edited by hand."""',
        "",
        "# fmt: off",
    ]
    for name, table in tables.items():
        text = repr(
            tuple(map(tuple, table.round(4).tolist())) if table.ndim == 2 else tuple(table.round(4).tolist())
        )
        lines.append(f"{name} = (")
        lines += textwrap.wrap(text[1:-1], 108, initial_indent="    ", subsequent_indent="    ")
        lines.append(")")
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    x, stage, ahead = samples(lives=LIVES, seed=SEED)
    mean, sd = x.mean(axis=0), x.std(axis=0) + 1e-6
    x = (x - mean) / sd
    stage_weights, bias = fit_stages(x, stage)
    lines, spreads = fit_months(x, stage, ahead)
    write(
        Path(__file__).with_name("weights.py"),
        MEAN=mean,
        SD=sd,
        STAGE_WEIGHTS=stage_weights,
        STAGE_BIAS=bias,
        NEXT_WEIGHTS=lines,
        NEXT_QUANTILES=spreads,
    )
    sys.stderr.write(f"{len(x)} samples of {LIVES} lives, stages {np.bincount(stage.astype(int)).tolist()}\n")


if __name__ == "__main__":
    main()
