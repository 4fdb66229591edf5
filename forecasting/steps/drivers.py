"""What the forecast step adds where drivers are known or something is decided: what each does to every month
ahead. Costs few queries a chunk where there is nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import hypot
from operator import mul
from typing import TYPE_CHECKING, Any

from core.months import month_add, month_row, months_between
from core.numbers import significant
from core.registries import PlannedChange
from forecasting.models import Driver
from forecasting.selectors.drivers import driver_months, driver_weeks, drivers_of, months_ahead
from forecasting.selectors.subject_series import SubjectSeries, WeekSeries
from forecasting.week_months import months_driven
from products.models import Family, Product
from products.selectors.lines import LineTree

from .common import HORIZON, SEASON_LENGTH
from .decided import Decided
from .weeks import SEASON_WEEKS, WEEKS_AHEAD, WeeksAhead, weeks_after

if TYPE_CHECKING:
    from forecasting.engine import Forecast, Series
    from forecasting.engine.drivers import DriverResult
    from forecasting.engine.series import FloatArray

Values = dict[datetime.date, float]

# A calendar is counted so far back.
_YEARS_BACK = 12
YEAR = 12
# So many weeks cover the 18 months ahead, wherever in a month they begin.
WEEKS_TRIED = 80
WEEK = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Moved:
    """``factors``: on each month ahead, all drivers and decisions together (empty: none); ``said``: what is
    kept with the forecast; ``spreads``: how unsure decisions make its logarithm (empty: not at all). Of a
    forecast by the week that drivers move, ``weeks`` are its weeks with them, and ``months`` the sums of
    those, on which decisions have come."""

    factors: tuple[float, ...]
    said: dict[str, Any]
    spreads: tuple[float, ...] = ()
    weeks: tuple[float, ...] = ()
    months: tuple[float, ...] = ()

    def on(self, made: Forecast) -> list[float] | None:
        """The forecast with drivers; ``None`` where none entered."""
        if not self.factors:
            return None
        if self.months:
            return list(self.months)
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
        self._held = list({driver.pk: driver for found in self._of.values() for driver in found}.values())
        first, last = month_add(as_of, -12 * _YEARS_BACK), month_add(as_of, HORIZON)
        self._months: dict[int, Values] = driver_months(self._held, first, last) if self._held else {}
        self._weeks: dict[int, dict[int, Values]] = {}

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
                *(
                    [[(str(week), v) for week, v in self._by_week(series.weeks)[driver.pk].items()]]
                    if series.weeks
                    else []
                ),
            ]
            for driver in self.of(series)
        ]
        planned = [
            [key, change.factors, change.params, change.prices, change.spreads]
            for key, change in self._decided(series).items()
        ]
        return [*([facts] if facts else []), *([{"planned": planned}] if planned else [])]

    def moved(
        self, series: SubjectSeries, said: Series, plain: Forecast, ahead: WeeksAhead | None
    ) -> Moved | None:
        """What drivers and decisions do to the forecast ``plain`` of ``said``, made from the weeks ``ahead``
        where there are some; ``None``: there are none."""
        if not len(plain.mean):
            return None
        learnt = self._learnt(series, said, plain, ahead)
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
        months = learnt.months if learnt else ()
        # Of a state the year is how it ends.
        plainly = plain.mean[YEAR - 1 if series.kind == "level" else 0 : YEAR].tolist()
        for key, change in decided.items():
            before = _year(plainly, factors)
            if change.factors:
                factors = list(map(mul, factors or [1.0] * HORIZON, change.factors))
                months = tuple(significant(value, 7) for value in map(mul, months, change.factors))
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
            learnt.weeks if learnt else (),
            months,
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

    def _by_week(self, weeks: WeekSeries) -> dict[int, Values]:
        """The values by the weeks that begin on the weekday of these."""
        weekday = weeks.start.weekday()
        if weekday not in self._weeks:
            first = month_add(self._as_of, -12 * _YEARS_BACK)
            first += datetime.timedelta((weekday - first.weekday()) % 7)
            last = month_add(self._as_of, HORIZON + 1)
            self._weeks[weekday] = driver_weeks(self._held, first, last) if self._held else {}
        return self._weeks[weekday]

    def _learnt(
        self, series: SubjectSeries, said: Series, plain: Forecast, ahead: WeeksAhead | None
    ) -> Moved | None:
        """What the drivers do; ``None`` where there are none."""
        held = self.of(series)
        if not held:
            return None
        weeks: list[float] = []
        if ahead is None or series.weeks is None:
            past = list(month_row(series.start, month_add(series.start, len(series.values) - 1)))
            later = months_ahead(series.as_of, HORIZON)
            found, layers, _plain = _tried(held, self._months, said, (past, later), SEASON_LENGTH, plain.mean)
            made = [plain.mean, *layers]
        else:
            starts = weeks_after(series.weeks, WEEKS_TRIED)
            past = [series.weeks.start + WEEK * step for step in range(len(series.weeks.values))]
            found, layers, before = _tried(
                held, self._by_week(series.weeks), ahead.said, (past, starts), SEASON_WEEKS
            )
            made = [plain.mean, *_months_from(starts, before, layers, plain.mean, series.as_of)]
            weeks = layers[-1][:WEEKS_AHEAD].tolist() if layers else []
        return _told(held, found, made, series, weeks)


def _year(months: list[float], factors: list[float]) -> float:
    """The last of the next 12 months that are given, with the factors on them."""
    return sum(map(mul, months, (factors or [1.0] * YEAR)[YEAR - len(months) : YEAR]))


def _later(values: tuple[float, ...], months: int, before: float = 1.0) -> tuple[float, ...]:
    """The same where the data end so many months before the run's."""
    return (*(before,) * months, *values)[: len(values)] if months > 0 else values


