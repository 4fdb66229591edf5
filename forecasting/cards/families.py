"""What a family's page shows of its sales, forecast and stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart
from core.months import month_add, month_start
from core.organisation import organisation_get, today
from forecasting.charts.forecasts import forecast_chart, revenue_chart
from forecasting.events import subject_events
from forecasting.selectors.forecasts import (
    ForecastNow,
    Vintage,
    forecast_current,
    forecasts_allowed,
    year_ahead,
)
from forecasting.words.forecasts import reason_words
from products.models import Family, Measure
from products.selectors.family import FamilySales, family_sales
from products.selectors.lines import line_tree
from products.selectors.sales import MonthSales, total

from .product import stage_card, stage_panel, stage_spans

HISTORY_MONTHS = 60


@dataclass(frozen=True)
class Tile:
    """One figure of the strip on top, as ``core/_key_figure.html`` shows it."""

    label: str
    value: str | None
    unit: str = ""
    change: formats.Delta | None = None
    compared: str = ""
    note: str = ""


@dataclass(frozen=True)
class FamilyNow:
    """What the cards of a family's page are made of: its months in its line's leading measure, and what is
    expected of it."""

    measure: Measure
    forecast: ForecastNow | None
    sold: FamilySales


def family_now(user: Any, family: Family) -> FamilyNow:
    """Read once a page: kept with the family."""
    found: FamilyNow | None = getattr(family, "_now", None)
    if found is None:
        measure = line_tree().lead_measure(family.line_id)
        forecast = forecast_current(user, family, measure)
        running = month_start(today())
        last = month_add(forecast.forecast.as_of, 1) if forecast else running
        first = month_add(last, -HISTORY_MONTHS)
        sold = family_sales(user, family, measure, first, max(last, month_add(running, -1)))
        found = FamilyNow(measure, forecast, sold)
        family._now = found  # type: ignore[attr-defined]
    return found


def family_panel(user: Any, family: Any) -> Mapping[str, Any] | None:
    """The strip of figures and the chart; a sentence where there is less."""
    if not isinstance(family, Family):
        return None
    found = family_now(user, family)
    measure, now, sold = found.measure, found.forecast, found.sold
    return {
        "tiles": _tiles(sold, measure, now),
        "chart": _chart(user, family, measure, sold, now),
        "reason": _reason(user, sold, now),
        "url": reverse("forecasting:family", args=[family.code]),
        "more": now is not None,
        "stale": now is not None and now.forecast.stale,
    }


def family_badge(user: Any, family: Any) -> Mapping[str, Any] | None:
    """The stage beside the family's name."""
    card = stage_card(user, family) if isinstance(family, Family) else None
    return {"stage": card.now.stage} if card and card.now.stage else None


def family_stage(user: Any, family: Any) -> Mapping[str, Any] | None:
    """The card of the stage."""
    return stage_panel(user, family) if isinstance(family, Family) else None


def _chart(
    user: Any, family: Family, measure: Measure, sold: FamilySales, now: ForecastNow | None
) -> Chart | None:
    first = next((row.month for row in sold.months if (row.volume or row.revenue) is not None), today())
    events = subject_events(user, family, first, month_add(today(), 18))
    if not sold.adds:
        return revenue_chart(sales=sold.months, events=events)
    return forecast_chart(
        sales=sold.months,
        now=now,
        measure=measure,
        unit=sold.unit,
        events=events,
        stages=stage_spans(stage_card(user, family)),
        switches=(),
    )


def _reason(user: Any, sold: FamilySales, now: ForecastNow | None) -> str:
    """Why there is less to see than usual; empty where all is there."""
    if not sold.adds:
        return _(
            "Its members count in units that do not add up, so only revenue is shown, and there is no "
            "forecast of the family as a whole. Give them a unit factor on their own pages, under Details."
        )
    if not sold.whole:
        return _(
            "You see some of its members only: these are their sales. Forecast and stage are made over all "
            "members, so they are not shown to you."
        )
    if user.has_perm("forecasting.view") and not forecasts_allowed(user):
        return _(
            "You see some channels only: these are the sales in them. Forecast and stage are made over all "
            "channels, so they are not shown to you."
        )
    if now is None and user.has_perm("forecasting.view"):
        return _("There is no forecast yet; the next night makes one.")
    if now is not None and not now.months:
        return reason_words(now.forecast.reason_code, now.forecast.reason_params)
    return ""


def _tiles(sold: FamilySales, measure: Measure, now: ForecastNow | None) -> list[Tile]:
    """Volume and revenue of the last 12 months against those before, and the 12 months ahead."""
    if sold.month is None:
        return []
    year = _months(sold, -11)
    before = _months(sold, -23)
    level = measure.kind == Measure.Kind.LEVEL
    name = capfirst(str(measure))
    found = []
    if sold.adds:
        label = (
            _("%(measure)s, end of %(month)s") % {"measure": name, "month": formats.month(sold.month)}
            if level
            else _("%(measure)s, 12 months") % {"measure": name}
        )
        volume, earlier = (
            (year[-1].volume, before[-1].volume) if level else (_sum(year, "volume"), _sum(before, "volume"))
        )
        growth = _growth(volume, earlier) if level or _alike(year, before, "volume") else None
        found.append(_tile(label, *_volume(volume, sold.unit), growth))
    else:
        found.append(Tile(_("%(measure)s, 12 months") % {"measure": name}, None))
    revenue, earlier = _sum(year, "revenue"), _sum(before, "revenue")
    if revenue is not None:
        growth = _growth(revenue, earlier) if _alike(year, before, "revenue") else None
        said = formats.money(revenue, organisation_get().currency, scale="auto")
        found.append(_tile(_("Revenue, 12 months"), said, "", growth))
    ahead = year_ahead(now, measure) if now else None
    if ahead is not None and ahead.year is not None:
        found.append(_expected(ahead, sold.unit))
    return found


def _expected(ahead: Vintage, unit: str) -> Tile:
    said = ""
    if ahead.lo80 is not None and ahead.hi80 is not None:
        said = _("80%% chance: %(low)s – %(high)s") % formats.ends(ahead.lo80, ahead.hi80)
    return Tile(_("Forecast, 12 months"), *_volume(ahead.year, unit), note=said)


def _volume(value: Decimal | float | None, unit: str) -> tuple[str | None, str]:
    """The figure, and its word and unit."""
    if value is None:
        return None, ""
    text, word = formats.compact_parts(value)
    return text, f"{word} {unit}".strip()


def _tile(label: str, value: str | None, unit: str, growth: float | None) -> Tile:
    if growth is None:
        return Tile(label, value, unit)
    return Tile(label, value, unit, formats.delta(growth), _("on the year before"))


def _months(sold: FamilySales, first: int) -> list[MonthSales]:
    """Twelve months from so many before the last complete one."""
    assert sold.month is not None
    start = month_add(sold.month, first)
    known = {row.month: row for row in sold.months}
    return [known.get(month, MonthSales(month)) for month in (month_add(start, step) for step in range(12))]


def _sum(months: Sequence[MonthSales], name: str) -> Decimal | None:
    return total(getattr(row, name) for row in months)


def _alike(year: Sequence[MonthSales], before: Sequence[MonthSales], name: str) -> bool:
    """Whether both years are whole: a year with a gap says nothing about growth."""
    return all(getattr(row, name) is not None for row in (*year, *before))


def _growth(now: Decimal | None, before: Decimal | None) -> float | None:
    return float(now / before) - 1 if now is not None and before is not None and before > 0 else None
