"""The price of one component on one list over time, with the volume sold in a panel below."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, LegendKey, Spec
from core.charts.model import SCHEMA, Switch
from core.charts.volume_forecast import axis_scale
from core.months import month_add, month_start
from core.organisation import today
from pricing.selectors.price_rows import PriceRow
from pricing.words.prices import list_words, per_words, price_decimals, price_text, volume_words
from products.models import Measure, Product
from products.selectors.line_words import line_word
from products.selectors.lines import line_tree
from products.selectors.report_scope import viewer_make
from products.selectors.sales import MonthSales, sales_months

MONTHS, AHEAD = 36, 6
Days = tuple[datetime.date, datetime.date | None]
"""The first and the last day; no last one: up to now and what is to come."""
PRICE_HEIGHT, VOLUME_HEIGHT = 110, 74


def price_chart(
    user: Any,
    product: Product,
    row: PriceRow,
    measure: Measure,
    unit: str,
    switches: Sequence[Switch] = (),
    days: Days | None = None,
) -> Chart | None:
    """``None`` where no price was in force. ``unit`` is the measure's, of which volumes are. ``days``: what
    to show of it; else the last years, and what is ahead."""
    if not row.rows:
        return None
    first, now, end = _shown(row, days)
    past = _steps(row, first, now)
    ahead = _steps(row, now, end) if row.following and now < end and not _over(days) else []
    if all(point["price"] is None for point in past + ahead):
        return None
    channel = row.price_list.channel
    viewer = user if channel is None else viewer_make(user, without=(), channels=[channel])
    last = month_start(now) if _over(days) else month_add(month_start(now), -1)
    sales = sales_months(viewer, product, measure, first, last)
    word = capfirst(line_word(line_tree(), product.line_id, "price_word"))
    title = _("%(price)s: what did each change do to sales?") % {"price": word}
    per = per_words(product, row.component, row.tier)
    vat = _("with VAT") if row.price_list.with_vat else _("without VAT")
    label = f"{formats.currency_symbol(row.price_list.currency)} {per}, {vat}"
    return Chart(
        id="price-chart",
        title=title,
        subtitle=f"{row.price_list} · {list_words(row.price_list)} · {volume_words(row.price_list)}",
        spec=_spec(past, ahead, sales, label, unit),
        table=_table(row, sales, unit, ahead=bool(ahead)),
        description=_(
            "Price by date on %(list)s, with the volume sold by month below it (%(volume)s); the figures are "
            "in the table"
        )
        % {"list": row.price_list, "volume": volume_words(row.price_list)},
        legend=[
            LegendKey(_("in force"), "h", "line"),
            *([LegendKey(_("approved, ahead"), "f", "line")] if ahead else []),
        ],
        switches=switches,
        switch_label=_("Price list"),
        css="h-mid",
    )


def _over(days: Days | None) -> bool:
    return days is not None and days[1] is not None


def _shown(row: PriceRow, days: Days | None) -> tuple[datetime.date, datetime.date, datetime.date]:
    """The first day to show, the one up to which prices are in force, and the last."""
    day = today()
    start, until = days or (month_add(month_start(day), -MONTHS), None)
    begun = min(month_start(row.rows[0].start_date), month_start(day))
    end = until or month_add(month_start(max(day, row.rows[-1].start_date)), AHEAD)
    return max(start, begun), min(day, end), end


def _steps(row: PriceRow, first: datetime.date, last: datetime.date) -> list[Spec]:
    """The corners of the price between two days; a gap where there is none."""
    before = [price for price in row.rows if price.start_date <= first]
    within = [price for price in row.rows if first < price.start_date <= last]
    held = [(first, before[-1].amount)] if before else []
    held += [(price.start_date, price.amount) for price in within]
    if not held:
        return []
    held.append((last, held[-1][1]))
    return [
        {
            "date": day.isoformat(),
            "price": None if amount is None else float(amount),
            "label": formats.day(day),
            "text": price_text(amount, row.price_list.currency),
        }
        for day, amount in held
    ]


def _spec(past: list[Spec], ahead: list[Spec], sales: Sequence[MonthSales], label: str, unit: str) -> Spec:
    x: Spec = {"type": "temporal", "scale": {"type": "utc"}}
    prices = [point["price"] for point in past + ahead if point["price"] is not None]
    spread = (max(prices) - min(prices)) or max(prices) / 10 or 1
    domain = [max(0, min(prices) - spread / 3), max(prices) + spread / 3]
    decimals = max(price_decimals(Decimal(str(price))) for price in prices)
    y: Spec = {
        "field": "price",
        "type": "quantitative",
        "scale": {"domain": domain},
        "axis": {"title": label, "format": f",.{decimals}f", "tickCount": 4, "minExtent": 44},
    }
    tooltip = [{"field": "label", "title": _("from")}, {"field": "text", "title": _("price")}]
    lines: list[Spec] = [
        {
            "data": {"values": points},
            "mark": {"type": "line", "style": style, "interpolate": "step-after", "point": False},
            "encoding": {"x": {"field": "date", **x, "axis": None}, "y": y, "tooltip": tooltip},
        }
        for points, style in ((past, "history"), (ahead, "forecast"))
        if points
    ]
    divisor, scale = axis_scale([float(month.volume or 0) for month in sales])
    volumes = [
        {
            "date": month.month.isoformat(),
            "until": month_add(month.month, 1).isoformat(),
            "volume": float(month.volume) / divisor,
            "label": formats.month(month.month),
            "text": formats.volume(month.volume, unit),
        }
        for month in sales
        if month.volume is not None
    ]
    bars: Spec = {
        "height": VOLUME_HEIGHT,
        "data": {"values": volumes},
        "mark": {"type": "rect", "style": "deduction"},
        "encoding": {
            "x": {
                "field": "date",
                **x,
                "axis": {"title": None, "format": "%b %Y", "tickCount": {"interval": "month", "step": 6}},
            },
            "x2": {"field": "until"},
            "y": {
                "field": "volume",
                "type": "quantitative",
                "axis": {"title": f"{scale}{unit}", "tickCount": 3, "format": ",.0f", "minExtent": 44},
            },
            "y2": {"datum": 0},
            "tooltip": [
                {"field": "label", "title": _("month")},
                {"field": "text", "title": unit or _("volume")},
            ],
        },
    }
    return {
        "$schema": SCHEMA,
        "usermeta": {"fitWidth": True},
        "spacing": 22,
        "padding": {"left": 0, "right": 6, "top": 4, "bottom": 2},
        "resolve": {"scale": {"x": "shared"}},
        "vconcat": [{"height": PRICE_HEIGHT, "layer": lines}, *([bars] if volumes else [])],
    }


def _table(row: PriceRow, sales: Sequence[MonthSales], unit: str, *, ahead: bool) -> ChartTable:
    """A line a month with the price on its first day, then what is approved ahead."""
    currency = row.price_list.currency
    lines: list[list[str | None]] = []
    for month in sales:
        held = [price for price in row.rows if price.start_date <= month.month]
        price = held[-1].amount if held else None
        volume = None if month.volume is None else formats.volume(month.volume)
        lines.append(
            [formats.month(month.month), None if price is None else price_text(price, currency), volume]
        )
    lines += [
        [formats.day(price.start_date), price_text(price.amount, currency), None]
        for price in row.rows
        if ahead and price.start_date > today()
    ]
    volume = _("Volume")
    headers = [_("Month"), _("Price on the first day"), f"{volume} ({unit})" if unit else volume]
    return ChartTable(headers, lines)
