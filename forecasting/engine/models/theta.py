"""Dynamic Optimized Theta: Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), "Models for
optimising the theta method and their relationship to state space models", International Journal of
Forecasting 32."""

from typing import Any

import numpy as np

from ..heavy import theta_module
from ..series import FloatArray

MIN_PERIODS = 4


def dynamic_theta(y: FloatArray, *, horizon: int) -> FloatArray:
    """Mean of the next `horizon` periods of data without season; needs MIN_PERIODS values."""
    fitted: dict[str, Any] = theta_module().auto_theta(y, 1, model="DOTM")
    return np.asarray(theta_module().forecast_theta(fitted, horizon)["mean"], dtype=np.float64)
