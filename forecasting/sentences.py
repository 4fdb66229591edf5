"""What the engine says as code and numbers, in words of the reader's language: stages, methods, reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from core import formats

Params = Mapping[str, Any]


def _percent(value: Any, decimals: int = 0) -> str:
    """Of a figure that is a percentage already (0–100), with its sign."""
    text = formats.percent(value / 100, decimals)
    return f"+{text}" if value > 0 and text[0] != "+" else text


def _plain(value: Any, decimals: int = 0) -> str:
    return formats.percent(abs(value) / 100, decimals)


def _just_started(p: Params) -> str:
    return _("Sold for %(months)s months so far, about %(level)s a month.") % {
        "months": formats.number(p["months"], 0),
        "level": formats.number(p["level"]),
    }


def _still_small(p: Params) -> str:
    return _("After %(months)s months still about %(level)s a month, %(slope)s a month.") % {
        "months": formats.number(p["months"], 0),
        "level": formats.number(p["level"]),
        "slope": _percent(p["slope_pct_month"], 1),
    }


def _growing(p: Params) -> str:
    return _("Seasonally adjusted it grew %(slope)s a month over the last %(months)s months.") % {
        "slope": _plain(p["slope_pct_month"], 1),
        "months": formats.number(p["months"], 0),
    }


def _growth_slowing(p: Params) -> str:
    return _("Growth slowed to %(slope)s a month, from %(before)s a year ago.") % {
        "slope": _plain(p["slope_pct_month"], 1),
        "before": _plain(p["slope_pct_month_year_ago"], 1),
    }


def _level_steady(p: Params) -> str:
    return _("Seasonally adjusted it is steady: %(slope)s a year, at %(peak)s of its peak.") % _year(p)


def _dip_below_peak(p: Params) -> str:
    return _("At %(peak)s of its peak, %(slope)s a year: too little or too short for a decline.") % _year(p)


def _falling(p: Params) -> str:
    return _(
        "Seasonally adjusted it changes %(slope)s a year, and is at %(peak)s of its peak of %(months)s months"
        " ago."
    ) % {**_year(p), "months": formats.number(p["months_since_peak"], 0)}


def _low_but_steady(p: Params) -> str:
    return _("Steady at %(peak)s of its peak, %(slope)s a year.") % _year(p)


def _rising_again(p: Params) -> str:
    return _("Up %(rise)s from its low point of %(months)s months ago.") % {
        "rise": _plain(p["rise_pct"]),
        "months": formats.number(p["months"], 0),
    }


def _year(p: Params) -> dict[str, str]:
    return {"slope": _percent(p["slope_pct_year"], 1), "peak": _plain(p["level_pct_of_peak"])}


_EVIDENCE: dict[str, Callable[[Params], str]] = {
    "just_started": _just_started,
    "still_small": _still_small,
    "growing": _growing,
    "growth_slowing": _growth_slowing,
    "level_steady": _level_steady,
    "dip_below_peak": _dip_below_peak,
    "falling": _falling,
    "low_but_steady": _low_but_steady,
    "rising_again": _rising_again,
}


def _periods(p: Params) -> dict[str, str]:
    return {"periods": formats.number(p.get("periods"), 0)}


_REASONS: dict[str, Callable[[Params], str]] = {
    "no_data": lambda p: _("There is no history to start from."),
    "all_zero": lambda p: _("Nothing was sold in %(periods)s months.") % _periods(p),
    "ended": lambda p: _("The product has ended."),
    "few_periods": lambda p: (
        _("Only %(periods)s months of history: a level, no trend or season.") % _periods(p)
    ),
    "under_a_year": lambda p: _("%(periods)s months of history: too few to see a season.") % _periods(p),
    "under_three_years": lambda p: (
        _("%(periods)s months of history: half of the season seen is believed.") % _periods(p)
    ),
    "enough_history": lambda p: (
        _("%(periods)s months of history: the mean of two models with trend and season.") % _periods(p)
    ),
    "intermittent": lambda p: (
        _("A sale every %(interval)s months on average: chance and size are forecast apart.")
        % {"interval": formats.number(p.get("mean_interval"), 1)}
    ),
    "long_season": lambda p: _("A long season, described by waves."),
    "too_short": lambda p: (
        _("Only %(periods)s months of history; %(needed)s are needed.")
        % {"periods": formats.number(p.get("periods"), 0), "needed": formats.number(p.get("needed"), 0)}
    ),
    "flat_history": lambda p: _("The history does not move, or was not seen."),
    "no_sales": lambda p: _("Nothing was sold yet."),
    "unlike_units": lambda p: _("Its products are counted in different units that cannot be added."),
}


def evidence_sentence(code: str, params: Params) -> str:
    """What a stage rests on; also why there is none. Empty for a code nobody knows."""
    if code in _EVIDENCE:
        return _EVIDENCE[code](params)
    return reason_sentence(code, params)


def reason_sentence(code: str, params: Params) -> str:
    """Why a method was used, or why there is no answer; empty for a code nobody knows."""
    return _REASONS[code](params) if code in _REASONS else ""


def method_name(method: str) -> str:
    """A forecast's method in a word or two."""
    names = {
        "none": _("none"),
        "zero": _("nothing expected"),
        "level": _("level only"),
        "nonseasonal": _("trend without season"),
        "family_season": _("trend with the line's season"),
        "half_season": _("trend with half of the season"),
        "theta_ets": _("trend and season"),
        "tsb": _("rare sales"),
        "fourier": _("waves"),
    }
    return names.get(method, method)


def failure_sentence(code: str, params: Params) -> str:
    """Why a product could not be computed, for who has to do something about it."""
    if code == "worker_died":
        return _("The computation stopped without an answer three times.")
    return _("The computation failed: %(message)s") % {
        "message": params.get("message") or params.get("type") or code
    }
