"""What an import says: months, days and yes or no as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from accounts.errors import DomainError
from exchange.messages import in_words, params_in_words
from exchange.reading.matching import columns_match
from exchange.reading.plan import file_open
from exchange.sheets import sheets
from exchange.views.detail import _shown

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("language", "month", "months", "day", "rows"),
    [
        ("en", f"Sep{NBSP}2026", f"Sep{NBSP}2026, Oct{NBSP}2026", f"30{NBSP}Nov{NBSP}2026", "2,000"),
        ("nl", f"sep{NBSP}2026", f"sep{NBSP}2026, okt{NBSP}2026", "30-11-2026", "2.000"),
    ],
)
def test_months_days_and_rows_in_a_refusal(
    language: str, month: str, months: str, day: str, rows: str
) -> None:
    with translation.override(language):
        said = params_in_words(
            {"until": "2026-09", "months": "2026-09, 2026-10", "day": "2026-11-30", "rows": 2000}
        )
        assert said == {"until": month, "months": months, "day": day, "rows": rows}
        assert month in in_words("undo_closed", {"until": "2026-09", "rows": 1})


def test_what_a_file_says_is_told_as_it_says_it() -> None:
    assert params_in_words({"value": "2026-09", "until": None}) == {"value": "2026-09", "until": None}


@pytest.mark.parametrize(("language", "words"), [("en", ["yes", "no"]), ("nl", ["ja", "nee"])])
def test_a_flag_in_the_preview_is_a_word(language: str, words: list[str]) -> None:
    with translation.override(language):
        for held in ([True, False], ["True", "False"]):
            assert [_shown(each, "flag", None) for each in held] == words
    assert _shown(None, "flag", None) is None


@pytest.mark.parametrize(
    ("keys", "english", "dutch"),
    [
        (("products", "sales", "budget"), "Product, Month, Volume", "Product, Maand, Afzet"),
        (("costs",), "Kind of cost, From, Product", "Kostensoort, Vanaf, Product"),
    ],
)
def test_a_file_without_heads_is_told_those_it_needs(
    tmp_path: Path, keys: tuple[str, ...], english: str, dutch: str
) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("2026-01,A,10\n2026-02,A,12\n")
    with pytest.raises(DomainError) as refused:
        file_open(path, {}, [sheets.get(key) for key in keys])
    for language, names in (("en", english), ("nl", dutch)):
        with translation.override(language):
            assert names in in_words(refused.value.code, refused.value.details)


@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_pages_call_a_column_is_understood_as_its_head(language: str) -> None:
    for sheet in sheets:
        with translation.override(language):
            heads = {str(each.label): each.name for each in sheet.fields}
        assert columns_match(sheet, list(heads), {}).columns == heads, sheet.key


def test_a_head_that_two_fields_share_is_the_second_beside_the_first() -> None:
    sheet = sheets.get("products")
    for heads, names in (
        (("Code", "Omschrijving"), ("product", "name")),
        (("Omschrijving", "Naam"), ("description", "name")),
        (("Naam", "Omschrijving"), ("name", "description")),
    ):
        assert tuple(columns_match(sheet, heads, {}).columns.values()) == names
    for said, omschrijving in (({"Titel": "name"}, "description"), ({"Titel": ""}, "name")):
        columns = columns_match(sheet, ["Code", "Titel", "Omschrijving"], {"columns": said}).columns
        assert columns["Omschrijving"] == omschrijving
    columns = columns_match(sheet, ["Naam", "Omschrijving"], {"columns": {"Naam": ""}}).columns
    assert columns["Omschrijving"] == "name"
