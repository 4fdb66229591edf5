"""The card Place on a product's marketing mix, and how widely it lay in a channel over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable, LegendKey, Spec
from core.charts.model import Switch, months_spec
from core.months import month_add, month_range
from pricing.models import DistributionMonth, Listing
from pricing.selectors.place import Place, PlaceRow, product_place
from products.models import Measure
from products.selectors.lines import line_tree
from products.selectors.units import unit_of

MONTHS = 36
BAR = 120
INDENTS = ("", "ps-3", "ps-4", "ps-5")
# From this volume on a table is in thousands.
THOUSAND = 10_000


@dataclass(frozen=True)
class PlaceLine:
    """A row of the table, in words; ``bar`` and ``mark`` are pixels of the share bar."""

    row: PlaceRow
    about: str
    volume: str
    weighted: str
    per: str
    per_note: str
    shares: str
    bar: int
    mark: int | None
    gap: str
    indent: str


def place_panel(user: Any, product: Any) -> Mapping[str, Any]:
    """The channels that are not part of another; the page has all of them."""
    place = product_place(user, product)
    unit = unit_of(line_tree(), product, place.measure)
    return place_table(place, place.top, unit) | {"can_edit": user.has_perm("pricing.edit")}


def place_table(place: Place, rows: Sequence[PlaceRow], unit: str) -> dict[str, Any]:
    """The table of the card and of the page."""
    big = any(row.volume is not None and abs(row.volume) >= THOUSAND for row in rows)
    rated = list(dict.fromkeys(row.rated for row in rows if row.rated))
    lines = [_line(row, place, big, several=len(rated) > 1) for row in rows]
    scale = f"x{formats.NBSP}{formats.number(1000)}{formats.NBSP}{unit}" if big else unit
    return {
        "place": place,
        "lines": lines,
        "scale": scale,
        "rated": _rated(rated[0], place, unit) if len(rated) == 1 else "",
        "total": _volume(place.volume, big),
        "with_shares": any(line.shares for line in lines),
        "with_segment": any(row.segment_share is not None for row in rows),
    }


def _rated(measure: Measure, place: Place, unit: str) -> str:
    """What a rate of sale is of, in which unit."""
    return f"{measure}, {unit if measure == place.measure else measure.unit}"


def _volume(value: Any, big: bool) -> str:
    if value is None:
        return formats.MISSING
    return formats.number(value / 1000, 1) if big else formats.volume(value)


def _line(row: PlaceRow, place: Place, big: bool, *, several: bool) -> PlaceLine:
    """``several``: rates of sale are not all of one measure."""
    about = []
    if row.points is not None:
        about.append(_("%(points)s points of sale") % {"points": formats.number(row.points)})
    if row.status:
        label = Listing.Status(row.status).label
        about.append(_("%(state)s since %(day)s") % {"state": label, "day": formats.day(row.listed_since)})
    if row.spread_month not in (None, place.month):
        about.append(_("distribution of %(month)s") % {"month": formats.month(row.spread_month)})
    per = row.per_point if row.per_point is not None else row.per_weighted
    both = (formats.percent(row.share, 0), formats.percent(row.segment_share, 0))
    shares = ""
    if row.share is not None and row.segment_share is not None:
        shares = _("%(here)s against %(segment)s") % {"here": both[0], "segment": both[1]}
    elif row.share is not None or row.segment_share is not None:
        shares = both[0] if row.share is not None else _("segment %(share)s") % {"share": both[1]}
    notes = [
        _("per weighted point") if row.per_weighted is not None else "",
        f"{row.rated}, {row.rated.unit}" if several and row.rated else "",
    ]
    gap = formats.delta(row.gap, "points", decimals=0).text.removesuffix(formats.NBSP + _("pp"))
    return PlaceLine(
        row=row,
        about=" · ".join(about),
        volume=_volume(row.volume, big),
        weighted=formats.MISSING if row.weighted is None else formats.number(row.weighted * 100, 0),
        per=formats.MISSING if per is None else formats.number(per, 1),
        per_note=" · ".join(filter(None, notes)),
        shares=shares,
        bar=round(float(max(row.share or 0, 0)) * BAR),
        mark=None if row.segment_share is None else round(float(row.segment_share) * (BAR - 2)),
        gap=gap,
        indent=INDENTS[min(row.depth, len(INDENTS) - 1)],
    )


def distribution_chart(
    rows: Sequence[DistributionMonth], order: Sequence[str], chosen: str, url: str
) -> Chart | None:
    """The weighted and numeric distribution of one channel by month; the others are a switch away, in this
    ``order`` of codes."""
    found = {row.channel.code: row.channel for row in rows}
    channels = {code: found[code] for code in [*order, *found] if code in found}
    if not channels:
        return None
    code = chosen if chosen in channels else next(iter(channels))
    own = {row.month: row for row in rows if row.channel.code == code}
    last = max(own)
    first = max(min(own), month_add(last, 1 - MONTHS))
    points: list[Spec] = []
    table: list[list[str | None]] = []
    for month in month_range(first, last):
        row = own.get(month)
        rates = (row.weighted_rate, row.numeric_rate) if row else (None, None)
        said = [None if rate is None else formats.percent(rate) for rate in rates]
        stores = None if row is None or row.points is None else formats.number(row.points)
        table.append([formats.month(month), *said, stores])
        points.append(
            {
                "month": month.isoformat(),
                "label": formats.month(month),
                **{
                    name: None if rate is None else float(rate * 100)
                    for name, rate in zip(("weighted", "numeric"), rates, strict=True)
                },
                "weighted_text": said[0] or formats.MISSING,
                "numeric_text": said[1] or formats.MISSING,
                "points_text": stores or formats.MISSING,
            }
        )
    names = {"weighted": _("weighted"), "numeric": _("numeric")}
    shown = [name for name in names if any(point[name] is not None for point in points)]
    return Chart(
        id="distribution-chart",
        title=_("Distribution: how widely did it lie?"),
        subtitle=f"{channels[code]}, {formats.month(first)} – {formats.month(last)}",
        spec=_spec(points, shown),
        table=ChartTable(
            [_("Month"), _("Weighted, %"), _("Numeric, %"), _("Points of sale")],
            table,
        ),
        description=_("Distribution in %(channel)s by month; the figures are in the table")
        % {"channel": channels[code]},
        legend=[LegendKey(names[name], "h" if name == "weighted" else "n", "line") for name in shown],
        switches=[
            Switch(str(channel), f"{url}?of={each}", each == code) for each, channel in channels.items()
        ]
        if len(channels) > 1
        else [],
        switch_label=_("Channel"),
    )


def _spec(points: Sequence[Spec], shown: Sequence[str]) -> Spec:
    styles = {"weighted": "history", "numeric": "naive"}
    y: Spec = {"type": "quantitative", "scale": {"domain": [0, 100]}, "axis": {"title": "%", "tickCount": 5}}
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "style": styles[name], "point": len(points) == 1},
            "encoding": {"y": {"field": name, **y}},
        }
        for name in shown
    ]
    tooltip = [
        {"field": "label", "title": _("month")},
        {"field": "weighted_text", "title": _("weighted")},
        {"field": "numeric_text", "title": _("numeric")},
        {"field": "points_text", "title": _("points of sale")},
    ]
    layers.append({"mark": {"type": "rule", "style": "hit"}, "encoding": {"tooltip": tooltip}})
    step = 1 if len(points) <= 9 else 3 if len(points) <= 24 else 6
    axis = {"tickCount": {"interval": "month", "step": step}}
    return months_spec(points, layers, height=150, top=22, axis=axis)
