"""Dynamic Optimized Theta: Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), "Models for
optimising the theta method and their relationship to state space models", International Journal of
Forecasting 32."""

from typing import Any

import numpy as np

from ..heavy import theta_module
from ..series import FloatArray

MIN_PERIODS = 4


def dynamic_theta(y: FloatArray, *, season_length: int, horizon: int) -> FloatArray:
    """Mean of the next `horizon` periods; needs MIN_PERIODS values. Season: classical decomposition where
    significant."""
    fitted: dict[str, Any] = theta_module().auto_theta(y, season_length, model="DOTM")
    return np.asarray(theta_module().forecast_theta(fitted, horizon)["mean"], dtype=np.float64)
