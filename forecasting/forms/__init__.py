from .driver import CalendarForm, DriverForm
from .finding import FlagForm
from .judgement import ConsensusForm, OverrideForm, OverrideMonthsForm
from .stage import StageForm

__all__ = [
    "CalendarForm",
    "ConsensusForm",
    "DriverForm",
    "FlagForm",
    "OverrideForm",
    "OverrideMonthsForm",
    "StageForm",
]
