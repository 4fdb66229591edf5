"""How a forecast splits by channel: by what each sold, and by what people changed of it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

from django.db.models import QuerySet

from core.arrays import array_text
from core.months import month_add
from core.numbers import Z80, Z95
from core.sql import rows_of
from forecasting.channel_parts import (
    YEAR,
    part_band,
    parts_by_month,
    parts_of,
    split_errors,
    split_sizes,
    year_band,
)
from forecasting.layers import Band
from forecasting.models import ForecastMonth, OverrideMonth
from products.models import Channel, Measure, Product, SalesMonth
from products.selectors.channels import channel_chains

from .forecasts import ForecastNow, year_ahead
from .judgement import changed

Months = dict[datetime.date, float]
# Months as whole numbers back from the last: dates in arrays are slow to read.
_SOLD = """
    SELECT s.product_id, f.as_of, s.channel_id, array_agg(back), array_agg(s.volume::float8)
    FROM products_salesmonth s
    JOIN forecasting_forecast f ON f.current AND f.product_id = s.product_id AND f.measure_id = %s
    CROSS JOIN LATERAL (
        SELECT (12 * (extract(year FROM f.as_of) - extract(year FROM s.month))
                + extract(month FROM f.as_of) - extract(month FROM s.month))::int AS back
    ) b
    WHERE s.product_id = ANY(%s::bigint[]) AND s.measure_id = %s AND s.volume IS NOT NULL
      AND b.back BETWEEN 0 AND 23
    GROUP BY 1, 2, 3 ORDER BY 1, 3
