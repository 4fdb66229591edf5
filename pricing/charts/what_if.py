"""The chart of a what-if: as it stands, the scenario with its range, and at most three kept ones."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, LegendKey, Spec
from core.charts.model import months_spec
from core.charts.volume_forecast import axis_scale
from pricing.engine.what_if import Month, Outcome, Range, left_of
from pricing.selectors.scenarios import Kept
from pricing.selectors.what_if import Answer, Ground

HEIGHT = 132
DASHES = ([1, 0], [8, 3], [8, 3, 2, 3])


def scaled(values: Sequence[float], unit: str, *, money: bool) -> tuple[float, str]:
    """What they are divided by, and how a head says so: "x 1,000 cartons", "x €1,000"."""
    divisor, scale = axis_scale(values)
    if money:
        return divisor, formats.scale_label({1: "", 1_000: "k", 1_000_000: "m"}[int(divisor)], unit)
    return divisor, f"{scale}{unit}"


@dataclass(frozen=True)
class Shown:
    """One measure by month: as it stands, in the scenario, and in those beside it."""

    name: str
    unit: str
    money: bool
    now: Sequence[float]
    then: Sequence[Range]
    others: Sequence[Sequence[Range | None]]

    def text(self, value: float) -> str:
        return formats.money(value, self.unit, 0) if self.money else formats.volume(value, self.unit)

    def kept(self, value: Range | None) -> str:
        return self.text(value.mean) if value else formats.MISSING

    def ends(self, place: int) -> str:
        return f"{self.text(self.then[place].lo80)} – {self.text(self.then[place].hi80)}"

    def cells(self, place: int) -> list[str]:
        """Of a month, under :meth:`heads`."""
        return [
            self.text(self.now[place]),
            self.text(self.then[place].mean),
            self.ends(place),
            *(self.kept(values[place]) for values in self.others),
        ]

    def heads(self, names: Sequence[str]) -> list[str]:
        said = (_("as it stands"), _("scenario"), _("range, 80%"), *names)
        return [f"{self.name}: {one}" for one in said]


def measure_names() -> dict[str, str]:
    return {"volume": _("Volume"), "revenue": _("Revenue"), "margin": _("Margin")}


def _shown(ground: Ground, answer: Answer, beside: Sequence[Kept], of: str) -> Shown:
    def then(outcome: Outcome) -> Sequence[Range]:
        margin = outcome.margin.months if outcome.margin else ()
        return {"volume": outcome.volumes, "revenue": outcome.revenues, "margin": margin}[of]

    def now(month: Month) -> float:
        left = left_of(month, month.price)
        return month.mean * {"volume": 1.0, "revenue": month.price, "margin": left}[of]

    money = of != "volume"
    return Shown(
        measure_names()[of],
        ground.currency if money else ground.unit,
        money,
        [now(month) for month in ground.base(answer.asked.start)],
        then(answer.outcome),
        [[one.by_month(of).get(row.month) for row in ground.months] for one in beside],
    )


def what_if_chart(ground: Ground, answer: Answer, beside: Sequence[Kept], of: str = "") -> Chart:
    """By month, of the measure asked for, else of the first the ground has: now, the scenario with its range,
    and kept ones as they were kept, of the months that they had. The table has every measure."""
    measures = [
        _shown(ground, answer, beside, each)
        for each in sorted(ground.measures, key=list(measure_names()).index)
    ]
    asked = measure_names()[of if of in ground.measures else ground.measures[0]]
    shown = next(each for each in measures if each.name == asked)
    names = [one.row.name for one in beside]
    months = [row.month for row in ground.months]
    ends = [abs(end) for month in shown.then for end in (month.lo80, month.hi80)]
    divisor, scale = scaled(ends, shown.unit, money=shown.money)
    return Chart(
        id="what-if-chart",
        title=_("What would it do, month by month?"),
        spec=_spec(_rows(shown, months, names, divisor), f"{shown.name}, {scale}", len(names)),
        table=ChartTable(
            [capfirst(_("month")), *(head for each in measures for head in each.heads(names))],
            [
                [formats.month(month), *(cell for each in measures for cell in each.cells(place))]
                for place, month in enumerate(months)
            ],
        ),
        description=_(
            "%(what)s by month as it stands and in the scenario with its 80%% range; they are in the table"
        )
        % {"what": shown.name},
        legend=[
            LegendKey(_("as it stands"), "n", "line"),
            LegendKey(_("scenario"), "f", "line"),
            LegendKey("80%", "b80"),
            *(LegendKey(name, f"s{n}", "line") for n, name in enumerate(names)),
        ],
        css="h-small",
    )


def _rows(shown: Shown, months: Sequence[datetime.date], names: Sequence[str], divisor: float) -> list[Spec]:
    rows: list[Spec] = []
    for place, month in enumerate(months):
        then = shown.then[place]
        row: Spec = {
            "month": month.isoformat(),
            "label": formats.month(month),
            "now": shown.now[place] / divisor,
            "then": then.mean / divisor,
            "lo80": then.lo80 / divisor,
            "hi80": then.hi80 / divisor,
            "now_text": shown.text(shown.now[place]),
            "then_text": shown.text(then.mean),
            "band": shown.ends(place),
        }
        others = [values[place] for values in shown.others]
        row |= {f"other{n}": one.mean / divisor if one else None for n, one in enumerate(others)}
        # What people wrote stands in the data, never in the drawing's own words.
        row["others"] = "; ".join(
            f"{name}: {shown.kept(one)}" for name, one in zip(names, others, strict=True)
        )
        rows.append(row)
    return rows


def _spec(rows: list[Spec], label: str, others_count: int) -> Spec:
    y: Spec = {"type": "quantitative", "scale": {"zero": False}}
    y["axis"] = {"title": label, "tickCount": 4, "format": ",.0f"}

    def line(field: str, style: str, **mark: Any) -> Spec:
        return {"mark": {"type": "line", "style": style, **mark}, "encoding": {"y": {"field": field, **y}}}

    others = [
        line(f"other{n}", "scenario", strokeDash=DASHES[n], strokeWidth=1.5) for n in range(others_count)
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
        {"mark": {"type": "rule", "style": "hit"}, "encoding": {"tooltip": tooltip}},
    ]
    return months_spec(
        rows, layers, height=HEIGHT, top=14, axis={"tickCount": {"interval": "month", "step": 3}}
    )
