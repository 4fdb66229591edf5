"""English sentences for the command line. The pages write their own, in every language, from the same
codes."""

import re

_OF_PEAK = "{level_pct_of_peak:.0f} % of the peak"
_EVIDENCE = {
    "just_started": "Sold for {months:.0f} months so far, about {level:g} a month.",
    "still_small": "After {months:.0f} months about {level:g} a month, {slope_pct_month:+.1f} % a month.",
    "growing": "Growing by {slope_pct_month:.1f} % a month over the last {months:.0f} months.",
    "growth_slowing": "Growth slowed to {slope_pct_month:.1f} % a month, from {slope_pct_month_year_ago:.1f} "
    "% a year ago.",
    "level_steady": "Steady: {slope_pct_year:+.1f} % a year, at " + _OF_PEAK + ".",
    "dip_below_peak": "At " + _OF_PEAK + ", {slope_pct_year:+.1f} % a year.",
    "falling": "{slope_pct_year:+.1f} % a year, at " + _OF_PEAK + " of {months_since_peak:.0f} months ago.",
    "low_but_steady": "Steady at " + _OF_PEAK + ", {slope_pct_year:+.1f} % a year.",
    "rising_again": "Up {rise_pct:.0f} % from the low point of {months:.0f} months ago.",
    "not_sold": "Nothing was sold in the last {months:.0f} months.",
    "not_known": "Of the last {months:.0f} months nothing is known of its level.",
}

_REASONS = {
    "no_data": "No history to start from.",
    "all_zero": "Nothing was sold in {periods:.0f} periods.",
    "ended": "The product has ended.",
    "few_periods": "Only {periods:.0f} periods of history: a level, no trend or season.",
    "under_a_year": "{periods:.0f} periods of history: too few to see a season.",
    "under_three_years": "{periods:.0f} periods of history: half of the season seen is believed.",
    "enough_history": "{periods:.0f} periods of history: the mean of three models with trend and season.",
    "intermittent": "A sale every {mean_interval:.1f} periods on average: chance and size forecast apart.",
    "none_lately": "Nothing was sold in the last {since:.0f} periods: the chance of a sale has become small.",
    "long_season": "A long season described by {pairs:.0f} pairs of waves.",
    "no_own_months": "Nothing sold yet: borrowed from {references:.0f} like-items.",
    "given_diffusion": "Nothing sold yet: a diffusion to {market:g} buyers that a person gave.",
    "own_months_take_over": "{periods:.0f} periods of its own count for {own_pct:.0f} % of the forecast.",
    "no_reference": "No like-item with sales to borrow from.",
    "succeeded": "A successor has taken its place.",
    "too_short": "{periods:.0f} periods of history, {needed:.0f} needed.",
    "flat_history": "The history of {periods:.0f} periods does not move or was not seen.",
    "no_sales": "Nothing sold yet.",
}


def evidence_sentence(code: str, params: dict[str, float]) -> str:
    """What a stage rests on, in one English sentence."""
    return _one(_EVIDENCE[code].format(**params))


def reason_sentence(code: str, params: dict[str, float]) -> str:
    """Why a method was used, or why there is no answer, in one English sentence."""
    return _one(_REASONS[code].format(**params))


def _one(sentence: str) -> str:
    """1 period, not 1 periods."""
    return re.sub(r"\b1 (period|month)s\b", r"1 \1", sentence)
