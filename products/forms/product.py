"""Forms of one product."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import formats
from core.forms.number import NumberField
from core.numbers import typed
from products.models import Family, Product, Segment, Supplier
from products.selectors.access import FLOOR_RIGHT, families_visible
from products.selectors.lines import Inherited, LineTree

from .fields import DayField, LineField, OwnerField, ProductCodeField, RatePercentField


class ProductForm(forms.Form):
    """Everything people say of a product; empty fields say what the product gets from its line."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("Your own article or product number. Every import matches on it."),
    )
    name = forms.CharField(label=_("Name"), max_length=160)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Product.Kind.choices,
        help_text=_("A service has no stock or supply chain: a contract, an insurance, a treatment."),
    )
    line = LineField(
        label=_("Product line"),
        help_text=_("What the fields below leave empty, the product gets from its line."),
    )
    owner = OwnerField(required=False, help_text=_("Gets the alerts of this product."))
    unit = forms.CharField(
        label=_("Unit"),
        max_length=40,
        required=False,
        help_text=_("What one of it is: pack, contract, MWh. Volumes are counted in it."),
    )
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    launched = DayField(
        label=_("Launched"), required=False, help_text=_("First day on sale. In the future: planned.")
    )
    ended = DayField(
        label=_("Ended"), required=False, help_text=_("Last day on sale. In the future: being phased out.")
    )
    temporary = forms.BooleanField(
        label=_("Temporary"),
        required=False,
        help_text=_("A promotion pack or monthly tariff: no stage of its own."),
    )
    supplier = forms.ModelChoiceField(
        label=_("Supplier"), queryset=Supplier.objects.all(), required=False, empty_label=_("none")
    )
    segment = forms.ModelChoiceField(
        label=_("Customer segment"),
        queryset=Segment.objects.all(),
        required=False,
        empty_label=_("none"),
        help_text=_("Whom the product serves."),
    )
    floor_rate = RatePercentField(
        label=_("Margin floor"),
        required=False,
        min_value=-100,
        max_value=100,
        help_text=_("The contribution margin, as a share of net sales, below which somebody must look."),
    )
    review_months = forms.IntegerField(
        label=_("Review every (months)"), required=False, min_value=1, max_value=120
    )

    def __init__(
        self,
        *args: Any,
        user: Any,
        tree: LineTree,
        inherited: Mapping[str, Inherited] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["line"]
        field.limit_to(user, tree)
        if not user.has_perm(FLOOR_RIGHT):
            del self.fields["floor_rate"]
        for name in self.fields.keys() & {"unit", "floor_rate", "review_months"}:
            found = (inherited or {}).get(name)
            if found is not None and found.line is not None:
                shown = self.fields[name].prepare_value(found.value)
                self.fields[name].widget.attrs["placeholder"] = from_line(found.line, shown)
        owner = (inherited or {}).get("owner_id")
        person: Any = self.fields["owner"]
        if owner is not None and owner.line is not None:
            name = User.objects.get(pk=owner.value).name
            person.empty_label = from_line(owner.line, name)
        else:
            person.empty_label = gettext("as the line")


def from_line(line: Any, value: Any) -> str:
    """“from line Food: per pack”, for where the product itself says nothing."""
    if isinstance(value, Decimal):
        value = formats.number(value)
    return gettext("from line %(line)s: %(value)s") % {"line": line.name, "value": value}


def product_initial(product: Product) -> dict[str, Any]:
    """A product as the form shows it."""
    fields = ("version", "code", "name", "kind", "unit", "description", "launched", "ended", "temporary")
    related = ("line", "owner", "supplier", "segment")
    return {name: getattr(product, name) for name in (*fields, "floor_rate", "review_months")} | {
        name: getattr(product, f"{name}_id") for name in related
    }


class EndForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    ended = DayField(
        label=_("Last day on sale"),
        help_text=_("Until and including this day. Sales after it are still read in, the forecast stops."),
    )
    successor = ProductCodeField(
        label=_("Successor (code)"),
        required=False,
        help_text=_("The product that takes its place from the next day, if there is one."),
    )


class CodeForm(forms.Form):
    source = forms.CharField(
        label=_("Source"), max_length=60, help_text=_("Whose code it is: GTIN, a customer, the ledger.")
    )
    code = forms.CharField(label=_("Code there"), max_length=80)


class VersionedForm(forms.Form):
    """For a row of its own: ``version`` is the one that was on the screen, 0 for a new row.

    To change a row (``row``), what it is about (``KEYS``) is fixed: another key is another row.
    """

    KEYS: tuple[str, ...] = ()
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if row is None:
            self.initial["version"] = 0
            return
        self.initial |= {"version": row.version} | self.initial_of(row)
        for name in self.KEYS:
            if isinstance(self.fields[name], forms.ChoiceField):
                self.fields[name].widget = forms.HiddenInput()
            else:
                self.fields[name].widget.attrs["readonly"] = True

    def initial_of(self, row: Any) -> dict[str, Any]:
        """What the fields hold for this row."""
        values = {name: getattr(row, name) for name in self.fields if hasattr(row, name)}
        return {n: typed(v) if isinstance(v, Decimal) else v for n, v in values.items()}


class UnitFactorForm(VersionedForm):
    KEYS = ("unit",)
    factor = NumberField(label=_("One unit is"), max_digits=18, decimal_places=6, min_value=0)
    unit = forms.CharField(
        label=_("of this unit"),
        max_length=40,
        help_text=_("For example 1 case is 12 pieces, 1 pack is 1 litre."),
    )


class FamilyMemberForm(VersionedForm):
    KEYS = ("start_date",)
    family = forms.ModelChoiceField(
        label=_("Family"), queryset=Family.objects.none(), required=False, empty_label=_("no family any more")
    )
    start_date = DayField(label=_("From"))

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["family"]
        field.queryset = families_visible(user)


class BundlePartForm(VersionedForm):
    KEYS = ("part", "start_date")
    part = ProductCodeField(label=_("Part (code)"))
    quantity = NumberField(
        label=_("Quantity"),
        max_digits=18,
        decimal_places=4,
        min_value=0,
        help_text=_("How many of the part one bundle holds; 0 ends it from that day."),
    )
    revenue_share = RatePercentField(
        label=_("Share of revenue (%)"), min_value=0, max_value=100, decimal_places=4, max_digits=8
    )
    start_date = DayField(label=_("From"))

    def initial_of(self, row: Any) -> dict[str, Any]:
        return super().initial_of(row) | {"part": row.part.code}


class SuccessionForm(VersionedForm):
    KEYS = ("direction", "other")
    direction = forms.ChoiceField(
        label=_("This product"),
        choices=[("to", _("is followed by")), ("from", _("takes the place of"))],
    )
    other = ProductCodeField(label=_("Other product (code)"))
    start_date = DayField(label=_("From"))
    factor = NumberField(
        label=_("Successor's volume for one of the predecessor"),
        max_digits=12,
        decimal_places=4,
        required=False,
        help_text=_("1 is one for one; 0.5 is half as many, because a pack holds twice as much."),
    )
    phase_out_months = forms.IntegerField(
        label=_("Phase-out of the predecessor (months)"),
        min_value=0,
        max_value=60,
        required=False,
        help_text=_("Over so many months its forecast falls to zero; 0 is at once."),
    )

    def initial_of(self, row: Any) -> dict[str, Any]:
        """Only the row tells whether the product comes before or after: ``row.follows`` says so."""
        other = row.predecessor if row.follows else row.successor
        return super().initial_of(row) | {"direction": "from" if row.follows else "to", "other": other.code}
