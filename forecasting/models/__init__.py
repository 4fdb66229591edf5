from .accuracy import AccuracyRow, AccuracyState, AccuracySum, AccuracyWindow
from .driver import Driver, DriverJournal, DriverValue, SharedEffect
from .finding import Decision, Finding
from .forecast import Backtest, Calibration, Forecast, ForecastMonth
from .judgement import ConsensusInput, ConsensusMonth, Override, OverrideMonth
from .launch import LaunchPlan, LaunchReference
from .news import ProductNews
from .night import NightlyFailure, NightlyRun, NightlyStep, SubjectInputs
from .stage import StageEstimate, StageSetting
from .total import TotalForecast
from .week import ForecastWeek

__all__ = [
    "AccuracyRow",
    "AccuracyState",
    "AccuracySum",
    "AccuracyWindow",
    "Backtest",
    "Calibration",
    "ConsensusInput",
    "ConsensusMonth",
    "Decision",
    "Driver",
    "DriverJournal",
    "DriverValue",
    "Finding",
    "Forecast",
    "ForecastMonth",
    "ForecastWeek",
    "LaunchPlan",
    "LaunchReference",
    "NightlyFailure",
    "NightlyRun",
    "NightlyStep",
    "Override",
    "OverrideMonth",
    "ProductNews",
    "SharedEffect",
    "StageEstimate",
    "StageSetting",
    "SubjectInputs",
    "TotalForecast",
]
