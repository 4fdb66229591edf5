"""The months that promotions made unlike others, of a chunk's products and families."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from core.registries import promoted_sources
from forecasting.selectors.family_series import Weight, member_weights
from forecasting.selectors.series import SubjectSeries
from products.models import Family
from products.selectors.family import belongs, stays_of
from products.selectors.lines import LineTree

if TYPE_CHECKING:
    from forecasting.engine import Series
    from forecasting.engine.series import FloatArray

# A month of which less was sold in promotion still says how high the level was.
LEAST = 0.2
Shares = Mapping[datetime.date, float]


class Promoted:
    """By month which part was sold in promotion, over all sources."""

    def __init__(self, as_of: datetime.date, payload: Mapping[str, Any]) -> None:
        stays = stays_of(payload["families"]) if payload.get("families") else {}
        asked = {*(payload.get("products") or ()), *(pk for own in stays.values() for pk in own)}
        self._shares: dict[int, dict[datetime.date, float]] = {}
        for source in promoted_sources:
            for pk, months in source.months(asked, as_of).items() if asked else ():
                own = self._shares.setdefault(pk, {})
                for month, share in months.items():
                    own[month] = min(own.get(month, 0.0) + share, 1.0)
        wanted = {
            family: [pk for pk, when in own.items() if belongs(as_of, when)]
            for family, own in stays.items()
            if own.keys() & self._shares.keys()
        }
        self._weights: Mapping[tuple[int, int], Mapping[int, Weight]] = {}
        if wanted:
            rows = Family.objects.filter(pk__in=wanted)
            self._weights = member_weights(LineTree(), {row: wanted[row.pk] for row in rows}, as_of)

    def months(self, series: SubjectSeries) -> list[datetime.date]:
        """Those of the leading measure up to the last that is final. A state does not jump in a promotion and
        fall back after it: none."""
        if not series.leads or series.kind == "level":
            return []
        shares = self._of(series)
        return sorted(
            month for month, share in shares.items() if share >= LEAST and month <= series.fit_until
        )

    def digest(self, series: SubjectSeries) -> list[Any]:
        """What the stage depends on beside the series; nothing where there was no promotion."""
        months = self.months(series)
        return [{"promoted": [str(month) for month in months]}] if months else []

    def flags(self, series: SubjectSeries, said: Series) -> FloatArray | None:
        """1 for each month of ``said`` in promotion; ``None`` where none is."""
        import numpy as np

        from forecasting.engine import month_ordinal

        months = self.months(series)
        if not months:
            return None
        periods = said.start + np.arange(len(said.array))
        return np.isin(periods, [month_ordinal(month) for month in months]).astype(np.float64)

    def _of(self, series: SubjectSeries) -> Shares:
        if series.product_id is not None:
            return self._shares.get(series.product_id, {})
        weights = self._weights.get((series.family_id or 0, series.measure_id), {})
        return _together({pk: weight[0] for pk, weight in weights.items()}, self._shares)


def _together(weights: Mapping[int, float], shares: Mapping[int, Shares]) -> Shares:
    """Of a family: each member counts as it sold in the last 12 months."""
    volume = sum(weights.values())
    months: Collection[datetime.date] = {month for pk in weights for month in shares.get(pk, {})}
    if volume <= 0:
        return {}
    return {
        month: sum(weight * shares.get(pk, {}).get(month, 0.0) for pk, weight in weights.items()) / volume
        for month in months
    }
