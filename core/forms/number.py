"""A number as people type it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import formats
from core.number_texts import DECIMALS, INTEGER_DIGITS, decimal_evidence, decimal_mark, number_read


class NumberField(forms.DecimalField):
    """A number as the person's language writes it, also with its thousands; a single mark that can only stand
    before decimals, as in 0,05 and 0.05, is read so in every language."""

    default_error_messages = {
        "invalid": _("“%(value)s” cannot be read as a number; write it as %(example)s."),
        "too_large": _("A number has at most %(digits)s digits before its decimals."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"localize": True} | options)

    def to_python(self, value: Any) -> Decimal | None:
        if not isinstance(value, str):
            return super().to_python(value)
        text = value.strip()
        if not text:
            return None
        said, marks = decimal_evidence(text), sum(text.count(mark) for mark in DECIMALS)
        number, problem = number_read(text, said if said in DECIMALS and marks == 1 else decimal_mark())
        if problem == "number_too_large":
            raise forms.ValidationError(
                self.error_messages["too_large"], code="too_large", params={"digits": INTEGER_DIGITS}
            )
        if problem:
            params = {"value": text[:40], "example": formats.number(Decimal("1234.5"))}
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid", params=params)
        return Decimal(number.removesuffix(".0"))

    def run_validators(self, value: Any) -> None:
        """A limit is told as the person's language writes it."""
        try:
            super().run_validators(value)
        except forms.ValidationError as error:
            for each in error.error_list:
                if isinstance(limit := (each.params or {}).get("limit_value"), int | Decimal):
                    each.params["limit_value"] = formats.number_whole(Decimal(limit))
            raise
