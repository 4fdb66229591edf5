"""A report's own fields and what it is about."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from core.forms import MonthField
from products.models import Product, Supplier
from products.selectors.access import (
    channels_visible,
    families_visible,
    lines_visible,
    products_visible,
    visible_channel_ids,
)
from reporting.models import Report
from reporting.selectors.reports import MOST
from reporting.services.reports import OWN

CODE_LENGTH = Product._meta.get_field("code").max_length


class ReportForm(forms.ModelForm):
    """``user`` chooses among what they see themselves. Products are told by their codes."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    months = forms.IntegerField(label=_("Months to look back"), min_value=1, max_value=60)
    first_month = MonthField(label=_("From month"))
    last_month = MonthField(label=_("To month"))
    products = forms.CharField(
        label=_("Products"),
        required=False,
        max_length=MOST * (CODE_LENGTH + len("\r\n")),
        help_text=_("Their codes, one a line."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    class Meta:
        model = Report
        fields = (
            *("title", "language", "audience", "period", "months", "first_month", "last_month"),
            *("all_products", "lines", "families", "suppliers", "channels", "all_channels", "all_suppliers"),
        )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user
        is_limited = visible_channel_ids(user) is not None
        for name, rows, help_text in (
            ("lines", lines_visible(user), _("All their products, and those of the lines below.")),
            ("families", families_visible(user), _("The products that are in them when the report is made.")),
            (
                "suppliers",
                Supplier.objects.all(),
                _(
                    "Only their products. Without products, lines and families: all of theirs. "
                    "To the outside: named, or all on purpose."
                ),
            ),
            (
                "channels",
                channels_visible(user),
                _("None: of all that you see. To the outside: the ones of the reader.")
                if is_limited
                else _("None: of all channels. To the outside: the ones of the reader."),
            ),
        ):
            field: Any = self.fields[name]
            field.queryset, field.required, field.help_text = rows.order_by("name"), False, help_text
            field.widget.attrs["size"] = 6
        self.fields["all_products"].help_text = _(
            "All that you see, also those that come later; where suppliers are named, all of theirs."
        )
        if self.instance.pk and not self.is_bound:
            codes = self.instance.products.order_by("code").values_list("code", flat=True)
            self.initial.setdefault("products", "\n".join(codes))

    def clean(self) -> dict[str, Any]:
        """Only what the kind of period needs is looked at."""
        said = super().clean() or self.cleaned_data
        kinds = {Report.Period.MONTHS: ["months"], Report.Period.RANGE: ["first_month", "last_month"]}
        needed = kinds.get(said.get("period"), [])
        without = {"months": self.instance.months, "first_month": None, "last_month": None}
        for name in without.keys() - needed:
            self.errors.pop(name, None)
            said[name] = without[name]
        first, last = said.get("first_month"), said.get("last_month")
        if first and last and first > last:
            self.add_error("last_month", _("This is before the first month."))
        return said

    def clean_products(self) -> list[Product]:
        codes = [*filter(None, map(str.strip, self.cleaned_data["products"].upper().splitlines()))]
        seen = products_visible(self._user).annotate(asked=Upper("code"))
        found = {row.asked: row for row in seen.filter(asked__in=codes)}
        missing = [code for code in codes if code not in found]
        if missing:
            raise forms.ValidationError(_("Not found: %(codes)s."), params={"codes": ", ".join(missing[:5])})
        return list(found.values())

    def values(self) -> dict[str, Any]:
        """As the service takes them."""
        said = self.cleaned_data
        own = {name: said[name] for name in OWN}
        scope = ("products", "lines", "families", "suppliers", "channels")
        about = {name: list(said[name]) for name in scope}
        return {**own, **about}
