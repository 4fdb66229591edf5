"""Totals of lines and of everything as people may see them; how a forecast splits by channel."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from core.months import month_add, month_range
from forecasting.models import TotalForecast
from products.models import Channel, Measure, Product, SalesMonth
from products.selectors.access import visible_line_ids

from .forecasts import ForecastNow, forecasts_allowed, year_ahead

YEAR = 12


def totals_visible(user: Any) -> QuerySet[TotalForecast]:
    """Totals of lines the person sees, with everything only for who sees everything; none for people limited
    to channels. A line is seen as a whole or not at all: a limit holds below it too."""
    rows = TotalForecast.objects.select_related("line", "measure")
    if not forecasts_allowed(user):
        return rows.none()
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(line_id__in=lines)


@dataclass(frozen=True)
class LineTotal:
    """A current total beside what was: ``year`` ahead and the 12 months ``before`` (of a level: states)."""

    total: TotalForecast
    before: float | None

    @property
    def index(self) -> float | None:
        if self.before is None or self.before <= 0 or self.total.year is None:
            return None
        return self.total.year / self.before * 100

    @property
    def past(self) -> list[float | None]:
        """The last three years, None for gaps: for a sparkline."""
        known = {row[0]: row[1] for row in self.total.history}
        return [known.get(str(month_add(self.total.as_of, step))) for step in range(-35, 1)]

    @property
    def means(self) -> list[float]:
        return self._ahead(1)

    @property
    def lows(self) -> list[float]:
        return self._ahead(2)

    @property
    def highs(self) -> list[float]:
        return self._ahead(3)

    def year_of(self, first: datetime.date, last: datetime.date) -> float | None:
        """What these months brought in and are expected to; ``None`` where one of those ahead is unknown."""
        known = {row[0]: row[1] for row in self.total.history}
        ahead = {row[0]: row[1] for row in self.total.months}
        months = list(month_range(first, last))
        rest = [ahead.get(str(month)) for month in months if month > self.total.as_of]
        if None in rest:
            return None
        closed = (known.get(str(month)) or 0.0 for month in months if month <= self.total.as_of)
        return sum(closed) + sum(value for value in rest if value is not None)

    def _ahead(self, place: int) -> list[float]:
        return [row[place] for row in self.total.months[:YEAR]]


def line_totals(user: Any) -> list[LineTotal]:
    """Every current total the person may see. One query."""
    return [LineTotal(total, _year_before(total)) for total in totals_visible(user).filter(current=True)]


def total_of(user: Any, line_id: int | None) -> LineTotal | None:
    """The current total in money of one line, or of everything. One query."""
    rows = totals_visible(user).filter(current=True, measure=None, line_id=line_id)
    total = rows.first()
    return None if total is None else LineTotal(total, _year_before(total))


def _year_before(total: TotalForecast) -> float | None:
    known = {row[0]: row[1] for row in total.history}
    if total.measure is not None and total.measure.kind == Measure.Kind.LEVEL:
        return known.get(str(total.as_of))
    months = [known.get(str(month_add(total.as_of, -step))) for step in range(YEAR)]
    return None if None in months else sum(month for month in months if month is not None)


# -- by channel -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChannelSplit:
    """A channel's part of a product's next 12 months; ``share`` is that of the last 12."""

    channel: Channel
    share: float
    mean: float
    lo80: float
    hi80: float
    months: Sequence[float]


def channel_split(product: Product, measure: Measure, now: ForecastNow) -> list[ChannelSplit]:
    """The final forecast of the next 12 months over the channels that sold in the last 12, by their share;
    largest first. The parts add up to the product's forecast. For who may see all channels. One query.

    The band of a part is its share of the product's, wider by as much as the channel's year-on-year changes
    were larger than the product's: a part is never surer than the whole.
    """
    as_of = now.forecast.as_of
    rows = SalesMonth.objects.filter(
        Q(volume__isnull=False),
        product_id=product.pk,
        measure_id=measure.pk,
        month__gt=month_add(as_of, -2 * YEAR),
        month__lte=as_of,
    ).select_related("channel")
    sold: dict[int, dict[datetime.date, float]] = defaultdict(dict)
    channels: dict[int, Channel] = {}
    for row in rows:
        channels[row.channel_id] = row.channel
        sold[row.channel_id][row.month] = float(row.volume or 0)
    last_year = [month_add(as_of, -step) for step in range(YEAR)]
    size = {pk: max(sum(own.get(month, 0.0) for month in last_year), 0.0) for pk, own in sold.items()}
    total = sum(size.values())
    year = now.months[:YEAR]
    if total <= 0 or len(year) < YEAR:
        return []
    whole = {m: sum(own.get(m, 0.0) for own in sold.values()) for own in sold.values() for m in own}
    noise = _year_on_year(whole)
    ahead = year_ahead(now, measure)
    if ahead.year is None or ahead.lo80 is None or ahead.hi80 is None:
        return []
    expected, low, high = ahead.year, ahead.lo80, ahead.hi80
    split = []
    for pk, channel in channels.items():
        if size[pk] <= 0:
            continue
        share = size[pk] / total
        own = _year_on_year(sold[pk])
        wider = max(own / noise, 1.0) if own is not None and noise else 1.0
        mean = expected * share
        split.append(
            ChannelSplit(
                channel,
                share,
                mean,
                max(mean - (expected - low) * share * wider, min(mean, 0.0)),
                mean + (high - expected) * share * wider,
                [row.final * share for row in year],
            )
        )
    return sorted(split, key=lambda part: (-part.share, part.channel.pk))


def _year_on_year(months: dict[datetime.date, float]) -> float | None:
    """Mean size of the changes against the same month a year before, as a share of the mean month."""
    pairs = [(v, months[month_add(m, -YEAR)]) for m, v in months.items() if month_add(m, -YEAR) in months]
    level = sum(abs(new) for new, _old in pairs)
    return sum(abs(new - old) for new, old in pairs) / level if level else None
