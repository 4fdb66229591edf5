from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core import formats
from core.months import month_add, month_start, parse_month
from core.organisation import today
from products.models import Measure

# So far back months can be marked.
MONTHS = 96


class FlagForm(forms.Form):
    """Months marked as exceptional by hand."""

    measure = forms.ChoiceField(label=_("Measure"))
    first = forms.TypedChoiceField(label=_("From"), coerce=parse_month)
    last = forms.TypedChoiceField(
        label=_("Until and including"),
        coerce=parse_month,
        required=False,
        empty_value=None,
        help_text=_("Leave it empty for one month."),
    )
    note = forms.CharField(
        label=_("What happened?"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Others read it beside the forecast: a strike, a recall, a customer who bought ahead."),
    )

    def __init__(self, *args: Any, measures: Sequence[Measure], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("measure", [(measure.code, capfirst(str(measure))) for measure in measures])
        running = month_start(today())
        over = [month_add(running, -ago) for ago in range(1, MONTHS + 1)]
        months = [(f"{month:%Y-%m}", formats.month(month)) for month in over]
        self._choose("first", [("", ""), *months])
        self._choose("last", [("", ""), *months])
        if len(measures) == 1:
            self.fields["measure"].widget = forms.HiddenInput()
            self.initial["measure"] = measures[0].code

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
