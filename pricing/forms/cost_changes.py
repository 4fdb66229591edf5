"""Many costs changed at once, and the prices that follow."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms.currency import CurrencyField
from core.forms.number import NumberField
from core.organisation import organisation_get
from pricing.forms.prices import READ_BY_ALL
from pricing.models import CostChange, CostKind, PriceList
from pricing.selectors.ledger import UNMAPPED
from products.forms.fields import DayField, ProductCodeField
from products.models import ProductLine, Supplier
from products.selectors.access import channels_visible, lines_visible


class CostChangeForm(forms.Form):
    """Which cost lines, how, from when and why."""

    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.all(),
        required=False,
        to_field_name="code",
        empty_label=_("all"),
    )
    kind = forms.ModelChoiceField(
        label=_("Kind of cost"),
        queryset=CostKind.objects.exclude(code=UNMAPPED),
        required=False,
        to_field_name="code",
        empty_label=_("all"),
    )
    line = forms.ModelChoiceField(
        label=_("Product line"),
        queryset=ProductLine.objects.none(),
        required=False,
        to_field_name="code",
        empty_label=_("all"),
        help_text=_("With those below it, and their products."),
    )
    product = ProductCodeField(
        label=_("Product"), max_length=60, required=False, help_text=_("Its code: only what is its own.")
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=None, required=False, to_field_name="code", empty_label=_("all")
    )
    currency = CurrencyField(required=False, help_text=_("Three letters, such as USD."))
    how = forms.ChoiceField(label=_("How"), choices=CostChange.How.choices)
    value = NumberField(
        label=_("By how much, or to what"),
        max_digits=18,
        decimal_places=6,
        help_text=_(
            "4 for four per cent more, -2.5 for less; an amount; or what 1 of their currency is in ours."
        ),
    )
    start_date = DayField(label=_("From"))
    reason = forms.CharField(label=_("Why"), max_length=200)

    CHOSEN = ("supplier", "kind", "line", "product", "channel")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].user = user  # type: ignore[attr-defined]
        self.fields["line"].queryset = lines_visible(user)  # type: ignore[attr-defined]
        self.fields["channel"].queryset = channels_visible(user)  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        said = self.cleaned_data
        chosen = {name: said[name].pk for name in self.CHOSEN if said[name] is not None}
        value = said["value"] / 100 if said["how"] == CostChange.How.PERCENTAGE else said["value"]
        return {
            "chosen": chosen | {"currency": said["currency"].strip().upper()},
            "how": said["how"],
            "value": value,
            "start_date": said["start_date"],
            "reason": said["reason"],
        }


class CostPriceForm(forms.Form):
    """Prices that make up for what costs more."""

    price_list = forms.ModelChoiceField(
        label=_("Price list"), queryset=PriceList.objects.none(), empty_label=None
    )
    keep = forms.ChoiceField(
        label=_("So that"),
        choices=(
            ("rate", _("the margin stays the same share of net sales")),
            ("amount", _("the margin stays the same amount")),
            ("floor", _("the margin is just at its floor")),
        ),
    )
    reason = forms.CharField(label=_("Why"), max_length=200, help_text=READ_BY_ALL)

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = lists.filter(kind=PriceList.Kind.OWN, currency=organisation_get().currency)
        self.fields["price_list"].queryset = own  # type: ignore[attr-defined]
