"""The form of a launch plan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import MonthField
from core.forms.number import NumberField
from core.months import month_add, month_start
from core.organisation import today
from forecasting.models import LaunchPlan
from forecasting.selectors.launches import PlanSeen
from forecasting.services.launches import MOST_REFERENCES
from products.forms.fields import ProductCodeField, RatePercentField
from products.models import Product


class LaunchForm(forms.Form):
    """What a new product borrows: up to four like-items with weights, or a diffusion."""

    method = forms.ChoiceField(
        label=_("How does it start?"), choices=LaunchPlan.Method.choices, widget=forms.RadioSelect
    )
    scale = RatePercentField(
        label=_("Size"),
        min_value=Decimal("0.01"),
        max_value=100000,
        help_text=_("Against the like-items: 80 when you expect four fifths of what they sold."),
    )
    launch_month = MonthField(
        label=_("First month"),
        help_text=_("The curve starts here; once there are sales, with the first of them."),
    )
    phase_in_months = forms.IntegerField(
        label=_("Phase-in (months)"),
        min_value=0,
        max_value=36,
        required=False,
        help_text=_("Over so many months it becomes available everywhere; 0 is at once."),
    )
    p = NumberField(
        label=_("Innovators (p)"),
        required=False,
        help_text=_("Who buys by themselves, a month. Empty: from the like-items."),
    )
    q = NumberField(
        label=_("Imitators (q)"),
        required=False,
        help_text=_("Who buys because others did, a month. Empty: from the like-items."),
    )
    market = NumberField(
        label=_("Buyers in the end"),
        required=False,
        help_text=_("In the measure's unit. Empty: the like-items' times the size."),
    )
    note = forms.CharField(
        label=_("Why these?"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Others read it beside the forecast."),
    )

    def __init__(self, *args: Any, user: Any, choices_url: str, **options: Any) -> None:
        super().__init__(*args, **options)
        asks = {
            "hx-get": choices_url,
            "hx-trigger": "input changed delay:200ms",
            "hx-target": "#like-items",
            "hx-sync": "this:replace",
        }
        for place in range(1, MOST_REFERENCES + 1):
            code = ProductCodeField(
                label=_("Like-item (code)"),
                required=False,
                widget=forms.TextInput(attrs={"list": "like-items", "autocomplete": "off", **asks}),
            )
            code.user = user
            self.fields[f"reference_{place}"] = code
            self.fields[f"weight_{place}"] = NumberField(
                label=_("Weight"), min_value=0, max_digits=7, decimal_places=2, required=False
            )

    @property
    def reference_rows(self) -> list[tuple[Any, Any]]:
        """The fields in pairs, for the template."""
        places = range(1, MOST_REFERENCES + 1)
        return [(self[f"reference_{place}"], self[f"weight_{place}"]) for place in places]

    def values(self) -> dict[str, Any]:
        """What the service takes. A product without a weight counts as the others on average."""
        data = self.cleaned_data
        names = ("method", "scale", "launch_month", "note")
        said: dict[str, Any] = {name: data[name] for name in names}
        for name in ("p", "q", "market"):
            said[name] = None if data[name] is None else float(data[name])
        return said | {
            "phase_in_months": data["phase_in_months"] or 0,
            "references": self.references(),
        }

    def references(self) -> list[tuple[Product, Decimal]]:
        data = self.cleaned_data
        places = range(1, MOST_REFERENCES + 1)
        rows = [(data.get(f"reference_{place}"), data.get(f"weight_{place}")) for place in places]
        given = [weight for product, weight in rows if product is not None and weight is not None]
        usual = sum(given, Decimal(0)) / len(given) if given else Decimal(100)
        return [
            (product, usual.quantize(Decimal("0.01")) if weight is None else weight)
            for product, weight in rows
            if product is not None
        ]


def launch_initial(product: Product, seen: PlanSeen | None) -> dict[str, Any]:
    """A plan as the form shows it; without one, what is likely."""
    if seen is None:
        first = month_start(product.launched) if product.launched else month_add(month_start(today()), 1)
        return {
            "method": LaunchPlan.Method.LIKE_ITEMS,
            "scale": Decimal(1),
            "launch_month": first,
            "phase_in_months": 0,
        }
    plan = seen.plan
    names = ("method", "scale", "launch_month", "phase_in_months", "p", "q", "market", "note")
    initial: dict[str, Any] = {name: getattr(plan, name) for name in names}
    for place, reference in enumerate(seen.references[:MOST_REFERENCES], start=1):
        initial[f"reference_{place}"] = reference.code
        initial[f"weight_{place}"] = Decimal(f"{reference.weight:g}")
    return initial
