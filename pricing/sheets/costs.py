"""The sheet *costs*: what cost lines come to from a date on, past and ahead.

A line that is not there yet is made on the way; a rate that is there is never changed by a file.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core.organisation import organisation_get
from exchange.models import Import
from exchange.sheets import Counts, Creation, Field, Option
from pricing.models import CostKind, CostLine, CostRate
from pricing.selectors.costs import EDIT, RIGHT
from pricing.selectors.costs_undone import RatesLeft
from pricing.selectors.standard_costs import products_bearing
from pricing.services.cost_import import (
    cost_lines_import,
    cost_shares_import,
    costs_import,
    costs_import_undo,
)
from pricing.services.costs import RateValues, line_check, rate_check
from pricing.words.cost_sheet import ALL, CODES, REASONS, UNDID, UNDOES, says_all
from products.models import Channel, Measure, Supplier
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.closing import CLOSE, closed_until, is_closed, may_correct, open_from
from products.services.closing import import_correction
from products.sheets import sources
from products.sheets.known import Named, lines_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

from .fixed_shares import FIELD as SHARES
from .fixed_shares import FROM, FixedShares, Identity, Shares

Basis = CostLine.Basis
_IDENTITY = (
    *("product_id", "line_id", "kind_id", "name", "basis", "base", "measure_id", "supplier_id", "channel_id"),
    *("cost_centre", "currency"),
)


@dataclass(frozen=True)
class _Row:
    line: int
    cost_line: CostLine
    start_date: datetime.date
    values: RateValues
    is_there: bool
    shares: str = ""
    shares_from: datetime.date | None = None
    has_new_shares: bool = False

    @property
    def effect(self) -> str:
        if self.is_there:
            return "changed" if self.has_new_shares else "unchanged"
        return "new"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the cost lines there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._correcting = bool(options.get("correction")) and may_correct(user)
        self._lines_seen = None if user is None else visible_line_ids(user)
        self._channels_seen = None if user is None else visible_channel_ids(user)
        self._known = {
            "product_line": lines_known(user),
            "kind": Named(CostKind.objects.all()),
            "measure": Named(Measure.objects.all()),
            "supplier": Named(Supplier.objects.all()),
            "channel": Named(Channel.objects.all(), self._channels_seen),
        }
        self._ours = organisation_get().currency
        self._lines = {self._identity(row): row for row in CostLine.objects.select_related("kind")}
        self._fixed = FixedShares(rows, user, options.get(sources.CODE_SOURCE))
        self.unclear |= self._fixed.unclear
        self.made: list[CostLine] = []
        days = {row["start_date"] for row in rows if row["start_date"]}
        self._there = {
            (row.cost_line_id, row.from_quantity, row.start_date): row
            for row in CostRate.objects.filter(start_date__in=days, withdrawn_at=None)
        }
        self._left = RatesLeft({line for line, _begin, _start in self._there})

    def _identity(self, row: CostLine) -> Identity:
        return tuple(getattr(row, name) for name in _IDENTITY)

    def read(self, row: Row) -> _Row:
        cost_line, shares, is_new = self._line(row)
        values = self._values(row, cost_line)
        key = (self._identity(cost_line), values.from_quantity, row["start_date"])
        if key in self._seen:
            raise Refused("start_date", "rate_duplicate", other=self._seen[key])
        there = self._there.get((cost_line.pk, values.from_quantity, row["start_date"]))
        if there is not None and any(getattr(there, name) != said for name, said in values._asdict().items()):
            if there.pk not in self._left.put_back:
                raise Refused("amount", "rate_taken")
            there = None
        if there is not None and there.pk in self._left.ended:
            raise Refused("start_date", "rate_undone", day=f"{open_from()}")
        if there is None and not self._correcting and is_closed(row["start_date"]):
            raise Refused("start_date", "month_closed", until=f"{closed_until():%Y-%m}")
        self._seen[key] = row["line"]
        if cost_line.pk is None and self._identity(cost_line) not in self._lines:
            self._lines[self._identity(cost_line)] = cost_line
            self.made.append(cost_line)
        if is_new:
            self._fixed.new[self._identity(cost_line), row[FROM]] = shares
        of_shares = row[SHARES] or "", row[FROM], is_new
        return _Row(row["line"], cost_line, row["start_date"], values, there is not None, *of_shares)

    def _line(self, row: dict[str, Any]) -> tuple[CostLine, Shares, bool]:
        """The cost line the row is of: the one there is, else a new one, not saved; the fixed shares the row
        names, and whether these are new."""
        said = {name: row[name] or "" for name in ("name", "cost_centre")}
        for name, most in (("name", 80), ("cost_centre", 40)):
            if len(said[name]) > most:
                raise Refused(name, "too_long")
        currency = (row["currency"] or self._ours).upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            raise Refused("currency", "not_currency")
        tail = row["tail_months"] or Decimal(0)
        if tail % 1 or not 0 <= tail <= 600:
            raise Refused("tail_months", "not_whole")
        fresh = CostLine(
            **self._whose(row),
            **said,
            kind=self._find(row, "kind"),
            basis=self._word(row, "basis"),
            base=self._word(row, "base"),
            key=self._word(row, "split"),
            measure=self._find(row, "measure"),
            supplier=self._find(row, "supplier"),
            channel=self._channel(row),
            currency=currency,
            tail_months=int(tail),
        )
        try:
            line_check(fresh)
        except DomainError as error:
            raise Refused({"key": "split"}.get(error.field, error.field), error.code) from None
        found = self._lines.get(self._identity(fresh))
        shares = self._fixed.read(row)
        is_new = self._fixed.are_new(row, shares, fresh.key, found, self._identity(fresh))
        if found is not None and found.key != fresh.key:
            raise Refused("split", "line_differs")
        if found is not None and row["tail_months"] is not None and found.tail_months != tail:
            raise Refused("tail_months", "line_differs")
        return found or fresh, shares, is_new

    def _whose(self, row: dict[str, Any]) -> dict[str, Any]:
        if bool(row["product"]) == bool(row["product_line"]):
            raise Refused("product", "whose")
        if row["product"]:
            return {"product": self.product(row)}
        found = self._known["product_line"].find(row["product_line"])
        if found is not None:
            return {"line": found}
        if not says_all(row["product_line"]):
            raise Refused("product_line", "line_unknown")
        if self._lines_seen is not None:
            raise Refused("product_line", "limited")
        return {}

    def _channel(self, row: dict[str, Any]) -> Any:
        found = self._find(row, "channel")
        if found is None and self._channels_seen is not None:
            raise Refused("channel", "limited")
        return found

    def _find(self, row: dict[str, Any], field: str) -> Any:
        if not row[field]:
            return None
        found = self._known[field].find(row[field])
        if found is None:
            raise Refused(field, f"{field}_unknown")
        return found

    def _word(self, row: dict[str, Any], field: str) -> str:
        said = (row[field] or "").lower()
        if not said and field != "basis":
            return ""
        if said not in CODES[field]:
            raise Refused(field, "word_unknown")
        return CODES[field][said]

    def _values(self, row: dict[str, Any], cost_line: CostLine) -> RateValues:
        amount = row["amount"]
        if (amount is None) != bool(row["ends"]):
            raise Refused("amount", "amount_missing" if amount is None else "amount_and_end")
        if amount is not None:
            is_share = cost_line.basis == Basis.SHARE
            if is_share:
                amount /= 100
            if amount != round(amount, 6):
                raise Refused("amount", "share_places" if is_share else "amount_places")
            amount = round(amount, 6)
        if row["times"] is not None and row["times"] != round(row["times"], 6):
            raise Refused("times", "amount_places")
        for name in ("exchange_rate", "times", "from_quantity", "least_quantity", "vat"):
            over_nothing = name in ("exchange_rate", "times")
            if row[name] is not None and (row[name] < 0 or (over_nothing and not row[name])):
                raise Refused(name, "not_over_nothing" if over_nothing else "negative")
        if row["vat"] is not None and row["vat"] >= 100:
            raise Refused("vat", "share_too_large")
        if row["vat"] is not None and row["vat"] != round(row["vat"], 2):
            raise Refused("vat", "vat_places")
        values = RateValues(
            amount=amount,
            from_quantity=row["from_quantity"] or Decimal(0),
            times=Decimal(1) if row["times"] is None else row["times"],
            least_quantity=row["least_quantity"] or Decimal(0),
            exchange_rate=row["exchange_rate"],
            vat_rate=(row["vat"] or Decimal(0)) / 100,
        )
        try:
            return rate_check(cost_line, values)
        except DomainError as error:
            raise Refused(error.field, error.code) from None

    def shown(self, row: _Row) -> dict[str, Any]:
        line, amount = row.cost_line, row.values.amount
        if amount is not None and line.basis == Basis.SHARE:
            amount = (amount * 100).normalize()
        return {
            "product": line.product.code if line.product else None,
            "product_line": line.line.code if line.line else None if line.product else ALL,
            "kind": line.kind.code,
            "name": line.name,
            "basis": line.basis,
            "start_date": row.start_date.isoformat(),
            "amount": None if amount is None else f"{amount:f}",
            "currency": line.currency,
            "ends": amount is None,
            **({SHARES: row.shares} if row.shares else {}),
            **({FROM: row.shares_from.isoformat()} if row.shares_from else {}),
        }

    def closed_changes(self) -> list[dict[str, Any]]:
        """The rates that begin in closed months, once their cost lines are made: of which products, and which
        lines that are split."""
        months: dict[str, list[CostLine]] = defaultdict(list)
        for row in self.rows:
            if not row.is_there and is_closed(row.start_date):
                months[f"{row.start_date:%Y-%m}"].append(row.cost_line)
        return [
            {
                "month": month,
                "what": "rates",
                "rows": len(lines),
                "products": products_bearing({line.pk for line in lines if not line.is_split}),
                "cost_lines": sorted({line.pk for line in lines if line.is_split}),
            }
            for month, lines in sorted(months.items())
        ]

    def shares_made(self) -> list[tuple[CostLine, datetime.date | None, Shares]]:
        """Once the cost lines are made: of which line, from when, and what each product bears."""
        return [(self._lines[of], start, shares) for (of, start), shares in self._fixed.new.items()]

    def counts(self) -> Counts:
        found = super().counts()
        found.created = [
            Creation("cost_lines", line.kind.code, str(line), str(line.product or line.line or ALL))
            for line in self.made
        ]
        return found

    def day(self, row: _Row) -> datetime.date:
        return row.start_date


class CostsSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "costs"
    label = _("Costs")
    help_text = _("What products, lines or all cost, from when; also past costs.")
    order = 60
    permission = EDIT
    pasted_at = "pricing:cost_paste"
    correction_right = CLOSE
    reasons = REASONS
    undoes = UNDOES
    undid = UNDID
    creates_labels: Mapping[str, Any] = {"cost_lines": _("cost lines")}
    one_of: tuple[tuple[str, ...], ...] = (("product", "product_line"),)
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        sources.PRODUCT,
        sources.FIELD,
        Field(
            "product_line",
            "text",
            _("Product line"),
            aliases=("line", "lijn", "productlijn"),
            help_text=_("Instead of a product; “all”: of all products."),
        ),
        Field(
            "kind", "text", _("Kind of cost"), required=True, aliases=("kind_of_cost", "kostensoort", "soort")
        ),
        sources.START_DATE,
        Field(
            "amount",
            "exact",
            _("Amount"),
            aliases=("cost", "bedrag", "kosten", "tarief", "percentage", "unit_cost", "kostprijs"),
            help_text=_("Of a percentage: 4.5 for 4.5 per cent."),
        ),
        Field(
            "ends", "flag", _("Ends"), aliases=("eindigt", "vervalt"), help_text=_("Nothing from then on.")
        ),
        Field("name", "text", _("What it is"), aliases=("what_it_is", "wat_het_is", "omschrijving", "naam")),
        Field(
            "basis",
            "text",
            _("Basis"),
            help_text=_("unit, contract, month, share or once; empty: unit."),
            words=dict(Basis.choices),
        ),
        Field("base", "text", _("Of what"), aliases=("of_what", "waarvan", "grondslag")),
        Field(
            "measure",
            "text",
            _("Per unit of"),
            aliases=("per_unit_of", "per_eenheid_van", "maat"),
            help_text=_("A measure instead of what is sold, such as calls."),
        ),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt")),
        Field("exchange_rate", "exact", _("Exchange rate"), aliases=("wisselkoers", "koers")),
        Field("times", "exact", _("How often"), aliases=("how_often", "hoe_vaak")),
        Field("from_quantity", "number", _("From quantity"), aliases=("vanaf_hoeveelheid", "staffel")),
        Field("least_quantity", "number", _("Minimum order"), aliases=("minimum_order", "minimale_afname")),
        Field(
            "vat",
            "exact",
            _("VAT not reclaimed"),
            aliases=("vat_not_reclaimed", "niet_verrekenbare_btw"),
            help_text=_("In per cent."),
        ),
        Field("split", "text", _("Split"), aliases=("verdeling", "verdeelsleutel")),
        Field(
            SHARES,
            "text",
            _("Fixed shares"),
            aliases=("fixed_shares", "vaste_aandelen", "aandelen"),
            help_text=_("Where the split is fixed: what each product bears, such as MILK=60; JUICE=40."),
        ),
        Field(
            FROM,
            "date",
            _("Shares from"),
            aliases=("shares_since", "aandelen_vanaf"),
            help_text=_("The first of a month from which fixed shares hold; empty: those that are there."),
        ),
        Field("supplier", "text", _("Supplier"), aliases=("leverancier",)),
        Field("channel", "text", _("Channel"), aliases=("kanaal",)),
        Field("cost_centre", "text", _("Cost centre"), aliases=("cost_center", "kostenplaats")),
        Field(
            "tail_months",
            "number",
            _("Months after the end"),
            aliases=("months_after_the_end", "maanden_na_het_einde"),
        ),
    )

    def sees_all(self, user: Any) -> bool:
        limits = (visible_line_ids(user), visible_channel_ids(user))
        return user.has_perm(RIGHT) and limits == (None, None)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()
        source_import = Import.objects.get(pk=import_id)
        cost_lines_import(plan.made)
        cost_shares_import(source_import=source_import, rows=plan.shares_made())
        with import_correction(import_id, options.get("correction"), plan.closed_changes()):
            costs_import(
                source_import=source_import,
                rows=[
                    ((row.cost_line.pk, row.values.from_quantity, row.start_date), row.values)
                    for row in plan.rows
                    if not row.is_there
                ],
            )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        withdrawn, restored = costs_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=withdrawn, changed=restored)
