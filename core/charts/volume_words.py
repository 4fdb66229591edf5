"""The words and figures of the volume chart: legend, description and the table behind it."""

import datetime as dt
from collections.abc import Callable, Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts.model import Actual, ChartTable, Expected, LegendKey

Say = Callable[[float | None], str | None]


def when(day: dt.date, weekly: bool) -> str:
    """How a month, or the week that begins on a day, is called in tooltip and table."""
    if not weekly:
        return formats.month(day)
    return f"{formats.week(day)}{formats.NBSP}({formats.day(day)})"


def when_word(weekly: bool) -> str:
    return _("week") if weekly else _("month")


def says(history: Sequence[Actual], forecast: Sequence[Expected], currency: str) -> Say:
    """How a value is written in tooltip and table, all with the same decimals: a volume, or an amount where a
    currency is said; None stays missing."""
    values = [point.value for point in history]
    values += [v for p in forecast for v in (p.mean, p.planned, p.lo80, p.hi80, p.lo95, p.hi95)]
    decimals = 0 if currency else formats.volume_decimals(values)

    def say(value: float | None) -> str | None:
        if value is None:
            return None
        return formats.money(value, currency, 0) if currency else formats.volume(value, decimals=decimals)

    return say


def band_text(low: float | None, high: float | None, say: Say) -> str | None:
    """A band in words: "1.280 – 1.490"."""
    if low is None or high is None:
        return None
    return f"{say(low)} – {say(high)}"


def has_planned(forecast: Sequence[Expected]) -> bool:
    return any(expected.planned is not None for expected in forecast)


def legend(history: Sequence[Actual], forecast: Sequence[Expected], measure_label: str) -> list[LegendKey]:
    keys = [LegendKey(measure_label, "h", "line")] if history else []
    if any(point.provisional for point in history):
        keys.append(LegendKey(_("provisional"), "hatch", "hatch"))
    if forecast:
        keys.append(LegendKey(_("forecast"), "f", "line"))
    if has_planned(forecast):
        keys.append(LegendKey(_("final forecast"), "p", "line"))
    if any(point.lo80 is not None for point in forecast):
        keys.append(LegendKey("80%", "b80"))
    if any(point.lo95 is not None for point in forecast):
        keys.append(LegendKey("95%", "b95"))
    return keys


def describe(
    measure_label: str, history: Sequence[Actual], forecast: Sequence[Expected], weekly: bool = False
) -> str:
    """The chart in one sentence for those who do not see it."""
    parts = []
    if history:
        words = (
            _("%(measure)s per week from %(first)s to %(last)s")
            if weekly
            else _("%(measure)s per month from %(first)s to %(last)s")
        )
        parts.append(
            words
            % {
                "measure": measure_label,
                "first": when(history[0].month, weekly),
                "last": when(history[-1].month, weekly),
            }
        )
    if forecast:
        parts.append(_("forecast to %(last)s") % {"last": when(forecast[-1].month, weekly)})
    return _("%(parts)s; the figures are in the table") % {"parts": ", ".join(parts)}


def forecast_table(
    history: Sequence[Actual],
    forecast: Sequence[Expected],
    measure_label: str,
    say: Say,
    weekly: bool = False,
) -> ChartTable:
    """One row a month, oldest first; a month that is both provisional and forecast is one row."""
    headers = [capfirst(when_word(weekly)), capfirst(measure_label)]
    if not forecast:
        return ChartTable(headers, [[when(p.month, weekly), say(p.value)] for p in history])
    band = capfirst(_("band"))
    final = [capfirst(_("final forecast"))] if has_planned(forecast) else []
    past = {point.month: point for point in history}
    ahead = {point.month: point for point in forecast}
    provisional = _("provisional")
    rows: list[list[str | None]] = []
    for month in sorted({*past, *ahead}):
        actual, expected = past.get(month), ahead.get(month)
        told = say(actual.value) if actual else None
        if told and actual and actual.provisional:
            told = f"{told} ({provisional})"
        rows.append(
            [
                when(month, weekly),
                told,
                say(expected.mean) if expected else None,
                *([say(planned_of(expected)) if expected else None] if final else []),
                band_text(expected.lo80, expected.hi80, say) if expected else None,
                band_text(expected.lo95, expected.hi95, say) if expected else None,
            ]
        )
    return ChartTable([*headers, capfirst(_("forecast")), *final, f"{band} 80%", f"{band} 95%"], rows)


def planned_of(expected: Expected) -> float:
    """What is planned with: what people made of the forecast, or the forecast."""
    return expected.mean if expected.planned is None else expected.planned
