"""Form fields that several pages share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms.number import NumberField
from products.models import Product, ProductLine
from products.selectors.access import lines_visible, products_visible
from products.selectors.lines import LineTree


class DayField(forms.DateField):
    """A day, in the browser's own date control."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
        super().__init__(**options)


class RatePercentField(NumberField):
    """A rate (0–1) that people type and read as a percentage."""

    def __init__(self, **options: Any) -> None:
        options = {"max_digits": 7, "decimal_places": 2} | options
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return (value * 100).normalize() if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        percentage = super().clean(value)
        return None if percentage is None else percentage / 100


class LineField(forms.ModelChoiceField):
    """A product line, shown with the lines above it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=ProductLine.objects.none(), **options)

    def limit_to(self, user: Any, tree: LineTree) -> None:
        """Only the lines the person may see, in the order of the tree."""
        self.queryset = lines_visible(user)
        self._tree = tree
        visible = {line.pk for line in self.queryset}
        rows = [(line.pk, self.label_from_instance(line)) for pk, line in tree.lines.items() if pk in visible]
        self.choices = [("", self.empty_label or "---------"), *sorted(rows, key=lambda row: row[1].lower())]

    def label_from_instance(self, obj: Any) -> str:
        return " / ".join(line.name for line in self._tree.path(obj.pk))


class OwnerField(forms.ModelChoiceField):
    """An active person."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Owner"))
        super().__init__(queryset=User.objects.filter(is_active=True).order_by("name"), **options)


class ProductCodeField(forms.CharField):
    """Another product, by its code, within the person's sight (``user`` is set by the form)."""

    user: Any = None

    def clean(self, value: Any) -> Any:
        code = super().clean(value)
        if not code:
            return None
        product: Product | None = products_visible(self.user).filter(code__iexact=code).first()
        if product is None:
            raise forms.ValidationError(
                _("There is no product with the code %(code)s."), params={"code": code}
            )
        return product
