"""Codes and currencies that cannot be are told in words."""

from __future__ import annotations

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from core.forms.currency import CurrencyField


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "A code is made of letters without"), ("nl", "Een code bestaat uit letters zonder")],
)
def test_a_code_that_cannot_be(language: str, words: str) -> None:
    with translation.override(language):
        with pytest.raises(ValidationError) as refused:
            forms.SlugField().clean("b 2027")
        [said] = refused.value.messages
    assert said.startswith(words)


@pytest.mark.parametrize("text", ["XX", "EURO", "E1R", "€"])
def test_a_currency_that_cannot_be(text: str) -> None:
    with pytest.raises(ValidationError):
        CurrencyField().clean(text)
    assert CurrencyField().clean(" eur ") == "eur"