"""


@dataclass(frozen=True)
class ChannelSplit:
    """A channel's part of a product's next 12 months (of a level: its state at their end); ``share`` is that
    of the last 12. ``months`` are its parts of all months of the forecast, with their bands."""

    channel: Channel
    share: float
    mean: float
    lo80: float
    hi80: float
    months: Sequence[Band]


def channel_shares(product_ids: Collection[int], measure: Measure) -> dict[int, dict[int, dict[int, float]]]:
    """By product and calendar month each channel's part of it (:func:`parts_by_month`), from the two years up
    to the month its forecast in use was made from. Products that sold nothing are missing. One query."""
    sold: dict[int, dict[int, Months]] = defaultdict(dict)
    as_of: dict[int, datetime.date] = {}
    rows = rows_of(_SOLD, [measure.pk, array_text(product_ids), measure.pk])
    for product_id, last, channel_id, back, volumes in rows:
        as_of[product_id] = last
        months = (month_add(last, -steps) for steps in back)
        sold[product_id][channel_id] = dict(zip(months, volumes, strict=True))
    found = {product_id: parts_by_month(own, as_of[product_id]) for product_id, own in sold.items()}
    return {product_id: shares for product_id, shares in found.items() if shares}


def channels_sold(measure: Measure, products: QuerySet[Product]) -> list[Channel]:
    """The channels in which these products have sales of the measure, with those above them, by name."""
    sold = SalesMonth.objects.filter(measure=measure, product__in=products)
    selling = set(sold.order_by().values_list("channel_id", flat=True).distinct())
    channels = {channel.pk: channel for channel in Channel.objects.order_by("name", "pk")}
    chains = channel_chains({pk: channel.parent_id for pk, channel in channels.items()})
    found = {above for pk in selling for above in chains[pk]}
    return [channel for pk, channel in channels.items() if pk in found]


def channel_split(product: Product, measure: Measure, now: ForecastNow) -> list[ChannelSplit]:
    """Of one product, for who may see all channels."""
    return channel_splits([now], {measure.pk: measure})[now.forecast.pk]


def channel_splits(
    nows: Sequence[ForecastNow], measures: Mapping[int, Measure]
) -> dict[int, list[ChannelSplit]]:
    """By forecast in use of a product, its final forecast over the channels that sold in the last 12 months,
    largest first. The parts of each month add up to it: a channel that somebody changed is what that made of
    it, the others have what is left by their share of that month (:func:`parts_by_month`); an agreed month
    moves all alike. For who may see all channels. One query, three where somebody changed a channel.

    The band of a part is its share of the product's, wider by how far off the shares usually are
    (:func:`split_errors`): a part is never surer than the whole.
    """
    sold, channels = _sold(nows)
    said = _said([now for now in nows if any(month.overridden is not None for month in now.months)])
    below = _below() if said else {}
    return {
        now.forecast.pk: _split(
            now,
            measures[now.forecast.measure_id],
            sold.get(_key(now), {}),
            channels,
            said.get(_key(now), {}),
            below,
        )
        for now in nows
    }


Key = tuple[int, int]


def _key(now: ForecastNow) -> Key:
    return now.forecast.product_id or 0, now.forecast.measure_id


def _sold(nows: Sequence[ForecastNow]) -> tuple[dict[Key, dict[int, Months]], dict[int, Channel]]:
    """What each channel sold in the last two years of each forecast."""
    as_of = {_key(now): now.forecast.as_of for now in nows}
    if not as_of:
        return {}, {}
    rows = SalesMonth.objects.filter(
        volume__isnull=False,
        product_id__in={product_id for product_id, _measure in as_of},
        measure_id__in={measure_id for _product, measure_id in as_of},
        month__gt=month_add(min(as_of.values()), -2 * YEAR),
        month__lte=max(as_of.values()),
    ).select_related("channel")
    sold: dict[Key, dict[int, Months]] = defaultdict(lambda: defaultdict(dict))
    channels: dict[int, Channel] = {}
    for row in rows:
        key = row.product_id, row.measure_id
        if key in as_of and month_add(as_of[key], -2 * YEAR) < row.month <= as_of[key]:
            channels[row.channel_id] = row.channel
            sold[key][row.channel_id][row.month] = float(row.volume or 0)
    return sold, channels


def _said(nows: Sequence[ForecastNow]) -> dict[Key, dict[datetime.date, list[OverrideMonth]]]:
    """What holds of single channels."""
    found: dict[Key, dict[datetime.date, list[OverrideMonth]]] = defaultdict(lambda: defaultdict(list))
    if nows:
        rows = OverrideMonth.objects.filter(
            product__in=[now.forecast.product_id for now in nows], channel__isnull=False, active=True
        )
        for row in rows.select_related("override"):
            found[row.product_id, row.measure_id][row.month].append(row)
    return found


def _below() -> dict[int, set[int]]:
    """Each channel with those below it."""
    rows = dict(Channel.objects.order_by().values_list("pk", "parent_id"))
    found: dict[int, set[int]] = defaultdict(set)
    for pk, chain in channel_chains(rows).items():
        for above in chain:
            found[above].add(pk)
    return found


def _split(
    now: ForecastNow,
    measure: Measure,
    sold: Mapping[int, Months],
    channels: Mapping[int, Channel],
    said: Mapping[datetime.date, Sequence[OverrideMonth]],
    below: Mapping[int, Collection[int]],
) -> list[ChannelSplit]:
    last_year = [month_add(now.forecast.as_of, -step) for step in range(YEAR)]
    shares = parts_of({pk: fsum(own.get(month, 0.0) for month in last_year) for pk, own in sold.items()})
    ahead = year_ahead(now, measure)
    if not shares or len(now.months) < YEAR or ahead.year is None or ahead.lo80 is None or ahead.hi80 is None:
        return []
    by_month = parts_by_month(sold, now.forecast.as_of)
    errors = split_errors(sold, now.forecast.as_of)
    parts = [
        _by_channel(month, by_month[month.month.month], said.get(month.month, ()), below)
        for month in now.months
    ]
    wholes = [month.final_band for month in now.months]
    edges = (ahead.year, ahead.lo80, ahead.hi80)
    split = []
    for pk, share in shares.items():
        means = [part[pk] for part in parts]
        sizes = split_sizes(means, errors[pk])
        months = [_band(*each, share=share) for each in zip(means, wholes, sizes, strict=True)]
        if measure.kind == Measure.Kind.LEVEL:
            year, low, high = months[YEAR - 1][:3]
        else:
            year = fsum(means[:YEAR])
            low, high = year_band(means[:YEAR], edges, share=share, sizes=sizes[:YEAR])
        split.append(ChannelSplit(channels[pk], share, year, low, high, months))
    return sorted(split, key=lambda part: (-part.share, part.channel.pk))


def _band(mean: float, whole: Band, size: float, *, share: float) -> Band:
    final, lo80, hi80, lo95, hi95 = whole
    at_80, at_95 = (
        part_band(mean, (final, low, high), share=share, split=z * size)
        for low, high, z in ((lo80, hi80, Z80), (lo95, hi95, Z95))
    )
    return Band(mean, *at_80, *at_95)


def _by_channel(
    month: ForecastMonth,
    shares: Mapping[int, float],
    said: Sequence[OverrideMonth],
    below: Mapping[int, Collection[int]],
) -> dict[int, float]:
    """The final forecast of a month by channel. What was said of a channel is spread over it and those below
    it; the nearest word decides the share that it works on."""
    own: dict[int, float] = {}
    for row in sorted(said, key=lambda row: (len(below[row.channel_id or 0]), row.pk)):
        part = month.baseline * row.share
        moved = changed(row.override.operation, row.value, part) - part
        inside = {pk: shares[pk] for pk in below[row.channel_id or 0] if pk in shares}
        whole = fsum(inside.values())
        for pk, share in inside.items():
            own[pk] = own.get(pk, part * share / whole) + moved * share / whole
    others = {pk: share for pk, share in shares.items() if pk not in own}
    left = month.unagreed - fsum(own.values())
    parts = own | {pk: left * share / fsum(others.values()) for pk, share in others.items()}
    if min(parts.values()) < 0 < month.unagreed:
        # More was said of some channels than there is in all.
        parts = {pk: max(part, 0.0) for pk, part in parts.items()}
    total = fsum(parts.values())
    if total == month.final:
        return parts
    if total <= 0 or month.final <= 0:
        return {pk: month.final * share for pk, share in shares.items()}
    return {pk: part / total * month.final for pk, part in parts.items()}
