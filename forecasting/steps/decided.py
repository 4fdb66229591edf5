"""What is decided of products, and through its members of a family: what it does to every month ahead."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from core.numbers import significant
from core.registries import PlannedChange, planned_sources
from forecasting.selectors.drivers import months_ahead
from forecasting.selectors.family_series import Weight, member_weights
from forecasting.selectors.series import SubjectSeries
from forecasting.totals import USUAL_PRODUCT_CORRELATION, summed_half
from products.models import Family, Measure
from products.selectors.family import belongs, stays_of
from products.selectors.lines import LineTree

from .common import HORIZON


class Decided:
    """Of a chunk's products and families, by source."""

    def __init__(self, as_of: datetime.date, payload: Mapping[str, Any]) -> None:
        months = months_ahead(as_of, HORIZON)
        families = payload.get("families") or ()
        members = {
            family: [pk for pk, stays in own.items() if belongs(months[0], stays)]
            for family, own in (stays_of(families) if families else {}).items()
        }
        products = {*(payload.get("products") or ()), *(pk for own in members.values() for pk in own)}
        self._changes = {
            source.key: source.changes(products, months) for source in planned_sources if products
        }
        moved = {pk for changes in self._changes.values() for pk in changes}
        wanted = {family: own for family, own in members.items() if moved.intersection(own)}
        self._weights: Mapping[tuple[int, int], Mapping[int, Weight]] = {}
        if wanted:
            rows = Family.objects.filter(pk__in=wanted)
            self._weights = member_weights(LineTree(), {row: wanted[row.pk] for row in rows}, as_of)
        self._found: dict[Any, dict[str, PlannedChange]] = {}

    def of(self, series: SubjectSeries) -> dict[str, PlannedChange]:
        if series.key not in self._found:
            self._found[series.key] = self._of(series)
        return self._found[series.key]

    def _of(self, series: SubjectSeries) -> dict[str, PlannedChange]:
        found = {}
        for key, changes in self._changes.items():
            if series.product_id is not None:
                change = _on(series, changes.get(series.product_id))
            else:
                weights = self._weights.get((series.family_id or 0, series.measure_id), {})
                change = _together(weights, {pk: _on(series, changes.get(pk)) for pk in weights})
            if change is not None:
                found[key] = change
        return found


def _on(series: SubjectSeries, change: PlannedChange | None) -> PlannedChange | None:
    return change and change.on(series.measure_id, is_level=series.kind == Measure.Kind.LEVEL)


def _together(
    weights: Mapping[int, Weight], changes: Mapping[int, PlannedChange | None]
) -> PlannedChange | None:
    """Of a family: each member counts as it sold in the last 12 months. What is not known of the members'
    answers is as correlated as products' errors usually are."""
    own = {pk: change for pk, change in changes.items() if change is not None}
    volume, revenue = (sum(weight[place] for weight in weights.values()) for place in (0, 1))
    if not own or volume <= 0:
        return None
    factors, spreads, prices = [], [], []
    for step in range(HORIZON):
        moves = {pk: own[pk].factors[step] if pk in own and own[pk].factors else 1.0 for pk in weights}
        sold = sum(weight[0] * moves[pk] for pk, weight in weights.items())
        factors.append(significant(sold / volume, 7))
        parts = [
            weights[pk][0] * moves[pk] / sold * change.spreads[step]
            for pk, change in own.items()
            if change.spreads and sold > 0
        ]
        squares = sum(part**2 for part in parts)
        spread = summed_half(sum(parts), squares, correlation=USUAL_PRODUCT_CORRELATION)
        spreads.append(significant(spread, 7))
        paid = sum(
            weight[1] * moves[pk] * (own[pk].prices[step] if pk in own and own[pk].prices else 1.0)
            for pk, weight in weights.items()
        )
        ratio = paid / revenue / (sold / volume) if revenue > 0 and sold > 0 else 1.0
        prices.append(significant(ratio, 7))
    moved = sum(1 for change in own.values() if change.factors)
    return PlannedChange(
        tuple(factors) if moved else (),
        {"moved": moved, "members": len(weights)} if moved else {},
        tuple(prices) if any(ratio != 1 for ratio in prices) else (),
        tuple(spreads) if any(spreads) else (),
    )
