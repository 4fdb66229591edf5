"""What is typed where a number belongs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from core.forms.number import NumberField

FIELD: dict[str, Any] = {"max_digits": 18, "decimal_places": 4, "required": False}


def read(language: str, text: str, **options: Any) -> Decimal | str | None:
    """The number, or the code of what is wrong."""
    with translation.override(language):
        try:
            return NumberField(**FIELD | options).clean(text)
        except ValidationError as error:
            return str(error.error_list[0].code)


@pytest.mark.parametrize(
    ("text", "english", "dutch"),
    [
        ("0,05", "0.05", "0.05"),
        ("0.05", "0.05", "0.05"),
        ("1,5", "1.5", "1.5"),
        ("-2.5", "-2.5", "-2.5"),
        ("0,125", "0.125", "0.125"),
        ("1234,567", "1234.567", "1234.567"),
        ("1,234.56", "1234.56", "invalid"),
        ("1.234,56", "invalid", "1234.56"),
        ("1.234", "1.234", "1234"),
        ("1,234", "1234", "1.234"),
        ("1,234,567", "1234567", "invalid"),
        ("1 234", "1234", "1234"),
        ("120.0", "120", "120"),
        ("0.05.3", "invalid", "invalid"),
        ("1,2,3", "invalid", "invalid"),
        ("NaN", "invalid", "invalid"),
        ("1e400", "invalid", "invalid"),
        ("abc", "invalid", "invalid"),
        ("1" * 15, "too_large", "too_large"),
        ("0.12345", "max_decimal_places", "max_decimal_places"),
    ],
)
def test_a_number_is_read_or_refused_in_both_languages(text: str, english: str, dutch: str) -> None:
    for language, expected in (("en", english), ("nl", dutch)):
        found = read(language, text)
        assert found == (Decimal(expected) if expected[0] in "-0123456789" else expected), language


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_is_no_number(text: str) -> None:
    assert read("en", text) is None
    assert read("en", text, required=True) == "required"


@pytest.mark.parametrize("text", ["0,5", "0.5"])
def test_bounds_hold_for_what_was_read(text: str) -> None:
    assert read("en", text, min_value=1) == "min_value"
    assert read("nl", text, max_value=Decimal("0.4")) == "max_value"


@pytest.mark.parametrize("value", ["1.234", "0.5", "1234", "1234567.8901", "-12345.6"])
@pytest.mark.parametrize("language", ["en", "nl"])
def test_what_a_field_shows_it_reads_back(language: str, value: str) -> None:
    with translation.override(language):
        field = NumberField(**FIELD)
        field.widget.is_localized = True
        shown = field.widget.format_value(Decimal(value))
        assert field.clean(shown) == Decimal(value)


def test_the_message_says_how_a_number_is_written() -> None:
    with translation.override("en"), pytest.raises(ValidationError) as refused:
        NumberField().clean("0.05.3")
    with translation.override("en"):
        assert refused.value.messages == ["“0.05.3” cannot be read as a number; write it as 1,234.5."]


@pytest.mark.parametrize(("language", "said"), [("en", "10,000"), ("nl", "10.000")])
@pytest.mark.parametrize("limit", [10000, Decimal(10000)])
def test_the_message_says_a_limit_as_the_language_writes_it(language: str, said: str, limit: Any) -> None:
    with translation.override(language), pytest.raises(ValidationError) as refused:
        NumberField(max_value=limit).clean("10001")
    with translation.override(language):
        assert f" {said}" in refused.value.messages[0]
