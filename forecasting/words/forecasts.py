"""Codes and numbers of the engine and the night, put into words at display: in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats

Params = Mapping[str, Any]


def method_words(method: str) -> str:
    """How a forecast was made, in the user's words."""
    words = {
        "none": _("no forecast"),
        "zero": _("nothing more is expected to be sold"),
        "level": _("the level of the last months, without trend or season"),
        "nonseasonal": _("mean of three trend models, without season"),
        "family_season": _("mean of three trend models with the season of the product line"),
        "half_season": _("mean of three trend models with the product's own season, halved for caution"),
        "theta_ets": _("mean of Theta, exponential smoothing and autoregression, with trend and season"),
        "tsb": _("chance of a sale times its size, for products that do not sell in every period"),
        "fourier": _("season as waves, the rest by three trend models"),
        "like_item": _("borrowed from the first months of like-items"),
        "bass": _("diffusion among buyers (Bass)"),
        "blend": _("its own months and its launch plan together"),
    }
    return words.get(method, method)


def _months(params: Params, name: str = "periods") -> str:
    count = int(params.get(name) or 0)
    if params.get("weekly"):
        return ngettext("%(count)s week", "%(count)s weeks", count) % {"count": formats.number(count)}
    return ngettext("%(count)s month", "%(count)s months", count) % {"count": formats.number(count)}


def reason_words(code: str, params: Params) -> str:
    """Why that method: one sentence with its numbers."""
    months, references = _months(params), int(params.get("references") or 0)
    words = {
        "no_data": _("There is no sales month to start from."),
        "unlike_units": _("Its products count in units that cannot be added; give them a unit factor."),
        "all_zero": _("In %(months)s with data nothing was sold."),
        "ended": _("The product's end date lies before the months forecast."),
        "few_periods": _("With %(months)s of data neither trend nor season can be told from chance."),
        "under_a_year": _("With %(months)s of data its own season is not known yet."),
        "under_three_years": _("%(months)s of data: enough for a cautious season."),
        "enough_history": _("%(months)s of data: enough for trend and season."),
        "intermittent": _("It sells once in %(interval)s weeks on average.")
        if params.get("weekly")
        else _("It sells once in %(interval)s months on average."),
        "none_lately": _("Nothing was sold in the last %(since)s: the chance of a sale has become small."),
        "long_season": _("%(months)s of data with a long season."),
        "no_own_months": ngettext(
            "Nothing has been sold yet; %(count)s like-item says how it may start.",
            "Nothing has been sold yet; %(count)s like-items say how it may start.",
            references,
        ),
        "given_diffusion": _("Nothing has been sold yet; a person expects %(market)s buyers in the end."),
        "own_months_take_over": _("With %(months)s of its own, these count for %(own)s of the forecast."),
        "no_reference": _("None of its like-items has sales to borrow from; choose others."),
        "succeeded": _("A successor has taken its place."),
        "too_short": _("%(months)s of data are too few; %(needed)s are needed."),
        "flat_history": _("Its sales never changed, so there is no error to measure."),
        "no_sales": _("Nothing has been sold yet."),
    }
    sentence = words.get(code, code) % {
        "months": months,
        "interval": formats.number(params.get("mean_interval")),
        "needed": _months(params, "needed"),
        "since": _months(params, "since"),
        "count": formats.number(references),
        "market": formats.volume(params.get("market")),
        "own": _percent(params.get("own_pct"), unsigned=True, decimals=0),
    }
    taken = int(params.get("taken_over") or 0)
    if taken:
        sentence += " " + ngettext(
            "%(count)s month comes from its predecessor.",
            "%(count)s months come from its predecessor.",
            taken,
        ) % {"count": formats.number(taken)}
    if params.get("phased_out"):
        sentence += " " + _("Its successor takes over month by month.")
    filled = int(params.get("filled") or 0)
    if filled:
        sentence += " " + _filled(filled, weekly=bool(params.get("weekly"))) % {
            "count": formats.number(filled)
        }
    return sentence


