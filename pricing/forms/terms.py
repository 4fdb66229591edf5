"""Terms and what is settled of bonuses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.forms.number import NumberField
from core.organisation import organisation_get, today
from pricing.engine.terms import Step
from pricing.forms.prices import amount_read
from pricing.models import Term
from products.forms.fields import DayField, RatePercentField
from products.models import Channel, ProductLine
from products.selectors.access import (
    channels_visible,
    lines_visible,
    visible_channel_ids,
    visible_line_ids,
)

Kind = Term.Kind


class _PlaceForm(forms.Form):
    """A channel and a line the person may write for; all of them only for who has no limits."""

    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=Channel.objects.none(), required=False, to_field_name="code"
    )
    line = forms.ModelChoiceField(
        label=_("Product line"),
        queryset=ProductLine.objects.none(),
        required=False,
        to_field_name="code",
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, rows, limits in (
            ("channel", channels_visible(user), visible_channel_ids(user)),
            ("line", lines_visible(user), visible_line_ids(user)),
        ):
            field: Any = self.fields[name]
            field.required = field.required or limits is not None
            field.empty_label = "—" if field.required else gettext("all")
            field.queryset = rows


class TermForm(_PlaceForm):
    kind = forms.ChoiceField(label=_("What"), choices=Kind.choices)
    start_date = DayField(label=_("From"))
    rate = RatePercentField(
        label=_("Percentage"),
        required=False,
        min_value=0,
        max_value=99,
        help_text=_("Of what the terms before it leave; for a bonus its steps."),
    )
    amount = NumberField(
        label=_("Amount a unit"), max_digits=18, decimal_places=4, min_value=0, required=False
    )
    days = forms.IntegerField(
        label=_("Paid within days"),
        min_value=0,
        max_value=366,
        required=False,
        help_text=_("Only of a payment discount."),
    )
    basis = forms.ChoiceField(label=_("Scale by"), choices=Term.Basis.choices, required=False)
    steps = forms.CharField(
        label=_("Steps of the bonus"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_(
            "One a line: from how much in a year, a space, and the percentage of all of it. “250000 2”"
        ),
    )
    ends = forms.BooleanField(
        label=_("Ends on that day"),
        required=False,
        help_text=_("What holds above it counts again. 0 per cent: nothing there."),
    )
    field_order = (
        "kind",
        "channel",
        "line",
        "start_date",
        "rate",
        "amount",
        "days",
        "basis",
        "steps",
        "ends",
    )

    def clean_steps(self) -> list[Step]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["steps"].splitlines())):
            begin, _space, rate = line.rstrip("%").strip().rpartition(" ")
            amounts = [amount_read(part.strip()) if part.strip() else None for part in (begin, rate)]
            if amounts[0] is None or amounts[1] is None or amounts[0] >= 10**14 or amounts[1] >= 100:
                said = gettext("This cannot be read as an amount and a percentage: %(line)s")
                raise forms.ValidationError(said % {"line": line[:60]})
            found.append(Step(amounts[0], amounts[1] / 100))
        return found

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.errors:
            return said
        kind, wants = said["kind"], {Kind.UNIT: "amount", Kind.BONUS: "steps"}.get(said["kind"], "rate")
        ends = said.pop("ends")
        for name in ("rate", "amount", "steps"):
            given = said[name] not in (None, [])
            if name == wants and given == ends:
                message = gettext("Give this, or say that it ends.")
                self.add_error(name, message)
            elif name != wants and given:
                self.add_error(name, gettext("Not of this kind of term."))
        if said.get("days") is not None and kind != Kind.PAYMENT:
            self.add_error("days", gettext("Not of this kind of term."))
        if kind == Kind.BONUS:
            said["basis"] = said["basis"] or Term.Basis.REVENUE
        else:
            said["basis"] = ""
        return said


class SettlementForm(_PlaceForm):
    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    amount = NumberField(
        label=_("Amount"),
        max_digits=18,
        decimal_places=2,
        help_text=_("Paid or credited; with a minus to put a mistake right."),
    )
    settled_date = DayField(label=_("Settled on"))
    reference = forms.CharField(
        label=_("Reference"),
        max_length=60,
        help_text=_("Of the credit note or payment; of a channel only once."),
    )
    field_order = ("channel", "line", "year", "amount", "settled_date", "reference")

    def __init__(self, *args: Any, user: Any, years: list[int], **options: Any) -> None:
        super().__init__(*args, user=user, **options)
        channel: Any = self.fields["channel"]
        channel.required, channel.empty_label = True, "—"
        year: Any = self.fields["year"]
        year.choices = [(year, str(year)) for year in years]
        self.fields["amount"].label = f"{self.fields['amount'].label} ({organisation_get().currency})"
        self.fields["settled_date"].initial = today()
