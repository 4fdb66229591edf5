from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import formats
from core.forms.number import NumberField
from core.months import parse_month
from forecasting.models import Override
from forecasting.models.judgement import Party, Reason
from products.models import Channel


def _grid_field(label: str, **options: Any) -> NumberField:
    """A cell of a grid of months: a volume of zero or more, or empty."""
    field = NumberField(
        label=label,
        max_digits=18,
        decimal_places=4,
        min_value=Decimal(0),
        required=False,
        **options,
    )
    field.widget.attrs |= {"class": "form-control form-control-sm num ms-auto", "size": 9}
    return field


class ReasonForm(forms.Form):
    """Why a forecast is changed by hand, the same for every way to change it."""

    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices)
    note = forms.CharField(label=_("Note"), max_length=400, required=False)
    evidence = forms.CharField(
        label=_("What it rests on"),
        max_length=400,
        required=False,
        help_text=_("An order, a contract, a plan with a date."),
    )


class OverrideForm(ReasonForm):
    """A change of a forecast by hand. ``months`` are those that can be changed; ``channels`` empty: the
    product as a whole, or a line. ``channel_only``: of all products in a channel, so one is to be chosen."""

    field_order = ("operation", "value", "first_month", "last_month", "channel")

    operation = forms.ChoiceField(label=_("Change"), choices=Override.Operation.choices)
    value = NumberField(
        label=_("By how much"),
        max_digits=18,
        decimal_places=4,
        help_text=_("A volume a month in the product's unit; or per cent, with a minus for less."),
    )
    first_month = forms.TypedChoiceField(label=_("From"), coerce=parse_month)
    last_month = forms.TypedChoiceField(label=_("Until and including"), coerce=parse_month)
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=Channel.objects.none(),
        required=False,
        to_field_name="code",
        empty_label=_("all channels"),
        help_text=_("One channel: what you change of it is added to the whole."),
    )

    def __init__(
        self,
        *args: Any,
        months: Sequence[datetime.date],
        channels: Collection[Channel] = (),
        channel_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{month:%Y-%m}", formats.month(month)) for month in months]
        self.fields["first_month"].choices = choices  # type: ignore[attr-defined]
        self.fields["last_month"].choices = choices  # type: ignore[attr-defined]
        if channels:
            self.fields["channel"].queryset = Channel.objects.filter(  # type: ignore[attr-defined]
                pk__in=[channel.pk for channel in channels]
            )
            if channel_only:
                self.fields["channel"].required = True
                self.fields["channel"].empty_label = _("choose a channel")  # type: ignore[attr-defined]
                self.fields["channel"].help_text = _(
                    "With the channels below it, of all products sold there."
                )
        else:
            del self.fields["channel"]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("operation") == Override.Operation.PERCENT and found.get("value") is not None:
            found["value"] = found["value"] / 100
        return found


class OverrideMonthsForm(ReasonForm):
    """A figure for each month that is to be another one; takes a paste."""

    def __init__(self, *args: Any, months: Sequence[datetime.date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.months = months
        for month in months:
            self.fields[f"{month:%Y-%m}"] = _grid_field(formats.month(month))

    def values(self) -> dict[datetime.date, Decimal]:
        """What was filled in."""
        cells = {month: self.cleaned_data[f"{month:%Y-%m}"] for month in self.months}
        return {month: value for month, value in cells.items() if value is not None}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and not self.values():
            raise forms.ValidationError(_("Fill in a figure for at least one month."))
        return found


class ConsensusForm(forms.Form):
    """The grid of an agreed forecast: a column a party the person speaks for, and one for what is agreed; a
    field a month."""

    note = forms.CharField(label=_("Note"), max_length=400, required=False)

    def __init__(
        self, *args: Any, months: Sequence[datetime.date], columns: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.months, self.columns = months, columns
        labels = dict(Party.choices) | {"agreed": _("agreed")}
        for column in columns:
            for month in months:
                self.fields[self.name(column, month)] = _grid_field(
                    f"{labels[column]}, {formats.month(month)}",
                    show_hidden_initial=True,  # so that a cell somebody else filled in meanwhile stays
                )
        if "agreed" not in columns:
            del self.fields["note"]

    @staticmethod
    def name(column: str, month: datetime.date) -> str:
        return f"{column}-{month:%Y-%m}"

    def seen_column(self, column: str) -> dict[datetime.date, Decimal | None] | None:
        """What the editor saw in the column, by month; ``None`` when the page did not say."""
        seen: dict[datetime.date, Decimal | None] = {}
        for month in self.months:
            name = self.name(column, month)
            raw = self.data.get(self.add_initial_prefix(name))
            if raw is None:
                return None
            try:
                seen[month] = self.fields[name].to_python(raw)
            except forms.ValidationError:
                return None
        return seen

    def column(self, column: str) -> dict[datetime.date, Decimal | None]:
        """What the person changed, by month; a cell made empty is None."""
        changed = set(self.changed_data)
        cells = ((month, self.name(column, month)) for month in self.months)
        return {month: self.cleaned_data[name] for month, name in cells if name in changed}
