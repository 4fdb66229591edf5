"""Forms of lines, channels, suppliers, segments, families and measures."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.forms.number import NumberField
from products.models import Channel, Measure, ProductLine
from products.models.line import CUSTOMER_WORDS, FORECAST_STEPS, PRICE_WORDS, VOLUME_WORDS
from products.selectors.access import FLOOR_RIGHT, channels_visible
from products.selectors.lines import LineTree
from products.selectors.thresholds import line_thresholds

from .fields import LineField, OwnerField, RatePercentField
from .product import from_line

CODE_HELP = _("Letters, digits, hyphens and underscores. Files and addresses use it.")
INHERITING = (
    *("unit", "reporting_unit", "floor_rate", "review_months", "final_after_months"),
    *("price_word", "customer_word", "volume_word", "forecast_step"),
)


class LineForm(forms.Form):
    """A product line. Empty fields say what the line gets from the one above it."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = forms.SlugField(label=_("Code"), max_length=40, help_text=CODE_HELP)
    name = forms.CharField(label=_("Name"), max_length=120)
    parent = LineField(label=_("Part of"), required=False, empty_label=_("nothing: a main line"))
    owner = OwnerField(required=False, help_text=_("Answers for products that have no owner of their own."))
    unit = forms.CharField(
        label=_("Unit"), max_length=40, required=False, help_text=_("What one of its products is.")
    )
    reporting_unit = forms.CharField(
        label=_("Reporting unit"),
        max_length=40,
        required=False,
        help_text=_("Volumes of different products are added in this unit only; empty: money only."),
    )
    measures = forms.ModelMultipleChoiceField(
        label=_("Measures"),
        queryset=Measure.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What its products count. None: as the line above."),
    )
    lead = forms.ModelChoiceField(
        label=_("Leading measure"),
        queryset=Measure.objects.all(),
        required=False,
        empty_label=_("as the line"),
        help_text=_("The one in lists, forecast and stage."),
    )
    floor_rate = RatePercentField(label=_("Margin floor"), required=False, min_value=-100, max_value=100)
    review_months = forms.IntegerField(
        label=_("Review every (months)"), required=False, min_value=1, max_value=120
    )
    final_after_months = forms.IntegerField(
        label=_("Figures are final after (months)"),
        required=False,
        min_value=0,
        max_value=60,
        help_text=_("Younger months are provisional: drawn hatched and left out of the forecast's fit."),
    )
    forecast_step = forms.ChoiceField(
        label=_("Forecast"),
        required=False,
        help_text=_(
            "By the week: 26 weeks ahead where figures come by the week or day; the months are their sums."
        ),
    )
    price_word = forms.ChoiceField(label=_("Word for price"), required=False)
    customer_word = forms.ChoiceField(label=_("Word for customer"), required=False)
    volume_word = forms.ChoiceField(label=_("Word for volume"), required=False)

    def __init__(
        self, *args: Any, user: Any, tree: LineTree, line: ProductLine | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        parent: Any = self.fields["parent"]
        parent.limit_to(user, tree)
        if not user.has_perm(FLOOR_RIGHT):
            del self.fields["floor_rate"]
        if line is not None:
            below = tree.descendants(line.pk)
            parent.choices = [choice for choice in parent.choices if choice[0] not in below]
        above = line.parent_id if line is not None else None
        words = {"price_word": PRICE_WORDS, "customer_word": CUSTOMER_WORDS, "volume_word": VOLUME_WORDS}
        words["forecast_step"] = FORECAST_STEPS
        usual = {"forecast_step": gettext("by the month")}
        for name in (name for name in INHERITING if name in self.fields):
            found = tree.inherited(above, name) if above is not None else None
            label = ""
            if found is not None and found.line is not None:
                shown = dict(words[name])[found.value] if name in words else found.value
                label = from_line(found.line, self.fields[name].prepare_value(shown))
            if name in words:
                field: Any = self.fields[name]
                field.choices = [("", label or usual.get(name) or gettext("as usual")), *words[name]]
            elif label:
                self.fields[name].widget.attrs["placeholder"] = label
        owner = tree.inherited(above, "owner_id") if above is not None else None
        person: Any = self.fields["owner"]
        person.empty_label = gettext("nobody")
        if owner is not None and owner.line is not None:
            person.empty_label = from_line(owner.line, User.objects.get(pk=owner.value).name)
        self._add_thresholds(tree, line, above)

    def _add_thresholds(self, tree: LineTree, line: ProductLine | None, above: int | None) -> None:
        """One field for every threshold a room registered, showing what holds when it is empty."""
        self.threshold_names: list[str] = []
        own = line.alert_settings if line is not None else {}
        for entry in line_thresholds:
            name = f"threshold_{entry.key}"
            self.threshold_names.append(name)
            holds = (
                tree.alert_setting(above, entry.key, entry.default) if above is not None else entry.default
            )
            rate = 100 if entry.kind == "rate" else 1
            self.fields[name] = NumberField(
                label=entry.label,
                help_text=entry.help_text,
                required=False,
                min_value=0,
                initial=own[entry.key] * rate if entry.key in own else None,
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "decimal",
                        "placeholder": f"{holds * rate:g}{' %' if rate > 1 else ''}",
                    }
                ),
            )

    @property
    def thresholds(self) -> list[Any]:
        return [self[name] for name in self.threshold_names]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen, lead = list(data.get("measures") or []), data.get("lead")
        if lead is not None and lead not in chosen:
            chosen.append(lead)
        data["ordered_measures"] = sorted(chosen, key=lambda measure: measure != lead)
        return data

    def alert_settings(self, line: ProductLine | None) -> dict[str, float]:
        """What the line says of thresholds; those of rooms that do not stand now are kept as they are."""
        known = {entry.key for entry in line_thresholds}
        kept = {k: v for k, v in (line.alert_settings if line else {}).items() if k not in known}
        for entry in line_thresholds:
            value = self.cleaned_data.get(f"threshold_{entry.key}")
            if value is not None:
                kept[entry.key] = float(value / 100 if entry.kind == "rate" else value)
        return kept


class NamedForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = forms.CharField(label=_("Code"), max_length=60)
    name = forms.CharField(label=_("Name"), max_length=120)


class ChannelForm(NamedForm):
    code = forms.CharField(label=_("Code"), max_length=80, help_text=_("Imports match on it."))
    kind = forms.ChoiceField(label=_("Kind"), choices=Channel.Kind.choices)
    parent = forms.ModelChoiceField(
        label=_("Part of"),
        queryset=Channel.objects.none(),
        required=False,
        empty_label=_("nothing: a main channel"),
        help_text=_("Of a higher kind: type of channel → account → region → store; levels may be left out."),
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["parent"]
        field.queryset = channels_visible(user)


class FamilyForm(NamedForm):
    line = LineField(label=_("Product line"))

    def __init__(self, *args: Any, user: Any, tree: LineTree, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["line"]
        field.limit_to(user, tree)


class MeasureForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    code = forms.SlugField(label=_("Code"), max_length=40, help_text=CODE_HELP)
    name_nl = forms.CharField(label=_("Name in Dutch"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    unit_nl = forms.CharField(label=_("Unit in Dutch"), max_length=40)
    unit_en = forms.CharField(label=_("Unit in English"), max_length=40)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Measure.Kind.choices,
        help_text=_("Contracts in force are a level: not added over months. Fixed once there are figures."),
    )
    leaves = forms.BooleanField(
        label=_("Counts what leaves"),
        required=False,
        help_text=_(
            "A flow such as cancelled contracts, beside new ones and those in force in the same unit."
        ),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("leaves") and data.get("kind") == Measure.Kind.LEVEL:
            self.add_error("leaves", gettext("A level says what is there; what leaves is a flow."))
        return data


def initial_of(row: Any, names: list[str]) -> dict[str, Any]:
    """The row's values as a form shows them; of related rows the key."""
    return {
        name: getattr(row, f"{name}_id", None) or getattr(row, name) for name in names if hasattr(row, name)
    }
