"""How evenly a product sells: the variation of its seasonally adjusted volume."""

from __future__ import annotations

import datetime

from core.months import month_row
from pricing.engine.costs import variation

YEAR, SEASONS, LEAST = 12, 24, 6


def variation_of(volumes: dict[datetime.date, float], last: datetime.date) -> float | None:
    """Of the twelve months up to ``last``, of which six are known at least; under two years of ``volumes``
    as they were sold."""
    import numpy as np

    from forecasting.engine.stages.estimate import season_index

    if not volumes:
        return None
    months = month_row(min(volumes).replace(month=1), last)
    row = np.array([volumes.get(month, np.nan) for month in months], dtype=np.float64)
    if np.count_nonzero(~np.isnan(row)) >= SEASONS:
        row = row / np.resize(season_index(row), len(row))
    year = row[-YEAR:]
    known = [float(volume) for volume in year[~np.isnan(year)]]
    return variation(known) if len(known) >= LEAST else None
