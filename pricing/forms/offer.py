from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pricing.models import Positioning, PositioningPoint
from pricing.selectors.offer import TEXTS
from pricing.services.offer import Point
from products.forms.fields import DayField, RatePercentField
from products.models import Segment

HELP = {
    "target_group": _("For whom? Such as: home baristas who want no dairy."),
    "need": _("What do they want to get done? Such as: coffee as in the café."),
    "category": _("What is it? Such as: the plant-based milk."),
    "benefit": _("The one thing it is chosen for. Such as: that foams like whole milk."),
    "reasons": _("Why may they believe it? Goes on after “because”."),
    "alternative": _("What would they take otherwise? Goes on after “unlike”."),
    "difference": _("What is better then? Such as: it stays smooth in hot coffee."),
    "tone": _("How do we talk about it? Such as: sober, expert."),
    "why": _("What changed in the market or the product? The approver reads it first; a draft may lack it."),
    "alternatives": _("Kept with the decision, beside what it turned out to do."),
}


class PositioningForm(forms.ModelForm):
    """The texts of a draft; a draft may lack some. The segment is chosen once, when a version is begun."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    start_date = DayField(
        label=_("Holds from"),
        help_text=_("Until the next approved version. A date that has passed when it is approved: that day."),
    )

    expected_rate = RatePercentField(
        label=_("Expected change in volume (%)"),
        required=False,
        min_value=-99,
        max_value=500,
        help_text=_(
            "Of all that is sold of the product, in its first year: 5 is 5% more. "
            "It is held against what was sold; empty: nothing is expected."
        ),
    )

    class Meta:
        model = Positioning
        fields = ("segment", "start_date", *TEXTS, "why", "alternatives", "expected_rate")
        help_texts = HELP

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["segment"]
            self.initial.setdefault("version", self.instance.version)
        else:
            segment: Any = self.fields["segment"]
            segment.queryset = Segment.objects.all()
            segment.empty_label = _("everybody")

    def _post_clean(self) -> None:
        """The service writes and checks; the instance stays as it was read."""

    @property
    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class PointForm(forms.Form):
    """An attribute or a claim; a row without text is none."""

    kind = forms.ChoiceField(label=_("Kind"), choices=PositioningPoint.Kind.choices, initial="claim")
    text = forms.CharField(label=_("What it says"), max_length=200, required=False)
    evidence = forms.CharField(label=_("Evidence"), max_length=400, required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("evidence") and not found.get("text"):
            self.add_error("text", _("Evidence of what?"))
        return found


class BasePointFormSet(forms.BaseFormSet):
    @property
    def points(self) -> list[Point]:
        return [Point(**form.cleaned_data) for form in self.forms if form.cleaned_data.get("text")]


def points_formset(rows: int) -> Any:
    """Rows for the points there are and some more."""
    return forms.formset_factory(PointForm, formset=BasePointFormSet, extra=rows, max_num=40)
