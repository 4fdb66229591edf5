"""When a report sends itself, and to whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors.people import people_active
from reporting.models import ReportSchedule
from reporting.models.schedule import LAST_DAY


def when_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    days = [(f"month:{day}", format_lazy(_("day {} of the month"), day)) for day in range(1, 29)]
    return [
        (_("Every week"), [(f"week:{day}", capfirst(WEEKDAYS[day - 1])) for day in range(1, 8)]),
        (_("Every month"), [*days, (f"month:{LAST_DAY}", _("last day of the month"))]),
    ]


class ScheduleForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    when = forms.ChoiceField(
        label=_("When"),
        choices=when_choices,
        help_text=_("After the night's run of that day, once it went through for every product in it."),
    )
    users = forms.ModelMultipleChoiceField(
        label=_("Colleagues"),
        queryset=User.objects.none(),
        help_text=_("They get a mail with a link; who may not see all that is in it gets none."),
    )

    def __init__(self, *args: Any, schedule: ReportSchedule | None, **kwargs: Any) -> None:
        initial: dict[str, Any] = {"when": "month:1"}
        if schedule is not None:
            initial = {
                "version": schedule.version,
                "when": f"{schedule.every}:{schedule.day}",
                "users": list(schedule.users.all()),
            }
        super().__init__(*args, initial=initial, **kwargs)
        users: Any = self.fields["users"]
        users.queryset = people_active()

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        every, _sep, day = self.cleaned_data["when"].partition(":")
        return {"every": every, "day": int(day), "users": list(self.cleaned_data["users"])}
