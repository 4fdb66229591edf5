"""What an import says: months, days and yes or no as people read them."""

from __future__ import annotations

import pytest
from django.utils import translation

from exchange.messages import in_words, times_in_words
from exchange.views.detail import _shown

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("language", "month", "months", "day"),
    [
        ("en", f"Sep{NBSP}2026", f"Sep{NBSP}2026, Oct{NBSP}2026", f"30{NBSP}Nov{NBSP}2026"),
        ("nl", f"sep{NBSP}2026", f"sep{NBSP}2026, okt{NBSP}2026", "30-11-2026"),
    ],
)
def test_months_and_days_in_a_refusal(language: str, month: str, months: str, day: str) -> None:
    with translation.override(language):
        said = times_in_words(
            {"until": "2026-09", "months": "2026-09, 2026-10", "day": "2026-11-30", "rows": 2}
        )
        assert said == {"until": month, "months": months, "day": day, "rows": 2}
        assert month in in_words("undo_closed", {"until": "2026-09", "rows": 1})


def test_what_a_file_says_is_told_as_it_says_it() -> None:
    assert times_in_words({"value": "2026-09", "until": None}) == {"value": "2026-09", "until": None}


@pytest.mark.parametrize(("language", "words"), [("en", ["yes", "no"]), ("nl", ["ja", "nee"])])
def test_a_flag_in_the_preview_is_a_word(language: str, words: list[str]) -> None:
    with translation.override(language):
        for held in ([True, False], ["True", "False"]):
            assert [_shown(each, "flag") for each in held] == words
    assert _shown(None, "flag") is None
