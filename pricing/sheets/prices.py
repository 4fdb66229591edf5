"""The sheet *prices*: what products cost on a list from a date on, past and ahead.

Applying the file is the one approval of all its rows; what is approved already is never changed by it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.models import Import
from exchange.sheets import Counts, Field, Option
from pricing.models import Price, PriceList
from pricing.models.price import State
from pricing.selectors.prices import lists_visible
from pricing.services.price_import import prices_import, prices_import_undo
from products.sheets import sources
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "list_unknown": _("no price list has this code or name"),
    "currency_differs": _("this list is in %(currency)s"),
    "component_unknown": _("neither unit, month nor once"),
    "price_missing": _("no price; where it ends, say so in the column “ends”"),
    "price_and_end": _("a price and an end; give one of them"),
    "price_negative": _("below nothing"),
    "too_long": _("too long"),
    "price_decided": _(
        "%(amount)s is approved from that day: one ahead is withdrawn first, a past one stays"
    ),
    "price_duplicate": _("line %(other)s of the file is about the same price and day"),
}
COMPONENTS = {
    "unit": ("", "unit", "per unit", "eenheid", "per eenheid", "stuk", "per stuk"),
    "month": ("month", "per month", "maand", "per maand", "vastrecht"),
    "once": ("once", "eenmalig"),
}
_COMPONENT = {word: key for key, words in COMPONENTS.items() for word in words}
Key = tuple[int, int, str, str, datetime.date]
"""List, product, component, tier, from when."""


@dataclass(frozen=True)
class _Row:
    line: int
    key: Key
    amount: Decimal | None
    is_there: bool
    names: dict[str, str]

    @property
    def effect(self) -> str:
        return "unchanged" if self.is_there else "new"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the prices there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._lists: dict[str, PriceList] = {}
        for price_list in PriceList.objects.all() if user is None else lists_visible(user):
            for name in (price_list.name_nl, price_list.name_en, price_list.code):
                self._lists[name.lower()] = price_list
        days = [row["start_date"] for row in rows if row["start_date"]]
        there = Price.objects.filter(
            state=State.APPROVED, start_date__in=set(days), price_list__in=set(self._lists.values())
        )
        self._there: dict[Key, Decimal | None] = {
            (
                price.price_list_id,
                price.product_id,
                price.component,
                price.tier,
                price.start_date,
            ): price.amount
            for price in there
        }

    def read(self, row: Row) -> _Row:
        product = self.product(row)
        price_list = self._lists.get(row["price_list"].lower())
        if price_list is None:
            raise Refused("price_list", "list_unknown")
        if row["currency"] and row["currency"].upper() != price_list.currency:
            raise Refused("currency", "currency_differs", currency=price_list.currency)
        component = _COMPONENT.get((row["component"] or "").lower())
        if component is None:
            raise Refused("component", "component_unknown")
        tier, amount = row["tier"] or "", row["price"]
        if len(tier) > 40:
            raise Refused("tier", "too_long")
        if (amount is None) != bool(row["ends"]):
            raise Refused("price", "price_missing" if amount is None else "price_and_end")
        if amount is not None and amount < 0:
            raise Refused("price", "price_negative")
        key: Key = (price_list.pk, product.pk, component, tier, row["start_date"])
        self.once(key, row, "start_date", "price_duplicate")
        if key in self._there and self._there[key] != amount:
            said = self._there[key]
            raise Refused("price", "price_decided", amount="—" if said is None else f"{said:f}")
        names = {
            "product": product.code,
            "price_list": price_list.code,
            "component": component,
            "tier": tier,
            "start_date": row["start_date"].isoformat(),
        }
        return _Row(row["line"], key, amount, key in self._there, names)

    def shown(self, row: _Row) -> dict[str, Any]:
        price = None if row.amount is None else str(row.amount)
        return {"price": price, "ends": row.amount is None, **row.names}

    def day(self, row: _Row) -> datetime.date:
        return row.key[4]


class PricesSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "prices"
    label = _("Prices")
    help_text = _("What products cost on a price list, from when; also past prices.")
    order = 50
    permission = "pricing.approve"
    reasons = REASONS
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        Field("price_list", "text", _("Price list"), required=True, aliases=("list", "prijslijst", "lijst")),
        Field(
            "start_date",
            "date",
            _("From"),
            required=True,
            aliases=("from", "date", "vanaf", "datum", "ingangsdatum", "van"),
        ),
        Field("price", "amount", _("Price"), aliases=("amount", "prijs", "tarief", "premie", "bedrag")),
        Field(
            "ends", "flag", _("Ends"), aliases=("eindigt", "vervalt"), help_text=_("No price from then on.")
        ),
        Field(
            "component",
            "text",
            _("Component"),
            aliases=("which_price", "onderdeel", "welke_prijs"),
            help_text=_("unit, month or once; empty: unit."),
        ),
        Field("tier", "text", _("Tier"), aliases=("trede", "staffel")),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt")),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        prices_import(
            source_import=Import.objects.get(pk=import_id),
            rows=[(row.key, row.amount) for row in plan.rows if not row.is_there],
        )
        return plan.counts()

    def undo(self, cursor: Any, import_id: int) -> Counts:
        withdrawn, restored = prices_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=withdrawn, changed=restored)
