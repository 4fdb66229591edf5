from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.forms.currency import CurrencyField
from core.forms.number import NumberField
from core.number_texts import decimal_evidence, decimal_mark, number_read
from core.organisation import today
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import PLACES, Vat
from pricing.selectors.prices import Part
from pricing.services.price_rules import EVERY, KINDS, ROUNDINGS, WORKED_OUT, Rule
from pricing.words.prices import part_words
from products.forms.fields import DayField
from products.models import ProductLine, Segment

READ_BY_ALL = _("Whoever sees prices reads this; they may not see costs.")


class ProposalForm(forms.Form):
    """New prices of one list: which products, how, from when and why. ``product`` comes with the address;
    where it has several prices (``parts``), each can be given its own."""

    price_list = forms.ModelChoiceField(
        label=_("Price list"), queryset=PriceList.objects.none(), empty_label=None, to_field_name="code"
    )
    start_date = DayField(
        label=_("From"),
        help_text=_("Holds from 00:00 that day; tomorrow at the earliest."),
    )
    line = forms.ModelChoiceField(
        label=_("All products of a line"),
        queryset=ProductLine.objects.none(),
        required=False,
        to_field_name="code",
        empty_label="—",
        help_text=_("Without those that have ended by then."),
    )
    kind = forms.ChoiceField(label=_("Change"), choices=KINDS)
    value = NumberField(
        label=_("By how much, or to what"),
        max_digits=20,
        decimal_places=PLACES,
        required=False,
        help_text=_("Per cent or an amount, with a minus for less; of another list, such as 90 for 90%."),
    )
    of = forms.ModelChoiceField(
        label=_("Of which price list"),
        queryset=PriceList.objects.none(),
        required=False,
        to_field_name="code",
        empty_label="—",
        help_text=_("Only for “a percentage of another price list”."),
    )
    rounding = forms.ChoiceField(label=_("Rounded"), choices=ROUNDINGS)
    component = forms.ChoiceField(
        label=_("Which price"), choices=[*Price.Component.choices, (EVERY, _("all prices of a product"))]
    )
    tier = forms.CharField(
        label=_("Tier"),
        max_length=40,
        required=False,
        help_text=_("Such as a time of use; empty: all there are."),
    )
    pasted = forms.CharField(
        label=_("Code and price"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        required=False,
        help_text=_("The first two columns of a spreadsheet, a product a line. Only for “paste prices”."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=400)
    alternatives = forms.CharField(
        label=_("Alternatives considered"),
        max_length=400,
        required=False,
        help_text=_("Kept with the decision, beside what it turned out to do."),
    )
    exception = forms.CharField(
        label=_("Why the exception"),
        max_length=400,
        required=False,
        help_text=_("Only where a bound or the days of notice ask for it."),
    )

    def __init__(
        self,
        *args: Any,
        lists: Any,
        others: Any,
        lines: Any,
        sees_costs: bool = False,
        parts: Sequence[Part] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._parts = {f"part:{component}:{tier}": (component, tier) for component, tier in parts}
        for name, part in self._parts.items():
            label = part_words(*part) or str(Price.Component.UNIT.label)
            self.fields[name] = NumberField(
                label=label if label == part[1] else capfirst(label),
                max_digits=20,
                decimal_places=PLACES,
                required=False,
            )
        if sees_costs:
            self.fields["reason"].help_text = READ_BY_ALL
            self.fields["kind"].choices = [*KINDS[:-2], *WORKED_OUT, *KINDS[-2:]]  # type: ignore[attr-defined]
        if parts:
            self.fields["kind"].choices = [("parts", _("each of its prices")), *self.fields["kind"].choices]  # type: ignore[attr-defined]
        self.fields["price_list"].queryset = lists  # type: ignore[attr-defined]
        self.fields["of"].queryset = others  # type: ignore[attr-defined]
        self.fields["line"].queryset = lines  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("kind") in ("percentage", "list", "margin") and found.get("value") is not None:
            found["value"] = found["value"] / 100
        value = found.get("value")
        if found.get("kind") == "margin" and (value is None or not 0 <= value < 1):
            self.add_error(
                "value", gettext("A margin is a share of the price: from 0 to less than 100 per cent.")
            )
        if found.get("kind") == "paste":
            found["rows"] = self._rows(found.get("pasted", ""))
        if found.get("kind") == "parts":
            found["parts"] = {
                part: found[name]
                for name, part in self._parts.items()
                if name in self.changed_data and found.get(name) is not None
            }
            if not found["parts"] and not self.errors:
                self.add_error("kind", gettext("Change at least one of its prices."))
        return found

    @property
    def part_fields(self) -> list[Any]:
        return [self[name] for name in self._parts]

    @property
    def rule(self) -> Rule:
        """A price that was worked out from costs is kept as one that was pasted."""
        said = self.cleaned_data
        if said["kind"] == "parts":
            return Rule("paste", component=EVERY)
        by_price = said["kind"] == "paste" or said["kind"] in dict(WORKED_OUT)
        kind, value = ("paste", None) if by_price else (said["kind"], said["value"])
        tier = said["tier"].strip() or ("" if by_price else None)
        of = said["of"].code if kind == "list" and said["of"] else ""
        return Rule(kind, value, said["rounding"], said["component"], tier, of)

    def _rows(self, text: str) -> dict[str, Decimal]:
        """Prices by code; what cannot be read is told by its line."""
        found, problems = cells_read(text)
        if problems:
            self.add_error("pasted", unread_words(problems))
        elif not found:
            self.add_error("pasted", gettext("Paste the codes and prices here."))
        return found


class ProposalAgainForm(forms.Form):
    """When and why what was rejected or withdrawn is proposed once more."""

    start_date = DayField(label=_("From"))
    reason = forms.CharField(label=_("Reason"), max_length=400)


def again_initial(proposal: Proposal) -> dict[str, Any]:
    """As it was, if its day is still to come."""
    first = today() + datetime.timedelta(days=1)
    return {"start_date": max(proposal.start_date, first), "reason": proposal.reason}


def _cells(line: str) -> list[str]:
    """Of a pasted line; where it has tabs, a code may have spaces or a semicolon in it."""
    between = r"\t" if "\t" in line else r";|\s{2,}"
    return [cell.strip() for cell in re.split(between, line.strip()) if cell.strip()]


def cells_read(text: str) -> tuple[dict[str, Decimal], list[str]]:
    """Numbers by code from the first two columns of a pasted sheet, and what cannot be read, by its line."""
    found: dict[str, Decimal] = {}
    problems = []
    lines = [
        (number, line, _cells(line)) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
    ]
    sure = shows_mark(cells[1] for _number, _line, cells in lines if len(cells) >= 2)
    for number, line, cells in lines:
        amount = amount_read(cells[1], sure=sure) if len(cells) >= 2 else None
        if amount is None and number == 1 and len(cells) >= 2 and not re.search(r"\d", cells[1]):
            continue  # the heads of the columns
        if amount is None:
            problems.append(gettext("line %(number)s: “%(text)s”") % {"number": number, "text": line[:60]})
        elif cells[0].lower() in found:
            problems.append(
                gettext("line %(number)s: %(code)s stands there twice") % {"number": number, "code": cells[0]}
            )
        else:
            found[cells[0].lower()] = amount
    return found, problems


_BESIDE = re.compile(r"^(?:[A-Z]{3}|[€$£])\s*(?=[\d.,+-])|(?<=[\d.,\u2013\u2014-])\s*(?:[A-Z]{3}|[€$£%])$")


def amount_read(text: str, *, sure: bool = True) -> Decimal | None:
    """A number as a spreadsheet in the person's language writes it, also with its currency. ``None``: it is
    none, or one with the decimal mark of another language; not ``sure``: or one whose only mark is not that
    of the person's language and may stand between its thousands or before its decimals."""
    bare = _BESIDE.sub("", text.strip())
    if not sure and decimal_evidence(bare) == "?" and decimal_mark() not in bare:
        return None
    number, problem = number_read(bare, decimal_mark())
    return None if problem else Decimal(number.removesuffix(".0"))


def shows_mark(texts: Iterable[str]) -> bool:
    """Whether one of these numbers can only be read with the decimal mark of the person's language: then it
    is known what 1.250 among them is."""
    return any(decimal_evidence(_BESIDE.sub("", text.strip())) == decimal_mark() for text in texts)


def unread_words(problems: Sequence[str]) -> str:
    """What could not be read as a code and a price, and how it is to be written."""
    said = {"mark": decimal_mark(), "lines": "; ".join(problems[:5])}
    text = gettext(
        "This cannot be read as a code and a price with “%(mark)s” before its decimals and nothing between "
        "its thousands: %(lines)s"
    )
    return text % said


class PriceListForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = PriceList
        fields = ["code", "name_nl", "name_en", "kind", "currency", "channel", "segment", "with_vat"]
        field_classes = {"currency": CurrencyField}

    def __init__(self, *args: Any, channels: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = channels  # type: ignore[attr-defined]
        self.fields["segment"].queryset = Segment.objects.all()  # type: ignore[attr-defined]
        for name in ("channel", "segment"):
            self.fields[name].empty_label = _("all")  # type: ignore[attr-defined]
        self.fields["currency"].help_text = _("Three letters, such as EUR.")


class VatForm(forms.Form):
    code = forms.ChoiceField(label=_("VAT"), choices=Vat.choices)
    start_date = DayField(label=_("From"))
