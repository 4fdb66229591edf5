"""Codes the engine answers with, and the numbers each carries. Sentences are written by whoever shows them.

Importing this module loads no numeric library. `words.py` holds the English sentences of the command line;
the pages have their own in every language. A test keeps these lists, the engine and the words in step.
"""

STAGES = ("introduction", "growth", "maturity", "decline", "revival")

# How a forecast was made.
METHODS = {
    "none": "no observation to start from",
    "zero": "all observations are zero, or demand has ended",
    "level": "a level from the last observations, without trend or season",
    "nonseasonal": "mean of Theta, damped exponential smoothing and shrunk autoregression, by weights learnt",
    "family_season": "as nonseasonal, on data divided by the family's season",
    "half_season": "as nonseasonal, on data divided by a half-shrunk seasonal index",
    "theta_ets": "as nonseasonal, with the season of the whole and of the last years",
    "tsb": "Teunter–Syntetos–Babai for intermittent demand",
    "fourier": "Fourier pairs for the season, then as nonseasonal on the rest",
    "like_item": "the first months of like-items, weighted and scaled",
    "bass": "diffusion of Bass (1969), its coefficients from like-items or given",
    "blend": "own months and a launch plan, by the share of six own months",
}

# Why this method, and the names of the numbers in `reason_params`. Every reason of a forecast also carries
# `periods` (observed periods used) and `filled` (missing periods inside the history that were interpolated).
REASON_CODES: dict[str, tuple[str, ...]] = {
    # forecast
    "no_data": (),
    "all_zero": ("periods", "filled"),
    "ended": ("periods", "filled"),
    "few_periods": ("periods", "filled"),
    "under_a_year": ("periods", "filled"),
    "under_three_years": ("periods", "filled"),
    "enough_history": ("periods", "filled"),
    "intermittent": ("periods", "filled", "mean_interval"),
    "none_lately": ("periods", "filled", "since"),
    "long_season": ("periods", "filled", "pairs"),
    # launch and succession
    "no_own_months": ("references",),
    "given_diffusion": ("market",),
    "own_months_take_over": ("periods", "own_pct"),
    "no_reference": (),
    "succeeded": (),
    # backtest and stage
    "too_short": ("periods", "needed"),
    "flat_history": ("periods",),
    "no_sales": ("periods",),
}

# Why a driver did not enter, and the names of the numbers it carries. `gain_pct`: by how much its squared
# error would have fallen.
DRIVER_REASONS: dict[str, tuple[str, ...]] = {
    "future_unknown": (),
    "known_too_short": ("periods", "needed"),
    "moves_with_season": (),
    "series_too_short": ("periods", "needed"),
    "not_positive": (),
    "no_gain": ("gain_pct",),
    "no_shared_gain": ("gain_pct", "series"),
}

# What a stage rests on, and the names of the numbers in `params`. Percentages are 0–100.
EVIDENCE_CODES: dict[str, tuple[str, ...]] = {
    "just_started": ("months", "level"),
    "still_small": ("months", "level", "slope_pct_month"),
    "growing": ("slope_pct_month", "months"),
    "growth_slowing": ("slope_pct_month", "slope_pct_month_year_ago"),
    "level_steady": ("slope_pct_year", "level_pct_of_peak"),
    "dip_below_peak": ("level_pct_of_peak", "slope_pct_year"),
    "falling": ("slope_pct_year", "level_pct_of_peak", "months_since_peak"),
    "low_but_steady": ("slope_pct_year", "level_pct_of_peak"),
    "rising_again": ("rise_pct", "months"),
    "not_sold": ("months",),
    "not_known": ("months",),
}
