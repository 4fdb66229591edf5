"""The card Promotion of a product's marketing mix: what ran, what comes, what it brought."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, Spec
from core.charts.model import SCHEMA
from core.months import month_add, month_start
from core.organisation import organisation_get, today
from pricing.models import Promotion
from pricing.selectors.promotion_calendar import Calendar, CalendarQuery, product_promotions
from pricing.selectors.promotion_costs import costs_known
from pricing.selectors.promotion_effects import product_effects
from pricing.selectors.promotion_runs import days_run, last_day
from pricing.selectors.promotions import channels_seen, flags_ahead, own_cost, ran, sees_whole
from pricing.words.promotions import effect_reason, flag_lines, mechanic_words, span_words
from products.models import Product

BEFORE, AHEAD = 12, 8
LISTED = 8
ROW = 44


def promotion_card(user: Any, product: Product) -> Mapping[str, Any]:
    """The chart of a year back and some months ahead, what stands in the way of what comes, and the newest
    finished promotions."""
    rows = product_promotions(user, product)
    day = today()
    over = [row for row in rows if ran(row) and last_day(row) < day]
    over = over[::-1][:LISTED]
    effects = product_effects(user, product, over)
    known = costs_known(user, over)
    flags = flags_ahead(user, rows)
    return {
        "chart": promotion_chart(user, rows, day),
        "any": bool(rows),
        "flagged": [(row, flag_lines(flags[row.pk])) for row in rows if flags.get(row.pk)],
        "over": [
            {
                "row": row,
                "dates": span_words(row.store_start, last_day(row)),
                "channels": _channels(user, row),
                "effect": effects.get(row.pk),
                "reason": effect_reason(effects[row.pk].reason) if row.pk in effects else "",
                "after": _after(effects.get(row.pk)),
                "cost": known.get(row.pk),
                "planned_cost": own_cost(row) if sees_whole(user, row) else None,
                "planned_in": row.currency,
            }
            for row in over
        ],
        "scale": formats.scale_label("k", organisation_get().currency),
        "can_edit": user.has_perm("pricing.edit"),
    }


def _after(effect: Any) -> float | None:
    """What was sold less or more in the weeks after, as a share of the baseline while it ran."""
    if effect is None or effect.after is None or not effect.baseline:
        return None
    return float(effect.after / effect.baseline)


def _channels(user: Any, row: Promotion) -> str:
    return ", ".join(channel.name for channel in channels_seen(user, row)) or _("everywhere")


def promotion_chart(
    user: Any,
    rows: Sequence[Promotion],
    day: datetime.date,
    days: tuple[datetime.date, datetime.date | None] | None = None,
) -> Chart | None:
    """A line a channel, a bar a promotion: dark is over, light is to come. None without any in sight.
    ``days``: the first and the last to show, without a last one what is to come; else a year back and some
    months ahead."""
    start, end = days or (month_add(month_start(day), -BEFORE), None)
    first = month_start(start)
    last = month_add(month_start(end), 1) if end else month_add(month_start(day), AHEAD)
    shown = [row for row in rows if last_day(row) >= max(first, row.store_start) and row.store_start < last]
    if not shown:
        return None
    bars: list[Spec] = []
    for row in shown:
        names = [channel.name for channel in channels_seen(user, row)] or [_("everywhere")]
        for name in names:
            bars.append(
                {
                    "channel": name,
                    "start": max(row.store_start, first).isoformat(),
                    "end": min(last_day(row) + datetime.timedelta(days=1), last).isoformat(),
                    "name": row.name,
                    "dates": span_words(row.store_start, last_day(row)),
                    "how": mechanic_words(row),
                    "state": row.get_state_display(),
                    "kind": "done" if last_day(row) < day else "planned",
                }
            )
    channels = list(dict.fromkeys(bar["channel"] for bar in bars))
    table = [[bar["name"], bar["channel"], bar["dates"], bar["how"], bar["state"]] for bar in bars]
    return Chart(
        id="promotions-chart",
        title=_("Promotion: what ran, what comes, what did it bring?"),
        subtitle=_("The line is today: left of it is over, right is to come") if first <= day < last else "",
        spec=_spec(bars, channels, first, last, day),
        table=ChartTable([_("Promotion"), _("Channel"), _("In store"), _("How"), _("State")], table),
        description=_("Promotions by channel, from %(first)s to %(last)s; they are in the table")
        % {"first": formats.month(first), "last": formats.month(last)},
        css="h-small",
    )


def calendar_chart(calendar: Calendar, query: CalendarQuery, day: datetime.date) -> Chart | None:
    """The timeline of the calendar as its page draws it, to be taken along; the table is the page's own."""
    after = query.end + datetime.timedelta(days=1)
    bars: list[Spec] = [
        {
            "channel": f"{row.label}{LANE}{bar.lane or ''}",
            "start": max(days[0], query.start).isoformat(),
            "end": min(days[1] + datetime.timedelta(days=1), after).isoformat(),
            "name": bar.promotion.name,
            "dates": span_words(*days),
            "how": mechanic_words(bar.promotion),
            "kind": "done" if bar.past else "planned",
        }
        for row in calendar.rows
        for bar in row.bars
        if bar.store is not None and (days := days_run(bar.promotion)[0])
    ]
    if not bars:
        return None
    rows = list(dict.fromkeys(bar["channel"] for bar in bars))
    return Chart(
        id="timeline",
        title=_("What runs when?"),
        spec=_spec(bars, rows, query.start, after, day),
        table=ChartTable([], []),
        description="",
    )


