"""The one place that imports statsforecast: 2–6 CPU seconds and 200 MB, so once, on first use, in the
worker's parent."""

import os
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .series import FloatArray


@cache
def theta_module() -> ModuleType:
    """statsforecast.theta."""
    _one_thread()
    from statsforecast import theta

    return theta


def warm_up() -> None:
    """Import the numeric libraries and run each model once. For the worker's parent, before it forks."""
    from .models.trained import trained

    for season_length in (1, 12):  # also fills the tables that smoothing keeps, and reads what was learnt
        trained(_example(), season_length=season_length, horizon=1)


def _one_thread() -> None:
    """One thread a process for BLAS: children would otherwise fight over the cores. A setting of the caller
    stays."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _example() -> "FloatArray":
    import numpy as np

    t = np.arange(48, dtype=np.float64)
    example: FloatArray = 100 + t + 10 * np.sin(t * np.pi / 6) + (t * 7919 % 13)
    return example
