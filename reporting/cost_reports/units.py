"""A unit of each product as the page shows it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import ngettext

from core import formats
from core.organisation import organisation_get
from pricing.models import Price
from pricing.words.prices import part_words, price_text
from reporting.selectors.unit_report import UnitRow

SMALL = 10


def unit_shown(row: UnitRow) -> dict[str, Any]:
    amounts = ("net", "cost", "cost_before", "margin")
    return {
        "name": row.name,
        "unit": row.unit,
        "units": row.units,
        "months": int(row.months) if row.months else None,
        "by_month": {name for name in amounts if row.of_level and getattr(row, name) is not None},
        "price": price_text(row.price, organisation_get().currency),
        "price_of": price_of(row),
        "change": row.change,
        "rate": row.rate,
        **{name: unit_amount(getattr(row, name)) for name in amounts},
    }


def price_of(row: UnitRow) -> str:
    """What the price is of where it is not of a unit alone: "per month, 1 part more"."""
    if row.own_price is None:
        return ""
    said, more = part_words(*row.own_price.part), row.own_price.parts - 1
    if more:
        said = said or str(Price.Component.UNIT.label)
        said += ", " + ngettext("%(n)s part more", "%(n)s parts more", more) % {"n": formats.number(more)}
    return said


def unit_amount(amount: Decimal | None) -> str:
    """What is small has four decimals: a unit can cost less than a cent."""
    decimals = 4 if amount is not None and abs(amount) < SMALL else 2
    return formats.money(amount, organisation_get().currency, decimals)
