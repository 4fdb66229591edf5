from .finding import Decision, Finding
from .forecast import Backtest, Calibration, Forecast, ForecastMonth
from .judgement import ConsensusInput, ConsensusMonth, Override, OverrideMonth
from .news import ProductNews
from .night import NightlyFailure, NightlyRun, NightlyStep
from .stage import StageEstimate, StageSetting
from .total import TotalForecast

__all__ = [
    "Backtest",
    "Calibration",
    "ConsensusInput",
    "ConsensusMonth",
    "Decision",
    "Finding",
    "Forecast",
    "ForecastMonth",
    "NightlyFailure",
    "NightlyRun",
    "NightlyStep",
    "Override",
    "OverrideMonth",
    "ProductNews",
    "StageEstimate",
    "StageSetting",
    "TotalForecast",
]
