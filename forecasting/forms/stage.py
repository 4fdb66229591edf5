from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from forecasting.models.stage import Stage


class StageForm(forms.Form):
    """A stage set by hand."""

    stage = forms.ChoiceField(label=_("Stage"), choices=Stage.choices)
    until = forms.DateField(
        label=_("Until and including"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("After this day the night's own estimate shows again."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What you know that the figures do not show; others read it beside the stage."),
    )
