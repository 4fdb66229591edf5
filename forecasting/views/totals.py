"""What lines and everything together are expected to sell."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import formats
from core.charts import Actual, Chart, Expected, Switch, volume_forecast_chart
from core.months import month_add, month_range
from core.organisation import organisation_get
from core.pages import page_render, with_right
from core.panels import panels_build
from forecasting.selectors.totals import LineTotal, line_totals
from forecasting.words.totals import late_words
from products.models import Measure
from products.selectors.lines import LineTree, line_tree

COLUMNS = ("mean", "lo80", "hi80", "before")


@dataclass(frozen=True)
class Row:
    """A line of the tree (``key``: its code, empty for everything) with its total in money and, where its
    volumes add up, in its unit."""

    name: str
    key: str
    depth: int
    money: LineTotal
    volume: LineTotal | None


@with_right("forecasting.view")
@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """The tree of lines with what each is expected to bring in; one of them in full."""
    found = line_totals(request.user)
    rows = _rows(found, line_tree())
    wanted = request.GET.get("line", "")
    chosen = next((row for row in rows if row.key == wanted), None)
    if wanted and chosen is None:
        raise Http404
    chosen = chosen or (rows[0] if rows else None)
    in_money = chosen is None or chosen.volume is None or request.GET.get("in") != "volume"
    shown = None if chosen is None else chosen.money if in_money else chosen.volume
    months = _months(shown) if shown else []
    context = {
        "rows": rows,
        "chosen": chosen,
        "shown": shown,
        "in_money": in_money,
        "currency": organisation_get().currency,
        "chart": _chart(chosen, shown, in_money) if chosen and shown else None,
        "late": late_words(shown) if shown else "",
        "months": months,
        "head_panels": _head_panels(request.user, chosen),
        "panels": panels_build(request.user, shown, "total") if shown else [],
        "decimals": formats.volume_decimals(row[name] for row in months for name in COLUMNS),
        "can_override": request.user.has_perm("forecasting.override"),
    }
    return page_render(request, "forecasting/totals.html", context)


def _head_panels(user: Any, chosen: Row | None) -> Any:
    """What other rooms do with a line."""
    lines = {line.code: line for line in line_tree().lines.values()}
    return panels_build(user, lines[chosen.key], "line_head") if chosen and chosen.key else []


def _rows(found: list[LineTotal], tree: LineTree) -> list[Row]:
    """Everything first, then the lines in the order of the tree."""
    money = {total.total.line_id: total for total in found if total.total.measure_id is None}
    volume = {total.total.line_id: total for total in found if total.total.measure_id is not None}
    rows = [Row(_("Everything"), "", 0, money[None], None)] if None in money else []
    lines = sorted(tree.lines, key=lambda pk: [line.name.lower() for line in tree.path(pk)])
    return rows + [
        Row(tree.lines[pk].name, tree.lines[pk].code, len(tree.path(pk)) - 1, money[pk], volume.get(pk))
        for pk in lines
        if pk in money
    ]


def _chart(row: Row, shown: LineTotal, in_money: bool) -> Chart:
    total, currency = shown.total, organisation_get().currency if in_money else ""
    address = reverse("forecasting:totals")
    switches = (
        [
            Switch(_("Revenue"), f"{address}?line={row.key}", in_money),
            Switch(
                capfirst(str(row.volume.total.measure)), f"{address}?line={row.key}&in=volume", not in_money
            ),
        ]
        if row.volume
        else []
    )
    level = total.measure is not None and total.measure.kind == Measure.Kind.LEVEL
    per: Any = _("%(unit)s at the end of the month") if level else _("%(unit)s a month")
    return volume_forecast_chart(
        id="total-chart",
        title=(
            _("What is %(name)s expected to bring in?") % {"name": row.name}
            if row.key
            else _("What is everything together expected to bring in?")
        )
        if in_money
        else _("What is %(name)s expected to sell?") % {"name": row.name},
        subtitle=_("sum of the products' final forecasts; band: 80% and 95%"),
        history=_history(shown),
        forecast=[
            Expected(datetime.date.fromisoformat(month), mean, lo80, hi80, lo95, hi95)
            for month, mean, lo80, hi80, lo95, hi95 in total.months
        ],
        unit_label=per % {"unit": currency or total.unit},
        measure_label=_("revenue") if in_money else str(total.measure),
        switches=switches,
        currency=currency,
    )


def _history(shown: LineTotal) -> list[Actual]:
    """From the first month with data on; months without are gaps."""
    known = {datetime.date.fromisoformat(row[0]): row[1] for row in shown.total.history}
    late = shown.late
    months = month_range(min(known), shown.total.as_of) if known else ()
    return [Actual(month, known.get(month), month in late) for month in months]


def _months(shown: LineTotal) -> list[dict[str, Any]]:
    """Each month beside the same one a year before."""
    known = {row[0]: row[1] for row in shown.total.history}
    rows = []
    for month, mean, lo80, hi80, lo95, hi95 in shown.total.months:
        before = known.get(str(month_add(datetime.date.fromisoformat(month), -12)))
        rows.append(
            {
                "month": datetime.date.fromisoformat(month),
                "mean": mean,
                "lo80": lo80,
                "hi80": hi80,
                "lo95": lo95,
                "hi95": hi95,
                "before": before,
                "index": mean / before * 100 if before and before > 0 else None,
            }
        )
    return rows
