"""What an account of the ledger costs, from a month on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.forms import MonthField
from pricing.models import LedgerMapping
from pricing.selectors.costs import kinds_offered
from pricing.services.ledger import Part
from products.forms.fields import ProductCodeField, RatePercentField
from products.models import Channel, ProductLine

PARTS = 5


class MappingForm(forms.Form):
    account = forms.CharField(label=_("Account"), max_length=40)
    cost_centre = forms.CharField(
        label=_("Cost centre"), max_length=40, required=False, help_text=_("Empty: of any.")
    )
    dimension = forms.CharField(
        label=_("Dimension"), max_length=40, required=False, help_text=_("Empty: of any.")
    )
    start_month = MonthField(label=_("From"), help_text=_("Holds until the next mapping of the same."))
    reason = forms.CharField(
        label=_("Why closed months are corrected"),
        max_length=400,
        required=False,
        help_text=_("Only where the mapping begins in a closed month."),
    )


class PartForm(forms.Form):
    """What a share of the amount costs; a row where nothing is chosen is none."""

    share = RatePercentField(
        label=_("Share, %"), required=False, decimal_places=4, help_text=_("Empty: all that is left.")
    )
    kind = forms.ModelChoiceField(
        label=_("Kind of cost"),
        queryset=kinds_offered(),
        to_field_name="code",
        required=False,
        empty_label="—",
    )
    product = ProductCodeField(
        label=_("Product"), max_length=60, required=False, help_text=_("Its code; empty: of a line, or all.")
    )
    line = forms.ModelChoiceField(
        label=_("Product line"),
        queryset=ProductLine.objects.all(),
        to_field_name="code",
        required=False,
        empty_label=_("all products"),
    )
    key = forms.ChoiceField(
        label=pgettext_lazy("cost", "Split"),
        choices=[("", "—"), *LedgerMapping._meta.get_field("key").choices],  # type: ignore[list-item]
        required=False,
        help_text=_("How the products of a line, or all, share the amount of a month."),
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=Channel.objects.all(),
        to_field_name="code",
        required=False,
        empty_label=_("all"),
    )

    def __init__(self, *args: Any, user: Any, choices: dict[str, list[Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].user = user  # type: ignore[attr-defined]
        for name, rows in choices.items():  # read once for all rows
            field: Any = self.fields[name]
            field.widget.choices = [("", field.empty_label), *rows]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if self.has_changed() and "kind" in found and found["kind"] is None:
            self.add_error("kind", gettext("Say what it costs."))
        return found


class BasePartFormSet(forms.BaseFormSet):
    @property
    def chosen(self) -> list[PartForm]:
        return [form for form in self.forms if form.cleaned_data.get("kind")]

    @property
    def parts(self) -> list[Part]:
        """The one part without a share is all that the others leave."""
        said = [form.cleaned_data for form in self.chosen]
        shares = [each["share"] for each in said if each["share"] is not None]
        left = Decimal(1) - sum(shares, Decimal(0))
        return [Part(**each | {"share": left if each["share"] is None else each["share"]}) for each in said]

    @property
    def is_several(self) -> bool:
        return self.is_bound and any(form.has_changed() for form in self.forms[1:])


def parts_formset(data: Any, user: Any) -> Any:
    made = forms.formset_factory(PartForm, formset=BasePartFormSet, extra=PARTS, max_num=PARTS)
    choices = {
        "kind": [(row.code, str(row)) for row in kinds_offered()],
        "line": [(row.code, str(row)) for row in ProductLine.objects.all()],
        "channel": [(row.code, str(row)) for row in Channel.objects.all()],
    }
    return made(data, prefix="parts", form_kwargs={"user": user, "choices": choices})
