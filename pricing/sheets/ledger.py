"""The sheet *cost_actuals*: bookings of the ledger, which the mapping makes actual costs and accruals of."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.months import month_start
from core.organisation import organisation_get, today
from exchange.sheets import Counts, Field, Option
from pricing.engine.costs import booked
from pricing.models import LedgerEntry
from pricing.selectors.accruals import accruals_open_of
from pricing.selectors.costs import EDIT, RIGHT
from pricing.selectors.ledger import Amount, Mappings, reconcile
from pricing.services.ledger import ledger_import, ledger_import_undo, ledger_undo_check
from products.models import Supplier
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.selectors.closing import CLOSE, closed_until, is_closed, may_correct
from products.sheets import sources
from products.sheets.known import Named, channels_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row
from products.sheets.words import MONTH_CLOSED

Key = tuple[str, str]
_SAME = (
    *("date", "account", "cost_centre", "dimension", "amount", "currency", "exchange_rate", "booked", "text"),
    *("supplier_id", "product_id", "channel_id", "is_accrual"),
)
LINE_OF = ("account", "cost_centre", "dimension", "supplier_id", "product_id", "channel_id")
"""What tells the lines of an entry apart where the file does not number them."""
_SIDES = {"d": 1, "debit": 1, "debet": 1, "dr": 1, "c": -1, "credit": -1, "cr": -1}
MADE = "#"
"""What a line begins with that the file did not number; the first has none at all."""
_LENGTHS = {
    "source": 40,
    "number": 60,
    "entry_line": 20,
    "account": 40,
    "cost_centre": 40,
    "dimension": 40,
    "text": 200,
}
REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "supplier_unknown": _("no supplier has this code or name"),
    "channel_unknown": _("no channel has this code or name"),
    "limited": _("this concerns more than you may see"),
    "not_currency": _("three letters, such as EUR"),
    "too_long": _("too long"),
    "not_over_nothing": _("must be more than 0"),
    "no_exchange": _("an exchange rate, and the amount is in our own currency"),
    "exchange_missing": _("no exchange rate, and the amount is in another currency"),
    "in_future": _("lies in the future; there can be figures up to %(until)s"),
    "not_accrual": _("only an accrual is reversed"),
    "reversal_before": _("a reversal is after the accrual"),
    "reversal_alone": _(
        "nothing here is taken back by this: the accrual says when, in the column “reversed on”"
    ),
    "amount_missing": _("neither an amount, nor a debit or a credit"),
    "amount_differs": _("the amount is not the debit less the credit"),
    "side_unread": _("neither D (debit) nor C (credit)"),
    "side_and_sign": _(
        "an amount below nothing and debit or credit beside it: one of the two says which side it is on"
    ),
    "side_and_debit": _("a debit or a credit, and debit or credit beside the amount: leave one of them out"),
    "entry_taken": _("this entry is there already and says otherwise; a ledger corrects by another entry"),
    "entry_lines": _(
        "this entry is there already with other lines; a column with the line says which is which"
    ),
    "entry_left_out": _("left out with line %(other)s of the file, which is of the same entry"),
    "entry_duplicate": _(
        "line %(other)s of the file is the same entry; a column with the line tells them apart"
    ),
    "month_closed": MONTH_CLOSED,
}


@dataclass
class _Row:
    """``entries``: the file's, and what reverses it; ``new``: those that are not there yet. ``is_told``: it
    takes back an accrual of the file, which says so itself."""

    line: int
    entries: list[LedgerEntry]
    new: list[LedgerEntry]
    is_told: bool = False

    @property
    def effect(self) -> str:
        if self.entries[0] in self.new:
            return "new"
        return "changed" if self.new else "unchanged"  # what reverses it came later

    @property
    def key(self) -> Key:
        return self.entries[0].source, self.entries[0].number

    @property
    def of(self) -> tuple[Any, ...]:
        return _of(self.entries[0])


def _lines_free(taken: Collection[str]) -> Iterator[str]:
    """What lines are called that the file does not number."""
    made = (f"{MADE}{place}" if place > 1 else "" for place in count(1))
    return (line for line in made if line not in taken)


def _is_made(line: str) -> bool:
    return not line or line.startswith(MADE)


def _alike(row: _Row, left: Mapping[str, LedgerEntry]) -> str | None:
    """Which of the lines left of what it is of too, the one that says the same first: of lines that no file
    numbered, where the row is numbered."""
    entry = row.entries[0]
    found = [line for line in left if _is_made(line) or not entry.line]
    same = (
        line for line in found if all(getattr(left[line], name) == getattr(entry, name) for name in _SAME)
    )
    return next(same, found[0] if found else None)


def _is_same(said: LedgerEntry, there: LedgerEntry) -> bool:
    """Whether a file tells what is there; of a line where it says one."""
    return said.line in ("", there.line) and all(
        getattr(said, name) == getattr(there, name) for name in _SAME
    )


def _of(entry: LedgerEntry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in LINE_OF)


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the entries there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        limits = (None, None) if user is None else (visible_line_ids(user), visible_channel_ids(user))
        self._limited = limits != (None, None)
        self._correcting = bool(options.get("correction")) and (user is None or may_correct(user))
        self._suppliers = Named(Supplier.objects.all())
        self._channels = channels_known(user)
        self._ours, self._today = organisation_get().currency, today()
        numbers = {row["number"] for row in rows if row["number"]}
        self._there: dict[Key, dict[tuple[str, bool], LedgerEntry]] = defaultdict(dict)
        for entry in LedgerEntry.objects.filter(number__in=numbers).order_by("pk"):
            self._there[entry.source, entry.number][entry.line, entry.is_reversal] = entry

    def read(self, row: Row) -> _Row:
        if self._limited:
            raise Refused("number", "limited")
        for name, most in _LENGTHS.items():
            if len(row[name] or "") > most:
                raise Refused(name, "too_long")
        reverses = bool(row["reversal"])
        if reverses and not row["accrual"]:
            raise Refused("reversal", "not_accrual")
        if row["date"] > self._today and not reverses:
            raise Refused("date", "in_future", until=self._today.isoformat())
        said = {name: row[name] or "" for name in _LENGTHS}
        entry = LedgerEntry(
            line=said.pop("entry_line"),
            **said,
            **self._money(row),
            date=row["date"],
            month=month_start(row["date"]),
            supplier=self._find(row, "supplier", self._suppliers),
            product=self.product(row) if row["product"] else None,
            channel=self._find(row, "channel", self._channels),
            is_accrual=bool(row["accrual"]),
            is_reversal=reverses,
        )
        made = [entry]
        if row["reversal_date"] is not None:
            made.append(self._reversal(entry, row["reversal_date"]))
        of = entry.line or _of(entry)
        self.once((entry.source, entry.number, of, reverses), row, "number", "entry_duplicate")
        return _Row(row["line"], made, made)

    def together(self) -> Iterator[tuple[int, Refused]]:
        """The lines of each entry: which are there already, and what the others are called. A line that is
        not there is new where the file has all that are; so what was left out can be sent again."""
        entries: dict[Key, list[_Row]] = defaultdict(list)
        for row in self.rows:
            entries[row.key].append(row)
        for key, rows in entries.items():
            there = self._there.get(key, {})
            yield from self._lines(there, [row for row in rows if not row.entries[0].is_reversal])
            yield from self._reversals(there, rows)

    def _reversals(
        self, there: Mapping[tuple[str, bool], LedgerEntry], rows: Sequence[_Row]
    ) -> Iterator[tuple[int, Refused]]:
        """What takes an accrual back is there, or comes with its accrual; it is never written by itself."""
        told = [each for row in rows for each in row.entries[1:]]
        known = [entry for (_line, reverses), entry in there.items() if reverses]
        for row in rows:
            [entry, *_rest] = row.entries
            if entry.is_reversal:
                row.new, row.is_told = [], any(_is_same(entry, each) for each in told)
                if not row.is_told and not any(_is_same(entry, each) for each in known):
                    yield row.line, Refused("reversal", "reversal_alone")

    def _lines(
        self, there: Mapping[tuple[str, bool], LedgerEntry], rows: Sequence[_Row]
    ) -> Iterator[tuple[int, Refused]]:
        left = {line: entry for (line, reverses), entry in there.items() if not reverses}
        like: dict[tuple[Any, ...], dict[str, LedgerEntry]] = defaultdict(dict)
        for line, entry in left.items():
            like[_of(entry)][line] = entry
        lines: dict[int, str] = {}
        for row in rows:
            if (line := row.entries[0].line) in left and line:
                lines[row.line] = line
                del like[_of(left[line])][line]
                del left[line]
        for row in rows:
            if row.line not in lines:
                alike = _alike(row, like.get(row.of, {}))
                if alike is not None:
                    lines[row.line] = alike
                    del like[row.of][alike]
                    del left[alike]
        refused: Refused | None = None
        for row in rows:
            if row.line in lines and (why := self._known(there, row, lines[row.line])):
                refused = refused or Refused("number", "entry_left_out", other=row.line)
                yield row.line, why
        numbered = {row.entries[0].line for row in rows} - {""}
        free = _lines_free({line for line, _reverses in there} | numbered)
        for row in rows:
            if row.line in lines:
                continue
            others = any(_is_made(line) or not row.entries[0].line for line in left)
            if refused or others:
                yield row.line, refused or Refused("number", "entry_lines")
            elif why := self._known(there, row, row.entries[0].line or next(free)):
                yield row.line, why

    def _known(self, there: Mapping[tuple[str, bool], LedgerEntry], row: _Row, line: str) -> Refused | None:
        """Say which line of its entry the row is, and what of it is new; why it is refused."""
        row.new = []
        for each in row.entries:
            each.line = line
            known = there.get((line, each.is_reversal))
            if known is None:
                row.new.append(each)
                if is_closed(each.date) and not self._correcting:
                    return Refused("date", "month_closed", until=f"{closed_until():%Y-%m}")
            elif any(getattr(known, name) != getattr(each, name) for name in _SAME):
                return Refused("number", "entry_taken")
        return None

    @staticmethod
    def _amount(row: dict[str, Any]) -> Decimal:
        """As it says, on the side that it says, or what was debited less what was credited."""
        debit, credit, side = row["debit"], row["credit"], (row["side"] or "").strip().lower()
        if side and side not in _SIDES:
            raise Refused("side", "side_unread")
        if debit is None and credit is None:
            amount = row["amount"]
            if amount is None:
                raise Refused("amount", "amount_missing")
            if side and amount < 0:
                raise Refused("side", "side_and_sign")
            return amount * _SIDES[side] if side else amount
        if side:
            raise Refused("side", "side_and_debit")
        balance: Decimal = (debit or Decimal(0)) - (credit or Decimal(0))
        if row["amount"] not in (None, balance):
            raise Refused("amount", "amount_differs")
        return balance

    def _money(self, row: dict[str, Any]) -> dict[str, Any]:
        amount = self._amount(row)
        currency, rate = (row["currency"] or self._ours).upper(), row["exchange_rate"]
        if not re.fullmatch("[A-Z]{3}", currency):
            raise Refused("currency", "not_currency")
        if rate is not None and rate <= 0:
            raise Refused("exchange_rate", "not_over_nothing")
        if currency == self._ours and rate not in (None, 1):
            raise Refused("exchange_rate", "no_exchange")
        if currency != self._ours and rate is None:
            raise Refused("exchange_rate", "exchange_missing")
        rate = Decimal(1) if rate is None else rate
        return {
            "amount": amount,
            "currency": currency,
            "exchange_rate": rate,
            "booked": booked(amount * rate),
        }

    def _reversal(self, entry: LedgerEntry, date: datetime.date) -> LedgerEntry:
        if not entry.is_accrual:
            raise Refused("reversal_date", "not_accrual")
        if date <= entry.date:
            raise Refused("reversal_date", "reversal_before")
        values = {name: getattr(entry, name) for name in (*_SAME, "source", "number")}
        values |= {"date": date, "amount": -entry.amount, "booked": -entry.booked}
        return LedgerEntry(**values, month=month_start(date), is_reversal=True)

    def _find(self, row: dict[str, Any], field: str, known: Named) -> Any:
        found = known.find(row[field]) if row[field] else None
        if row[field] and found is None:
            raise Refused(field, f"{field}_unknown")
        return found

    def counts(self) -> Counts:
        entries = [entry for row in self.rows if not row.is_told for entry in row.entries]
        amounts = [
            Amount(
                *(entry.month, entry.account, entry.cost_centre, entry.dimension, entry.supplier_id),
                *(entry.product_id, entry.channel_id, entry.is_accrual, entry.booked),
            )
            for entry in entries
        ]
        months = [entry.month for entry in entries]
        found = super().counts()
        found.totals = {"amount": str(sum((entry.booked for entry in entries), Decimal(0)))}
        found.months_from, found.months_to = min(months, default=None), max(months, default=None)
        found.reconciled = [row.as_json() for row in reconcile(amounts, Mappings())]
        if left := accruals_open_of(entries):
            found.noted = {"open_accruals": str(len(left)), "open_amount": f"{sum(left):.2f}"}
        return found

    def shown(self, row: _Row) -> dict[str, Any]:
        entry = row.entries[0]
        names = ("number", "account", "cost_centre", "dimension", "text", "currency")
        shown = {name: getattr(entry, name) or None for name in names}
        shown["entry_line"] = entry.line or None
        if len(row.entries) > 1:
            shown["reversal_date"] = row.entries[1].date.isoformat()
        return {"date": entry.date.isoformat(), "amount": str(entry.amount), **shown}


ACCOUNT = Field(
    "account",
    "code",
    _("Account"),
    required=True,
    aliases=("ledger_account", "rekening", "grootboekrekening", "grootboek"),
)


class LedgerSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "cost_actuals"
    label = _("Ledger")
    help_text = _("Bookings of the ledger: what was really spent, by account and cost centre.")
    order = 62
    permission = EDIT
    correction_right = CLOSE
    reasons = REASONS
    one_of: tuple[tuple[str, ...], ...] = (("amount", "debit", "credit"),)
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        Field(
            "number",
            "code",
            _("Entry number"),
            required=True,
            aliases=(
                "entry_number",
                "entry",
                "boekingsnummer",
                "boekstuk",
                "boekstuknummer",
                "stuknummer",
                "journaalpost",
            ),
        ),
        Field(
            "entry_line",
            "code",
            _("Line of the entry"),
            aliases=(
                "line",
                "line_number",
                "line_of_the_entry",
                "posting",
                "regel",
                "regelnummer",
                "boekingsregel",
            ),
            help_text=_(
                "Empty: lines of one number are told apart by account, cost centre and what they are of."
            ),
        ),
        Field("date", "date", _("Date"), required=True, aliases=("datum", "booking_date", "boekdatum")),
        ACCOUNT,
        Field("cost_centre", "code", _("Cost centre"), aliases=("cost_center", "kostenplaats")),
        Field("dimension", "code", _("Dimension"), aliases=("dimensie", "kostendrager", "project")),
        Field(
            "amount",
            "amount",
            _("Amount"),
            aliases=("bedrag", "cost", "kosten"),
            help_text=_("A cost over nothing, a credit below."),
        ),
        Field(
            "debit",
            "amount",
            _("Debit"),
            aliases=("debit_amount", "debet", "debetbedrag", "bedrag_debet"),
            help_text=_("Instead of an amount: what was debited less what was credited."),
        ),
        Field(
            "credit",
            "amount",
            _("Credit"),
            aliases=("credit_amount", "creditbedrag", "bedrag_credit"),
        ),
        Field(
            "side",
            "text",
            _("Debit or credit"),
            aliases=("debit_credit", "debet_credit", "d_c", "dc", "debit_or_credit", "debet_of_credit"),
            help_text=_("D or C, where amounts have no sign."),
        ),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt")),
        Field("exchange_rate", "exact", _("Exchange rate"), aliases=("wisselkoers", "koers")),
        Field("text", "text", _("Text"), aliases=("description", "omschrijving", "tekst")),
        Field("supplier", "text", _("Supplier"), aliases=("leverancier", "crediteur")),
        Field("product", "code", _("Product"), aliases=("sku", "product_code", "artikel", "artikelnummer")),
        sources.FIELD,
        Field("channel", "text", _("Channel"), aliases=("kanaal",)),
        Field(
            "accrual",
            "flag",
            _("Accrual"),
            aliases=("is_accrual", "transitorisch", "overlopend", "overlopende_post"),
        ),
        Field(
            "reversal_date",
            "date",
            _("Reversed on"),
            aliases=("reversed_on", "tegenboekdatum", "teruggeboekt_op"),
            help_text=_("Of an accrual: when it is taken back; empty: the ledger does so by an entry."),
        ),
        Field(
            "reversal",
            "flag",
            _("Reversal"),
            aliases=("is_reversal", "tegenboeking"),
            help_text=_("Of what takes an accrual back: it comes with the accrual."),
        ),
        Field("source", "code", _("Administration"), aliases=("administration", "administratie", "ledger")),
    )

    def sees_all(self, user: Any) -> bool:
        limits = (visible_line_ids(user), visible_channel_ids(user))
        return user.has_perm(RIGHT) and limits == (None, None)

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        counts = plan.counts()
        new = [entry for row in plan.rows for entry in row.new]
        ledger_import(import_id=import_id, entries=new, reason=str(options.get("correction") or ""))
        return counts

    def undo_check(self, import_id: int) -> None:
        ledger_undo_check(import_id)

    def undo(self, cursor: Any, import_id: int) -> Counts:
        return Counts(new=ledger_import_undo(import_id=import_id))
