"""The main chart of a product: history, forecast with its bands, events above and stages below.

Texts in tooltips and tables are written here, in the language of the request, so that browser and PDF show
the same.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts.marks import event_layers, ring_layers, stage_layers
from core.charts.model import (
    SCHEMA,
    Actual,
    Chart,
    ChartTable,
    Expected,
    LegendKey,
    Mark,
    Spec,
    StageSpan,
    Switch,
)
from core.months import month_add, month_end, months_between
from core.registries import Event

HEIGHT, HATCH_TOP, HATCH_STEP = 330, 14, 9  # pixels of the plot

Say = Callable[[float | None], str | None]


def axis_scale(values: Sequence[float]) -> tuple[float, str]:
    """Choose what axis values are divided by, and how the axis title says so ("x 1.000 ")."""
    largest = max((abs(value) for value in values), default=0)
    if largest >= 50_000_000:
        return 1_000_000, f"x {formats.number(1_000_000)} "
    if largest >= 50_000:
        return 1_000, f"x {formats.number(1_000)} "
    return 1, ""


def volume_forecast_chart(
    *,
    id: str,
    title: str,
    history: Sequence[Actual],
    forecast: Sequence[Expected] = (),
    events: Sequence[Event] = (),
    stages: Sequence[StageSpan] = (),
    unit_label: str,
    measure_label: str,
    subtitle: str = "",
    switches: Sequence[Switch] = (),
    is_money: bool = False,
    rings: Sequence[Mark] = (),
    rings_label: str = "",
) -> Chart:
    """Draw history, forecast with bands, events above the plot and stages below it, a value a month.

    `history` and `forecast` are ordered by month; the forecast follows the last final month, so it may
    overlap the provisional ones. `rings` stand around single values, `rings_label` says in the legend what
    they are. `unit_label` stands on the axis ("pakken per maand"), `measure_label` in
    tooltip and table ("afzet"). Raises ValueError when there is neither history nor forecast: such a page
    says so in words.
    """
    if not history and not forecast:
        raise ValueError("a chart needs at least one month")
    values = [point.value for point in history if point.value is not None]
    values += [edge for point in forecast for edge in (point.mean, point.hi95 or point.hi80 or point.mean)]
    values += [point.planned for point in forecast if point.planned is not None]
    divisor, scale_text = axis_scale(values)
    start, end = _span(history, forecast)
    say = _says(history, forecast, is_money)
    layers = _provisional_layers(history)
    if forecast:
        layers += [_band("band95", "lo95", "hi95"), _band("band80", "lo80", "hi80")]
    layers += [_line("forecast", "forecast")] if forecast else []
    layers += [_line("forecast", "planned", solid=True)] if _has_planned(forecast) else []
    # A layer without a mark would be a picture without a name to a screen reader.
    layers += [_line("history", "actual"), _dots()] if history else []
    layers += [_line("provisional", "provisional")] if any(point.provisional for point in history) else []
    boundary = _last_final(history)
    if forecast and boundary:
        layers.append(_boundary(boundary.month))
    layers += event_layers([event for event in events if start <= event.date <= month_end(end)], start, end)
    layers += stage_layers(stages, start, end)
    layers += _tooltip_layers(measure_label, history, forecast)
    layers += ring_layers([ring for ring in rings if start <= ring.month <= end], divisor)
    _first_y(layers)["y"].update(
        axis={"title": f"{scale_text}{unit_label}", "format": _axis_format(values, divisor), "tickCount": 4},
        scale={"zero": True},
    )
    spec: Spec = {
        "$schema": SCHEMA,
        "description": title,
        "width": "container",
        "height": HEIGHT,
        "padding": {"left": 0, "right": 6, "top": 4, "bottom": 2},
        "data": {"values": _rows(history, forecast, divisor, say)},
        "encoding": {
            "x": {
                "field": "month",
                "type": "temporal",
                "scale": {"type": "utc"},
                "axis": {
                    "title": None,
                    "format": "%b %Y",
                    "tickCount": {"interval": "month", "step": _tick_step(start, end)},
                    "offset": 34 if stages else 0,
                },
            }
        },
        "layer": layers,
    }
    return Chart(
        id=id,
        title=title,
        subtitle=subtitle,
        spec=spec,
        table=_forecast_table(history, forecast, measure_label, say),
        description=_describe(measure_label, history, forecast),
        legend=[
            *_legend(history, forecast, measure_label),
            *([LegendKey(rings_label, "ring", "ring")] if rings else []),
        ],
        switches=switches,
        switch_label=_("Measure"),
        css="h-fan",
    )


def _span(history: Sequence[Actual], forecast: Sequence[Expected]) -> tuple[dt.date, dt.date]:
    """First and last month drawn."""
    months = [point.month for point in history] + [point.month for point in forecast]
    return min(months), max(months)


def _last_final(history: Sequence[Actual]) -> Actual | None:
    """The last month that is known and will not change."""
    return next(
        (point for point in reversed(history) if point.value is not None and not point.provisional), None
    )


def _tick_step(start: dt.date, end: dt.date) -> int:
    """Months between two ticks: about eight ticks, on halves and whole years for long spans."""
    months = months_between(start, end)
    return next((step for step in (1, 2, 3, 6, 12) if months / step <= 10), 24)


def _says(history: Sequence[Actual], forecast: Sequence[Expected], is_money: bool) -> Say:
    """How a value is written in tooltip and table, all with the same decimals; None stays missing."""
    values = [point.value for point in history]
    values += [v for p in forecast for v in (p.mean, p.planned, p.lo80, p.hi80, p.lo95, p.hi95)]
    decimals = 0 if is_money else formats.volume_decimals(values)

    def say(value: float | None) -> str | None:
        if value is None:
            return None
        return formats.money(value, decimals=0) if is_money else formats.volume(value, decimals=decimals)

    return say


def _band_text(low: float | None, high: float | None, say: Say) -> str | None:
    """A band in words: "1.280 – 1.490"."""
    if low is None or high is None:
        return None
    return f"{say(low)} – {say(high)}"


def _axis_format(values: Sequence[float], divisor: float) -> str:
    """Whole numbers on the axis, unless the values are so small that ticks would repeat."""
    largest = max((abs(value) for value in values), default=0) / divisor
    return ",.0f" if largest >= 4 else ",.1f" if largest >= 0.4 else ",.2f"


def _rows(history: Sequence[Actual], forecast: Sequence[Expected], divisor: float, say: Say) -> list[Spec]:
    """One data row a month; a month that is both provisional and forecast carries both."""
    rows: dict[dt.date, Spec] = {}
    final = _last_final(history)
    has_provisional = any(point.provisional for point in history)
    with_planned = _has_planned(forecast)
    for position, point in enumerate(history):
        value = None if point.value is None else point.value / divisor
        row: Spec = {"month": point.month.isoformat(), "label": formats.month(point.month), "past": True}
        row["provisional" if point.provisional else "actual"] = value
        around = [history[spot].value for spot in (position - 1, position + 1) if 0 <= spot < len(history)]
        if value is not None and (point is final or all(other is None for other in around)):
            row["dot"] = value
        if point is final:  # pale line, dashed line and bands leave from here
            names = ["forecast", "lo80", "hi80", "lo95", "hi95"] + (["planned"] if with_planned else [])
            joined = dict.fromkeys(names, value) if forecast else {}
            row.update(joined, **({"provisional": value} if has_provisional else {}))
        text = say(point.value) or formats.MISSING
        row["text"] = f"{text} ({_('provisional')})" if point.provisional and value is not None else text
        rows[point.month] = row
    for expected in forecast:
        row = rows.setdefault(
            expected.month, {"month": expected.month.isoformat(), "label": formats.month(expected.month)}
        )
        edges = {"lo80": expected.lo80, "hi80": expected.hi80, "lo95": expected.lo95, "hi95": expected.hi95}
        row.update({name: edge / divisor for name, edge in edges.items() if edge is not None})
        row["forecast"] = expected.mean / divisor
        row.setdefault("text", formats.MISSING)
        row["expected"] = say(expected.mean)
        if with_planned:
            planned = _planned(expected)
            row["planned"], row["final"] = planned / divisor, say(planned)
        row["band80"] = _band_text(expected.lo80, expected.hi80, say) or formats.MISSING
        row["band95"] = _band_text(expected.lo95, expected.hi95, say) or formats.MISSING
    return [rows[month] for month in sorted(rows)]


def _has_planned(forecast: Sequence[Expected]) -> bool:
    return any(expected.planned is not None for expected in forecast)


def _line(style: str, value: str, *, solid: bool = False) -> Spec:
    """A line over the months that have `value`; history keeps its gaps."""
    kept = (
        "datum.past && !isValid(datum.provisional) || isValid(datum.actual)"
        if value == "actual"
        else f"isValid(datum.{value})"
    )
    return {
        "transform": [{"filter": kept}],
        "mark": {"type": "line", "style": style} | ({"strokeDash": [1, 0]} if solid else {}),
        "encoding": {"y": {"field": value, "type": "quantitative"}},
    }


def _band(style: str, low: str, high: str) -> Spec:
    return {
        "transform": [{"filter": f"isValid(datum.{low})"}],
        "mark": {"type": "area", "style": style},
        "encoding": {"y": {"field": low, "type": "quantitative"}, "y2": {"field": high}},
    }


def _dots() -> Spec:
    """The last final month, and months that stand alone between gaps and would make no line."""
    return {
        "transform": [{"filter": "isValid(datum.dot)"}],
        "mark": {"type": "point", "filled": True, "style": "history-point"},
        "encoding": {"y": {"field": "dot", "type": "quantitative"}},
    }


def _provisional_layers(history: Sequence[Actual]) -> list[Spec]:
    """Hatching behind the months that may still change: slanted lines, as browsers and PDF all draw those."""
    months = [point.month for point in history if point.provisional]
    if not months:
        return []
    lines = [
        {
            "from": month_add(month, -1).isoformat(),
            "to": month.isoformat(),
            "low": top + HATCH_STEP,
            "high": top,
        }
        for month in months
        if month > history[0].month
        for top in range(HATCH_TOP, HEIGHT - HATCH_STEP + 1, HATCH_STEP)
    ]
    pixels = {"type": "quantitative", "scale": None}
    return [
        {
            "data": {"values": lines},
            "mark": {"type": "rule", "style": "hatch"},
            "encoding": {
                "x": {"field": "from", "type": "temporal"},
                "x2": {"field": "to"},
                "y": {"field": "low", **pixels},
                "y2": {"field": "high"},
            },
        }
    ]


def _boundary(month: dt.date) -> Spec:
    return {
        "data": {"values": [{"month": month.isoformat()}]},
        "mark": {"type": "rule", "style": "boundary", "y": 14, "y2": {"expr": "height"}},
    }


def _tooltip_layers(
    measure_label: str, history: Sequence[Actual], forecast: Sequence[Expected]
) -> list[Spec]:
    """An invisible line a month, wide enough to point at; forecast months also tell what is expected."""
    past = [{"field": "label", "title": _("month")}, {"field": "text", "title": measure_label}]
    ahead = [
        *past,
        {"field": "expected", "title": _("forecast")},
        *([{"field": "final", "title": _("final forecast")}] if _has_planned(forecast) else []),
        {"field": "band80", "title": "80%"},
        {"field": "band95", "title": "95%"},
    ]
    mark = {"type": "rule", "style": "hit"}
    layers: list[Spec] = []
    if history:
        layers.append(
            {
                "transform": [{"filter": "!isValid(datum.expected)"}],
                "mark": mark,
                "encoding": {"tooltip": past},
            }
        )
    if forecast:
        layers.append(
            {
                "transform": [{"filter": "isValid(datum.expected)"}],
                "mark": mark,
                "encoding": {"tooltip": ahead},
            }
        )
    return layers


def _first_y(layers: Sequence[Spec]) -> Spec:
    """The encoding of the first layer on the scale of values: axis and scale are said once."""
    found = (layer["encoding"] for layer in layers if "y" in layer.get("encoding", {}))
    return next(encoding for encoding in found if "scale" not in encoding["y"])


def _legend(history: Sequence[Actual], forecast: Sequence[Expected], measure_label: str) -> list[LegendKey]:
    keys = [LegendKey(measure_label, "h", "line")] if history else []
    if any(point.provisional for point in history):
        keys.append(LegendKey(_("provisional"), "hatch", "hatch"))
    if forecast:
        keys.append(LegendKey(_("forecast"), "f", "line"))
    if _has_planned(forecast):
        keys.append(LegendKey(_("final forecast"), "p", "line"))
    if any(point.lo80 is not None for point in forecast):
        keys.append(LegendKey("80%", "b80"))
    if any(point.lo95 is not None for point in forecast):
        keys.append(LegendKey("95%", "b95"))
    return keys


def _describe(measure_label: str, history: Sequence[Actual], forecast: Sequence[Expected]) -> str:
    """The chart in one sentence for those who do not see it."""
    parts = []
    if history:
        parts.append(
            _("%(measure)s per month from %(first)s to %(last)s")
            % {
                "measure": measure_label,
                "first": formats.month(history[0].month),
                "last": formats.month(history[-1].month),
            }
        )
    if forecast:
        parts.append(_("forecast to %(last)s") % {"last": formats.month(forecast[-1].month)})
    return _("%(parts)s; the figures are in the table") % {"parts": ", ".join(parts)}


def _forecast_table(
    history: Sequence[Actual], forecast: Sequence[Expected], measure_label: str, say: Say
) -> ChartTable:
    """One row a month, oldest first; a month that is both provisional and forecast is one row."""
    headers = [capfirst(_("month")), capfirst(measure_label)]
    if not forecast:
        return ChartTable(headers, [[formats.month(p.month), say(p.value)] for p in history])
    band = capfirst(_("band"))
    final = [capfirst(_("final forecast"))] if _has_planned(forecast) else []
    past = {point.month: point for point in history}
    ahead = {point.month: point for point in forecast}
    rows: list[list[str | None]] = []
    for month in sorted({*past, *ahead}):
        actual, expected = past.get(month), ahead.get(month)
        told = say(actual.value) if actual else None
        if told and actual and actual.provisional:
            told = f"{told} ({_('provisional')})"
        rows.append(
            [
                formats.month(month),
                told,
                say(expected.mean) if expected else None,
                *([say(_planned(expected)) if expected else None] if final else []),
                _band_text(expected.lo80, expected.hi80, say) if expected else None,
                _band_text(expected.lo95, expected.hi95, say) if expected else None,
            ]
        )
    return ChartTable([*headers, capfirst(_("forecast")), *final, f"{band} 80%", f"{band} 95%"], rows)


def _planned(expected: Expected) -> float:
    """What is planned with: what people made of the forecast, or the forecast."""
    return expected.mean if expected.planned is None else expected.planned
