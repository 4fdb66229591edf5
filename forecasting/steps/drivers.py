"""What the forecast step adds where drivers are known or something is decided: what each does to every month
ahead. Costs few queries a chunk where there is nothing."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot
from operator import mul
from typing import TYPE_CHECKING, Any

from core.months import month_add, month_row, months_between
from core.numbers import significant
from core.registries import PlannedChange
from forecasting.models import Driver, SharedEffect
from forecasting.selectors.drivers import driver_months, driver_weeks, drivers_of, months_ahead
from forecasting.selectors.subject_series import SubjectSeries, WeekSeries
from forecasting.week_months import months_driven
from products.models import Family, Product
from products.selectors.lines import LineTree

from .common import HORIZON, SEASON_LENGTH
from .decided import Decided
from .decided_weeks import DecidedWeeks
from .weeks import SEASON_WEEKS, WEEKS_AHEAD, WeeksAhead, weeks_after

if TYPE_CHECKING:
    from forecasting.engine import Forecast, Series
    from forecasting.engine import drivers as engine_drivers
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
    forecast by the week ``weeks`` are its weeks with both (empty: none), ``week_spreads`` how unsure
    decisions make those, and ``months`` the sums of the weeks that drivers move, on which decisions have
    come."""

    factors: tuple[float, ...]
    said: dict[str, Any]
    spreads: tuple[float, ...] = ()
    weeks: tuple[float, ...] = ()
    months: tuple[float, ...] = ()
    week_spreads: tuple[float, ...] = ()

    def on(self, made: Forecast) -> list[float] | None:
        """The forecast with drivers; ``None`` where none entered, or nothing is forecast."""
        if not self.factors or not len(made.mean):
            return None
        if self.months:
            return list(self.months)
        return [
            float(f"{mean * factor:.7g}")
            for mean, factor in zip(made.mean.tolist(), self.factors, strict=True)
        ]


