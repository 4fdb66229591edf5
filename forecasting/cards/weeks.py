"""The forecast tab by the week: chart, table, and why a forecast was made by the month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core.charts import Actual, Chart, Expected, StageSpan, Switch, volume_forecast_chart
from core.formats import volume_decimals
from core.organisation import today
from core.registries import Event
from forecasting.models import Forecast, ForecastWeek
from forecasting.selectors.forecasts import ForecastNow
from forecasting.selectors.weeks import weeks_sold
from forecasting.words.drivers import week_moves
from products.models import Measure, Product

HISTORY_WEEKS, YEAR_WEEKS = 156, 52
WEEK = datetime.timedelta(days=7)
ADDRESS = "weeks"


@dataclass(frozen=True)
class WeekRow:
    """A week of forecast beside the same week a year before, what was sold in it if it is over, and by how
    much each driver and decision moves it."""

    week: ForecastWeek
    before: float | None
    sold: float | None
    moves: tuple[float, ...] = ()

    @property
    def index(self) -> float | None:
        return self.week.final / self.before * 100 if self.before and self.before > 0 else None


@dataclass(frozen=True)
class WeeksShown:
    """What the tab shows by the week. ``sold`` by first day, ``rows`` of the product's life only, ``movers``:
    the names of what moves them."""

    rows: list[WeekRow]
    sold: Mapping[datetime.date, float]
    movers: list[str]

    @property
    def any_driven(self) -> bool:
        return any(row.week.driven is not None for row in self.rows)

    @property
    def any_sold(self) -> bool:
        return any(row.sold is not None for row in self.rows)

    @property
    def decimals(self) -> int:
        bands = [row.week.final_band for row in self.rows]
        return volume_decimals([v for band in bands for v in band] + [v.before for v in self.rows])

    @property
    def move_decimals(self) -> int:
        """What moves a week is small beside it."""
        return volume_decimals(moved for row in self.rows for moved in row.moves)


def weeks_shown(
    user: Any, product: Any, measure: Measure, now: ForecastNow | None, asked: str | None
) -> WeeksShown | None:
    """What the tab shows when the address asks for weeks and the forecast has some."""
    if asked != ADDRESS or now is None or not now.forecast.by_week or not isinstance(product, Product):
        return None
    weeks = [w for w in now.weeks if now.ended is None or w.week <= now.ended]
    if not weeks:
        return None
    sold = weeks_sold(user, product, measure, weeks[0].week - HISTORY_WEEKS * WEEK, today())
    movers = week_moves(now.forecast)
    moves = zip(*(volumes for _name, volumes in movers), strict=True) if movers else repeat(())
    rows = [
        WeekRow(week, sold.get(week.week - YEAR_WEEKS * WEEK), sold.get(week.week), own)
        for week, own in zip(weeks, moves, strict=False)
    ]
    return WeeksShown(rows, sold, [name for name, _volumes in movers])


def weeks_chart(
    *,
    shown: WeeksShown,
    measure: Measure,
    unit: str,
    events: Sequence[Event],
    stages: Sequence[StageSpan],
    switches: Sequence[Switch],
) -> Chart:
    """Three years of weeks and the 26 ahead; what was sold since stands in the table."""
    first = shown.rows[0].week.week
    past = [week for week in shown.sold if week < first]
    slots = (first - min(past)).days // 7 if past else 0
    starts = [first - step * WEEK for step in range(slots, 0, -1)]
    return volume_forecast_chart(
        id="forecast-chart",
        title=_("What is expected in the next 26 weeks?"),
        subtitle=_("%(measure)s; band: 80%% and 95%%") % {"measure": capfirst(str(measure))},
        history=[Actual(week, shown.sold.get(week)) for week in starts],
        forecast=[Expected(row.week.week, *row.week.final_band) for row in shown.rows],
        events=[event for event in events if event.date >= (starts[0] if starts else first)],
        stages=stages,
        unit_label=_("%(unit)s a week") % {"unit": unit},
        measure_label=str(measure),
        switches=[replace(switch, url=f"{switch.url}&step={ADDRESS}") for switch in switches],
        weekly=True,
    )


def with_steps(chart: Chart | None, now: ForecastNow | None, measure: Measure, weekly: bool) -> Chart | None:
    """The chart with the choice of months or weeks, where the forecast has both."""
    if chart is None or now is None or not now.forecast.by_week:
        return chart
    of_measure = f"?measure={measure.code}"
    return replace(
        chart,
        steps=[
            Switch(capfirst(_("months")), of_measure, not weekly),
            Switch(capfirst(_("weeks")), f"{of_measure}&step={ADDRESS}", weekly),
        ],
    )


def step_words(forecast: Forecast | None) -> str:
    """That it was made by the week, or why not where its line asks for it; empty where nobody asks."""
    if forecast is None:
        return ""
    if forecast.by_week:
        return _(
            "Made by the week: its first months are the sums of their weeks' days, later ones are made"
            " by the month."
        )
    why = {
        "level": _("a state at the end of a period is not spread over weeks"),
        "family": _("a family is forecast by the month"),
        "handover": _("it shares its history with a predecessor or successor"),
        "planned": _("a launch plan speaks of months"),
        "monthly_figures": _("its figures come by the month"),
        "some_monthly": _("some of its figures come by the month"),
        "mixed_weeks": _("its weeks do not all begin on the same day"),
        "few_weeks": _("there are too few weeks, and its months go further back"),
    }.get(forecast.monthly_because)
    return _("Its line asks for weeks, but it is made by the month: %(why)s.") % {"why": why} if why else ""
