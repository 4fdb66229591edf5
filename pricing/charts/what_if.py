"""The chart of a what-if: as it stands, the scenario with its range, and at most three kept ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, LegendKey, Spec
from core.charts.model import months_spec
from core.charts.volume_forecast import axis_scale
from pricing.selectors.what_if import Answer, Ground

HEIGHT = 132
DASHES = ([1, 0], [8, 3], [2, 3])


def scaled(values: Sequence[float], unit: str, *, money: bool) -> tuple[float, str]:
    """What they are divided by, and how a head says so: "x 1,000 cartons", "x €1,000"."""
    divisor, scale = axis_scale(values)
    if money:
        return divisor, formats.scale_label({1: "", 1_000: "k", 1_000_000: "m"}[int(divisor)], unit)
    return divisor, f"{scale}{unit}"


def what_if_chart(ground: Ground, answer: Answer, beside: Sequence[tuple[str, Answer]]) -> Chart:
    """By month, of revenue where that is known, else of volume: now, the scenario with its range, others."""
    money = ground.revenue is not None
    outcome = answer.outcome
    months = [row.month for row in ground.months]
    now = [base.mean * base.price if money else base.mean for base in ground.base(answer.asked.start)]
    then = outcome.revenues if money else outcome.volumes
    unit = ground.currency if money else ground.unit
    divisor, scale = scaled([month.hi80 for month in then], unit, money=money)
    label = f"{_('Revenue') if money else _('Volume')}, {scale}"

    def text(value: float) -> str:
        return formats.money(value, ground.currency, 0) if money else formats.volume(value, ground.unit)

    others = [(name, (one.outcome.revenues if money else one.outcome.volumes)) for name, one in beside]
    rows: list[Spec] = []
    table: list[list[str | None]] = []
    for place, month in enumerate(months):
        ends = f"{text(then[place].lo80)} – {text(then[place].hi80)}"
        row: Spec = {
            "month": month.isoformat(),
            "label": formats.month(month),
            "now": now[place] / divisor,
            "then": then[place].mean / divisor,
            "lo80": then[place].lo80 / divisor,
            "hi80": then[place].hi80 / divisor,
            "now_text": text(now[place]),
            "then_text": text(then[place].mean),
            "band": ends,
        }
        row |= {f"other{n}": values[place].mean / divisor for n, (_name, values) in enumerate(others)}
        # What people wrote stands in the data, never in the drawing's own words.
        row |= {f"name{n}": name for n, (name, _values) in enumerate(others)}
        row["others"] = "; ".join(f"{name}: {text(values[place].mean)}" for name, values in others)
        row["last"] = place == len(months) - 1
        rows.append(row)
        table.append(
            [
                formats.month(month),
                text(now[place]),
                text(then[place].mean),
                ends,
                *(text(values[place].mean) for _name, values in others),
            ]
        )
    names = [name for name, _values in others]
    headers = [
        capfirst(_("month")),
        capfirst(_("as it stands")),
        capfirst(_("scenario")),
        _("range, 80%"),
        *names,
    ]
    return Chart(
        id="what-if-chart",
        title=_("What would it do, month by month?"),
        spec=_spec(rows, label, len(names)),
        table=ChartTable(headers, table),
        description=_(
            "%(what)s by month as it stands and in the scenario with its 80%% range; they are in the table"
        )
        % {"what": _("Revenue") if money else _("Volume")},
        legend=[
            LegendKey(_("as it stands"), "n", "line"),
            LegendKey(_("scenario"), "f", "line"),
            LegendKey("80%", "b80"),
        ],
        css="h-small",
    )


def _spec(rows: list[Spec], label: str, others_count: int) -> Spec:
    y: Spec = {"type": "quantitative", "scale": {"zero": False}}
    y["axis"] = {"title": label, "tickCount": 4, "format": ",.0f"}

    def line(field: str, style: str, **mark: Any) -> Spec:
        return {"mark": {"type": "line", "style": style, **mark}, "encoding": {"y": {"field": field, **y}}}

    others = [
        line(f"other{n}", "scenario", strokeDash=DASHES[n], strokeWidth=1.5) for n in range(others_count)
    ]
    labels = [
        {
            "transform": [{"filter": "datum.last"}],
            "mark": {"type": "text", "style": "bar-label", "align": "right", "dx": -4, "dy": -8},
            "encoding": {"y": {"field": f"other{n}", **y}, "text": {"field": f"name{n}"}},
        }
        for n in range(others_count)
    ]
    tooltip = [
        {"field": "label", "title": _("month")},
        {"field": "now_text", "title": _("as it stands")},
        {"field": "then_text", "title": _("scenario")},
        {"field": "band", "title": _("range, 80%")},
        *([{"field": "others", "title": _("kept")}] if others_count else []),
    ]
    layers: list[Spec] = [
        {
            "mark": {"type": "area", "style": "band80"},
            "encoding": {"y": {"field": "lo80", **y}, "y2": {"field": "hi80"}},
        },
        line("then", "forecast"),
        line("now", "naive"),
        *others,
        *labels,
        {"mark": {"type": "rule", "style": "hit"}, "encoding": {"tooltip": tooltip}},
    ]
    return months_spec(
        rows, layers, height=HEIGHT, top=14, axis={"tickCount": {"interval": "month", "step": 3}}
    )
