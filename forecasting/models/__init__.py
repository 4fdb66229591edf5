from .forecast import Backtest, Calibration, Forecast, ForecastMonth
from .launch import LaunchPlan, LaunchReference
from .news import ProductNews
from .night import NightlyFailure, NightlyRun, NightlyStep
from .stage import StageEstimate, StageSetting

__all__ = [
    "Backtest",
    "Calibration",
    "Forecast",
    "ForecastMonth",
    "LaunchPlan",
    "LaunchReference",
    "NightlyFailure",
    "NightlyRun",
    "NightlyStep",
    "ProductNews",
    "StageEstimate",
    "StageSetting",
]
