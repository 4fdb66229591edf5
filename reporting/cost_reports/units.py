"""A unit of each product as the page shows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core import formats
from core.organisation import organisation_get
from pricing.words.prices import price_text
from reporting.selectors.unit_report import UnitRow

SMALL = 10


def unit_shown(row: UnitRow) -> dict[str, Any]:
    amounts = ("net", "cost", "cost_before", "margin")
    return {
        "name": row.name,
        "unit": row.unit,
        "units": row.units,
        "price": price_text(row.price, organisation_get().currency),
        "change": row.change,
        "rate": row.rate,
        **{name: unit_amount(getattr(row, name)) for name in amounts},
    }


def unit_amount(amount: Decimal | None) -> str:
    """What is small has four decimals: a unit can cost less than a cent."""
    decimals = 4 if amount is not None and abs(amount) < SMALL else 2
    return formats.money(amount, organisation_get().currency, decimals)
