"""Forms of budgets: a new one, another name, and the grid of its figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.formats import localize_input
from django.utils.translation import gettext_lazy as _

from core.forms.number import NumberField
from core.numbers import typed
from products.models import BudgetVersion


class BudgetForm(forms.Form):
    code = forms.SlugField(
        label=_("Code"),
        max_length=40,
        help_text=_("The file with the budget names it, for example B2027."),
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    year = forms.IntegerField(label=_("Financial year"), min_value=1990, max_value=2200)
    copy_of = forms.ModelChoiceField(
        label=_("Start from"),
        queryset=BudgetVersion.objects.all(),
        required=False,
        empty_label=_("nothing: an empty budget"),
        help_text=_("Its rows are copied; into another year, each month to the same month of that year."),
    )


class BudgetNameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, empty_value=None)


@dataclass
class GridCell:
    """A field of the grid: ``shown`` is what stands in it, ``error`` what is wrong with it."""

    name: str
    shown: str
    error: str = ""


class PasteGrid:
    """A grid of figures that takes a paste: what was typed, what changed, and what was seen before.

    ``now`` are the figures as they stand, by the name of the field. What the page showed comes back in one
    hidden field, so that a figure somebody else filled in meanwhile stays.
    """

    SEEN = "seen"

    def __init__(self, now: Mapping[str, Decimal | None], data: Mapping[str, Any] | None = None) -> None:
        self.now = now
        self.errors: dict[str, str] = {}
        self.values: dict[str, Decimal | None] = {}
        self.typed: dict[str, str] = {}
        self.seen: dict[str, Decimal | None] = {}
        if data is not None:
            self._read(data)

    def _read(self, data: Mapping[str, Any]) -> None:
        field = NumberField(max_digits=18, decimal_places=4, required=False)
        try:
            said = json.loads(data.get(self.SEEN, "{}"))
            self.seen = {name: Decimal(said[name]) if said.get(name) else None for name in self.now}
        except (ValueError, ArithmeticError, AttributeError, TypeError):
            self.seen = dict(self.now)
        for name in self.now:
            if name not in data:
                continue
            self.typed[name] = str(data[name]).strip()[:60]
            try:
                value = field.clean(self.typed[name])
            except forms.ValidationError as error:
                self.errors[name] = error.messages[0]
            else:
                if value != self.seen[name]:
                    self.values[name] = value

    def take_theirs(self) -> None:
        """After a lost race: what was typed stands, and is meant when it is sent once more."""
        self.seen = dict(self.now)

    @property
    def seen_json(self) -> str:
        seen = self.seen if self.typed else self.now
        return json.dumps({name: str(value) for name, value in seen.items() if value is not None})

    def cell(self, name: str) -> GridCell:
        value = self.now[name]
        shown = "" if value is None else str(localize_input(typed(value)))
        return GridCell(name, self.typed.get(name, shown), self.errors.get(name, ""))
