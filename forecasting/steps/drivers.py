"""What the forecast step adds where drivers are known or something is decided: what each does to every month
ahead. Costs few queries a chunk where there is nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot
from operator import mul
from typing import TYPE_CHECKING, Any

from core.months import month_add, months_between
from core.numbers import significant
from core.registries import PlannedChange
from forecasting.models import Driver
from forecasting.selectors.drivers import Months, driver_months, drivers_of, months_ahead
from forecasting.selectors.series import SubjectSeries
from products.models import Family, Product
from products.selectors.lines import LineTree

from .common import HORIZON, SEASON_LENGTH
from .decided import Decided

if TYPE_CHECKING:
    from forecasting.engine import Forecast, Series

# A calendar is counted so far back.
_YEARS_BACK = 12
YEAR = 12


@dataclass(frozen=True)
class Moved:
    """``factors``: on each month ahead, all drivers and decisions together (empty: none); ``said``: what is
    kept with the forecast; ``spreads``: how unsure decisions make its logarithm (empty: not at all)."""

    factors: tuple[float, ...]
    said: dict[str, Any]
    spreads: tuple[float, ...] = ()

    def on(self, made: Forecast) -> list[float] | None:
        """The forecast with drivers; ``None`` where none entered."""
        if not self.factors:
            return None
        return [
            float(f"{mean * factor:.7g}")
            for mean, factor in zip(made.mean.tolist(), self.factors, strict=False)
        ]


class Drivers:
    """The drivers of a chunk's products and families, with their months, and what is decided."""

    def __init__(self, as_of: datetime.date, payload: Mapping[str, Any]) -> None:
        products, families = payload.get("products") or (), payload.get("families") or ()
        self._as_of = as_of
        self._of: dict[tuple[str, int], list[Driver]] = {}
        self._lines: dict[int, int] = {}
        self._planned = Decided(as_of, payload)
        if not Driver.objects.filter(is_active=True).exists():
            return
        lines = dict(Product.objects.filter(pk__any=products).values_list("pk", "line_id"))
        self._lines = dict(Family.objects.filter(pk__in=families).values_list("pk", "line_id"))
        # Families stand beside the products under numbers below zero.
        both = lines | {-pk: line_id for pk, line_id in self._lines.items()}
        self._of = drivers_of(products, both, LineTree())
        held = {driver.pk: driver for found in self._of.values() for driver in found}
        first, last = month_add(as_of, -12 * _YEARS_BACK), month_add(as_of, HORIZON)
        self._months: dict[int, Months] = driver_months(list(held.values()), first, last) if held else {}

    def of(self, series: SubjectSeries) -> list[Driver]:
        if not self._of:
            return []
        if series.product_id is not None:
            return self._of.get(("product", series.product_id), [])
        return self._of.get(("line", self._lines[series.family_id or 0]), [])

    def digest(self, series: SubjectSeries) -> list[Any]:
        """What the result depends on beside the series; nothing where there is no driver."""
        facts = [
            [
                driver.pk,
                str(driver),
                driver.kind,
                [(str(month), value) for month, value in self._months[driver.pk].items()],
            ]
            for driver in self.of(series)
        ]
        planned = [
            [key, change.factors, change.params, change.prices, change.spreads]
            for key, change in self._decided(series).items()
        ]
        return [*([facts] if facts else []), *([{"planned": planned}] if planned else [])]

    def moved(self, series: SubjectSeries, said: Series, plain: Forecast) -> Moved | None:
        """What drivers and decisions do to the forecast ``plain`` of ``said``; ``None``: there are none."""
        if not len(plain.mean):
            return None
        learnt = self._learnt(series, said, plain)
        used = {entry["code"] for entry in learnt.said["used"]} if learnt else set()
        decided = {
            key: change
            for key, change in self._decided(series).items()
            if key not in used and (change.factors or change.params)
        }
        if not decided:
            return learnt
        factors = list(learnt.factors) if learnt and learnt.factors else []
        spreads: list[float] = []
        told = []
        # Of a state the year is how it ends.
        plainly = plain.mean[YEAR - 1 if series.kind == "level" else 0 : YEAR].tolist()
        for key, change in decided.items():
            before = _year(plainly, factors)
            if change.factors:
                factors = list(map(mul, factors or [1.0] * HORIZON, change.factors))
            if change.spreads:
                spreads = list(map(hypot, spreads or [0.0] * HORIZON, change.spreads))
            after = _year(plainly, factors)
            year = significant(after / before - 1, 5) if before > 0 else 0.0
            params = change.params if change.factors else {**change.params, "still": True}
            told.append({"key": key, "year": year, "params": params})
        kept = learnt.said if learnt else {"used": [], "refused": []}
        return Moved(
            tuple(significant(value, 7) for value in factors),
            {**kept, "planned": told},
            tuple(significant(value, 5) for value in spreads),
        )

    def prices(self, series: SubjectSeries) -> list[float] | None:
        """What a unit brings in, in each month ahead, against the 12 months before; ``None``: the same."""
        ratios: list[float] = []
        for change in self._decided(series).values():
            if change.prices:
                ratios = list(map(mul, ratios or [1.0] * HORIZON, change.prices))
        return [significant(ratio, 9) for ratio in ratios] or None

    def _decided(self, series: SubjectSeries) -> dict[str, PlannedChange]:
        """By source, from the month after the series on."""
        late = months_between(series.as_of, self._as_of)
        return {
            key: replace(
                change,
                factors=_later(change.factors, late),
                prices=_later(change.prices, late),
                spreads=_later(change.spreads, late, 0.0),
            )
            for key, change in self._planned.of(series).items()
        }

    def _learnt(self, series: SubjectSeries, said: Series, plain: Forecast) -> Moved | None:
        """What the drivers do; ``None`` where there are none."""
        held = self.of(series)
        if not held:
            return None
        import numpy as np

        from forecasting.engine import drivers as engine

        past = [month_add(series.start, step) for step in range(len(series.values))]
        ahead = months_ahead(series.as_of, HORIZON)

        def column(driver: Driver, months: list[datetime.date]) -> Any:
            known = self._months[driver.pk]
            return np.array([known.get(month, np.nan) for month in months], dtype=np.float64)

        found = engine.driver_effects(
            said,
            [
                engine.Driver(
                    str(driver.pk),
                    column(driver, past),
                    column(driver, ahead),
                    "event" if driver.kind == Driver.Kind.EVENT else "series",
                )
                for driver in held
            ],
            season_length=SEASON_LENGTH,
            horizon=HORIZON,
        )
        layers = engine.driven(said, plain.mean, found, season_length=SEASON_LENGTH, horizon=HORIZON)
        by_id = {str(driver.pk): driver for driver in held}
        factors, used, before = np.ones(HORIZON), [], plain.mean
        year = series.kind == "level"
        for name, layer in layers.items():
            share = np.where(before > 0, layer / np.where(before > 0, before, 1.0), 1.0)
            factors = factors * share
            told = layer[YEAR - 1 : YEAR] if year else layer[:YEAR]
            was = before[YEAR - 1 : YEAR] if year else before[:YEAR]
            used.append(
                {
                    **_named(by_id[name]),
                    "gain": found.gains[name],
                    "year": significant(float(told.sum() / was.sum() - 1), 5) if was.sum() > 0 else 0.0,
                    "months": [significant(value - 1, 5) for value in share.tolist()],
                }
            )
            before = layer
        refused = [
            {**_named(by_id[name]), "reason": reason, "params": params}
            for name, (reason, params) in found.refused.items()
        ]
        return Moved(
            tuple(significant(value, 7) for value in factors.tolist()) if used else (),
            {"used": used, "refused": refused},
        )


def _year(months: list[float], factors: list[float]) -> float:
    """The last of the next 12 months that are given, with the factors on them."""
    return sum(map(mul, months, (factors or [1.0] * YEAR)[YEAR - len(months) : YEAR]))


def _later(values: tuple[float, ...], months: int, before: float = 1.0) -> tuple[float, ...]:
    """The same where the data end so many months before the run's."""
    return (*(before,) * months, *values)[: len(values)] if months > 0 else values


def _named(driver: Driver) -> dict[str, Any]:
    return {"id": driver.pk, "code": driver.code, "name": driver.name, "calendar": driver.calendar}
