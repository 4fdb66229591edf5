"""The overview's main chart: volume or revenue, what was and what is expected."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import (
    Actual,
    Chart,
    ChartTable,
    Expected,
    StageSpan,
    Switch,
    volume_forecast_chart,
)
from core.charts.marks import STAGE_KEYS
from core.charts.model import SCHEMA, stage_word
from core.organisation import organisation_get
from core.registries import Event
from forecasting.charts.forecasts import ends_words
from products.models import Measure
from reporting.selectors.overview import Overview, revenue_ahead
from reporting.selectors.today import StageCount


def overview_chart(
    overview: Overview,
    *,
    revenue: bool,
    unit: str,
    events: Sequence[Event],
    stages: Sequence[StageSpan],
    switches: Sequence[Switch],
) -> Chart | None:
    """``None`` without a single month. Expected revenue is the forecast at the last 12 months' revenue per
    unit, moved by what is decided of prices."""
    history = [Actual(row.month, _value(row, revenue), row.provisional) for row in overview.history]
    factor = float(overview.price or 0) if revenue else 1.0
    expected = [
        Expected(row.month, *(factor * v for v in (row.priced_band if revenue else row.final_band)))
        for row in (overview.forecast.sold_months if overview.forecast and factor else [])
    ]
    if not expected and all(point.value is None for point in history):
        return None
    measure = overview.measure
    label = _("revenue") if revenue else str(measure)
    unit = organisation_get().currency if revenue else unit
    level = measure.kind == Measure.Kind.LEVEL and not revenue
    per = _("%(unit)s at the end of the month") if level else _("%(unit)s a month")
    return volume_forecast_chart(
        id="overview-chart",
        title=_("How much was it, and what do we expect?")
        if level
        else _("How much do we sell, and what do we expect?"),
        subtitle=_subtitle(overview, label, unit, factor, revenue=revenue, level=level),
        history=history,
        forecast=expected,
        events=events,
        stages=stages,
        unit_label=per % {"unit": unit},
        measure_label=label,
        switches=switches,
        currency=unit if revenue else "",
    )


def stages_chart(stages: Sequence[StageCount]) -> Chart:
    """How the products are spread over the stages, one bar, to be taken along; the table is the page's
    own."""
    names = {
        row.stage: f"{capfirst(stage_word(row.stage))}: {formats.number(row.count, 0)}" for row in stages
    }
    rows = [
        {"order": place, "stage": names[row.stage], "count": row.count} for place, row in enumerate(stages)
    ]
    domain = [names.get(key, capfirst(stage_word(key))) for key in STAGE_KEYS]
    legend = {"title": None, "orient": "bottom", "values": list(names.values())}
    return Chart(
        id="stages",
        title=_("Products by stage"),
        spec={
            "$schema": SCHEMA,
            "width": "container",
            "height": 40,
            "data": {"values": rows},
            "mark": "bar",
            "encoding": {
                "x": {"field": "count", "type": "quantitative", "axis": None},
                "order": {"field": "order", "type": "quantitative"},
                "color": {
                    "field": "stage",
                    "type": "nominal",
                    "legend": legend,
                    "scale": {"domain": domain, "range": "stages"},
                },
            },
        },
        table=ChartTable([], []),
        description="",
    )


def _value(row: object, revenue: bool) -> float | None:
    value = getattr(row, "revenue" if revenue else "volume")
    return None if value is None else float(value)


def _subtitle(overview: Overview, label: str, unit: str, factor: float, *, revenue: bool, level: bool) -> str:
    return ". ".join(
        [_ahead_words(overview, label, unit, factor, revenue=revenue, level=level), *_ends(overview)]
    )


def _ends(overview: Overview) -> list[str]:
    """The day the product ends, where the chart stops at it."""
    now = overview.forecast
    short = now is not None and len(now.sold_months) < len(now.months)
    return [ends_words(overview.product.ended)] if overview.product.ended and short else []


def _ahead_words(
    overview: Overview, label: str, unit: str, factor: float, *, revenue: bool, level: bool
) -> str:
    ahead = revenue_ahead(overview) if revenue else overview.ahead
    if ahead is None or not factor:
        return capfirst(label)

    def words(value: float) -> str:
        return formats.money(value, unit, scale="auto") if revenue else formats.compact(value, unit)

    low, high = words(ahead.lo80), words(ahead.hi80)
    if not revenue:
        low, high = formats.ends(ahead.lo80, ahead.hi80, unit).values()
    sentence = (
        _("Expected in 12 months: %(mean)s; 80%% chance between %(low)s and %(high)s")
        if level
        else _("Expected over 12 months: %(mean)s; 80%% chance between %(low)s and %(high)s")
    )
    return sentence % {"mean": words(ahead.mean), "low": low, "high": high}
