"""What reference customers pay in a year, in words and cells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.organisation import organisation_get
from pricing.selectors.levies import Levied
from pricing.selectors.yearly import Both, Customer, Yearly
from products.selectors.lines import line_tree

from .prices import price_text

CENT = Decimal("0.01")


def use_words(customer: Customer) -> str:
    """What he uses: "2,500 kWh · 1,000 m³", without a tier in the unit of the line: "12 months"."""
    return " · ".join(
        f"{formats.number(amount)} {tier or _unit_of(customer)}" for tier, amount in customer.uses.items()
    )


def _unit_of(customer: Customer) -> str:
    return line_tree().inherited(customer.line_id, "unit").value or _("units")


def levy_words(steps: Levied) -> str:
    """What it comes to: "€ 0.10154; from 10,000 € 0.06937 per unit", "21% of the price"."""
    if steps[0].rate is not None:
        places = max(0, -int(steps[0].rate.normalize().as_tuple().exponent) - 2)
        return _("%(share)s of the price") % {"share": formats.percent(steps[0].rate, places)}
    currency = organisation_get().currency
    said = []
    for step in steps:
        assert step.amount is not None
        places = max(2, -int(step.amount.normalize().as_tuple().exponent))
        amount = price_text(step.amount, currency, places)
        begin = formats.number(step.from_quantity)
        said.append(
            _("from %(begin)s %(amount)s") % {"begin": begin, "amount": amount}
            if step.from_quantity
            else amount
        )
    return f"{'; '.join(said)} {steps[0].get_basis_display()}"


def yearly_words(row: Yearly) -> dict[str, Any]:
    def money(amount: Decimal | None) -> str | None:
        return None if amount is None else price_text(amount.quantize(CENT), row.price_list.currency, 2)

    def both(amounts: Both | None) -> list[str | None]:
        if amounts is None:
            return [None, None]
        return [money(amount) for amount in amounts]

    return {
        "name": row.customer.name,
        "uses": use_words(row.customer),
        "price_list": row.price_list,
        "once": row.once,
        "now": both(row.now),
        "now_levied": money(row.now_levied),
        "then": both(row.then),
        "then_levied": money(row.then_levied),
        "then_on": row.then_on,
    }


def yearly_heads() -> list[str]:
    return [
        _("a year now with VAT"),
        _("a year now without VAT"),
        _("a year now with VAT and levies"),
        _("a year next with VAT"),
        _("a year next without VAT"),
        _("a year next with VAT and levies"),
    ]


def yearly_cells(row: Yearly | None) -> list[Decimal | None]:
    """In the order of :func:`yearly_heads`."""
    found: list[Decimal | None] = []
    both = ((row.now, row.now_levied), (row.then, row.then_levied)) if row else ((None, None),) * 2
    for amounts, levied in both:
        said = (*(amounts or (None, None)), levied)
        found += [None if amount is None else amount.quantize(CENT) for amount in said]
    return found