class Drivers:
    """The drivers of a chunk's products and families, with their months, and what is decided."""

    def __init__(self, as_of: datetime.date, payload: Mapping[str, Any]) -> None:
        products, families = payload.get("products") or (), payload.get("families") or ()
        self._as_of = as_of
        self._of: dict[tuple[str, int], list[Driver]] = {}
        self._lines: dict[int, int] = {}
        self._planned = Decided(as_of, payload)
        self._left_out = {(line, key): said for line, key, *said in payload.get("left_out") or ()}
        if self._left_out:
            self._lines = _lines_of(products, families)
        if not Driver.objects.filter(is_active=True).exists():
            return
        self._lines = self._lines or _lines_of(products, families)
        self._of = drivers_of(products, self._lines, LineTree())
        self._held = list({driver.pk: driver for found in self._of.values() for driver in found}.values())
        self._shared = self._shared_of(self._lines) if any(driver.moves for driver in self._held) else {}
        first, last = month_add(as_of, -12 * _YEARS_BACK), month_add(as_of, HORIZON)
        self._months: dict[int, Values] = driver_months(self._held, first, last) if self._held else {}
        self._weeks: dict[int, dict[int, Values]] = {}
        self._digests: dict[tuple[int, int | None], str] = {}

    def of(self, series: SubjectSeries) -> list[Driver]:
        if not self._of:
            return []
        if series.product_id is not None:
            return self._of.get(("product", series.product_id), [])
        return self._of.get(("line", self._lines[-(series.family_id or 0)]), [])

    def _shared_of(self, lines: Mapping[int, int]) -> dict[tuple[int, int, bool], dict[str, Any]]:
        """What moving holidays do, by line, measure and whether by the week: the newest that may be known."""
        from forecasting.engine import ENGINE_VERSION

        rows = SharedEffect.objects.filter(
            line__in=set(lines.values()), engine_version=ENGINE_VERSION, as_of__lte=self._as_of
        )
        columns = ("line_id", "measure_id", "by_week", "payload")
        return {
            (line_id, measure_id, by_week): payload
            for line_id, measure_id, by_week, payload in rows.order_by("as_of").values_list(*columns)
        }

    def _holidays(self, series: SubjectSeries) -> dict[str, Any]:
        """What the series' line says of its moving holidays, by calendar; nothing where it says nothing."""
        if not any(driver.moves for driver in self.of(series)):
            return {}
        line_id = self._lines[series.product_id or -(series.family_id or 0)]
        return self._shared.get((line_id, series.measure_id, series.weeks is not None), {})

    def digest(self, series: SubjectSeries) -> list[Any]:
        """What the result depends on beside the series; nothing where there is no driver."""
        facts = [self._driver_digest(driver, series.weeks) for driver in self.of(series)]
        decided = self._decided(series)
        planned = [
            [key, change.factors, change.params, change.prices, change.spreads, *self._worse(series, key)]
            for key, change in decided.items()
        ]
        holidays = self._holidays(series)
        days = [[key, str(change.days)] for key, change in decided.items() if change.days]
        weeks = {"weeks": days} if series.weeks and (facts or planned) else None
        told = (facts, {"planned": planned} if planned else None, holidays, weeks)
        return [each for each in told if each]

    def _driver_digest(self, driver: Driver, weeks: WeekSeries | None) -> str:
        """Its name and kind with its months, and its weeks that begin on the weekday of these."""
        key = driver.pk, weeks.start.weekday() if weeks else None
        if key not in self._digests:
            values = [self._months[driver.pk], *([self._by_week(weeks)[driver.pk]] if weeks else [])]
            facts = [
                driver.pk,
                str(driver),
                driver.kind,
                *([(str(d), v) for d, v in own.items()] for own in values),
            ]
            self._digests[key] = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        return self._digests[key]

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
        weeks = None
        if ahead:
            begun = learnt.weeks if learnt and learnt.weeks else ahead.made.mean.tolist()
            weeks = DecidedWeeks(ahead.starts[0], begun, months_ahead(series.as_of, HORIZON))
        # Of a state the year is how it ends.
        plainly = plain.mean[YEAR - 1 if series.kind == "level" else 0 : YEAR].tolist()
        for key, change in decided.items():
            if change.factors and (worse := self._worse(series, key)):
                told.append({"key": key, "year": 0.0, "params": change.params, "left_out": worse})
                continue
            before = _year(plainly, factors)
            if change.factors:
                factors = list(map(mul, factors or [1.0] * HORIZON, change.factors))
                months = tuple(significant(value, 7) for value in map(mul, months, change.factors))
            if change.spreads:
                spreads = list(map(hypot, spreads or [0.0] * HORIZON, change.spreads))
            after = _year(plainly, factors)
            year = significant(after / before - 1, 5) if before > 0 else 0.0
            params = change.params if change.factors else {**change.params, "still": True}
            by_week = {"weeks": weeks.move(change)} if weeks and change.factors else {}
            told.append({"key": key, "year": year, "params": params, **by_week})
        kept = learnt.said if learnt else {"used": [], "refused": []}
        if not any("weeks" in entry for entry in told):
            weeks = None
        return Moved(
            tuple(significant(value, 7) for value in factors),
            {**kept, "planned": told},
            tuple(significant(value, 5) for value in spreads),
            weeks.weeks if weeks else learnt.weeks if learnt else (),
            months,
            weeks.spreads if weeks else (),
        )

    def _worse(self, series: SubjectSeries, key: str) -> list[float]:
        """Where decisions of this source made the line's forecasts worse: of how many products, in how many
        months together, and how far off those were with it and without; else nothing."""
        if not self._left_out:
            return []
        return self._left_out.get((self._lines[series.product_id or -(series.family_id or 0)], key), [])

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

    def columns(self, series: SubjectSeries, held: Sequence[Driver]) -> list[engine_drivers.Driver]:
        """The drivers as the engine takes them: beside the months of the series, or the weeks where it has
        them, and the 18 months after it."""
        import numpy as np

        from forecasting.engine import drivers as engine_drivers

        if series.weeks:
            values = self._by_week(series.weeks)
            past = [series.weeks.start + WEEK * step for step in range(len(series.weeks.values))]
            ahead = weeks_after(series.weeks, WEEKS_TRIED)
        else:
            values = self._months
            past = list(month_row(series.start, month_add(series.start, len(series.values) - 1)))
            ahead = months_ahead(series.as_of, HORIZON)

        def column(driver: Driver, dates: list[datetime.date]) -> FloatArray:
            known = values[driver.pk]
            return np.array([known.get(date, np.nan) for date in dates], dtype=np.float64)

        return [
            engine_drivers.Driver(
                str(driver.pk),
                column(driver, past),
                column(driver, ahead),
                "event" if driver.kind == Driver.Kind.EVENT else "series",
            )
            for driver in held
        ]

    def _learnt(
        self, series: SubjectSeries, said: Series, plain: Forecast, ahead: WeeksAhead | None
    ) -> Moved | None:
        """What the drivers do; ``None`` where there are none."""
        held = self.of(series)
        if not held:
            return None
        from forecasting import engine
        from forecasting.engine import drivers as engine_drivers

        holidays = self._holidays(series)
        effects = {
            str(driver.pk): holidays[driver.calendar]
            for driver in held
            if driver.moves and driver.calendar in holidays
        }
        weights = {pk: effect["weight"] for pk, effect in effects.items() if effect["enters"]}
        tried = self.columns(series, [d for d in held if effects.get(str(d.pk), {"enters": True})["enters"]])
        weeks: list[list[float]] = []
        layers: dict[str, FloatArray] = {}
        about, season_length, horizon = (
            (said, SEASON_LENGTH, HORIZON) if ahead is None else (ahead.said, SEASON_WEEKS, WEEKS_TRIED)
        )
        found = engine_drivers.driver_effects(
            about, tried, season_length=season_length, horizon=horizon, shared=weights
        )
        if found.moves:
            before = plain.mean
            if ahead is not None:
                before = engine.forecast(about, season_length=season_length, horizon=horizon).mean
            layers = engine_drivers.driven(about, before, found, season_length=season_length, horizon=horizon)
            if ahead is not None:
                starts = [ahead.starts[0] + WEEK * step for step in range(WEEKS_TRIED)]
                weeks = [layer[:WEEKS_AHEAD].tolist() for layer in (before, *layers.values())]
                layers = _months_from(starts, before, layers, plain.mean, series.as_of)
        return _told(held, found, plain.mean, layers, series, weeks, effects)


