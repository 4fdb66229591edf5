"""One short paragraph that explains a forecast: level, trend, season, drivers, how sure, how good it was."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.months import month_add
from forecasting.models import ForecastMonth
from forecasting.selectors.accuracy import LAG
from forecasting.selectors.accuracy_sums import FINAL
from forecasting.selectors.forecasts import ForecastNow, year_ahead
from forecasting.words.accuracy import summary_words
from products.models import Measure
from products.selectors.sales import MonthSales

YEAR = 12
# What was forecast is spoken of where so many of its months are over.
LEAST_MEASURED = 12
INTERMITTENT = "tsb"
LAUNCHED = ("like_item", "bass", "blend")
# Moves smaller than these are called flat, or no season: rates.
FLAT_RATE, SEASON_RATE = 0.01, 0.1
# A layer that changes the year by less than this is not worth a sentence.
WORTH_SAYING_RATE = 0.005


def explanation(now: ForecastNow | None, sales: Sequence[MonthSales], measure: Measure, unit: str) -> str:
    """The paragraph; empty without a month of forecast before the product ends. ``sales`` are the months of
    the same subject and measure; only those up to the forecast's month count."""
    if now is None or not now.sold_months:
        return ""
    is_level = measure.kind == Measure.Kind.LEVEL
    is_steady = _is_steady(now)
    sentences = [
        _level(now, sales, unit, is_level),
        _trend(now.sold_months) if is_steady else "",
        _season(now.sold_months) if is_steady and not is_level and len(now.sold_months) >= YEAR else "",
        _moved(now, unit, is_level),
        _people(now.sold_months, unit, is_level),
        _certainty(now, measure, unit),
        _quality(now),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _level(now: ForecastNow, sales: Sequence[MonthSales], unit: str, is_level: bool) -> str:
    """What was, and what is expected of as long a time."""
    known = {m.month: float(m.volume) for m in sales if m.complete and m.volume is not None}
    ahead = now.sold_months[:YEAR]
    first = ahead[0].month
    if len(ahead) < YEAR:
        return _until_the_end(ahead, unit, is_level)
    if is_level:
        before, after = known.get(month_add(first, -1)), ahead[-1].final
        words = _(
            "It stood at %(before)s at the end of %(month)s; a year later we expect %(after)s%(change)s."
        )
    else:
        before, after = _sum_of(known, month_add(first, -YEAR)), sum(row.final for row in ahead)
        words = _("The last 12 months brought %(before)s; for the next 12 we expect %(after)s%(change)s.")
    if before is None:
        words = _("For the next 12 months we expect %(after)s.")
        return words % {"after": formats.volume(after, unit)}
    change = f" ({formats.delta(after / before - 1, 'percent', decimals=1).text})" if before > 0 else ""
    return words % {
        "before": formats.volume(before, unit),
        "month": formats.month(month_add(first, -1)),
        "after": formats.volume(after, unit),
        "change": change,
    }


def _until_the_end(ahead: Sequence[ForecastMonth], unit: str, is_level: bool) -> str:
    """Of a product that ends within the year."""
    if is_level:
        words = _("At the end of %(month)s, before it ends, we expect %(after)s.")
        after = ahead[-1].final
    else:
        words = ngettext(
            "For the %(count)s month until it ends we expect %(after)s.",
            "For the %(count)s months until it ends we expect %(after)s.",
            len(ahead),
        )
        after = sum(row.final for row in ahead)
    month = formats.month(ahead[-1].month)
    return words % {"count": len(ahead), "month": month, "after": formats.volume(after, unit)}


def _sum_of(known: Mapping[datetime.date, float], first: datetime.date) -> float | None:
    """Twelve months from the first; ``None`` when one is missing."""
    months = [known.get(month_add(first, step)) for step in range(YEAR)]
    return None if None in months else sum(month for month in months if month is not None)


def _is_steady(now: ForecastNow) -> bool:
    """Whether its months tell a trend and a season: not of a launch, nor where a product takes the place of
    another."""
    months, made = now.sold_months, now.forecast
    turns = any((a.mean == 0) != (b.mean == 0) for a, b in zip(months, months[YEAR:], strict=False))
    return not (turns or made.method in LAUNCHED or made.reason_params.get("phased_out"))


def _trend(months: Sequence[ForecastMonth]) -> str:
    """The same calendar months a year apart within the forecast: what is left is the trend."""
    pairs = [(early.mean, late.mean) for early, late in zip(months, months[YEAR:], strict=False)]
    early, late = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
    if not pairs or early <= 0:
        return ""
    rate = late / early - 1
    if abs(rate) < FLAT_RATE:
        return _("Apart from the season it hardly moves.")
    words = (
        _("Apart from the season it rises about %(rate)s a year.")
        if rate > 0
        else _("Apart from the season it falls about %(rate)s a year.")
    )
    return words % {"rate": formats.percent(abs(rate))}


def _season(months: Sequence[ForecastMonth]) -> str:
    """The strongest and the weakest month of the next year against its mean, as it is planned with."""
    year = months[:YEAR]
    mean = sum(row.final for row in year) / YEAR
    if mean <= 0:
        return ""
    strong, weak = max(year, key=lambda row: row.final), min(year, key=lambda row: row.final)
    if strong.final - weak.final < SEASON_RATE * mean:
        return ""
    return _("%(strong)s is its strongest month (%(above)s above the mean), %(weak)s its weakest.") % {
        "strong": formats.month(strong.month).capitalize(),
        "above": formats.percent(strong.final / mean - 1, 0),
        "weak": formats.month(weak.month),
    }


def _moved(now: ForecastNow, unit: str, is_level: bool) -> str:
    """What known drivers and decisions add over the next year (of a level: at its end)."""
    year = _year(now.sold_months, is_level)
    moved = _added(sum(row.mean for row in year), sum(row.baseline for row in year), unit)
    if not moved:
        return ""
    said = now.forecast.driver_effects or {}
    decided = any(entry["year"] for entry in said.get("planned", ()))
    if decided and said["used"]:
        words = _("Known drivers and what is decided change it by %(moved)s.")
    elif decided:
        words = _("What is decided changes it by %(moved)s.")
    else:
        words = _("Known drivers change it by %(moved)s.")
    return words % {"moved": moved}


def _people(months: Sequence[ForecastMonth], unit: str, is_level: bool) -> str:
    """What people add to that."""
    year = _year(months, is_level)
    moved = _added(sum(row.baseline for row in year), sum(row.final for row in year), unit)
    return _("People changed it by %(moved)s.") % {"moved": moved} if moved else ""


def _year(months: Sequence[ForecastMonth], is_level: bool) -> Sequence[ForecastMonth]:
    return months[:YEAR][-1:] if is_level else months[:YEAR]


def _added(before: float, after: float, unit: str) -> str:
    """A change of the year; empty where it is not worth a sentence."""
    moved = after - before
    if abs(moved) <= WORTH_SAYING_RATE * abs(before):
        return ""
    return formats.delta(moved, "number", decimals=0, unit=unit).text


def _certainty(now: ForecastNow, measure: Measure, unit: str) -> str:
    year = year_ahead(replace(now, months=now.sold_months), measure)
    if year.lo80 is None or year.hi80 is None:
        return ""
    return _("With a chance of 80%% it will be between %(low)s and %(high)s.") % {
        "low": formats.volume(year.lo80),
        "high": formats.volume(year.hi80, unit),
    }


def _quality(now: ForecastNow) -> str:
    """How far off what was forecast turned out, beside repeating the year before; until enough of its months
    are over, how far off it was when tried on its own past."""
    measured = now.accuracy.get(LAG)
    months = int(measured.layers[FINAL].n) if measured else 0
    if now.forecast.method == INTERMITTENT:
        return _quality_in_all(now, measured.layers[FINAL].bias if measured else None, months)
    said = summary_words(measured, LAG, months) if measured and months >= LEAST_MEASURED else ""
    if said:
        return said
    wape, naive = now.forecast.wape, now.naive_wape
    if wape is None:
        return _("Its past is too short to say how good such a forecast is.")
    by_week = now.forecast.by_week
    said = (
        _("Tried on its own past it was %(wape)s off on average, week by week")
        if by_week
        else _("Tried on its own past it was %(wape)s off on average")
    ) % {"wape": formats.percent(wape)}
    if naive is None:
        return f"{said}."
    return _("%(said)s; repeating the year before was %(naive)s off.") % {
        "said": said,
        "naive": formats.percent(naive),
    }


def _quality_in_all(now: ForecastNow, bias: float | None, months: int) -> str:
    """Of what sells only now and then: of single months a forecast of nothing would be least off."""
    if bias is not None and months >= LEAST_MEASURED:
        said = _("Of %(months)s months that were forecast a month ahead the total was %(bias)s off.")
        return said % {"months": formats.number(months, 0), "bias": formats.delta(bias).text}
    if now.forecast.bias is None:
        return _("Its past is too short to say how good such a forecast is.")
    said = _("Tried on its own past, the total of its months was %(bias)s off.")
    return said % {"bias": formats.delta(now.forecast.bias).text}
