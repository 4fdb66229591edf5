"""The form of a bulk change: which field, and its one value."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.organisation import today
from products.models import Product, Segment, Supplier
from products.selectors.access import families_visible
from products.selectors.lines import LineTree

from .fields import DayField, LineField, OwnerField

LABELS = {
    "owner": _("Owner"),
    "line": _("Product line"),
    "supplier": _("Supplier"),
    "segment": _("Customer segment"),
    "family": _("Family"),
    "ended": _("Last day on sale"),
    "temporary": _("Temporary"),
    "kind": _("Kind"),
}


class BulkForm(forms.Form):
    """``field`` says which one; ``value`` is of its kind, and empty where the field may be empty."""

    start_date = DayField(label=_("From"), required=False)

    def __init__(self, *args: Any, user: Any, tree: LineTree, name: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.name = name
        self.fields["value"] = self._value(user, tree)
        self.order_fields(["value", "start_date"])
        if name == "family":
            self.fields["start_date"].initial = today
            self.fields["start_date"].required = True
        else:
            del self.fields["start_date"]

    def _value(self, user: Any, tree: LineTree) -> forms.Field:
        label = LABELS[self.name]
        if self.name == "owner":
            return OwnerField(label=label, required=False, empty_label=_("as the line"))
        if self.name == "line":
            line = LineField(label=label)
            line.limit_to(user, tree)
            return line
        if self.name == "family":
            return forms.ModelChoiceField(
                families_visible(user), label=label, required=False, empty_label=_("no family any more")
            )
        if self.name in ("supplier", "segment"):
            model = Supplier if self.name == "supplier" else Segment
            return forms.ModelChoiceField(
                model._default_manager.all(), label=label, required=False, empty_label=_("none")
            )
        if self.name == "ended":
            return DayField(label=label, required=False, help_text=_("Empty: on sale again."))
        if self.name == "temporary":
            return forms.TypedChoiceField(
                label=label, choices=[("yes", _("yes")), ("no", _("no"))], coerce=lambda value: value == "yes"
            )
        return forms.ChoiceField(label=label, choices=Product.Kind.choices)
