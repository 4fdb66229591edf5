"""Cost lines, their rates and the kinds of cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models.functions import Lower
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from core.forms.currency import CurrencyField
from core.forms.number import NumberField
from core.numbers import typed
from core.organisation import organisation_get, today
from pricing.forms.prices import cells_read
from pricing.models import CostKind, CostLine, CostRate
from pricing.selectors.costs import kinds_offered
from pricing.services.costs import RateValues
from products.forms.fields import DayField, ProductCodeField, RatePercentField
from products.models import Measure, Product, ProductLine, Supplier
from products.selectors.access import (
    channels_visible,
    is_limited,
    lines_visible,
    products_visible,
    visible_channel_ids,
)

QUANTITY: dict[str, Any] = {"max_digits": 18, "decimal_places": 4, "min_value": 0, "required": False}


class RateForm(forms.Form):
    """What a line comes to from a date on; ``basis`` of the line, or chosen beside it."""

    start_date = DayField(label=_("From"))
    amount = NumberField(
        label=_("Amount or percentage"),
        max_digits=18,
        decimal_places=6,
        required=False,
        help_text=_(
            "In the currency of the line, without VAT that is reclaimed; 4.5 for four and a half per cent."
        ),
    )
    ends = forms.BooleanField(
        label=_("Ends on that day"), required=False, help_text=_("Nothing any more from then on.")
    )
    exchange_rate = NumberField(
        label=_("Exchange rate"),
        max_digits=18,
        decimal_places=8,
        required=False,
        help_text=_("What 1 of the line's currency is in ours; only for another currency."),
    )
    times = NumberField(
        label=_("How often"),
        max_digits=14,
        decimal_places=6,
        required=False,
        help_text=_("A unit, contract or month; empty: once. Two visits a year are 0.166667 a month."),
    )
    from_quantity = NumberField(
        label=_("From quantity"),
        help_text=_("A tier: holds for all of a month that reaches it. Only per unit."),
        **QUANTITY,
    )
    least_quantity = NumberField(
        label=_("Minimum order"), help_text=_("Charged at least. Only per unit."), **QUANTITY
    )
    vat_rate = RatePercentField(
        label=_("VAT not reclaimed"),
        required=False,
        min_value=0,
        max_value=99,
        help_text=_("In per cent; where what is sold is exempt, it is part of the cost."),
    )
    confirmed = forms.BooleanField(
        label=_("It holds already: I know that it can only be corrected, with a reason"), required=False
    )

    def __init__(self, *args: Any, basis: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of_basis = basis

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "amount" in found and (found["amount"] is None) != found.get("ends", False):
            missing = gettext("Give an amount, or say that it ends.")
            both = gettext("Give an amount or say that it ends, not both.")
            self.add_error("amount", missing if found["amount"] is None else both)
        start = found.get("start_date")
        if start is not None and start <= today() and not found.get("confirmed"):
            self.add_error(
                "confirmed", gettext("This rate begins today or in the past. Tick that this is meant.")
            )
        return found

    def values(self) -> RateValues:
        said = self.cleaned_data
        amount = said["amount"]
        if amount is not None and self.of_basis == CostLine.Basis.SHARE:
            amount = amount / 100
        return RateValues(
            amount=amount,
            from_quantity=said["from_quantity"] or Decimal(0),
            times=Decimal(1) if said["times"] is None else said["times"],
            least_quantity=said["least_quantity"] or Decimal(0),
            exchange_rate=said["exchange_rate"],
            vat_rate=said["vat_rate"] or Decimal(0),
        )


class CorrectionForm(RateForm):
    """What a rate that has begun should have been, and why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=400, help_text=_("What went wrong; it is kept with the rate.")
    )
    is_void = forms.BooleanField(
        label=_("It should not have been at all"),
        required=False,
        help_text=_("The rate before it goes on; of what is paid once nothing is left."),
    )

    def __init__(self, *args: Any, rate: CostRate, **kwargs: Any) -> None:
        initial: dict[str, Any] = {
            "times": typed(rate.times) if rate.times != 1 else None,
            "least_quantity": typed(rate.least_quantity) or None,
            "vat_rate": rate.vat_rate or None,
            "ends": rate.amount is None,
        }
        if rate.cost_line.currency != organisation_get().currency:
            initial["exchange_rate"] = typed(rate.exchange_rate)
        if rate.amount is not None:
            percent = rate.cost_line.basis == CostLine.Basis.SHARE
            initial["amount"] = typed(rate.amount * 100 if percent else rate.amount)
        super().__init__(*args, initial=initial, basis=rate.cost_line.basis, **kwargs)
        for name in ("start_date", "from_quantity", "confirmed"):
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("is_void"):
            for name in self.errors.keys() - {"reason"}:
                del self._errors[name]
        return found

    def values(self) -> RateValues | None:  # type: ignore[override]
        """``None``: it should not have been."""
        if self.cleaned_data["is_void"]:
            return None
        self.cleaned_data["from_quantity"] = None
        return super().values()