LANE = "\t"
"""Behind the name of a row, before the number of its second line and further ones, which have no name."""


def _spec(
    bars: Sequence[Spec],
    channels: Sequence[str],
    first: datetime.date,
    last: datetime.date,
    day: datetime.date,
) -> Spec:
    def layer(kind: str) -> Spec:
        tooltip = [
            {"field": field, "title": title}
            for field, title in (("name", _("promotion")), ("dates", _("in store")), ("how", _("how")))
        ]
        return {
            "transform": [{"filter": f"datum.kind === '{kind}'"}],
            "mark": {"type": "bar", "style": kind, "height": 10, "yOffset": -6},
            "encoding": {
                "x": {"field": "start", "type": "temporal"},
                "x2": {"field": "end"},
                "tooltip": tooltip,
            },
        }

    # An empty layer would be a drawing without a word for who listens.
    drawn = [layer(kind) for kind in ("done", "planned") if any(bar["kind"] == kind for bar in bars)]
    span = [first.isoformat(), last.isoformat()]
    step = 4 if (last - first).days > 200 else 1
    axis = {"title": None, "format": "%b %Y", "tickCount": {"interval": "month", "step": step}, "grid": True}
    # An empty mark whose only work is the scale: all layers share it.
    frame: Spec = {
        "data": {"values": [{"start": span[0]}, {"start": span[1]}]},
        "mark": {"type": "rule", "opacity": 0},
        "encoding": {"x": {"field": "start", "type": "temporal", "scale": {"type": "utc"}, "axis": axis}},
    }
    label: Spec = {
        "mark": {"type": "text", "style": "bar-label", "dy": 10},
        "encoding": {
            "x": {"field": "start", "type": "temporal"},
            "text": {"field": "name"},
            "opacity": {"condition": {"test": "width < 300", "value": 0}, "value": 1},
        },
    }
    now: Spec = {
        "data": {"values": [{"start": day.isoformat()}]},
        "mark": {"type": "rule", "style": "interval"},
        "encoding": {
            "x": {"field": "start", "type": "temporal"},
            "y": {"value": -4},
            "y2": {"value": "height"},
        },
    }
    y: Spec = {
        "field": "channel",
        "type": "nominal",
        "sort": list(channels),
        "axis": {"title": None, "grid": True, "minExtent": 86, "labelPadding": 8, **_lanes(channels)},
        "scale": {"paddingInner": 0.5},
    }
    return {
        "$schema": SCHEMA,
        "width": "container",
        "height": max(ROW * len(channels), 60),
        "padding": {"left": 0, "right": 6, "top": 6, "bottom": 2},
        "data": {"values": list(bars)},
        "layer": [
            frame,
            *({**part, "encoding": {"y": y, **part["encoding"]}} for part in (*drawn, label)),
            *([now] if first <= day < last else []),
        ],
    }


def _lanes(rows: Sequence[str]) -> Spec:
    """How an axis of rows with lanes names them."""
    named = f"split(datum.value, '{LANE}')"
    return {"labelExpr": f"{named}[1] ? '' : {named}[0]"} if any(LANE in row for row in rows) else {}
