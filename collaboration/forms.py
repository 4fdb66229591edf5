from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.organisation import today
from products.forms.fields import DayField

from .selectors.actions import owners_possible
from .services.alerts import SNOOZE_DAYS


class SnoozeForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    until = DayField(label=_("Remind me on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, last = today() + datetime.timedelta(days=1), today() + datetime.timedelta(days=SNOOZE_DAYS)
        self.fields["until"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}


class CloseForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why can it be closed?"),
        max_length=400,
        help_text=_("A few words; they stay in the history."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ActionForm(forms.Form):
    """Title, owner and date; ``version`` is what the editor had before their eyes."""

    title = forms.CharField(
        label=_("What has to be done?"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    owner = forms.ModelChoiceField(label=_("Who"), queryset=User.objects.none())
    due_date = DayField(label=_("By when"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner: Any = self.fields["owner"]
        owner.queryset = owners_possible()


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Comment"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"})
    )
    mention = forms.TypedMultipleChoiceField(coerce=int, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mention: Any = self.fields["mention"]
        mention.choices = [(pk, pk) for pk in owners_possible().values_list("pk", flat=True)]