class SharesForm(forms.Form):
    """Fixed shares from a month on."""

    start_date = DayField(label=_("From"), help_text=_("The first of a month."))
    shares = forms.CharField(
        label=_("Code and share"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("The first two columns of a spreadsheet, a product a line."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="key", **kwargs)
        self.user = user

    def clean_shares(self) -> dict[Product, Decimal]:
        return shares_parts(self.user, self.cleaned_data["shares"])


def shares_parts(user: Any, text: str) -> dict[Product, Decimal]:
    """Fixed shares by product, as they were pasted; ValidationError for what cannot be read."""
    amounts, problems = cells_read(text)
    rows = products_visible(user).annotate(lower=Lower("code")).filter(lower__in=list(amounts))
    known = {row.code.lower(): row for row in rows}
    problems += [f"{code}?" for code in amounts if code not in known]
    if problems:
        said = gettext("This cannot be read as a code and a share: %(lines)s")
        raise forms.ValidationError(said % {"lines": "; ".join(problems[:5])})
    return {known[code]: amount for code, amount in amounts.items()}


class CostLineForm(RateForm):
    """A new cost line with its first rate: of a product by its code, of a line, or of all products, as is
    chosen; what is left empty never makes it one of all."""

    whose = forms.ChoiceField(
        label=pgettext_lazy("cost", "Of"),
        choices=[("product", _("one product")), ("line", _("a product line")), ("all", _("all products"))],
        initial="product",
    )
    product = ProductCodeField(
        label=_("Product"), max_length=60, required=False, help_text=_("The code of the one product.")
    )
    line = forms.ModelChoiceField(
        label=_("Product line"),
        queryset=ProductLine.objects.none(),
        required=False,
        to_field_name="code",
        empty_label="—",
        help_text=_("All products of it, and of the lines below it."),
    )
    kind = forms.ModelChoiceField(
        label=_("Kind of cost"),
        queryset=kinds_offered(),
        to_field_name="code",
        empty_label=None,
    )
    name = forms.CharField(
        label=_("What it is"), max_length=80, required=False, help_text=_("Such as the ingredient or part.")
    )
    basis = forms.ChoiceField(label=_("Basis"), choices=CostLine.Basis.choices)
    base = forms.ChoiceField(
        label=_("Of what"),
        choices=[("", "—"), *CostLine.Base.choices],
        required=False,
        help_text=_("Only for a percentage."),
    )
    measure = forms.ModelChoiceField(
        label=_("Per unit of"),
        queryset=Measure.objects.all(),
        required=False,
        to_field_name="code",
        empty_label=_("what is sold"),
        help_text=_("Only per unit: of each call, visit, return … that files of sales bring."),
    )
    supplier = forms.ModelChoiceField(
        label=_("Supplier"),
        queryset=Supplier.objects.all(),
        required=False,
        to_field_name="code",
        empty_label="—",
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=None,
        required=False,
        to_field_name="code",
        empty_label=_("all"),
        help_text=_("Only of what is sold there."),
    )
    cost_centre = forms.CharField(label=_("Cost centre"), max_length=40, required=False)
    currency = CurrencyField(help_text=_("Three letters, such as EUR."))
    key = forms.ChoiceField(
        label=pgettext_lazy("cost", "Split"),
        choices=[("", "—"), *CostLine.Key.choices],
        required=False,
        help_text=_("How the products share an amount a month or once, of a line or of all."),
    )
    shares = forms.CharField(
        label=_("Code and share"),
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        required=False,
        help_text=_("The first two columns of a spreadsheet, a product a line. Only for fixed shares."),
    )
    tail_months = forms.IntegerField(
        label=_("Months after the end"),
        min_value=0,
        max_value=600,
        required=False,
        help_text=_("How long an amount a month goes on after the product ended."),
    )
    note = forms.CharField(label=_("Note"), max_length=400, required=False)

    LINE = (
        *(
            "product",
            "line",
            "kind",
            "name",
            "base",
            "measure",
            "supplier",
            "channel",
            "cost_centre",
            "currency",
        ),
        *("key", "note"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["product"].user = user  # type: ignore[attr-defined]
        self.fields["line"].queryset = lines_visible(user)  # type: ignore[attr-defined]
        self.fields["channel"].queryset = channels_visible(user)  # type: ignore[attr-defined]
        self.fields["currency"].initial = organisation_get().currency
        if visible_channel_ids(user) is not None:  # what is of all channels is not theirs to say
            self.fields["channel"].required = True
            self.fields["channel"].empty_label = "—"  # type: ignore[attr-defined]
        if is_limited(user):
            self.fields["whose"].choices = self.fields["whose"].choices[:-1]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        self.of_basis = found.get("basis", "")
        for name, missing in (("product", gettext("Of which product?")), ("line", gettext("Of which line?"))):
            if found.get("whose") == name and found.get(name) is None and name not in self.errors:
                self.add_error(name, missing)
            elif found.get("whose") not in (name, None) and found.get(name) is not None:
                self.add_error(name, gettext("Choose that it is of this, or leave it empty."))
        try:
            found["parts"] = shares_parts(self.user, found.get("shares", ""))
        except forms.ValidationError as error:
            self.add_error("shares", error)
        return found

    def line_values(self) -> dict[str, Any]:
        said = self.cleaned_data
        values = {name: said[name] for name in self.LINE}
        return values | {"basis": said["basis"], "tail_months": said["tail_months"] or 0}


class LandedForm(forms.Form):
    """How many units the landed cost is worked out for."""

    units = NumberField(
        label=_("Units"), min_value=1, max_digits=12, decimal_places=0, localize=True, required=False
    )


class CostNoteForm(forms.ModelForm):
    """What can change of a line once it has rates; ``splits``: also how it is split, as none counts."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = CostLine
        fields = ["note", "tail_months", "key"]
        help_texts = {"key": _("It can change as long as no rate of it counts.")}

    def __init__(self, *args: Any, splits: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if splits:
            self.fields["key"].choices = CostLine.Key.choices  # type: ignore[attr-defined]
        else:
            del self.fields["key"]


class CostKindForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = CostKind
        fields = ["code", "name_nl", "name_en", "level", "place", "is_landed", "is_retired"]
        help_texts = {
            "is_retired": _("Not to be chosen for new cost lines and mappings; what has it keeps it.")
        }
