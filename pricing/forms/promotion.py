"""The form of a promotion, its products in rows of their own."""

from __future__ import annotations

import datetime
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms.number import NumberField
from core.numbers import int_read
from core.organisation import organisation_get, today
from pricing.models import PriceList, Promotion
from pricing.models.price import PLACES
from pricing.selectors.promotions import currency_of
from pricing.services.promotions import ONE_OF, ProductPlan, PromotionPlan
from products.forms.fields import DayField, LineField, ProductCodeField, RatePercentField
from products.models import Channel
from products.selectors.access import channels_visible
from products.selectors.lines import line_tree

# Rows for products in an empty form, and at most.
ROWS, MOST_ROWS = 3, 60
YEAR = datetime.timedelta(weeks=52)
_PLAN = (
    *("name", "mechanic", "rate", "amount", "quantity", "currency", "store_start", "store_end"),
    "delivery_start",
    *("delivery_end", "own_share_rate", "budget_amount", "planned_uplift_rate", "note", "alternatives"),
    "exception_note",
    "exception",
)


_PRICE: dict[str, Any] = {"max_digits": 20, "decimal_places": PLACES}


def _money(**options: Any) -> NumberField:
    options = {"max_digits": 18, "decimal_places": 4, "min_value": 0} | options
    return NumberField(required=False, **options)


