from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.months import parse_month


class MonthField(forms.Field):
    """A month, in the browser's own month control; elsewhere typed as 2026-11."""

    widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")
    default_error_messages = {"invalid": _("Give a month as year and month: 2026-11.")}

    def to_python(self, value: Any) -> datetime.date | None:
        if not value:
            return None
        try:
            return parse_month(str(value).strip())
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
