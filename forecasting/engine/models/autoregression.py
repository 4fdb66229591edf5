"""Autoregression on the changes from period to period, shrunk: later lags are believed less (Litterman 1986,
"Forecasting with Bayesian vector autoregressions", Journal of Business and Economic Statistics 4).

It sees what smoothing cannot: changes that go on for some periods, and those that are taken back. The mean
change is shrunk too, because the growth of a whole history seldom goes on.
"""

import numpy as np

from ..series import FloatArray

MIN_PERIODS = 4
LAGS = 6
# Standard deviation believed of the first lag's weight; that of lag k is a k-th of it.
FIRST_LAG = 0.6
DRIFT_SHARE = 0.4
# A single change is never carried on at more than this many ordinary changes.
_LARGEST = 4.0


def autoregressive(z: FloatArray, *, horizon: int) -> FloatArray:
    """Mean of the next `horizon` periods on the scale of `z`, without season; shape (horizon,); needs
    MIN_PERIODS values."""
    change = np.diff(z)
    drift = DRIFT_SHARE * float(change.mean())
    lags = min(LAGS, len(change) // 4)
    unit = float((change - drift).std())
    if lags < 1 or unit == 0:
        straight: FloatArray = z[-1] + drift * np.arange(1.0, horizon + 1)
        return straight
    x = (change - drift) / unit
    past = np.column_stack([x[lags - k - 1 : len(x) - k - 1] for k in range(lags)])
    doubt = np.diag(np.square(np.arange(1, lags + 1) / FIRST_LAG))
    weights = np.linalg.solve(past.T @ past + doubt, past.T @ x[lags:])
    known = list(x[: -lags - 1 : -1])  # newest first
    steps = np.empty(horizon)
    for k in range(horizon):
        steps[k] = np.clip(float(weights @ np.array(known)), -_LARGEST, _LARGEST)
        known = [steps[k], *known[:-1]]
    ahead: FloatArray = z[-1] + np.cumsum(steps * unit + drift)
    return ahead