class PromotionCostForm(forms.Form):
    """What a promotion turned out to cost: an amount, or where the ledger books it."""

    amount = _money(label=_("What it cost us in all"), decimal_places=2)
    dimension = forms.CharField(
        label=_("or as the ledger books it under"),
        max_length=40,
        required=False,
        help_text=_("The dimension its entries have; their sum is what it cost."),
    )
    known_date = DayField(label=_("Known on"), initial=today)
    source = forms.CharField(
        label=_("According to"), max_length=200, required=False, help_text=_("Such as the invoice.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = f"{self.fields['amount'].label} ({organisation_get().currency})"


class PromotionForm(forms.Form):
    """What is offered, where, when, for how much. ``confirmed``: overlaps were seen."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As people know it: “1.59 offer”."))
    mechanic = forms.ChoiceField(
        label=_("How does the offer work?"), choices=[("", "—"), *Promotion.Mechanic.choices]
    )
    rate = RatePercentField(
        label=_("Percentage"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        help_text=_("Off the price (price cut, coupon, welcome, cashback), or extra in a bonus pack."),
    )
    amount = _money(
        label=_("Amount"), help_text=_("Off the price of a unit; of “so many for”: the price together.")
    )
    quantity = forms.IntegerField(
        label=_("How many"), required=False, min_value=2, max_value=100, help_text=_("Of “so many for”.")
    )
    currency = forms.ChoiceField(
        label=_("Currency"), required=False, help_text=_("Of its amounts, prices and budget.")
    )
    channels = forms.ModelMultipleChoiceField(
        label=_("Channels"),
        queryset=Channel.objects.none(),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
        help_text=_("With those below. None chosen: everywhere."),
    )
    store_start = DayField(label=_("In store from"))
    store_end = DayField(label=_("In store until"), help_text=_("The last day of the offer."))
    delivery_start = DayField(
        label=_("Delivery from"), required=False, help_text=_("When the trade buys at promotion terms.")
    )
    delivery_end = DayField(label=_("Delivery until"), required=False)
    budget_amount = _money(
        label=_("Budget"),
        help_text=_("What it costs beside the lower price that your sales show, yours and theirs."),
    )
    own_share_rate = RatePercentField(
        label=_("Our share of the cost"), min_value=0, max_value=100, initial=Decimal(1)
    )
    planned_uplift_rate = RatePercentField(
        label=_("Planned extra volume"),
        required=False,
        min_value=-99,
        max_value=10000,
        help_text=_("On top of what would be sold without it: 60 is 60% more."),
    )
    note = forms.CharField(
        label=_("Why this promotion"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed to propose it: whoever approves reads it, and the decision keeps it."),
    )
    alternatives = forms.CharField(
        label=_("Alternatives considered"),
        required=False,
        max_length=400,
        help_text=_("Kept with the decision, beside what it turned out to do."),
    )
    exception_note = forms.CharField(
        label=_("Why in a forbidden period"),
        required=False,
        max_length=300,
        help_text=_("Only where the days fall in one."),
    )
    exception = forms.CharField(
        label=_("Why the exception"),
        required=False,
        max_length=400,
        help_text=_("Only where a price in it passes a bound that asks for a reason."),
    )
    confirmed = forms.BooleanField(required=False)
    rows = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=MOST_ROWS)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    nonce = forms.CharField(widget=forms.HiddenInput, required=False, max_length=80)

    def __init__(self, *args: Any, user: Any, count: int = ROWS, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channels"].queryset = channels_visible(user).order_by("name", "pk")
        codes = [*currencies_asked(), *filter(None, [self.initial.get("currency")])]
        self.fields["currency"].choices = [(code, code) for code in dict.fromkeys(codes)]
        self.count = count
        for place in range(1, count + 1):
            code = ProductCodeField(
                label=_("Product (code)"),
                required=False,
                widget=forms.TextInput(attrs={"list": "promotion-products", "autocomplete": "off"}),
            )
            code.user = user
            self.fields[f"product_{place}"] = code
            self.fields[f"price_{place}"] = _money(label=_("Normal price"), **_PRICE)
            self.fields[f"effective_{place}"] = _money(label=_("Price in the promotion"), **_PRICE)

    def clean(self) -> dict[str, Any]:
        """What the mechanic does not use would be dropped: it is said."""
        data = super().clean() or self.cleaned_data
        mechanic = data.get("mechanic")
        used = {
            "rate": (*ONE_OF, Promotion.Mechanic.BONUS_PACK),
            "amount": (*ONE_OF, Promotion.Mechanic.N_FOR),
            "quantity": (Promotion.Mechanic.N_FOR,),
        }
        for name, mechanics in used.items():
            if mechanic and data.get(name) is not None and mechanic not in mechanics:
                self.add_error(name, _("This kind of offer does not use it: leave it empty."))
        return data

    @property
    def only_currency(self) -> str:
        """Where there is nothing to choose."""
        codes = [code for code, _label in self.fields["currency"].choices]
        return codes[0] if len(codes) == 1 else ""

    @property
    def product_rows(self) -> list[tuple[Any, Any, Any]]:
        """The fields of each product, for the template."""
        places = range(1, self.count + 1)
        return [(self[f"product_{n}"], self[f"price_{n}"], self[f"effective_{n}"]) for n in places]

    def plan(self) -> PromotionPlan:
        """What the service takes; only of a valid form."""
        data = self.cleaned_data
        products = [
            ProductPlan(data[f"product_{n}"], data.get(f"price_{n}"), data.get(f"effective_{n}"))
            for n in range(1, self.count + 1)
            if data.get(f"product_{n}") is not None
        ]
        return PromotionPlan(
            **{name: data[name] for name in _PLAN}, products=products, channels=list(data["channels"])
        )


def currencies_asked() -> list[str]:
    """Ours first, then those of price lists. One query."""
    ours = organisation_get().currency
    others = PriceList.objects.exclude(currency=ours).order_by("currency").values_list("currency", flat=True)
    return [ours, *others.distinct()]


def rows_asked(posted: Any) -> int:
    """How many rows for products the posted form has."""
    asked = int_read(posted.get("rows", ""))
    return ROWS if asked is None else max(1, min(asked, MOST_ROWS))


def promotion_initial(promotion: Promotion, *, again: bool = False) -> dict[str, Any]:
    """A promotion as the form shows it; ``again``: next year, on the same days of the week."""
    initial: dict[str, Any] = {name: getattr(promotion, name) for name in _PLAN}
    initial["currency"] = currency_of(promotion)
    initial["channels"] = [row.channel_id for row in promotion.channel_rows.all()]
    for place, row in enumerate(promotion.rows.all(), start=1):
        initial[f"product_{place}"] = row.product.code
        initial[f"price_{place}"] = _plain(row.price)
        initial[f"effective_{place}"] = _plain(row.effective_price)
    for name in ("amount", "budget_amount"):
        initial[name] = _plain(initial[name])
    if again:
        initial["exception_note"] = initial["exception"] = ""
        for name in ("store_start", "store_end", "delivery_start", "delivery_end"):
            initial[name] = initial[name] and initial[name] + YEAR
    else:
        initial["version"] = promotion.version
    return initial


def promotion_asked(said: Any) -> dict[str, Any]:
    """What an address says of one that is to be planned; what cannot be read is left out."""
    found: dict[str, Any] = {"product_1": said.get("product", ""), "mechanic": said.get("mechanic", "")}
    found["channels"] = [pk for pk in said.getlist("channels") if int_read(pk)]
    for name in ("store_start", "store_end"):
        with suppress(ValueError):
            found[name] = datetime.date.fromisoformat(said.get(name, ""))
    for name in ("price_1", "effective_1", "rate", "budget_amount", "planned_uplift_rate"):
        with suppress(InvalidOperation):
            number = Decimal(said.get(name, ""))
            if number.is_finite():
                found[name] = number
    return found


def _plain(value: Decimal | None) -> Decimal | None:
    """With two decimals where that says it all."""
    if value is None:
        return None
    cents = value.quantize(Decimal("0.01"))
    return cents if cents == value else value.normalize()


class ForbiddenForm(forms.Form):
    """Days without promotions, of a line or a channel."""

    line = LineField(label=_("Product line"), required=False, empty_label="—")
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=Channel.objects.none(), required=False, empty_label="—"
    )
    start_date = DayField(label=_("From"))
    end_date = DayField(label=_("Until"))
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["line"].limit_to(user, line_tree())
        self.fields["channel"].queryset = channels_visible(user).order_by("name", "pk")
