"""The sheet *price_terms*: what customers get off the list price from a date on.

A term that is there is never changed by a file: it is withdrawn and said anew, from another date it is new.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from exchange.models import Import
from exchange.sheets import Counts, Field
from pricing.engine.terms import Step
from pricing.models import Term
from pricing.selectors.terms import steps_of
from pricing.services.term_import import terms_import, terms_import_undo
from pricing.services.terms import scale_check
from pricing.words.cost_sheet import ALL
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.sheets import sources
from products.sheets.known import channels_known, lines_known
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

Kind, Basis = Term.Kind, Term.Basis
REASONS: dict[str, Any] = {
    "kind_unknown": _("no such kind of term"),
    "channel_unknown": _("no channel has this code or name"),
    "line_unknown": _("no product line has this code or name"),
    "limited": _("is of all; you are limited to some of them"),
    "not_of_kind": _("not of this kind of term"),
    "nothing_said": _("neither how much, nor that it ends"),
    "ends_and_more": _("how much, and that it ends; give one of them"),
    "share_wrong": _("not between 0 and 100"),
    "negative": _("below nothing"),
    "not_whole": _("not a whole number of days"),
    "days_missing": _("a discount for paying soon says within how many days"),
    "basis_unknown": _("neither revenue nor volume"),
    "steps_unreadable": _("not as “0 1; 250000 2.5”: from how much, and the percentage"),
    "bonus_of_nobody": _("a bonus is agreed with somebody: say the channel"),
    "step_twice": _("two steps begin at the same amount"),
    "step_down": _("a higher step gives less than the one before it"),
    "volume_of_all": _("volumes of all lines cannot be added: say the product line"),
    "volume_of_level": _("what is in force cannot be added over a year: take the revenue"),
    "term_taken": _("there is one from that day that says otherwise: withdraw that one first"),
    "term_duplicate": _("line %(other)s of the file is about the same term and day"),
}
_KINDS = {
    "invoice": Kind.INVOICE,
    "discount on the invoice": Kind.INVOICE,
    "factuurkorting": Kind.INVOICE,
    "korting op de factuur": Kind.INVOICE,
    "promotion": Kind.PROMOTION,
    "promotion support": Kind.PROMOTION,
    "actiebijdrage": Kind.PROMOTION,
    "bonus": Kind.BONUS,
    "bonus by scale": Kind.BONUS,
    "staffelbonus": Kind.BONUS,
    "payment": Kind.PAYMENT,
    "payment discount": Kind.PAYMENT,
    "betalingskorting": Kind.PAYMENT,
    "logistics": Kind.LOGISTICS,
    "logistics discount": Kind.LOGISTICS,
    "logistieke korting": Kind.LOGISTICS,
    "unit": Kind.UNIT,
    "amount a unit": Kind.UNIT,
    "bedrag per eenheid": Kind.UNIT,
}
_BASES = {"revenue": Basis.REVENUE, "omzet": Basis.REVENUE, "volume": Basis.VOLUME, "afzet": Basis.VOLUME}
_EVERY = (ALL, "everybody", "alle", "alles", "iedereen")
_AMOUNT = {Kind.UNIT: "amount", Kind.BONUS: "steps"}
_STEP = re.compile(r"([\d.,]+)\s+([\d.,]+)\s*%?")
_GROUPS = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+")


def steps_text(steps: Sequence[Step]) -> str:
    """A scale as the sheet reads it."""
    return "; ".join(f"{_plain(step.begin)} {_plain(step.rate * 100)}" for step in steps)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _steps_read(text: str) -> list[Step]:
    found = []
    for part in filter(None, map(str.strip, re.split(r"[;\n]", text))):
        said = _STEP.fullmatch(part)
        if said is None:
            raise Refused("steps", "steps_unreadable")
        begin = re.sub("[.,]", "", said[1]) if _GROUPS.fullmatch(said[1]) else said[1].replace(",", ".")
        try:
            step = Step(round(Decimal(begin), 4), round(Decimal(said[2].replace(",", ".")) / 100, 4))
        except ArithmeticError:
            raise Refused("steps", "steps_unreadable") from None
        if step.begin >= 10**14 or step.rate >= 1:
            raise Refused("steps", "steps_unreadable")
        found.append(step)
    return sorted(found)


@dataclass(frozen=True)
class _Row:
    line: int
    term: Term
    steps: list[Step]
    is_there: bool

    @property
    def effect(self) -> str:
        return "unchanged" if self.is_there else "new"


Key = tuple[str, int | None, int | None, datetime.date]


def _key(term: Term) -> Key:
    return (term.kind, term.channel_id, term.line_id, term.start_date)


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the terms there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._known = {"channel": channels_known(user), "product_line": lines_known(user)}
        self._limited = {
            "channel": user is not None and visible_channel_ids(user) is not None,
            "product_line": user is not None and visible_line_ids(user) is not None,
        }
        days = {row["start_date"] for row in rows if row["start_date"]}
        there = Term.objects.filter(start_date__in=days).prefetch_related("steps")
        self._there = {_key(term): term for term in there}

    def read(self, row: Row) -> _Row:
        kind = _KINDS.get(row["kind"].lower())
        if kind is None:
            raise Refused("kind", "kind_unknown")
        channel, line = self._whose(row, "channel"), self._whose(row, "product_line")
        steps = _steps_read(row["steps"] or "")
        said = self._said(row, kind, steps)
        term = Term(kind=kind, channel=channel, line=line, start_date=row["start_date"], **said)
        if kind == Kind.BONUS:
            try:
                scale_check(channel, line, said["basis"], steps)
            except DomainError as error:
                field = {"line": "product_line"}.get(error.field, error.field)
                raise Refused(field, error.code) from None
        self.once(_key(term), row, "start_date", "term_duplicate")
        there = self._there.get(_key(term))
        if there is not None and (
            any(getattr(there, name) != value for name, value in said.items()) or steps_of(there) != steps
        ):
            raise Refused("start_date", "term_taken")
        if there is None and kind == Kind.PAYMENT and row["rate"] and said["days"] is None:
            raise Refused("days", "days_missing")
        return _Row(row["line"], term, steps, there is not None)

    def _whose(self, row: Row, field: str) -> Any:
        text = row[field]
        found = self._known[field].find(text)
        if found is None and text.lower() not in _EVERY:
            raise Refused(field, "channel_unknown" if field == "channel" else "line_unknown")
        if found is None and self._limited[field]:
            raise Refused(field, "limited")
        return found

    def _said(self, row: Row, kind: str, steps: Sequence[Step]) -> dict[str, Any]:
        wants, ends = _AMOUNT.get(Kind(kind), "rate"), bool(row["ends"])
        given = {"rate": row["rate"] is not None, "amount": row["amount"] is not None, "steps": bool(steps)}
        for name in given:
            if name != wants and given[name]:
                raise Refused(name, "not_of_kind")
        if given[wants] == ends:
            raise Refused(wants, "ends_and_more" if ends else "nothing_said")
        if row["rate"] is not None and not 0 <= row["rate"] < 100:
            raise Refused("rate", "share_wrong")
        if row["amount"] is not None and row["amount"] < 0:
            raise Refused("amount", "negative")
        days = row["days"]
        if days is not None and kind != Kind.PAYMENT:
            raise Refused("days", "not_of_kind")
        if days is not None and (days % 1 or not 0 <= days <= 366):
            raise Refused("days", "not_whole")
        basis = _BASES.get((row["basis"] or "revenue").lower()) if kind == Kind.BONUS else ""
        if basis is None:
            raise Refused("basis", "basis_unknown")
        return {
            "rate": None if row["rate"] is None else round(row["rate"] / 100, 4),
            "amount": row["amount"],
            "days": None if days is None else int(days),
            "basis": basis,
        }

    def day(self, row: _Row) -> datetime.date:
        return row.term.start_date

    def shown(self, row: _Row) -> dict[str, Any]:
        term = row.term
        return {
            "kind": term.kind,
            "channel": term.channel.code if term.channel else ALL,
            "product_line": term.line.code if term.line else ALL,
            "start_date": term.start_date.isoformat(),
            "rate": None if term.rate is None else _plain(term.rate * 100),
            "amount": None if term.amount is None else _plain(term.amount),
            "days": None if term.days is None else str(term.days),
            "basis": term.basis or None,
            "steps": steps_text(row.steps) or None,
            "ends": term.rate is None and term.amount is None and not row.steps,
        }


class TermsSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "price_terms"
    label = _("Terms of customers")
    help_text = _("Discounts, bonuses by scale and terms of payment of channels, from when.")
    order = 54
    permission = "pricing.edit"
    reasons = REASONS
    fields = (
        Field("kind", "text", _("Kind"), required=True, aliases=("soort", "what", "wat", "term", "conditie")),
        Field(
            "channel",
            "text",
            _("Channel"),
            required=True,
            aliases=("kanaal", "klant", "afnemer", "account", "customer"),
            help_text=_("“all”: everybody."),
        ),
        Field(
            "product_line",
            "text",
            _("Product line"),
            required=True,
            aliases=("line", "productlijn", "lijn"),
            help_text=_("“all”: of all lines."),
        ),
        sources.START_DATE,
        Field(
            "rate",
            "number",
            _("Percentage"),
            aliases=("percentage", "korting"),
            help_text=_("In per cent."),
            in_percent=True,
        ),
        Field(
            "amount", "amount", _("Amount a unit"), aliases=("amount_a_unit", "bedrag_per_eenheid", "bedrag")
        ),
        Field(
            "days",
            "number",
            _("Paid within days"),
            aliases=("paid_within_days", "betaald_binnen_dagen", "dagen"),
        ),
        Field("basis", "text", _("Scale by"), aliases=("scale_by", "staffel_naar", "grondslag")),
        Field(
            "steps",
            "text",
            _("Steps of the bonus"),
            aliases=("steps_of_the_bonus", "staffel_van_de_bonus", "treden"),
            help_text=_("From how much in a year, and the percentage of all of it: “0 1; 250000 2.5”."),
        ),
        Field("ends", "flag", _("Ends"), aliases=("eindigt", "ended", "beeindigd")),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = self.checked(cursor, options)
        terms_import(
            source_import=Import.objects.get(pk=import_id),
            rows=[(row.term, row.steps) for row in plan.rows if not row.is_there],
        )
        return plan.counts()

    def undo(self, cursor: Any, import_id: int) -> Counts:
        return Counts(new=terms_import_undo(source_import=Import.objects.get(pk=import_id)))
