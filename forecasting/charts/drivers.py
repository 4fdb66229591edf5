"""A driver by month: what was, and what is known ahead."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, LegendKey, Spec
from core.charts.model import months_spec
from core.months import month_start
from forecasting.models import Driver

HEIGHT = 220
# So many months of the past are drawn.
SHOWN = 60


def driver_chart(driver: Driver, months: Mapping[datetime.date, float], today: datetime.date) -> Chart | None:
    """The months up to now as a line, those ahead dashed; ``None`` under two months."""
    now = month_start(today)
    shown = [month for month in sorted(months) if month <= now][-SHOWN:]
    shown += [month for month in sorted(months) if month > now]
    if len(shown) < 2:
        return None
    rows: list[Spec] = []
    table: list[list[str | None]] = []
    for month in shown:
        text = formats.number(months[month], 2) + (f" {driver.unit}" if driver.unit else "")
        row: Spec = {"month": month.isoformat(), "label": formats.month(month), "text": text}
        # The month between belongs to both, so that the line does not break.
        row["past"] = months[month] if month <= now else None
        row["ahead"] = months[month] if month >= now else None
        rows.append(row)
        table.append([formats.month(month), text])
    past, ahead = _("up to now"), _("known ahead")
    has_ahead = any(month > now for month in shown)
    return Chart(
        id="driver-chart",
        title=_("What was it, and what is known ahead?"),
        subtitle=_("%(name)s by month") % {"name": driver} + (f" ({driver.unit})" if driver.unit else ""),
        spec=_spec(rows, driver.unit or capfirst(str(driver)), has_ahead),
        table=ChartTable([capfirst(_("month")), capfirst(str(driver))], table),
        description=_("%(name)s by month, from %(first)s to %(last)s; the figures are in the table")
        % {"name": driver, "first": formats.month(shown[0]), "last": formats.month(shown[-1])},
        legend=[LegendKey(past, "h", "line"), *([LegendKey(ahead, "f", "line")] if has_ahead else [])],
        css="h-mid",
    )


def _spec(rows: list[Spec], label: str, has_ahead: bool) -> Spec:
    def line(field: str, style: str) -> Spec:
        y: Spec = {"field": field, "type": "quantitative", "scale": {"zero": False}}
        y["axis"] = {"title": label, "tickCount": 4}
        return {
            "transform": [{"filter": f"isValid(datum.{field})"}],
            "mark": {"type": "line", "style": style},
            "encoding": {"y": y},
        }

    tooltip = [{"field": "label", "title": _("month")}, {"field": "text", "title": label}]
    layers = [
        line("past", "history"),
        *([line("ahead", "forecast")] if has_ahead else []),
        {"mark": {"type": "rule", "style": "hit"}, "encoding": {"tooltip": tooltip}},
    ]
    return months_spec(rows, layers, height=HEIGHT, top=14, axis={"tickCount": 6})
