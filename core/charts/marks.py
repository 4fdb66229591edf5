"""Marks that any chart over time can carry: events above the plot, the strip of stages below it."""

import datetime as dt
from collections.abc import Iterable, Sequence

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
# Pixels: a common width of the plot, a mark and a letter; only for choosing which words have room.
PLOT_WIDTH, MARK_WIDTH, LETTER_WIDTH = 640, 13, 6.3
# A shorter piece of a stage's name says nothing.
LEAST_WORD = 44


def event_layers(events: Sequence[Event], start: dt.date, end: dt.date) -> list[Spec]:
    """A dotted line, a shape by kind and, where there is room beside it, a word. What happened so near
    to each other that the shapes would cover one another is one mark that tells both."""
    if not events:
        return []
    data: Spec = {"values": _event_rows(sorted(events, key=lambda event: event.date), start, end)}
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
        *(_event_words(data["values"], side) for side in ("right", "left") if _said(data["values"], side)),
    ]


def _said(rows: Sequence[Spec], side: str) -> list[Spec]:
    return [row for row in rows if row["side"] == side]


def _event_words(rows: Sequence[Spec], side: str) -> Spec:
    """The words that stand on this side of their mark."""
    turned = {} if side == "right" else {"align": "right", "dx": -8}
    return {
        "data": {"values": _said(rows, side)},
        "mark": {"type": "text", "style": "event-label", "y": 2, **turned},
        "encoding": {
            "text": {"field": "short"},
            "opacity": {"condition": {"test": "width < 520", "value": 0}, "value": 1},
        },
    }


def _event_rows(events: Sequence[Event], start: dt.date, end: dt.date) -> list[Spec]:
    """Data rows of ordered events, a mark each. A word stands right of its mark, or left of it where the next
    one is too near; where it would run into others on both sides it is left to the tooltip."""
    pixels_a_day = PLOT_WIDTH / max(1, (end - start).days)
    marks: list[list[Event]] = []
    places: list[float] = []
    for event in events:
        place = (min(event.date, end) - start).days * pixels_a_day
        if marks and place - places[-1] < MARK_WIDTH:
            marks[-1].append(event)
        else:
            marks.append([event])
            places.append(place)
    rows = []
    taken = 0.0  # up to where marks and words stand already
    for mark, place, following in zip(marks, places, [*places[1:], float(PLOT_WIDTH)], strict=True):
        # All the words of the mark, else the first of them.
        for said in (", ".join(_once(event.label for event in mark)), str(mark[0].label)):
            needs = LETTER_WIDTH * len(said) + 16
            side = "right" if following - place > needs else "left" if place - taken > needs else ""
            if side:
                break
        taken = place + (needs if side == "right" else MARK_WIDTH / 2)
        rows.append(
            {
                "month": min(mark[0].date, end).isoformat(),
                "label": ", ".join(_once(formats.day(event.date) for event in mark)),
                "kind": mark[0].kind,
                "word": ", ".join(_once(event_word(event.kind) for event in mark)),
                "short": said if side else "",
                "side": side,
                "text": "; ".join(_once(event.text or event.label for event in mark)),
            }
        )
    return rows


def _once(texts: Iterable[str]) -> list[str]:
    """Each text once, in order."""
    return list(dict.fromkeys(map(str, texts)))


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
            # The whole name, else the stage alone, cut where it must be; a limit of 0 would be none.
            "text": {
                "condition": [
                    {
                        "test": f"{width} > {LETTER_WIDTH} * length(datum.name)",
                        "value": {"expr": "datum.name"},
                    },
                    {"test": f"{width} > {LEAST_WORD}", "value": {"expr": "datum.word"}},
                ],
                "value": "",
            },
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
                "word": name,
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
