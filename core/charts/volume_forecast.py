"""The main chart of a product: history, forecast with its bands, events above and stages below.

Texts in tooltips and tables are written here, in the language of the request, so that browser and PDF show
the same.
"""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from core import formats
from core.charts.marks import event_layers, ring_layers, stage_layers
from core.charts.model import (
    Actual,
    Chart,
    Expected,
    LegendKey,
    Mark,
    Spec,
    StageSpan,
    Switch,
    months_spec,
)
from core.charts.volume_words import (
    Say,
    band_text,
    describe,
    forecast_table,
    has_planned,
    legend,
    planned_of,
    says,
    when,
    when_word,
)
from core.months import month_add, month_end, months_between
from core.registries import Event

HEIGHT, HATCH_TOP, HATCH_STEP = 330, 14, 9  # pixels of the plot


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
    currency: str = "",
    rings: Sequence[Mark] = (),
    rings_label: str = "",
    weekly: bool = False,
) -> Chart:
    """Draw history, forecast with bands, events above the plot and stages below it, a value a month.

    `history` and `forecast` are ordered by month; the forecast may overlap the provisional months, or follow
    them. `rings` stand around single values, `rings_label` says in the legend what they are. `currency`:
    values are amounts in it. `weekly`: points are weeks, told by their first day. `unit_label` stands on the
    axis ("pakken per maand"), `measure_label` in tooltip and table ("afzet"). Raises ValueError when there
    is neither history nor forecast: such a page says so in words.
    """
    if not history and not forecast:
        raise ValueError("a chart needs at least one month")
    values = [point.value for point in history if point.value is not None]
    values += [edge for point in forecast for edge in (point.mean, point.hi95 or point.hi80 or point.mean)]
    values += [point.planned for point in forecast if point.planned is not None]
    divisor, scale_text = axis_scale(values)
    start, end = _span(history, forecast)
    say = says(history, forecast, currency)
    rows = _rows(history, forecast, divisor, say, weekly)
    boundary = _last_final(history)
    layers = _provisional_layers(history) if boundary else []
    if forecast:
        layers += [_band("band95", "lo95", "hi95"), _band("band80", "lo80", "hi80")]
    layers += [_line("forecast", "forecast")] if forecast else []
    layers += [_line("forecast", "planned", solid=True)] if has_planned(forecast) else []
    # A layer without a mark would be a picture without a name to a screen reader.
    layers += [] if all(point.provisional for point in history) else [_line("history", "actual")]
    layers += [_dots()] if any("dot" in row for row in rows) else []
    layers += [_line("provisional", "provisional")] if any(point.provisional for point in history) else []
    if forecast and boundary:
        layers.append(_boundary(boundary.month))
    layers += event_layers([event for event in events if start <= event.date <= month_end(end)], start, end)
    layers += stage_layers(stages, start, end)
    layers += _tooltip_layers(measure_label, history, forecast, weekly)
    layers += ring_layers([ring for ring in rings if start <= ring.month <= end], divisor)
    _first_y(layers)["y"].update(
        axis={"title": f"{scale_text}{unit_label}", "format": _axis_format(values, divisor), "tickCount": 4},
        scale={"zero": True},
    )
    ticks = {"interval": "month", "step": _tick_step(start, end)}
    spec = months_spec(
        rows,
        layers,
        height=HEIGHT,
        top=4,
        axis={"tickCount": ticks, "offset": 34 if stages else 0},
    )
    spec["description"] = title
    return Chart(
        id=id,
        title=title,
        subtitle=subtitle,
        spec=spec,
        table=forecast_table(history, forecast, measure_label, say, weekly),
        description=describe(measure_label, history, forecast, weekly),
        legend=[
            *legend(history, forecast, measure_label),
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


def _left_from(history: Sequence[Actual], forecast: Sequence[Expected]) -> Actual | None:
    """The month that the forecast leaves from: the last final one, or a provisional one before it."""
    before = [
        point
        for point in history
        if point.value is not None and (not point.provisional or point.month < forecast[0].month)
    ]
    return before[-1] if before else None


def _tick_step(start: dt.date, end: dt.date) -> int:
    """Months between two ticks: about eight ticks, on halves and whole years for long spans."""
    months = months_between(start, end)
    return next((step for step in (1, 2, 3, 6, 12) if months / step <= 10), 24)


def _axis_format(values: Sequence[float], divisor: float) -> str:
    """Whole numbers on the axis, unless the values are so small that ticks would repeat."""
    largest = max((abs(value) for value in values), default=0) / divisor
    return ",.0f" if largest >= 4 else ",.1f" if largest >= 0.4 else ",.2f"


def _rows(
    history: Sequence[Actual], forecast: Sequence[Expected], divisor: float, say: Say, weekly: bool
) -> list[Spec]:
    """One data row a month; a month that is both provisional and forecast carries both."""
    rows: dict[dt.date, Spec] = {}
    final = _last_final(history)
    left_from = _left_from(history, forecast) if forecast else None
    has_provisional = any(point.provisional for point in history)
    with_planned = has_planned(forecast)
    provisional = _("provisional")
    for position, point in enumerate(history):
        value = None if point.value is None else point.value / divisor
        row: Spec = {"month": point.month.isoformat(), "label": when(point.month, weekly), "past": True}
        row["provisional" if point.provisional else "actual"] = value
        around = [history[spot].value for spot in (position - 1, position + 1) if 0 <= spot < len(history)]
        if value is not None and (point is final or all(other is None for other in around)):
            row["dot"] = value
        if point is left_from:  # dashed line and bands leave from here
            names = ["forecast", "lo80", "hi80", "lo95", "hi95"] + (["planned"] if with_planned else [])
            row.update(dict.fromkeys(names, value))
        if point is final and has_provisional:  # and the pale line
            row["provisional"] = value
        text = say(point.value) or formats.MISSING
        row["text"] = f"{text} ({provisional})" if point.provisional and value is not None else text
        rows[point.month] = row
    for expected in forecast:
        row = rows.setdefault(
            expected.month, {"month": expected.month.isoformat(), "label": when(expected.month, weekly)}
        )
        edges = {"lo80": expected.lo80, "hi80": expected.hi80, "lo95": expected.lo95, "hi95": expected.hi95}
        row.update({name: edge / divisor for name, edge in edges.items() if edge is not None})
        row["forecast"] = expected.mean / divisor
        row.setdefault("text", formats.MISSING)
        row["expected"] = say(expected.mean)
        if with_planned:
            planned = planned_of(expected)
            row["planned"], row["final"] = planned / divisor, say(planned)
        row["band80"] = band_text(expected.lo80, expected.hi80, say) or formats.MISSING
        row["band95"] = band_text(expected.lo95, expected.hi95, say) or formats.MISSING
    return [rows[month] for month in sorted(rows)]


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
    measure_label: str, history: Sequence[Actual], forecast: Sequence[Expected], weekly: bool
) -> list[Spec]:
    """An invisible line a month, wide enough to point at; forecast months also tell what is expected."""
    past = [{"field": "label", "title": when_word(weekly)}, {"field": "text", "title": measure_label}]
    ahead = [
        *past,
        {"field": "expected", "title": _("forecast")},
        *([{"field": "final", "title": _("final forecast")}] if has_planned(forecast) else []),
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
