from .forecast import Backtest, Calibration, Forecast, ForecastMonth
from .news import ProductNews
from .night import NightlyFailure, NightlyRun, NightlyStep
from .stage import StageEstimate, StageSetting
from .total import TotalForecast

__all__ = [
    "Backtest",
    "Calibration",
    "Forecast",
    "ForecastMonth",
    "NightlyFailure",
    "NightlyRun",
    "NightlyStep",
    "ProductNews",
    "StageEstimate",
    "StageSetting",
    "TotalForecast",
]
