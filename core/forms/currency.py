from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CurrencyField(forms.RegexField):
    """A currency by its three letters."""

    default_error_messages = {"invalid": _("A currency has three letters, such as EUR.")}

    def __init__(self, **options: Any) -> None:
        options = {"label": _("Currency"), "max_length": 3, "strip": True} | options
        super().__init__(regex=r"^[A-Za-z]{3}$", **options)
