"""The numerics of forecasts and lifecycle stages: pure functions, no Django, no clock, no global state.

Names are loaded on first use, so that `forecasting.engine.codes` (what the pages need) imports neither
numpy nor the models. In a worker, call `warm_up()` once in the parent process before it forks.

Same input, same output to the digit, whatever the order or the chunk a series is computed in.
Nothing in here starts a process or a thread; only the command line (`cli`) uses several processes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .codes import EVIDENCE_CODES, METHODS, REASON_CODES, STAGES

if TYPE_CHECKING:
    from .backtesting import BacktestResult, backtest
    from .calibration import BUILT_IN_CALIBRATION, Calibration, built_in_calibration, calibrate
    from .cleaning import Finding, findings
    from .decisions import decided
    from .forecaster import Forecast, forecast
    from .heavy import warm_up
    from .naive import naive_forecast
    from .periods import month_ordinal, ordinal_month
    from .series import Series
    from .stages.path import StagePath, StageResult, lifecycle

# Raised whenever a result may change; part of the hash by which the night skips unchanged products.
ENGINE_VERSION = "1.6.2"

_HOMES = {
    "BacktestResult": "backtesting",
    "backtest": "backtesting",
    "BUILT_IN_CALIBRATION": "calibration",
    "Calibration": "calibration",
    "built_in_calibration": "calibration",
    "calibrate": "calibration",
    "Finding": "cleaning",
    "findings": "cleaning",
    "decided": "decisions",
    "Forecast": "forecaster",
    "forecast": "forecaster",
    "warm_up": "heavy",
    "naive_forecast": "naive",
    "month_ordinal": "periods",
    "ordinal_month": "periods",
    "Series": "series",
    "StagePath": "stages.path",
    "StageResult": "stages.path",
    "lifecycle": "stages.path",
}

__all__ = [
    "BUILT_IN_CALIBRATION",
    "ENGINE_VERSION",
    "EVIDENCE_CODES",
    "METHODS",
    "REASON_CODES",
    "STAGES",
    "BacktestResult",
    "Calibration",
    "Finding",
    "Forecast",
    "Series",
    "StagePath",
    "StageResult",
    "backtest",
    "built_in_calibration",
    "calibrate",
    "decided",
    "findings",
    "forecast",
    "lifecycle",
    "month_ordinal",
    "naive_forecast",
    "ordinal_month",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