def _named(driver: Driver) -> dict[str, Any]:
    return {"id": driver.pk, "code": driver.code, "name": driver.name, "calendar": driver.calendar}


def _tried(
    held: list[Driver],
    values: Mapping[int, Values],
    said: Series,
    periods: tuple[list[datetime.date], list[datetime.date]],
    season_length: int,
    plain: FloatArray | None = None,
) -> tuple[DriverResult, list[FloatArray], FloatArray]:
    """Which of the drivers enter, the mean with each of them in turn, and the mean without, over the periods
    ahead (the second of ``periods``; the first are those of ``said``)."""
    import numpy as np

    from forecasting import engine
    from forecasting.engine import drivers

    past, ahead = periods

    def column(driver: Driver, dates: list[datetime.date]) -> FloatArray:
        known = values[driver.pk]
        return np.array([known.get(date, np.nan) for date in dates], dtype=np.float64)

    found = drivers.driver_effects(
        said,
        [
            drivers.Driver(
                str(driver.pk),
                column(driver, past),
                column(driver, ahead),
                "event" if driver.kind == Driver.Kind.EVENT else "series",
            )
            for driver in held
        ],
        season_length=season_length,
        horizon=len(ahead),
    )
    if plain is None:
        plain = engine.forecast(said, season_length=season_length, horizon=len(ahead)).mean
    layers = drivers.driven(said, plain, found, season_length=season_length, horizon=len(ahead))
    return found, list(layers.values()), plain


def _months_from(
    starts: list[datetime.date],
    plain: FloatArray,
    layers: list[FloatArray],
    monthly: FloatArray,
    as_of: datetime.date,
) -> list[FloatArray]:
    """The months of each layer of weeks."""
    import numpy as np

    months = dict(zip(months_ahead(as_of, HORIZON), monthly.tolist(), strict=True))
    return [
        np.array(
            months_driven(
                list(zip(starts, plain.tolist(), layer.tolist(), strict=True)), months, counted=WEEKS_AHEAD
            )
        )
        for layer in layers
    ]


def _told(
    held: list[Driver],
    found: DriverResult,
    made: list[FloatArray],
    series: SubjectSeries,
    weeks: list[float],
) -> Moved:
    """What drivers do to the months, in words' numbers; ``made`` are the months without and with each."""
    import numpy as np

    by_id = {str(driver.pk): driver for driver in held}
    factors, used = np.ones(HORIZON), []
    year = slice(YEAR - 1, YEAR) if series.kind == "level" else slice(YEAR)
    by_week = {"by_week": True} if weeks or series.weeks else {}
    for name, before, layer in zip(found.moves, made, made[1:], strict=False):
        share = np.where(before > 0, layer / np.where(before > 0, before, 1.0), 1.0)
        factors = factors * share
        told, was = layer[year].sum(), before[year].sum()
        used.append(
            {
                **_named(by_id[name]),
                "gain": found.gains[name],
                "year": significant(float(told / was - 1), 5) if was > 0 else 0.0,
                "months": [significant(value - 1, 5) for value in share.tolist()],
            }
        )
    refused = [
        {**_named(by_id[name]), "reason": reason, "params": {**params, **by_week}}
        for name, (reason, params) in found.refused.items()
    ]
    return Moved(
        tuple(significant(value, 7) for value in factors.tolist()) if used else (),
        {"used": used, "refused": refused},
        weeks=tuple(weeks),
        months=tuple(made[-1].tolist()) if weeks else (),
    )
