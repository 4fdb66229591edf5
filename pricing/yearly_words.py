"""What reference customers pay in a year, in words and cells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats

from .price_words import price_text
from .selectors.yearly import Both, Customer, Yearly

CENT = Decimal("0.01")


def use_words(customer: Customer) -> str:
    """What he uses: "2,500 kWh · 1,000 m³"."""
    return " · ".join(f"{formats.number(amount)} {tier}".strip() for tier, amount in customer.uses.items())


def yearly_words(row: Yearly) -> dict[str, Any]:
    def both(amounts: Both | None) -> list[str | None]:
        if amounts is None:
            return [None, None]
        return [price_text(amount.quantize(CENT), row.price_list.currency, 2) for amount in amounts]

    return {
        "name": row.customer.name,
        "uses": use_words(row.customer),
        "price_list": row.price_list,
        "once": row.once,
        "now": both(row.now),
        "then": both(row.then),
        "then_on": row.then_on,
    }


def yearly_heads() -> list[str]:
    return [
        _("a year now with VAT"),
        _("a year now without VAT"),
        _("a year next with VAT"),
        _("a year next without VAT"),
    ]


def yearly_cells(row: Yearly | None) -> list[Decimal | None]:
    """In the order of :func:`yearly_heads`."""
    found: list[Decimal | None] = []
    for amounts in (row.now, row.then) if row else (None, None):
        found += [amount.quantize(CENT) for amount in amounts] if amounts else [None, None]
    return found
