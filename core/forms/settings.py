from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms.profile import time_zone_choices
from accounts.models.user import LANGUAGES
from core import formats
from core.forms.currency import CurrencyField
from core.forms.number import NumberField
from core.models import Organisation


def month_choices() -> list[tuple[int, str]]:
    names = formats.MONTHS["nl" if formats.is_dutch() else "en"]
    return list(enumerate(names, start=1))


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class OrganisationForm(forms.Form):
    """The settings of the organisation; ``version`` is what the editor had before their eyes."""

    name = forms.CharField(label=_("Name"), max_length=120)
    currency = CurrencyField(
        help_text=_("Three letters, such as EUR. All amounts are in it; fixed once there are sales."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zone_choices, help_text=_("Says when a day and a month begin.")
    )
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, help_text=_("For who has none chosen: new people, guests.")
    )
    financial_year_first_month = forms.TypedChoiceField(
        label=_("First month of the financial year"),
        choices=month_choices,
        coerce=int,
        help_text=_("Pages of products follow at once; Today and the list of products after the next night."),
    )
    nightly_at = forms.TimeField(
        label=_("Nightly run at"), widget=TimeInput, help_text=_("In the time zone above.")
    )
    alert_min_amount = NumberField(
        label=_("No alert below this amount"),
        min_value=0,
        max_digits=18,
        decimal_places=2,
        help_text=_("What is worth less than this is not raised on Today."),
    )
    watched_folder = forms.CharField(
        label=_("Watched folder"),
        max_length=400,
        required=False,
        help_text=_("Files put into this folder on the server are imported by themselves."),
    )
    show_everyones_accuracy = forms.BooleanField(
        label=_("Show everyone's accuracy"),
        required=False,
        help_text=_(
            "Everybody sees by person and reason whether changes of forecasts helped. Off: only of oneself."
        ),
    )
    sharing = forms.BooleanField(
        label=_("Sharing by link"),
        required=False,
        help_text=_(
            "Published reports may be shared with people who have no account. Turning it off revokes every"
            " link for good."
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        names = [name for name in self.base_fields if name != "version"]
        initial = {name: getattr(organisation, name) for name in [*names, "version"]}
        super().__init__(*args, initial=initial, **kwargs)
