"""What a stage rests on, as a code and numbers; sentences are written where they are shown."""

import numpy as np

from .definition import DECLINE, GROWTH, INTRODUCTION, MATURITY, NEAR_PEAK
from .features import Measured

# Growth has slowed when its slope is under this share of the one a year before.
_SLOWED = 0.7
_STEADY_PCT_YEAR = 10.0
_LOW_SHARE = 0.75
# So many months without a sale are all there is to say.
_SILENT_MONTHS = 3


def evidence(
    measured: Measured, t: int, stage: int, *, silent: int = 0, unknown: int = 0
) -> tuple[str, dict[str, float]]:
    """Code of EVIDENCE_CODES and its numbers for month `t` judged to be in `stage`. How many months up to `t`
    went by without a sale (`silent`), or say nothing of the level (`unknown`)."""
    if silent >= _SILENT_MONTHS:
        return "not_sold", {"months": silent}
    if not np.isfinite(measured.now[t]):
        return "not_known", {"months": unknown}
    slope = _finite(measured.slope[t])
    month, year = _percent(slope / 12), _percent(slope)
    of_peak = round(100 * min(_ratio(measured.now[t], measured.peak[t]), 1.0), 0)
    steady = abs(year) <= _STEADY_PCT_YEAR
    age = int(measured.age[t])
    if stage == INTRODUCTION:
        if age <= 3:
            return "just_started", {"months": age, "level": _level(measured.now[t])}
        return "still_small", {"months": age, "level": _level(measured.now[t]), "slope_pct_month": month}
    before = _finite(measured.slope[t - 12]) if t >= 12 else 0.0
    slowed = 0 < slope < _SLOWED * before
    slows = slowed or slope < 0 < before if stage == GROWTH else stage == MATURITY and slowed and not steady
    if slows:
        return "growth_slowing", {"slope_pct_month": month, "slope_pct_month_year_ago": _percent(before / 12)}
    if stage == GROWTH and slope >= 0:
        return "growing", {"slope_pct_month": month, "months": min(age, 12)}
    if stage == DECLINE:
        fall = slope if slope < 0 else _finite(measured.slope_half[t])
        if fall < 0:
            return "falling", {
                "slope_pct_year": _percent(fall),
                "level_pct_of_peak": of_peak,
                "months_since_peak": int(measured.since_peak[t]),
            }
    if stage in (GROWTH, MATURITY, DECLINE):
        numbers = {"slope_pct_year": year, "level_pct_of_peak": of_peak}
        if steady and of_peak < 100 * _LOW_SHARE:
            return "low_but_steady", numbers
        return ("level_steady" if steady and of_peak >= 100 * NEAR_PEAK else "dip_below_peak"), numbers
    rise = 100 * (_ratio(measured.now[t], measured.low[t]) - 1)
    return "rising_again", {"rise_pct": round(rise, 0) + 0.0, "months": int(measured.since_low[t])}


def _percent(rate: float) -> float:
    """A continuous rate, compounded: a fall stays under 100 %."""
    return float(round(100 * np.expm1(min(rate, 3.0)), 1)) + 0.0


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else 0.0


def _ratio(a: float, b: float) -> float:
    return float(a / b) if np.isfinite(a) and np.isfinite(b) and b > 0 else 1.0


def _level(value: float) -> float:
    return float(f"{_finite(value):.3g}")
