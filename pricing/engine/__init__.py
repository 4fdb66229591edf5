"""The numerics of price and promotion: pure functions, no Django, no clock, no global state.

Same input, same output to the digit, whatever the order products come in. Nothing in here starts a process or
a thread; only the command line (`cli`) uses several processes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .codes import METHODS, REASONS

if TYPE_CHECKING:
    from .estimate import Estimate, Fitted, elasticities, estimates, fit_one
    from .history import History
    from .scenario import Outcome, scenarios
    from .shrinkage import Posterior

# Raised whenever a result may change.
ENGINE_VERSION = "1.4.1"

_HOMES = {
    "Estimate": "estimate",
    "Fitted": "estimate",
    "elasticities": "estimate",
    "estimates": "estimate",
    "fit_one": "estimate",
    "History": "history",
    "Outcome": "scenario",
    "scenarios": "scenario",
    "Posterior": "shrinkage",
}

__all__ = [
    "ENGINE_VERSION",
    "METHODS",
    "REASONS",
    "Estimate",
    "Fitted",
    "History",
    "Outcome",
    "Posterior",
    "elasticities",
    "estimates",
    "fit_one",
    "scenarios",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
