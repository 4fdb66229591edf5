"""What margin is expected of a product, by month, and when it falls under its floor."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.charts import Actual, Chart, Expected, volume_forecast_chart
from core.organisation import organisation_get, today
from core.registries import Event
from forecasting.selectors.forecasts import forecast_current
from pricing.selectors.margins import Margins
from pricing.selectors.margins_ahead import (
    LEVEL,
    ChannelAhead,
    Fall,
    MonthAhead,
    channels_ahead,
    channels_together,
    fall_under,
    margin_floor,
    months_ahead,
    year_band,
)
from pricing.selectors.month_margin import MonthMargin
from pricing.selectors.recommended import recommended_allowed
from pricing.words.margins import move_words
from products.models import Product
from products.selectors.lines import line_tree

ZERO = Decimal(0)
SHOWN = 4


@dataclass(frozen=True)
class AheadFigure:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class MarginAheadCard:
    """``because``: what takes the margin under its floor; ``proposal``: the address of a proposal that is
    filled in with a price that keeps to it, for who may make one; ``channels``: where there are several."""

    figures: Sequence[AheadFigure]
    chart: Chart
    because: Sequence[str]
    proposal: str
    channels: Sequence[ChannelAhead]

    @property
    def together(self) -> ChannelAhead:
        return channels_together(self.channels)


def margin_ahead_card(
    user: Any, product: Product, margins: Margins, past: Sequence[MonthMargin], *, by_channel: bool = False
) -> MarginAheadCard | None:
    """``margins`` of the year before, which the person may see, and their months; ``None`` without a forecast
    that they may see, too."""
    now = forecast_current(user, product, line_tree().lead_measure(product.line_id))
    last = past[-1].month if past else None
    if now is None or last is None:
        return None
    rows = [row for row in now.months if row.month > last]
    ahead = months_ahead(margins, product, rows)
    if not ahead:
        return None
    fall, floor = fall_under(past, ahead, margins.rates[product]), margin_floor(product, line_tree())
    channels = channels_ahead(margins, ahead) if by_channel else []
    return MarginAheadCard(
        figures=[_year(ahead, now.correlation), _share(past, ahead), _to_floor(floor, fall)],
        chart=_chart(past, ahead, fall),
        because=[move_words(move) for move in fall.moves[:SHOWN]] if fall else [],
        proposal=_proposal(user, product, floor, fall),
        channels=channels if len(channels) > 1 else [],
    )


def _proposal(user: Any, product: Product, floor: Decimal | None, fall: Fall | None) -> str:
    """From the first month under the floor on, or from tomorrow."""
    if fall is None or floor is None or not (user.has_perm("pricing.edit") and recommended_allowed(user)):
        return ""
    start = max(fall.month.month, today() + datetime.timedelta(days=1))
    said = {"product": product.code, "kind": "margin", "value": f"{floor * 100:f}", "start": f"{start}"}
    return f"{reverse('pricing:proposal_new')}?{urlencode(said)}"


def _year(ahead: Sequence[MonthAhead], correlation: float) -> AheadFigure:
    means = [float(month.statement.cm2) for month in ahead]
    low, high = year_band(ahead, correlation)
    currency = organisation_get().currency
    label = ngettext("%(level)s in %(n)s month", "%(level)s in %(n)s months", len(ahead))
    said = {
        name: formats.money(value, currency, scale="auto") for name, value in (("low", low), ("high", high))
    }
    return AheadFigure(
        label % {"level": LEVEL.upper(), "n": len(ahead)},
        formats.money(sum(means), currency, scale="auto"),
        _("80%% chance: %(low)s – %(high)s") % said,
    )


def _share(past: Sequence[MonthMargin], ahead: Sequence[MonthAhead]) -> AheadFigure:
    known = [month.statement for month in past if month.statement is not None]
    before, then = (
        sum((row.cm2 for row in rows), ZERO) / net if net else None
        for rows in (known, [month.statement for month in ahead])
        for net in [sum((row.net for row in rows), ZERO)]
    )
    return AheadFigure(
        _("of net sales"), formats.percent(then), _("%(rate)s before") % {"rate": formats.percent(before)}
    )


def _to_floor(floor: Decimal | None, fall: Fall | None) -> AheadFigure:
    label = _("Months to the margin floor")
    if floor is None:
        return AheadFigure(label, formats.MISSING, _("no minimum is set"))
    if fall is None:
        return AheadFigure(label, _("over 12"), _("it is %(rate)s") % {"rate": formats.percent(floor)})
    rate = fall.month.statement.rate(LEVEL)
    note = _("it is %(floor)s; %(month)s: %(rate)s, under it in %(n)s of the months") % {
        "floor": formats.percent(floor),
        "month": formats.month(fall.month.month),
        "rate": formats.percent(rate),
        "n": fall.under,
    }
    return AheadFigure(label, formats.number(fall.months, 0), note)


def _chart(past: Sequence[MonthMargin], ahead: Sequence[MonthAhead], fall: Fall | None) -> Chart:
    why = [move_words(move) for move in fall.moves[:2]] if fall else []
    return margin_chart_ahead(
        [
            Actual(month.month, None if month.statement is None else float(month.statement.cm2))
            for month in past
        ],
        [Expected(month.month, float(month.statement.cm2), *map(float, month.band)) for month in ahead],
        under=fall.month.month if fall else None,
        why=why,
    )


def margin_chart_ahead(
    history: Sequence[Actual],
    forecast: Sequence[Expected],
    *,
    under: datetime.date | None,
    why: Sequence[str],
) -> Chart:
    """Of one product or of several together; ``under``: the first month under the floor, and why."""
    currency = organisation_get().currency
    marks = [Event("incident", under, _("Under the floor"), "; ".join(why))] if under else []
    return volume_forecast_chart(
        id="margin-ahead-chart",
        title=_("What margin do we expect?"),
        subtitle=_("%(level)s: forecast × prices decided − costs of the month, with its 80%% band")
        % {"level": LEVEL.upper()},
        history=history,
        forecast=forecast,
        events=marks,
        unit_label=_("%(unit)s a month") % {"unit": currency},
        measure_label=LEVEL.upper(),
        currency=currency,
    )
