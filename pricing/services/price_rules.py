"""How a proposal makes new prices of old ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.errors import DomainError
from pricing.models.price import PLACES
from pricing.words.prices import nothing_left_words

KINDS = (
    ("percentage", gettext_lazy("change by per cent")),
    ("amount", gettext_lazy("change by an amount")),
    ("target", gettext_lazy("set to one price")),
    ("list", gettext_lazy("a percentage of another price list")),
    ("paste", gettext_lazy("paste prices")),
    ("end", gettext_lazy("end: no price from then on")),
)
WORKED_OUT = (
    ("margin", gettext_lazy("to a margin after costs by volume")),
    ("recommended", gettext_lazy("to the recommended price")),
)
"""For who may see costs. Such a proposal keeps its prices alone, as a pasted one does: what they were made of
is not for everybody who reads it."""
ROUNDINGS = (
    ("none", pgettext_lazy("rounding", "not rounded")),
    ("99", gettext_lazy("to .99")),
    ("95", gettext_lazy("to .95")),
    ("whole", gettext_lazy("to whole amounts")),
)
EVERY = "all"
OF_EVERY = ("percentage", "list", "paste", "end")
"""In place of a component: all of the prices that a product has on the list."""
CENT, TARIFF = Decimal("0.01"), Decimal("0.0001")
SMALLEST = Decimal(1).scaleb(-PLACES)
MOST = Decimal(10) ** 12


def price_check(amount: Decimal) -> None:
    """Refuse what is no price, or would have to be rounded to be one."""
    if not 0 <= amount <= MOST:
        raise DomainError("price_range", _("A price is not below nothing."), "pasted")
    if amount != amount.quantize(SMALLEST):
        message = _("%(amount)s has more than six decimals: round it first.") % {"amount": f"{amount:f}"}
        raise DomainError("price_places", message, "pasted")


def price_step(old: Decimal | None) -> Decimal:
    """As fine as the price is now: a cent, a tariff's four decimals, or all there may be."""
    places = -int((old or CENT).normalize().as_tuple().exponent)
    return CENT if places <= 2 else TARIFF if places <= 4 else SMALLEST


@dataclass(frozen=True)
class Rule:
    """``value`` is a rate for *percentage* (0.03) and *list* (0.9 of it), an amount in the list's currency
    for *amount* and *target*. ``component`` (``EVERY``: all) and ``tier`` (``None``: all) say which of the
    prices.
    ``of`` is the code of the other list; ``edited``: some of its prices were changed afterwards."""

    kind: str
    value: Decimal | None = None
    rounding: str = "none"
    component: str = "unit"
    tier: str | None = None
    of: str = ""
    edited: bool = False

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"kind": self.kind, "rounding": self.rounding}
        said |= {"component": self.component, "tier": self.tier}
        said |= {"value": None if self.value is None else str(self.value)}
        return said | ({"of": self.of} if self.of else {}) | ({"edited": True} if self.edited else {})

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Rule:
        """Without a word about it prices were given one by one."""
        value = said.get("value")
        return cls(**{"kind": "paste", **said, "value": None if value is None else Decimal(value)})

    def check(self) -> None:
        """Refuse what has no meaning."""
        if self.kind not in dict(KINDS) or self.rounding not in dict(ROUNDINGS):
            raise DomainError("rule_unknown", _("There is no such rule."), "kind")
        if self.component == EVERY and (self.kind not in OF_EVERY or self.tier is not None):
            raise DomainError(
                "part_needed", _("Which price? All of them only change by per cent, or end."), "component"
            )
        if self.kind in ("paste", "end"):
            return
        if self.value is None:
            raise DomainError("value_needed", _("By how much, or to what?"), "value")
        if self.kind == "percentage" and self.value < -1:
            raise DomainError("below_nothing", _("More than everything cannot go."), "value")
        if self.kind == "list" and not self.of:
            raise DomainError("list_needed", _("Of which price list?"), "of")
        if self.kind in ("target", "list") and self.value < 0:
            raise DomainError("below_nothing", _("A price is not below nothing."), "value")

    def new_amount(self, old: Decimal | None, other: Decimal | None = None) -> Decimal | None:
        """The new price; ``None`` where the rule has no answer: nothing to change. ``other`` is the price on
        the other list, with VAT where this list has it. ``DomainError`` where nothing would be left of a
        price and nobody asked for that."""
        if self.kind == "target":
            return self.rounded(self.value or Decimal(0), SMALLEST)
        base = other if self.kind == "list" else old
        if base is None or self.value is None:
            return None
        exact = {"percentage": base * (1 + self.value), "list": base * self.value}.get(
            self.kind, base + self.value
        )
        new = self.rounded(exact, price_step(base if old is None else old))
        for_nothing = {"percentage": Decimal(-1), "list": Decimal(0)}.get(self.kind)
        if base and not new and self.value != for_nothing:
            params = {"price": str(base)}
            raise DomainError("below_nothing", nothing_left_words(params), "value", details=params)
        return new

    def rounded(self, amount: Decimal, step: Decimal) -> Decimal:
        """As the rule says; not rounded is to ``step``, half away from zero. The nearest .99 or .95, the
        upper of two that are as near; never below nothing."""
        amount = min(max(amount, Decimal(0)), MOST)
        if self.rounding == "whole":
            return amount.quantize(Decimal(1), ROUND_HALF_UP)
        if self.rounding in ("99", "95"):
            ending = Decimal(self.rounding) / 100
            whole = (amount - ending + Decimal("0.5")).to_integral_value(ROUND_FLOOR)
            return max(whole, Decimal(0)) + ending
        return amount.quantize(step, ROUND_HALF_UP)