def _filled(count: int, *, weekly: bool) -> str:
    if weekly:
        return ngettext(
            "%(count)s missing week was filled in from its neighbours.",
            "%(count)s missing weeks were filled in from their neighbours.",
            count,
        )
    return ngettext(
        "%(count)s missing month was filled in from its neighbours.",
        "%(count)s missing months were filled in from their neighbours.",
        count,
    )


def evidence_words(code: str, params: Params) -> str:
    """What a stage rests on: one sentence with its numbers. Percentages in ``params`` are 0 to 100."""
    words = {
        "just_started": _("The first sale was %(months)s ago; it stands at %(level)s a month."),
        "still_small": _("After %(months)s it stands at %(level)s a month: %(slope_month)s a month."),
        "growing": _("It grew %(slope_month)s a month over the last %(months)s."),
        "growth_slowing": _("Growth slows: %(slope_month)s a month, a year ago %(slope_month_before)s."),
        "level_steady": _("It is steady: %(slope_year)s a year at %(of_peak)s of its peak."),
        "dip_below_peak": _("It stands at %(of_peak)s of its peak and changes %(slope_year)s a year."),
        "falling": _(
            "It falls %(slope_year)s a year, to %(of_peak)s of its peak; the peak was %(since_peak)s ago."
        ),
        "low_but_steady": _("It settled at %(of_peak)s of its peak: %(slope_year)s a year."),
        "not_sold": _("Nothing was sold in the last %(months)s."),
        "not_known": _("Of the last %(months)s nothing is known of its level."),
        "rising_again": _("It rose %(rise)s in %(months)s after a low point."),
    }
    if code not in words:
        return reason_words(code, params)
    return words[code] % {
        "months": _months(params, "months"),
        "level": formats.volume(params.get("level")),
        "slope_month": _percent(params.get("slope_pct_month")),
        "slope_month_before": _percent(params.get("slope_pct_month_year_ago")),
        "slope_year": _percent(params.get("slope_pct_year"), unsigned=code == "falling"),
        "of_peak": _percent(params.get("level_pct_of_peak"), unsigned=True, decimals=0),
        "since_peak": _months(params, "months_since_peak"),
        "rise": _percent(params.get("rise_pct"), unsigned=True, decimals=0),
    }


def _percent(value: float | None, *, unsigned: bool = False, decimals: int = 1) -> str:
    """Per cents as people read them: with a sign where the direction is the news."""
    if value is None:
        return formats.MISSING
    if unsigned:
        return formats.percent(abs(value) / 100, decimals)
    return formats.delta(value / 100, "percent", decimals=decimals).text


def failure_words(code: str, params: Params) -> str:
    """Why a product could not be computed."""
    if code == "crashed":
        return _("The computation broke off: %(type)s: %(message)s") % {
            "type": params.get("type", ""),
            "message": params.get("message", ""),
        }
    if code == "worker_died":
        return _("The process that computed it died %(attempts)s times.") % {
            "attempts": formats.number(params.get("attempts"))
        }
    return str(params.get("message") or code)


def run_error_words(code: str) -> str:
    """Why a whole run ended."""
    name, _colon, step = code.partition(":")
    if name == "step_broken":
        return _("The step %(step)s could not be started.") % {"step": step}
    return code


def time_left_words(seconds: int | None) -> str:
    """About how long it will take still; empty when nobody knows."""
    if seconds is None:
        return ""
    if seconds < 60:
        return _("less than a minute left")
    minutes = round(seconds / 60)
    return ngettext("about %(count)s minute left", "about %(count)s minutes left", minutes) % {
        "count": formats.number(minutes)
    }


def duration_words(seconds: float | None) -> str:
    """A duration in its two largest units: 3 min 12 s."""
    if seconds is None:
        return formats.MISSING
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)s s") % {"seconds": rest}
