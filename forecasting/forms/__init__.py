from .judgement import ConsensusForm, OverrideForm
from .stage import StageForm

__all__ = ["ConsensusForm", "OverrideForm", "StageForm"]
