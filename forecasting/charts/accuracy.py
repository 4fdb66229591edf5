"""How far off forecasts were, month by month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, LegendKey, Spec
from core.charts.model import months_spec
from core.months import month_range
from forecasting.selectors.accuracy_sums import FINAL, Sums
from forecasting.words.accuracy import lag_words, layer_words

HEIGHT = 220
# How each layer is drawn: the style of the theme, and the key of the legend.
STYLES = {"naive": ("naive", "n"), "statistical": ("forecast", "f"), FINAL: ("planned", "p")}


def accuracy_chart(found: Mapping[datetime.date, Sums], *, lag: int, with_final: bool) -> Chart | None:
    """WAPE by month at one lag: of the year before repeated, of the statistics and, where it differs, of the
    final forecast; gaps where it is not defined. ``None`` under two months."""
    layers = ["naive", "statistical", *([FINAL] if with_final else [])]
    months = [month for month in sorted(found) if found[month].layers["statistical"].wape is not None]
    if len(months) < 2:
        return None
    rows: list[Spec] = []
    table: list[list[str | None]] = []
    for month in month_range(months[0], months[-1]):
        wapes = [found[month].layers[layer].wape if month in found else None for layer in layers]
        texts = [None if wape is None else formats.percent(wape) for wape in wapes]
        row: Spec = {"month": month.isoformat(), "label": formats.month(month)}
        for layer, wape, text in zip(layers, wapes, texts, strict=True):
            row[layer] = wape
            row[f"{layer}_text"] = text or formats.MISSING
        rows.append(row)
        table.append([formats.month(month), *texts])
    names = [_name(layer) for layer in layers]
    return Chart(
        id="accuracy-chart",
        title=_("How far off were we, month by month?"),
        subtitle=_("average error (WAPE), %(lag)s") % {"lag": lag_words(lag)},
        spec=_spec(rows, layers),
        table=ChartTable([capfirst(_("month")), *(capfirst(name) for name in names)], table),
        description=_("Average error by month of %(layers)s; the figures are in the table")
        % {"layers": ", ".join(names)},
        legend=[LegendKey(name, STYLES[layer][1], "line") for layer, name in zip(layers, names, strict=True)],
        css="h-mid",
    )


def _name(layer: str) -> str:
    return _("final forecast") if layer == FINAL else layer_words(layer)


def _spec(rows: list[Spec], layers: Sequence[str]) -> Spec:
    lines: list[Spec] = [
        {
            "transform": [{"filter": f"isValid(datum.{layer})"}],
            "mark": {"type": "line", "style": STYLES[layer][0]},
            "encoding": {"y": {"field": layer, "type": "quantitative"}},
        }
        for layer in layers
    ]
    lines[0]["encoding"]["y"].update(
        axis={"title": "WAPE", "format": ".0%", "tickCount": 4}, scale={"zero": True}
    )
    tooltip = [{"field": "label", "title": _("month")}] + [
        {"field": f"{layer}_text", "title": _name(layer)} for layer in layers
    ]
    lines.append({"mark": {"type": "rule", "style": "hit"}, "encoding": {"tooltip": tooltip}})
    ticks = {"interval": "month", "step": 1 if len(rows) <= 8 else 3}
    return months_spec(rows, lines, height=HEIGHT, top=14, axis={"tickCount": ticks})
