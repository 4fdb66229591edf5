from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.user import LANGUAGES
from accounts.selectors import people_active


def time_zone_choices() -> list[tuple[str, str]]:
    """The places of the world, those of Europe first; not the technical aliases."""
    areas = ("Europe/", "Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Indian/", "Pacific/")
    names = [name for name in available_timezones() if name.startswith(areas)]
    names.sort(key=lambda name: (areas.index(name.split("/")[0] + "/"), name))
    return [("UTC", "UTC")] + [(name, name.replace("_", " ")) for name in names]


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language"), choices=LANGUAGES, help_text=_("Of pages, numbers, dates and the mail you get.")
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)
    version = forms.IntegerField(widget=forms.HiddenInput)


class DeputyForm(forms.Form):
    """``deputy`` receives alerts and actions meant for the owner."""

    deputy = forms.ModelChoiceField(label=_("Deputy"), queryset=User.objects.none(), empty_label=_("choose"))
    start_date = forms.DateField(label=_("From"), widget=DateInput)
    end_date = forms.DateField(label=_("Until and including"), widget=DateInput)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].queryset = people_active().exclude(pk=owner.pk)  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("What uses it: a spreadsheet, a nightly upload.")
    )
    expires = forms.DateField(
        label=_("Valid until and including"), widget=DateInput, help_text=_("A year from now at most.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"expires": timezone.localdate() + datetime.timedelta(days=90)})
        super().__init__(*args, **kwargs)
