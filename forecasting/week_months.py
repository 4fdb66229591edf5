"""Months from weeks: a week that crosses a month's end is spread over its seven days in equal shares, to the
last digit, so that months are the sums of their weeks' shares.

A month's band is no sum of its weeks' bands: weeks err partly together (:mod:`forecasting.totals`).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from core.months import month_add, month_end, month_start

from .totals import total_band

DAYS = 7
_LAST_DIGIT = Decimal("1e-9")


@dataclass(frozen=True)
class Span:
    """What is expected of a week or a month: mean, lo80, hi80, lo95, hi95."""

    mean: float
    edges: tuple[float, float, float, float]


def shares(week: datetime.date, volume: float) -> list[tuple[datetime.date, Decimal, int]]:
    """What a week gives to which month, with the days of it that lie there. The second month gets what the
    first left; with sevenths there is never a tie, so this is the method of the largest remainder."""
    month, whole = month_start(week), Decimal(str(volume))
    days = min((month_add(month, 1) - week).days, DAYS)
    if days == DAYS:
        return [(month, whole, DAYS)]
    first = (whole * days / DAYS).quantize(_LAST_DIGIT)
    return [(month, first, days), (month_add(month, 1), whole - first, DAYS - days)]


def months_of_weeks(
    weeks: Sequence[tuple[datetime.date, Span]],
    monthly: Mapping[datetime.date, Span],
    *,
    correlation: float,
) -> dict[datetime.date, Span]:
    """The months of ``monthly``: those that the weeks cover are the sums of their shares, the one in which
    they end has its other days from ``monthly``, later ones are as they were. ``correlation`` is that of two
    weeks' errors."""
    parts: dict[datetime.date, list[tuple[Decimal, Span]]] = {month: [] for month in monthly}
    days = dict.fromkeys(monthly, 0)
    for week, span in weeks:
        for month, share, covered in shares(week, span.mean):
            if month in parts:
                parts[month].append((share, _part(span, covered / DAYS)))
                days[month] += covered
    found: dict[datetime.date, Span] = {}
    for month, whole in monthly.items():
        length = month_end(month).day
        rest = (length - days[month]) / length
        if rest == 1:
            found[month] = whole
            continue
        if rest:
            part = _part(whole, rest)
            parts[month].append((Decimal(str(part.mean)), part))
        found[month] = _sum(parts[month], correlation)
    return found


def months_driven(
    weeks: Sequence[tuple[datetime.date, float, float]],
    monthly: Mapping[datetime.date, float],
    *,
    counted: int,
) -> list[float]:
    """The months of ``monthly`` (means) as drivers make them: ``weeks`` are first day, mean without and with
    drivers. The first ``counted`` of them make the months: those are the sums of the shares of the weeks with
    drivers. Days that they do not cover move as the later weeks of their month do."""
    sums = {month: (Decimal(0), Decimal(0)) for month in monthly}
    days = dict.fromkeys(monthly, 0)
    later = dict.fromkeys(monthly, (0.0, 0.0))
    for place, (week, plain, moved) in enumerate(weeks):
        both = zip(shares(week, plain), shares(week, moved), strict=True)
        for (month, without, covered), (_month, with_them, _covered) in both:
            if month not in sums:
                continue
            if place < counted:
                sums[month] = sums[month][0] + without, sums[month][1] + with_them
                days[month] += covered
            else:
                later[month] = later[month][0] + float(without), later[month][1] + float(with_them)
    found = []
    for month, mean in monthly.items():
        before, after = map(float, sums[month])
        rest = mean - before if days[month] < month_end(month).day else 0.0
        apart, driven = later[month]
        found.append(after + rest * (driven / apart if apart > 0 else 1.0))
    return found


def _part(span: Span, share: float) -> Span:
    lo80, hi80, lo95, hi95 = (edge * share for edge in span.edges)
    return Span(span.mean * share, (lo80, hi80, lo95, hi95))


def _sum(parts: Sequence[tuple[Decimal, Span]], correlation: float) -> Span:
    mean = float(sum(share for share, _ in parts))
    means = [span.mean for _, span in parts]
    lo80, hi80, lo95, hi95 = ([span.edges[place] for _, span in parts] for place in range(4))
    low80, high80 = total_band(means, lo80, hi80, correlation=correlation)
    low95, high95 = total_band(means, lo95, hi95, correlation=correlation)
    low80, high80 = min(low80, mean), max(high80, mean)
    return Span(mean, (low80, high80, min(low95, low80), max(high95, high80)))
