"""What a person has said of a history, before any model sees it."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from .series import Series


def decided(
    series: Series,
    *,
    left_out: Collection[int] = (),
    steps: Collection[tuple[int, float]] = (),
    trusted: Collection[int] = (),
) -> Series:
    """The series as it counts: values of the periods `left_out` (ordinals) are missing; those before a step
    (its first period, and the level after it over the level before it) are brought to the level after it;
    values of the periods `trusted` are right whatever they look like.

    Several steps multiply. A step of a ratio that is not above zero is none.
    """
    values = series.array.copy()
    periods = series.start + np.arange(len(values))
    for first, ratio in steps:
        if ratio > 0:
            values[periods < first] *= ratio
    values[np.isin(periods, np.array(sorted(left_out), dtype=np.int64))] = np.nan
    return replace(series, values=values, trusted=tuple(sorted({*series.trusted, *trusted})))
