"""What an account of the ledger costs, from a month on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.forms import MonthField
from pricing.models import CostKind, LedgerMapping
from pricing.selectors.ledger import UNMAPPED
from products.forms.fields import ProductCodeField
from products.models import ProductLine


class MappingForm(forms.Form):
    account = forms.CharField(label=_("Account"), max_length=40)
    cost_centre = forms.CharField(
        label=_("Cost centre"), max_length=40, required=False, help_text=_("Empty: of any.")
    )
    dimension = forms.CharField(
        label=_("Dimension"), max_length=40, required=False, help_text=_("Empty: of any.")
    )
    start_month = MonthField(label=_("From"), help_text=_("Holds until the next mapping of the same."))
    kind = forms.ModelChoiceField(
        label=_("Kind of cost"),
        queryset=CostKind.objects.exclude(code=UNMAPPED),
        to_field_name="code",
        required=False,
        empty_label="—",
    )
    ends = forms.BooleanField(
        label=_("Not mapped any more"), required=False, help_text=_("What is less specific holds again.")
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

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].user = user  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "kind" in found and (found["kind"] is None) != found.get("ends", False):
            self.add_error("kind", gettext("Say what it costs, or that it is not mapped any more."))
        return found

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "ends"}
