"""What a stage rests on, as a code and numbers; sentences are written where they are shown."""

import numpy as np

from .definition import DECLINE, GROWTH, INTRODUCTION, MATURITY, NEAR_PEAK
from .features import Measured

# Growth has slowed when its slope is under this share of the one a year before.
_SLOWED = 0.7
_STEADY_PCT_YEAR = 10.0
_LOW_SHARE = 0.75


def evidence(measured: Measured, t: int, stage: int) -> tuple[str, dict[str, float]]:
    """Code of EVIDENCE_CODES and its numbers for month `t` judged to be in `stage`."""
    slope = _finite(measured.slope[12][t])
    month, year = round(100 * slope / 12, 1) + 0.0, round(100 * slope, 1) + 0.0
    of_peak = round(100 * min(_ratio(measured.now[t], measured.peak[t]), 1.0), 0)
    age = int(measured.age[t])
    if stage == INTRODUCTION:
        if age <= 3:
            return "just_started", {"months": age, "level": _level(measured.now[t])}
        return "still_small", {"months": age, "level": _level(measured.now[t]), "slope_pct_month": month}
    before = _finite(measured.slope[12][t - 12]) if t >= 12 else 0.0
    slowed = 0 < slope < _SLOWED * before
    if slowed and (stage == GROWTH or (stage == MATURITY and year > _STEADY_PCT_YEAR)):
        return "growth_slowing", {
            "slope_pct_month": month,
            "slope_pct_month_year_ago": round(100 * before / 12, 1),
        }
    if stage == GROWTH:
        return "growing", {"slope_pct_month": month, "months": min(age, 12)}
    if stage == MATURITY:
        numbers = {"slope_pct_year": year, "level_pct_of_peak": of_peak}
        if abs(year) <= _STEADY_PCT_YEAR and of_peak < 100 * _LOW_SHARE:
            return "low_but_steady", numbers
        return ("dip_below_peak" if of_peak < 100 * NEAR_PEAK else "level_steady"), numbers
    if stage == DECLINE:
        return "falling", {
            "slope_pct_year": year,
            "level_pct_of_peak": of_peak,
            "months_since_peak": int(measured.since_peak[t]),
        }
    rise = 100 * (_ratio(measured.now[t], measured.trough[t]) - 1)
    return "rising_again", {"rise_pct": round(rise, 0) + 0.0, "months": int(measured.since_trough[t])}


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else 0.0


def _ratio(a: float, b: float) -> float:
    return float(a / b) if np.isfinite(a) and np.isfinite(b) and b > 0 else 1.0


def _level(value: float) -> float:
    return float(f"{_finite(value):.3g}")
