"""When a report sends itself, and to whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst, format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors.people import people_active
from reporting.models import Report, ReportSchedule
from reporting.models.schedule import LAST_DAY
from reporting.selectors.shares import SHARE


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
        required=False,
        help_text=_("They get a mail with a link; who may not see all that is in it gets none."),
    )
    attach_pdf = forms.BooleanField(
        label=_("PDF attached"),
        required=False,
        help_text=_("To colleagues alone, who may then pass it on."),
    )
    links = forms.BooleanField(
        label=_("Mail who has a link"),
        required=False,
        help_text=_("A mail with their link to everybody whose link follows the report."),
    )

    def __init__(
        self, *args: Any, user: Any, report: Report, schedule: ReportSchedule | None, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"when": "month:1"}
        if schedule is not None:
            initial = {
                "version": schedule.version,
                "when": f"{schedule.every}:{schedule.day}",
                "users": list(schedule.users.all()),
                "attach_pdf": schedule.attach_pdf,
                "links": schedule.links,
            }
        super().__init__(*args, initial=initial, **kwargs)
        users: Any = self.fields["users"]
        users.queryset = people_active()
        if report.audience != Report.Audience.EXTERNAL or not user.has_perm(SHARE):
            del self.fields["links"]

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        every, _sep, day = self.cleaned_data["when"].partition(":")
        return {
            "every": every,
            "day": int(day),
            "users": list(self.cleaned_data["users"]),
            "attach_pdf": self.cleaned_data["attach_pdf"],
            "links": self.cleaned_data.get("links", False),
        }
