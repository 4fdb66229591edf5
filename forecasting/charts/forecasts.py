"""The forecast tab's chart."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Actual, Chart, Expected, Mark, StageSpan, Switch, volume_forecast_chart
from core.organisation import organisation_get, today
from core.registries import Event
from forecasting.models import ForecastMonth
from forecasting.selectors.forecasts import ForecastNow
from products.models import Measure
from products.selectors.sales import MonthSales


def forecast_chart(
    *,
    sales: Sequence[MonthSales],
    now: ForecastNow | None,
    measure: Measure,
    unit: str,
    events: Sequence[Event],
    stages: Sequence[StageSpan],
    switches: Sequence[Switch],
    rings: Sequence[Mark] = (),
) -> Chart | None:
    """History and the next 18 months of one measure; ``None`` without a single month."""
    history = _history(sales, "volume")
    expected = [
        Expected(row.month, row.mean, *row.final_band[1:], _planned(row))
        for row in (now.sold_months if now else [])
    ]
    if not history and not expected:
        return None
    subtitle = _("%(measure)s; band: 80%% and 95%%") if expected else "%(measure)s"
    if now is not None and now.ended and len(now.months) > len(expected):
        subtitle = f"{subtitle}. {ends_words(now.ended)}"
    level = measure.kind == Measure.Kind.LEVEL
    per: Any = _("%(unit)s at the end of the month") if level else _("%(unit)s a month")
    return volume_forecast_chart(
        id="forecast-chart",
        title=_("What is expected in the next 18 months?") if expected else _("How much was it until now?"),
        subtitle=subtitle % {"measure": capfirst(str(measure))},
        history=history,
        forecast=expected,
        events=events,
        stages=stages,
        unit_label=per % {"unit": unit},
        measure_label=str(measure),
        switches=switches,
        rings=rings,
        rings_label=_("unusual"),
    )


def _planned(row: ForecastMonth) -> float | None:
    return None if row.final == row.mean else row.final


def ends_words(day: datetime.date) -> str:
    """That a product ends, or has ended: why a forecast is short, or not there."""
    said = _("The product ended on %(day)s") if day < today() else _("The product ends on %(day)s")
    return said % {"day": formats.day(day)}


def revenue_chart(
    *, sales: Sequence[MonthSales], events: Sequence[Event], switches: Sequence[Switch] = ()
) -> Chart | None:
    """Only what was invoiced, for products whose volumes do not add up; ``None`` without a single month."""
    history, currency = _history(sales, "revenue"), organisation_get().currency
    if not history:
        return None
    return volume_forecast_chart(
        id="forecast-chart",
        title=_("What was invoiced?"),
        subtitle=capfirst(_("revenue")),
        history=history,
        events=events,
        unit_label=_("%(unit)s a month") % {"unit": currency},
        measure_label=_("revenue"),
        switches=switches,
        currency=currency,
    )


def _history(sales: Sequence[MonthSales], name: str) -> list[Actual]:
    """The months that are closed or provisional, without the empty ones at both ends."""
    shown = [(month, getattr(month, name)) for month in sales if month.complete or month.provisional]
    while shown and (shown[-1][1] is None or not shown[-1][0].complete):
        shown.pop()
    while shown and shown[0][1] is None:
        shown.pop(0)
    return [Actual(m.month, None if v is None else float(v), m.provisional) for m, v in shown]
