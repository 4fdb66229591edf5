from .finding import FlagForm
from .judgement import ConsensusForm, OverrideForm
from .stage import StageForm

__all__ = ["ConsensusForm", "FlagForm", "OverrideForm", "StageForm"]
