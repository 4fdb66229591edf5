"""Costs in words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from core.organisation import organisation_get
from pricing.models import CostLine, CostRate

from .prices import price_decimals, price_text

Basis = CostLine.Basis


def of_words(cost_line: CostLine) -> str:
    """Whose cost it is."""
    return str(cost_line.product or cost_line.line or _("all products"))


def split_words(cost_line: CostLine) -> str:
    """Of what a product shares with others: how its part comes about."""
    if cost_line.product_id:
        return ""
    if cost_line.is_split:
        return str(_("split %(key)s")) % {"key": cost_line.get_key_display()}
    return pgettext("cost of many products", "each its own")


def basis_words(cost_line: CostLine, unit: str = "") -> str:
    """ "per carton", "per unit (calls)", "per contract and month", "of net sales"."""
    if cost_line.basis == Basis.SHARE:
        return _("of %(base)s") % {"base": cost_line.get_base_display()}
    if cost_line.measure:
        return _("per unit (%(unit)s)") % {"unit": cost_line.measure.unit}
    if cost_line.basis == Basis.UNIT and unit:
        return _("per %(unit)s") % {"unit": unit}
    return str(cost_line.get_basis_display())


def about_words(cost_line: CostLine) -> str:
    """What else tells the line from another."""
    parts = (cost_line.supplier, cost_line.channel, cost_line.cost_centre)
    return " · ".join(str(part) for part in parts if part)


def amount_words(cost_line: CostLine, amount: Decimal | None) -> str:
    """The amount, or the percentage; none: it has ended."""
    if amount is None:
        return pgettext("cost", "ended")
    if cost_line.basis == Basis.SHARE:
        exponent = (amount * 100).normalize().as_tuple().exponent
        return formats.percent(amount, max(0, -int(exponent)))
    decimals = price_decimals(amount)
    return price_text(amount, cost_line.currency, decimals if decimals <= 2 else max(4, decimals))


def rate_notes(cost_line: CostLine, rate: CostRate) -> list[str]:
    """What a rate says besides its amount."""
    said = []
    if rate.from_quantity:
        said.append(_("from %(number)s") % {"number": formats.number(rate.from_quantity)})
    if rate.times != 1:
        said.append(
            _("%(number)s times") % {"number": formats.number(rate.times, 6).rstrip("0").rstrip(",.")}
        )
    if rate.least_quantity:
        said.append(_("at least %(number)s") % {"number": formats.number(rate.least_quantity)})
    if cost_line.currency != organisation_get().currency:
        said.append(
            _("1 %(theirs)s = %(ours)s")
            % {
                "theirs": cost_line.currency,
                "ours": price_text(rate.exchange_rate, organisation_get().currency),
            }
        )
    if rate.vat_rate:
        said.append(_("and %(rate)s VAT not reclaimed") % {"rate": formats.percent(rate.vat_rate)})
    return said


def tiers_words(cost_line: CostLine, tiers: Mapping[Decimal, CostRate]) -> list[str]:
    """Everything that holds at once: the notes of the lowest tier, then the higher tiers, each with what else
    it says than the lowest."""
    if not tiers:
        return []
    lowest, *higher = tiers.values()
    found = said = rate_notes(cost_line, lowest)
    for row in higher:
        number, amount = formats.number(row.from_quantity), amount_words(cost_line, row.amount)
        own = [note for note in rate_notes(cost_line, row)[1:] if note not in said]
        about = _("from %(number)s: %(amount)s") % {"number": number, "amount": amount}
        found = [*found, ", ".join([about, *own])]
    return found
