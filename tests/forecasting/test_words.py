"""Every code of the engine has words, and the words use its numbers."""

from __future__ import annotations

import pytest

from forecasting.engine.codes import EVIDENCE_CODES, METHODS, REASON_CODES
from forecasting.words.forecasts import (
    duration_words,
    evidence_words,
    failure_words,
    method_words,
    reason_words,
    run_error_words,
    time_left_words,
)

pytestmark = pytest.mark.usefixtures("english")

NUMBERS = {
    "periods": 41,
    "since": 53,
    "needed": 43,
    "mean_interval": 2.7,
    "months": 47,
    "level": 5300,
    "slope_pct_month": -3.14,
    "slope_pct_month_year_ago": 6.28,
    "slope_pct_year": -12.5,
    "level_pct_of_peak": 88,
    "months_since_peak": 59,
    "rise_pct": 61,
    "references": 3,
    "market": 67000,
    "own_pct": 33,
}
SHOWN = {
    "periods": "41 months",
    "since": "53 months",
    "needed": "43 months",
    "mean_interval": "2.7",
    "months": "47 months",
    "level": "5,300",
    "slope_pct_month": "\u22123.1%",
    "slope_pct_month_year_ago": "+6.3%",
    "slope_pct_year": "12.5%",
    "level_pct_of_peak": "88%",
    "months_since_peak": "59 months",
    "rise_pct": "61%",
    "references": "3 like-items",
    "market": "67,000",
    "own_pct": "33%",
}
# Said once by the words around them, or of no use to a reader.
UNSAID = {
    ("all_zero", "filled"),
    ("long_season", "pairs"),
    ("ended", "periods"),
    ("intermittent", "periods"),
    ("none_lately", "periods"),
    ("flat_history", "periods"),
    ("no_sales", "periods"),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_words(method):
    assert method_words(method) != method


@pytest.mark.parametrize(("code", "names"), REASON_CODES.items())
def test_every_reason_says_its_numbers(code, names):
    words = reason_words(code, NUMBERS)
    assert words != code
    for name in names:
        if name != "filled" and (code, name) not in UNSAID:
            assert SHOWN[name] in words, name


@pytest.mark.parametrize(("code", "names"), EVIDENCE_CODES.items())
def test_every_evidence_says_its_numbers(code, names):
    words = evidence_words(code, NUMBERS)
    assert words != code
    for name in names:
        assert SHOWN[name] in words, name


def test_filled_months_are_told():
    assert reason_words("enough_history", {"periods": 41, "filled": 2}).endswith(
        "2 missing months were filled in from their neighbours."
    )
    assert "filled" not in reason_words("enough_history", {"periods": 41, "filled": 0})


def test_a_missing_number_is_a_dash_never_zero():
    assert "—" in evidence_words("level_steady", {"level_pct_of_peak": None, "slope_pct_year": None})


def test_failures_and_times():
    assert failure_words("worker_died", {"attempts": 3}) == "The process that computed it died 3 times."
    assert run_error_words("step_broken:forecast") == "The step forecast could not be started."
    assert [time_left_words(s) for s in (None, 20, 61, 600)] == [
        "",
        "less than a minute left",
        "about 1 minute left",
        "about 10 minutes left",
    ]
    assert [duration_words(s) for s in (None, 4.4, 192, 7500)] == ["—", "4 s", "3 min 12 s", "2 h 5 min"]
