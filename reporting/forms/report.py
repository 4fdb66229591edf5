"""A report's own fields and what it is about."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from products.models import Product, Supplier
from products.selectors.access import channels_visible, lines_visible, products_visible
from reporting.models import Report


class ReportForm(forms.ModelForm):
    """``user`` chooses among what they see themselves. Products are told by their codes."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    products = forms.CharField(
        label=_("Products"),
        required=False,
        max_length=4000,
        help_text=_("Codes, with spaces or commas between them."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    class Meta:
        model = Report
        fields = ("title", "language", "audience", "lines", "suppliers", "channels", "all_channels", "months")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        lines: Any = self.fields["lines"]
        channels: Any = self.fields["channels"]
        lines.queryset, lines.required = lines_visible(user).order_by("name"), False
        channels.queryset, channels.required = channels_visible(user).order_by("name"), False
        suppliers: Any = self.fields["suppliers"]
        suppliers.queryset, suppliers.required = Supplier.objects.order_by("name"), False
        suppliers.help_text = _("Only their products. Without products and lines: all of theirs.")
        lines.help_text = _("All their products, and those of the lines below.")
        channels.help_text = _("None: of all channels. To the outside: the ones of the reader.")
        if self.instance.pk and not self.is_bound:
            codes = self.instance.products.order_by("code").values_list("code", flat=True)
            self.initial.setdefault("products", " ".join(codes))

    def clean_products(self) -> list[Product]:
        codes = self.cleaned_data["products"].upper().replace(",", " ").split()
        seen = products_visible(self._user).annotate(asked=Upper("code"))
        found = {row.asked: row for row in seen.filter(asked__in=codes)}
        missing = [code for code in codes if code not in found]
        if missing:
            raise forms.ValidationError(_("Not found: %(codes)s."), params={"codes": ", ".join(missing[:5])})
        return list(found.values())

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        said = self.cleaned_data
        own = {name: said[name] for name in ("title", "language", "audience", "all_channels", "months")}
        about = {name: list(said[name]) for name in ("products", "lines", "suppliers", "channels")}
        return {**own, **about}
