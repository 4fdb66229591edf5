from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from forecasting.models import Driver
from products.models import ProductLine


class DriverForm(forms.ModelForm):
    """A driver's name, unit and kind; of a calendar only whether the night tries it."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Driver
        fields = ("name", "unit", "kind", "is_active")
        help_texts = {
            "unit": _("Such as °C or €; it stands beside the figures."),
            "kind": _("Of what happens now and then, a day that is not named counts as 0."),
            "is_active": _("Off: forecasts are made without it from the next night on; its values stay."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("version", self.instance.version)
        if self.instance.calendar:
            for name in ("name", "unit", "kind"):
                del self.fields[name]


class CalendarForm(forms.Form):
    """A calendar that pmtool computes, for one line or for everything."""

    calendar = forms.ChoiceField(label=_("Calendar"))
    line = forms.ModelChoiceField(
        ProductLine.objects.none(),
        label=_("Holds for"),
        required=False,
        to_field_name="code",
        help_text=_("A line with all lines below it."),
    )

    def __init__(self, *args: Any, lines: Any, can_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendar, line = self.fields["calendar"], self.fields["line"]
        assert isinstance(calendar, forms.ChoiceField)
        assert isinstance(line, forms.ModelChoiceField)
        calendar.choices = [(value, capfirst(str(label))) for value, label in Driver.Calendar.choices]
        line.queryset = lines
        line.required = not can_all
        line.empty_label = _("every line") if can_all else None
