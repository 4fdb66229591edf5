"""What a chart is made of: the points a room hands over, and the `Chart` that a template draws."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True)
class LegendKey:
    """One entry of a chart's legend: `css` h, f, n, s0 to s2, b80, b95, hatch, ring; `shape` line, area,
    hatch, ring."""

    label: str
    css: str
    shape: str = "area"


@dataclass(frozen=True)
class Switch:
    """One choice beside a chart's title (volume or revenue), as a link that keeps the page's address."""

    label: str
    url: str
    active: bool = False


@dataclass(frozen=True)
class ChartTable:
    """The figures behind a chart: one header a column, cells as text or None for missing. ``orders``: what
    each cell is sorted by, as a number in text (empty: its text); without them it is not sorted."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str | None]]
    orders: Sequence[Sequence[str]] = ()

    @property
    def lines(self) -> Sequence[Sequence[tuple[str | None, str]]]:
        orders = self.orders or [[""] * len(row) for row in self.rows]
        return [list(zip(*pair, strict=True)) for pair in zip(self.rows, orders, strict=True)]


@dataclass(frozen=True)
class Chart:
    """What `core/_chart.html` draws: the question it answers, the spec, and always its table.
    `steps` is a second choice beside `switches`: by the month or by the week."""

    id: str
    title: str
    spec: Spec
    table: ChartTable
    description: str
    subtitle: str = ""
    legend: Sequence[LegendKey] = ()
    switches: Sequence[Switch] = ()
    switch_label: str = ""
    steps: Sequence[Switch] = ()
    css: str = "h-mid"

    @property
    def spec_id(self) -> str:
        """Id of the script element that holds the spec."""
        return f"{self.id}-spec"


@dataclass(frozen=True)
class Actual:
    """One month of history; `value` None is a gap, `provisional` a month that may still change."""

    month: dt.date
    value: float | None
    provisional: bool = False


@dataclass(frozen=True)
class Expected:
    """One month of forecast with its 80 % and 95 % bands; a band that is not known is None. ``planned`` is
    what people made of it, where that differs."""

    month: dt.date
    mean: float
    lo80: float | None = None
    hi80: float | None = None
    lo95: float | None = None
    hi95: float | None = None
    planned: float | None = None


@dataclass(frozen=True)
class Mark:
    """A ring around the value of one month, with what is to be said of it."""

    month: dt.date
    value: float
    label: str
    text: str


@dataclass(frozen=True)
class StageSpan:
    """A stretch in one lifecycle stage; `end` None runs to the chart's end, `expected` is drawn paler."""

    stage: str
    start: dt.date
    end: dt.date | None = None
    expected: bool = False
    certainty: str = ""


def stage_word(stage: str) -> str:
    """Return a stage's name in the language of the request."""
    return {
        "introduction": _("introduction"),
        "growth": _("growth"),
        "maturity": _("maturity"),
        "decline": _("decline"),
        "revival": _("revival"),
    }[stage]


def event_word(kind: str) -> str:
    """Return the word for a kind of event in the language of the request."""
    return {
        "launch": _("launch"),
        "end": _("end"),
        "price": _("price"),
        "promotion": _("promotion"),
        "incident": _("incident"),
        "decision": _("decision"),
        "stage": _("stage"),
    }[kind]


def months_spec(
    rows: Sequence[Spec], layers: Sequence[Spec], *, height: int, top: int, axis: Mapping[str, Any]
) -> Spec:
    """A chart over the months in the rows' ``month``, as wide as its place; ``axis`` says more of that of the
    months, ``top`` is the room above the plot in pixels."""
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": height,
        "padding": {"left": 0, "right": 6, "top": top, "bottom": 2},
        "data": {"values": rows},
        "encoding": {
            "x": {
                "field": "month",
                "type": "temporal",
                "scale": {"type": "utc"},
                "axis": {"title": None, "format": "%b %Y", **axis},
            }
        },
        "layer": layers,
    }
