"""A shared link's own fields."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.errors import DomainError
from core.organisation import today
from reporting.models import Share, Snapshot
from reporting.models.share import year_after
from reporting.services.shares import expiry_of


class ShareForm(forms.ModelForm):
    """``snapshots`` are the versions that a new link may be fixed to."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    snapshot = forms.ModelChoiceField(
        label=_("Shows"),
        queryset=Snapshot.objects.none(),
        required=False,
        empty_label=_("always the newest version"),
        help_text=_("A newer version is only shown if it tells no more than today's."),
    )
    password = forms.CharField(
        label=pgettext_lazy("shared link", "Password"),
        required=False,
        min_length=8,
        max_length=100,
        help_text=_("Tell it to them another way than by e-mail."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    no_password = forms.BooleanField(label=_("No password any more"), required=False)

    class Meta:
        model = Share
        fields = ("label", "email", "expires_on", "downloads", "note")
        widgets = {"expires_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, snapshots: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day: Any = self.fields["expires_on"]
        day.label = _("Valid until")
        last = year_after(today())
        day.widget.attrs |= {"min": f"{today():%Y-%m-%d}", "max": f"{last:%Y-%m-%d}"}
        self.fields["label"].help_text = _("Who reads it: one link for each person.")
        self.fields["note"].help_text = _("For yourself; they do not see it.")
        self.fields["downloads"].label = _("May download PDF and XLSX")
        if snapshots is not None:
            choice: Any = self.fields["snapshot"]
            choice.queryset = snapshots
            choice.label_from_instance = lambda row: _("always version %(number)s") % {"number": row.number}
            del self.fields["no_password"]
            self.initial.setdefault("expires_on", expiry_of(None))
        else:
            del self.fields["snapshot"]
            self.fields["email"].disabled = True
            self.fields["email"].help_text = _("One recipient, one link: make a new one for another address.")
            self.fields["password"].label = _("New password")
            if not self.instance.password:
                del self.fields["no_password"]

    def clean_expires_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["expires_on"]
        if day == self.instance.expires_on:
            return day
        try:
            return expiry_of(day)
        except DomainError as error:
            raise forms.ValidationError(str(error)) from None

    def until(self) -> datetime.date:
        """The day chosen so far; 30 days from today where there is none, or it is not allowed."""
        try:
            return expiry_of(self._chosen("expires_on"))
        except DomainError:
            return expiry_of(None)

    def fixed(self) -> Snapshot | None:
        """The version chosen so far; none: always the newest."""
        found: Snapshot | None = self._chosen("snapshot")
        return found

    def _chosen(self, name: str) -> Any:
        try:
            return self.fields[name].clean(self[name].value())
        except forms.ValidationError:
            return None

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
