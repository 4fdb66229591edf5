"""Marks that any chart over time can carry: events above the plot, the strip of stages below it."""

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _

from core import formats
from core.charts.model import Mark, Spec, StageSpan, event_word, stage_word
from core.registries import Event

STAGE_KEYS = ("introduction", "growth", "maturity", "decline", "revival")
EVENT_SHAPES = {
    "launch": "triangle-right",
    "end": "triangle-left",
    "price": "diamond",
    "promotion": "square",
    "incident": "cross",
    "decision": "circle",
    "stage": "triangle-up",
}
PLOT_WIDTH = 640  # pixels, a common width of the plot: only for choosing which words have room


def event_layers(events: Sequence[Event], start: dt.date, end: dt.date) -> list[Spec]:
    """A dotted line, a shape by kind and, where there is room before the next one, a word."""
    if not events:
        return []
    data = {"values": _event_rows(sorted(events, key=lambda event: event.date), start, end)}
    shape = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(EVENT_SHAPES), "range": list(EVENT_SHAPES.values())},
    }
    tooltip = [
        {"field": "label", "title": _("when")},
        {"field": "word", "title": _("kind")},
        {"field": "text", "title": _("what")},
    ]
    return [
        {"data": data, "mark": {"type": "rule", "style": "event", "y": 4, "y2": {"expr": "height"}}},
        {
            "data": data,
            "mark": {"type": "point", "style": "event-mark", "y": 2},
            "encoding": {"shape": shape, "tooltip": tooltip},
        },
        {
            "data": data,
            "mark": {"type": "text", "style": "event-label", "y": 2},
            "encoding": {
                "text": {"field": "short"},
                "opacity": {"condition": {"test": "width < 520", "value": 0}, "value": 1},
            },
        },
    ]


def _event_rows(events: Sequence[Event], start: dt.date, end: dt.date) -> list[Spec]:
    """Data rows of ordered events; a word that would run into the next mark is left to the tooltip."""
    pixels_a_day = PLOT_WIDTH / max(1, (end - start).days)
    rows = []
    for position, event in enumerate(events):
        until = events[position + 1].date if position + 1 < len(events) else end
        has_room = (until - event.date).days * pixels_a_day > 6.3 * len(event.label) + 16
        rows.append(
            {
                "month": min(event.date, end).isoformat(),  # a day in the last month stands on its edge
                "label": formats.day(event.date),
                "kind": event.kind,
                "word": event_word(event.kind),
                "short": event.label if has_room else "",
                "text": event.text or event.label,
            }
        )
    return rows


def ring_layers(rings: Sequence[Mark], divisor: float) -> list[Spec]:
    """Rings around single values, above everything so that they can be pointed at."""
    if not rings:
        return []
    rows = [
        {
            "month": ring.month.isoformat(),
            "ring": ring.value / divisor,
            "label": formats.month(ring.month),
            "word": ring.label,
            "text": ring.text,
        }
        for ring in rings
    ]
    tooltip = [
        {"field": "label", "title": _("when")},
        {"field": "word", "title": _("kind")},
        {"field": "text", "title": _("what")},
    ]
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "point", "style": "ring"},
            "encoding": {"y": {"field": "ring", "type": "quantitative"}, "tooltip": tooltip},
        }
    ]


def stage_layers(stages: Sequence[StageSpan], start: dt.date, end: dt.date) -> list[Spec]:
    """The strip under the plot: an area, its lower edge and the word, as wide as the stage lasted."""
    rows = _stage_rows(stages, start, end)
    if not rows:
        return []
    data = {"values": rows}
    ends = {"x": {"field": "from", "type": "temporal"}, "x2": {"field": "to"}}
    fill = {
        "field": "stage",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(STAGE_KEYS), "range": "stages"},
    }
    tooltip = [
        {"field": "name", "title": _("stage")},
        {"field": "period", "title": _("period")},
        {"field": "certainty", "title": _("certainty")},
    ]

    def strip(style: str, top: int, faint: float, full: float) -> Spec:
        opacity = {"condition": {"test": "datum.expected", "value": faint}, "value": full}
        ys = {"y": {"expr": f"height + {top}"}, "y2": {"expr": "height + 28"}}
        return {
            "data": data,
            "mark": {"type": "rect", "style": style, **ys},
            "encoding": {**ends, "opacity": opacity, "fill": fill},
        }

    area = strip("stage", 8, 0.1, 0.24)
    area["encoding"]["tooltip"] = tooltip
    width = "scale('x', toDate(datum.to)) - scale('x', toDate(datum.from)) - 10"
    words = {
        "data": data,
        "mark": {
            "type": "text",
            "style": "stage-label",
            "dx": 7,
            "y": {"expr": "height + 17"},
            "limit": {"expr": width},
        },
        "encoding": {
            "x": {"field": "from", "type": "temporal"},
            # A limit of 0 or less would be none: the word would run over its neighbours.
            "text": {"condition": {"test": f"{width} > 16", "field": "name"}, "value": ""},
        },
    }
    return [area, strip("stage-edge", 26, 0.45, 1), words]


def _stage_rows(stages: Sequence[StageSpan], start: dt.date, end: dt.date) -> list[Spec]:
    """Data rows of the stages, cut at the chart's edges; what lies wholly outside is left out."""
    rows = []
    for span in stages:
        since, until = max(span.start, start), min(span.end or end, end)
        if since >= until:
            continue
        name = stage_word(span.stage)
        since_text = _("since %(month)s") % {"month": formats.month(span.start)}
        rows.append(
            {
                "stage": span.stage,
                "name": _("%(stage)s expected") % {"stage": name} if span.expected else name,
                "from": since.isoformat(),
                "to": until.isoformat(),
                "period": f"{formats.month(span.start)} – {formats.month(span.end)}"
                if span.end
                else since_text,
                "certainty": span.certainty or formats.MISSING,
                "expected": span.expected,
            }
        )
    return rows