def _lines_of(products: Collection[int], families: Collection[int]) -> dict[int, int]:
    """By product its line, and by family, which stands beside the products under a number below zero."""
    lines = dict(Product.objects.filter(pk__any=products).values_list("pk", "line_id"))
    rows = Family.objects.filter(pk__in=families).values_list("pk", "line_id")
    return lines | {-pk: line_id for pk, line_id in rows}


def _year(months: list[float], factors: list[float]) -> float:
    """The last of the next 12 months that are given, with the factors on them."""
    return sum(map(mul, months, (factors or [1.0] * YEAR)[YEAR - len(months) : YEAR]))


def _later(values: tuple[float, ...], months: int, before: float = 1.0) -> tuple[float, ...]:
    """The same where the data end so many months before the run's."""
    return (*(before,) * months, *values)[: len(values)] if months > 0 else values


def _named(driver: Driver) -> dict[str, Any]:
    return {"id": driver.pk, "code": driver.code, "name": driver.name, "calendar": driver.calendar}


def _months_from(
    starts: list[datetime.date],
    plain: FloatArray,
    layers: Mapping[str, FloatArray],
    monthly: FloatArray,
    as_of: datetime.date,
) -> dict[str, FloatArray]:
    """The months of each layer of weeks."""
    import numpy as np

    months = dict(zip(months_ahead(as_of, HORIZON), monthly.tolist(), strict=True))
    return {
        name: np.array(
            months_driven(
                list(zip(starts, plain.tolist(), layer.tolist(), strict=True)), months, counted=WEEKS_AHEAD
            )
        )
        for name, layer in layers.items()
    }


def _told(
    held: list[Driver],
    found: engine_drivers.DriverResult,
    plain: FloatArray,
    layers: Mapping[str, FloatArray],
    series: SubjectSeries,
    weeks: list[list[float]],
    effects: Mapping[str, Mapping[str, Any]],
) -> Moved:
    """What drivers do to the months, in words' numbers; ``plain`` are the months without, ``layers`` with
    each of those that entered and all before it, and ``effects`` what the line says of moving holidays.
    ``weeks``: those without, and of each layer (empty: none)."""
    import numpy as np

    by_id = {str(driver.pk): driver for driver in held}
    factors = np.ones(HORIZON)
    used: list[dict[str, Any]] = []
    year = slice(YEAR - 1, YEAR) if series.kind == "level" else slice(YEAR)
    by_week = {"by_week": True} if series.weeks else {}
    before = plain
    for name, layer in layers.items():
        share = np.where(before > 0, layer / np.where(before > 0, before, 1.0), 1.0)
        factors = factors * share
        told, was, before = layer[year].sum(), before[year].sum(), layer
        effect = effects.get(name, {})
        shared = {"shared": effect["series"], "weight": effect["weight"]} if effect else {}
        moved = {"weeks": _moves(*weeks[len(used) : len(used) + 2])} if weeks else {}
        used.append(
            {
                **_named(by_id[name]),
                "gain": effect["gain"] if effect else found.gains[name],
                "year": significant(float(told / was - 1), 5) if was > 0 else 0.0,
                "months": [significant(value - 1, 5) for value in share.tolist()],
                **shared,
                **moved,
            }
        )
    why = dict(found.refused)
    for name, effect in effects.items():
        if not effect["enters"]:
            gain = round(100 * effect["gain"], 1)
            why[name] = "no_shared_gain", {"gain_pct": gain, "series": effect["series"]}
    refused = [
        {**_named(by_id[name]), "reason": reason, "params": {**params, **by_week}}
        for name, (reason, params) in why.items()
    ]
    return Moved(
        tuple(significant(value, 7) for value in factors.tolist()) if used else (),
        {"used": used, "refused": refused},
        weeks=tuple(weeks[-1]) if weeks else (),
        months=tuple(before.tolist()) if weeks else (),
    )


def _moves(before: Sequence[float], after: Sequence[float]) -> list[float]:
    return [significant(new - old, 7) for old, new in zip(before, after, strict=True)]
