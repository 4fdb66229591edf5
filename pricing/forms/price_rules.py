"""The rules that prices keep to: bounds, days of notice, the VAT of a line, reference customers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.forms.currency import CurrencyField
from core.forms.number import NumberField
from core.organisation import organisation_get
from pricing.forms.prices import amount_read
from pricing.models import Bound, Levy, Price
from pricing.models.price import PLACES, Vat
from products.forms.fields import DayField, ProductCodeField, RatePercentField
from products.models import ProductLine
from products.selectors.access import channels_visible, lines_visible


class ProductOrLineForm(forms.Form):
    """For a product by its code, else for a line."""

    product = ProductCodeField(label=_("Product"), max_length=60, required=False, help_text=_("Its code."))
    line = forms.ModelChoiceField(
        label=_("or all products of a line"),
        queryset=ProductLine.objects.none(),
        required=False,
        to_field_name="code",
        empty_label="—",
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].user = user  # type: ignore[attr-defined]
        self.fields["line"].queryset = lines_visible(user)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and (found["product"] is None) == (found["line"] is None):
            raise forms.ValidationError(_("Choose a product or a line."))
        return found


class BoundForm(ProductOrLineForm):
    start_date = DayField(label=_("From"))
    component = forms.ChoiceField(
        label=_("Which price"), choices=Price.Component.choices, initial=Price.Component.UNIT
    )
    tier = forms.CharField(
        label=_("Tier"),
        max_length=40,
        required=False,
        help_text=_("Such as a time of use; empty: all there are."),
    )
    currency = CurrencyField(
        help_text=_("Lists in another currency are held against bounds of their own."),
    )
    least = NumberField(
        label=_("At least"),
        max_digits=20,
        decimal_places=PLACES,
        min_value=0,
        required=False,
    )
    most = NumberField(
        label=_("At most"),
        max_digits=20,
        decimal_places=PLACES,
        min_value=0,
        required=False,
        help_text=_("Neither: no bound from then on."),
    )
    with_vat = forms.BooleanField(label=_("with VAT"), required=False)
    source = forms.CharField(
        label=_("Laid down in"), max_length=200, help_text=_("A law, a contract, a guarantee, a floor.")
    )
    beyond = forms.ChoiceField(label=_("A price beyond it is"), choices=Bound.Beyond.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].initial = organisation_get().currency


class PerishableForm(ProductOrLineForm):
    start_date = DayField(label=_("From"))
    perishable = forms.BooleanField(
        label=_("perishable"),
        required=False,
        initial=True,
        help_text=_("Not ticked: it keeps, whatever its line says."),
    )


class VatRateForm(forms.Form):
    code = forms.ChoiceField(
        label=_("VAT"), choices=[choice for choice in Vat.choices if choice[0] in (Vat.HIGH, Vat.LOW)]
    )
    start_date = DayField(label=_("From"), help_text=_("Tomorrow at the earliest."))
    rate = RatePercentField(label=_("Rate (%)"), min_value=0, max_value=Decimal("99.99"))


class NoticeForm(forms.Form):
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=None, required=False, to_field_name="code", empty_label=_("all")
    )
    days = forms.IntegerField(
        label=_("Days of notice"), min_value=0, max_value=366, help_text=_("0 takes the rule away.")
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = channels_visible(user)  # type: ignore[attr-defined]


class PassThroughForm(forms.Form):
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=None, required=False, to_field_name="code", empty_label=_("all")
    )
    start_date = DayField(label=_("From"))
    rate = NumberField(
        label=_("Pass-through (%)"),
        min_value=0,
        max_value=200,
        decimal_places=2,
        help_text=_("100: the reseller keeps his margin in per cent. 50: of 4 per cent he passes on 2."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = channels_visible(user)  # type: ignore[attr-defined]

    def clean_rate(self) -> Decimal:
        return Decimal(self.cleaned_data["rate"]) / 100


class LineVatForm(forms.Form):
    line = forms.ModelChoiceField(
        label=_("Product line"), queryset=ProductLine.objects.none(), to_field_name="code", empty_label=None
    )
    code = forms.ChoiceField(label=_("VAT"), choices=Vat.choices)
    start_date = DayField(label=_("From"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].queryset = lines_visible(user)  # type: ignore[attr-defined]


class LevyForm(forms.Form):
    """A tax or levy besides VAT; ``steps`` becomes from how much, and what a unit bears."""

    line = forms.ModelChoiceField(
        label=_("Product line"), queryset=ProductLine.objects.none(), to_field_name="code", empty_label=None
    )
    name = forms.CharField(label=_("Levy"), max_length=60, help_text=_("Such as “energy tax”."))
    start_date = DayField(label=_("From"))
    basis = forms.ChoiceField(label=_("Basis"), choices=Levy.Basis.choices)
    tier = forms.CharField(
        label=_("Tier"),
        max_length=40,
        required=False,
        help_text=_(
            "Of which use, such as kWh; empty: of the price per unit without a tier, and a share of "
            "all that is paid."
        ),
    )
    steps = forms.CharField(
        label=_("Amounts"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "Without VAT: one amount, or one a line after the use it begins at: “10000 0.06937”. Below "
            "nothing: a reduction. 0: none from then on. Nothing takes that date away. A share of the price: "
            "its percentage."
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].queryset = lines_visible(user)  # type: ignore[attr-defined]

    def clean_steps(self) -> list[tuple[Decimal, Decimal]]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["steps"].splitlines())):
            begin, _space, text = line.rpartition(" ")
            said = [amount_read(part) if part else Decimal(0) for part in (begin.strip(), text)]
            if said[0] is None or said[1] is None or not 0 <= said[0] < 10**14 or abs(said[1]) >= 10**9:
                message = gettext("This cannot be read as a use and an amount: %(line)s")
                raise forms.ValidationError(message % {"line": line[:60]})
            found.append((round(said[0], 4), round(said[1], 8)))
        return found

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("basis") == Levy.Basis.SHARE and "steps" in found:
            if any(abs(percent) > 100 for _begin, percent in found["steps"]):
                self.add_error("steps", gettext("A share is at most 100%."))
            else:
                found["steps"] = [(begin, round(percent / 100, 6)) for begin, percent in found["steps"]]
        return found


class ReferenceCustomerForm(forms.Form):
    """What a customer uses in a year; ``uses`` becomes an amount by tier."""

    line = forms.ModelChoiceField(
        label=_("Product line"), queryset=ProductLine.objects.none(), to_field_name="code", empty_label=None
    )
    customer = forms.CharField(label=_("Name"), max_length=80, help_text=_("Such as “average household”."))
    uses = forms.CharField(
        label=_("Uses in a year"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_(
            "One a line, such as “2500 kWh”: an amount and the tier of the price; without a tier only an "
            "amount. Nothing takes the customer away."
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].queryset = lines_visible(user)  # type: ignore[attr-defined]

    def clean_uses(self) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["uses"].splitlines())):
            number, _space, tier = line.partition(" ")
            amount = amount_read(number) if re.fullmatch(r"[\d.,]+", number) else None
            tier = tier.strip()
            if not amount or amount >= 10**14 or len(tier) > 40:
                raise forms.ValidationError(
                    gettext("This cannot be read as an amount and a tier: %(line)s") % {"line": line[:60]}
                )
            if tier.casefold() in map(str.casefold, found):
                raise forms.ValidationError(
                    gettext("%(tier)s stands there twice.") % {"tier": tier or number}
                )
            found[tier] = round(amount, 4)
        return found
