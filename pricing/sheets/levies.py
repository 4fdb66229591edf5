"""The sheet *levies*: what the state takes of a use in a year, besides VAT, from a date on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange.sheets import Counts, Field
from pricing.models import Levy
from pricing.services.levies import levies_import, levies_import_undo
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.sheets import sources
from products.sheets.known import lines_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

Basis = Levy.Basis
_BASES: dict[str, str] = {
    **dict.fromkeys(("", "unit", "per unit", "eenheid", "per eenheid"), Basis.UNIT),
    **dict.fromkeys(("share", "share of the price", "aandeel", "aandeel van de prijs"), Basis.SHARE),
    **dict.fromkeys(("year", "per connection and year", "jaar", "per aansluiting en jaar"), Basis.YEAR),
}
REASONS: dict[str, Any] = {
    "line_unknown": _("no product line has this code or name"),
    "limited": _("is shared by all lines; you are limited to some of them"),
    "basis_unknown": _("neither unit, year nor share"),
    "amount_missing": _("no amount"),
    "percentage_missing": _("no percentage"),
    "not_of_basis": _("does not belong to this basis"),
    "share_too_large": _("over 100 per cent"),
    "too_long": _("too long"),
    "negative": _("below nothing"),
    "step_of_year": _("only an amount a unit has steps"),
    "basis_differs": _("this levy has another basis from that day"),
    "levy_duplicate": _("line %(other)s of the file is about the same levy, day and step"),
}
Key = tuple[int, str, str, datetime.date, Decimal]
"""Line, name, tier, from when, from how much."""


def _key(levy: Levy) -> Key:
    return (levy.line_id, levy.name.casefold(), levy.tier.casefold(), levy.start_date, levy.from_quantity)


@dataclass(frozen=True)
class _Row:
    line: int
    levy: Levy
    there: Levy | None

    @property
    def effect(self) -> str:
        if self.there is None:
            return "new"
        return "unchanged" if self.there.said == self.levy.said else "changed"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the levies there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        limits = (None, None) if user is None else (visible_line_ids(user), visible_channel_ids(user))
        self._limited = limits != (None, None)
        self._lines = lines_known(user)
        found = Levy.objects.filter(start_date__in={row["start_date"] for row in rows if row["start_date"]})
        self._there = {_key(levy): levy for levy in found}
        self._bases = {_key(levy)[:4]: levy.basis for levy in found}

    def read(self, row: Row) -> _Row:
        line = self._lines.find(row["product_line"])
        if line is None or self._limited:
            raise Refused("product_line", "line_unknown" if line is None else "limited")
        basis = _BASES.get((row["basis"] or "").lower())
        if basis is None:
            raise Refused("basis", "basis_unknown")
        for name, most in (("levy", 60), ("tier", 40)):
            if len(row[name] or "") > most:
                raise Refused(name, "too_long")
        begin = row["from_quantity"] or Decimal(0)
        if begin < 0:
            raise Refused("from_quantity", "negative")
        if begin and basis != Basis.UNIT:
            raise Refused("from_quantity", "step_of_year")
        size, other = ("percentage", "amount") if basis == Basis.SHARE else ("amount", "percentage")
        if row[size] is None:
            raise Refused(size, f"{size}_missing")
        if row[other] is not None:
            raise Refused(other, "not_of_basis")
        if basis == Basis.SHARE and abs(row["percentage"]) > 100:
            raise Refused("percentage", "share_too_large")
        levy = Levy(
            line=line,
            name=row["levy"],
            basis=basis,
            tier=row["tier"] or "",
            start_date=row["start_date"],
            from_quantity=begin,
            amount=row["amount"],
            rate=None if row["percentage"] is None else round(row["percentage"] / 100, 6),
        )
        key = _key(levy)
        if self._bases.setdefault(key[:4], basis) != basis:
            raise Refused("basis", "basis_differs")
        self.once(key, row, "start_date", "levy_duplicate")
        return _Row(row["line"], levy, self._there.get(key))

    def day(self, row: _Row) -> datetime.date:
        return row.levy.start_date

    def shown(self, row: _Row) -> dict[str, Any]:
        levy = row.levy
        found: dict[str, Any] = {
            "product_line": levy.line.code,
            "levy": levy.name,
            "tier": levy.tier,
            "basis": levy.basis,
            "start_date": levy.start_date.isoformat(),
            "from_quantity": f"{levy.from_quantity.normalize():f}",
            **_size(levy),
        }
        if row.there is not None and row.effect == "changed":
            found["old"] = _size(row.there)
        return found


def _size(levy: Levy) -> dict[str, str]:
    """Its amount, or its share of the price in per cent."""
    if levy.rate is not None:
        return {"percentage": f"{(levy.rate * 100).normalize():f}"}
    return {} if levy.amount is None else {"amount": f"{levy.amount.normalize():f}"}


class LeviesSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "levies"
    label = _("Levies")
    help_text = _("Taxes and levies besides VAT that customers pay of what they use, from when.")
    order = 56
    permission = "pricing.edit"
    reasons = REASONS
    one_of: tuple[tuple[str, ...], ...] = (("amount", "percentage"),)
    fields = (
        Field(
            "product_line", "text", _("Product line"), required=True, aliases=("line", "productlijn", "lijn")
        ),
        Field(
            "levy", "text", _("Levy"), required=True, aliases=("name", "heffing", "naam", "tax", "belasting")
        ),
        Field(
            "basis",
            "text",
            _("Basis"),
            aliases=("grondslag",),
            help_text=_("unit, year or share; empty: unit."),
            words=dict(Basis.choices),
        ),
        Field("tier", "text", _("Tier"), aliases=("staffel", "trede", "unit", "eenheid")),
        sources.START_DATE,
        Field(
            "from_quantity",
            "number",
            _("From a use of"),
            aliases=("from_a_use_of", "vanaf_een_verbruik_van", "vanaf_verbruik", "schijf"),
        ),
        Field(
            "amount",
            "exact",
            _("Amount"),
            aliases=("bedrag", "tarief"),
            help_text=_("Without VAT; below nothing: a reduction."),
        ),
        Field(
            "percentage",
            "number",
            _("Percentage"),
            help_text=_("Instead of an amount, of the basis share: of the price without VAT."),
            in_percent=True,
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()
        levies_import(
            import_id=import_id,
            new=[row.levy for row in plan.rows if row.there is None],
            changed=[
                (row.there, row.levy)
                for row in plan.rows
                if row.there is not None and row.effect == "changed"
            ],
        )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = levies_import_undo(import_id=import_id)
        return Counts(new=taken, changed=restored)
