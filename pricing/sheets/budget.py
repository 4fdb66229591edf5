"""The sheet *budget* with costs: a row with a kind of cost plans what that comes to, the others volume and
revenue as before."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.organisation import organisation_get
from exchange.sheets import Counts, Field
from pricing.engine.costs import booked
from pricing.models import CostBudget, CostKind
from pricing.selectors.cost_budgets import PLANNED_OF, budget_holding
from pricing.selectors.costs import EDIT, RIGHT
from pricing.selectors.ledger import UNMAPPED
from pricing.services.cost_budgets import cost_budget_import, cost_budget_undo, cost_budgets_follow
from pricing.words.cost_sheet import says_all
from products.models import Supplier
from products.selectors.access import visible_channel_ids, visible_line_ids
from products.sheets.budget import BudgetSheet
from products.sheets.known import Named, Refusals, channels_known, lines_known, staged
from products.sheets.planned import Plan, Refused, Row

Amount = tuple[Decimal, Decimal | None]
"""In our currency, and what it was in another."""
Amounts = Mapping[str, Amount]
REASONS: dict[str, Any] = {
    "kind_unknown": _("no kind of cost has this code or name"),
    "kind_missing": _("of which kind of cost?"),
    "supplier_unknown": _("no supplier has this code or name"),
    "cost_missing": _("a kind of cost and no amount"),
    "not_of_costs": _("a cost has none of this; give sales a row of their own"),
    "product_and_line": _("either a product or a line"),
    "cost_duplicate": _("line %(other)s of the file is about the same cost"),
    "cost_right": _("you may not keep costs"),
    "not_currency": _("three letters, such as EUR"),
    "no_exchange": _("an exchange rate, and the amount is in our own currency"),
    "exchange_missing": _("no exchange rate, and the amount is in another currency"),
    "limited": _("this concerns more than you may see"),
}


def _is_cost(row: Mapping[str, Any]) -> bool:
    return bool(row["kind"]) or row["cost"] is not None


class BudgetWithCostsSheet(BudgetSheet):
    help_text = _("The budget of products or lines by channel and month: volume, revenue and costs.")
    reasons = BudgetSheet.reasons | REASONS
    one_of = (("product", "product_line", "kind"), ("volume", "revenue", "cost"))
    fields = (
        *BudgetSheet.fields,
        Field("kind", "text", _("Kind of cost"), aliases=("kind_of_cost", "cost_kind", "kostensoort")),
        Field(
            "cost",
            "amount",
            _("Cost"),
            aliases=("costs", "kosten", "budget_cost"),
            help_text=_("With a kind of cost; empty: the amount beside it."),
            beside="kind",
        ),
        Field("supplier", "text", _("Supplier"), aliases=("leverancier",)),
        Field("cost_centre", "text", _("Cost centre"), aliases=("cost_center", "kostenplaats")),
        Field("currency", "code", _("Currency"), aliases=("valuta", "munt"), help_text=_("Of a cost.")),
        Field("exchange_rate", "exact", _("Exchange rate"), aliases=("wisselkoers", "koers")),
    )

    def sees_all(self, user: Any) -> bool:
        return super().sees_all(user) and user.has_perm(RIGHT)

    def rows(self, cursor: Any) -> list[Row]:
        return [row for row in super().rows(cursor) if not _is_cost(row)]

    def check(self, cursor: Any, options: Mapping[str, Any], user: Any) -> Mapping[str, str]:
        refusals = Refusals()
        plan = _Plan(_costs(cursor), options, user, refusals)
        unclear = {**plan.unclear, **super().check(cursor, options, user)}
        refusals.write(cursor)
        return unclear

    def preview(self, cursor: Any, options: Mapping[str, Any]) -> Counts:
        return _together(super().preview(cursor, options), _planned(cursor, options))

    def sample(self, cursor: Any, limit: int, options: Mapping[str, Any]) -> list[dict[str, Any]]:
        shown: dict[str, list[dict[str, Any]]] = {"new": [], "changed": [], "unchanged": []}
        for row in _planned(cursor, options).rows:
            if len(shown[row.effect]) < limit:
                shown[row.effect].append(row.shown)
        found = chain(super().sample(cursor, limit, options), *shown.values())
        return sorted(found, key=lambda each: each["line"])

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        plan = _planned(cursor, options)
        counts = _together(super().apply(cursor, import_id, options), plan)
        due = [row.budget for row in plan.rows if row.effect != "unchanged"]
        cost_budget_import(import_id=import_id, rows=due)
        cost_budgets_follow()
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        counts = super().undo(cursor, import_id)
        taken, restored = cost_budget_undo(import_id=import_id)
        cost_budgets_follow()
        return replace(counts, new=counts.new + taken, changed=counts.changed + restored)


def _together(counts: Counts, plan: _Plan) -> Counts:
    if not plan.rows:
        return counts
    effects = Counter(row.effect for row in plan.rows)
    months = [row.budget.month for row in plan.rows]
    months += [month for month in (counts.months_from, counts.months_to) if month]
    return replace(
        counts,
        **{name: getattr(counts, name) + effects[name] for name in ("new", "changed", "unchanged")},
        totals=counts.totals | {"cost": str(sum(row.budget.amount for row in plan.rows))},
        months_from=min(months),
        months_to=max(months),
    )


@dataclass(frozen=True)
class _Row:
    """``before`` and ``now``: what is and what the file has planned of the same thing, by currency."""

    line: int
    budget: CostBudget
    before: Amounts | None
    now: Amounts

    @property
    def effect(self) -> str:
        if self.before is None:
            return "new"
        return "unchanged" if self.before == self.now else "changed"

    @property
    def shown(self) -> dict[str, Any]:
        """As the preview has it."""
        row = self.budget
        of = {"product": row.product, "product_line": row.line, "channel": row.channel, "kind": row.kind}
        found = {name: each.code for name, each in of.items() if each is not None}
        found |= {"month": row.month.isoformat(), "cost": str(row.amount)}
        old = {}
        if self.before and self.effect == "changed":
            own = self.before.get(row.currency)
            whole = sum((amount for amount, _foreign in self.before.values()), Decimal(0))
            old = {"old": {"cost": str(own[0] if own else whole)}}
        return {"line": self.line, "effect": self.effect, **found, **old}


def _costs(cursor: Any) -> list[Row]:
    return [row for row in staged(cursor) if _is_cost(row)]


def _planned(cursor: Any, options: Mapping[str, Any]) -> _Plan:
    """The costs of the rows that ``check`` has let pass."""
    return _Plan(_costs(cursor), options, None, Refusals())


class _Plan(Plan):
    """What the rows of ``staging`` with costs mean beside what is planned."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._may = user is None or user.has_perm(EDIT)
        self._limits = (None, None) if user is None else (visible_line_ids(user), visible_channel_ids(user))
        self._known = {
            "kind": Named(CostKind.objects.exclude(code=UNMAPPED)),
            "product_line": lines_known(user),
            "channel": channels_known(user),
            "supplier": Named(Supplier.objects.all()),
        }
        self._there = _by_key(budget_holding({row["month"] for row in rows}))
        self._planned: dict[tuple[Any, ...], dict[str, Amount]] = defaultdict(dict)
        self._ours = organisation_get().currency

    def read(self, row: Row) -> _Row:
        if not self._may:
            raise Refused("kind", "cost_right")
        if not row["kind"]:
            raise Refused("kind", "kind_missing")
        amount = row["revenue"] if row["cost"] is None else row["cost"]
        if amount is None:
            raise Refused("cost", "cost_missing")
        for name in ("version", "measure", "volume", *(["revenue"] if row["cost"] is not None else [])):
            if row[name] is not None:
                raise Refused(name, "not_of_costs")
        if len(row["cost_centre"] or "") > 40:
            raise Refused("cost_centre", "too_long")
        planned = CostBudget(
            **self._money(row, amount),
            month=row["month"],
            kind=self._find(row, "kind", "kind_unknown"),
            product=self.product(row) if row["product"] else None,
            line=self._find(row, "product_line", "line_unknown"),
            channel=self._find(row, "channel", "channel_unknown"),
            supplier=self._find(row, "supplier", "supplier_unknown"),
            cost_centre=row["cost_centre"] or "",
        )
        if planned.product_id and planned.line_id:
            raise Refused("product_line", "product_and_line")
        lines, channels = self._limits
        if lines is not None and not planned.product_id and not planned.line_id:
            raise Refused("product", "limited")
        if channels is not None and not planned.channel_id:
            raise Refused("channel", "limited")
        key = _key(planned)
        self.once((key, planned.currency), row, "kind", "cost_duplicate")
        self._planned[key][planned.currency] = planned.amount, planned.currency_amount
        return _Row(row["line"], planned, self._there.get(key), self._planned[key])

    def _money(self, row: Row, amount: Decimal) -> dict[str, Any]:
        """In our currency, and what it was in another."""
        currency, rate = (row["currency"] or self._ours).upper(), row["exchange_rate"]
        if not re.fullmatch("[A-Z]{3}", currency):
            raise Refused("currency", "not_currency")
        if currency == self._ours:
            if rate not in (None, 1):
                raise Refused("exchange_rate", "no_exchange")
            return {"amount": booked(amount)}
        if rate is None or rate <= 0:
            raise Refused("exchange_rate", "exchange_missing")
        return {"amount": booked(amount * rate), "currency": currency, "currency_amount": booked(amount)}

    def _find(self, row: Row, field: str, code: str) -> Any:
        found = self._known[field].find(row[field]) if row[field] else None
        is_all = field == "product_line" and says_all(row[field] or "")
        if row[field] and found is None and not is_all:
            raise Refused(field, code)
        return found


def _key(row: CostBudget) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in PLANNED_OF)


def _by_key(rows: Iterable[CostBudget]) -> dict[tuple[Any, ...], dict[str, Amount]]:
    found: dict[tuple[Any, ...], dict[str, Amount]] = defaultdict(dict)
    for row in rows:
        found[_key(row)][row.currency] = row.amount, row.currency_amount
    return dict(found)
