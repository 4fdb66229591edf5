"""Fixed shares that rows of the sheet *costs* name, beside those that cost lines have."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from accounts.errors import DomainError
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostLine
from pricing.selectors.cost_splits import shares_by_start
from pricing.selectors.costs_undone import ended, shares_undone
from pricing.services.costs import shares_start_check
from pricing.words.cost_sheet import shares_read
from products.selectors.closing import closed_until
from products.sheets.known import ProductsKnown
from products.sheets.planned import Refused, Row
from products.sheets.sources import CODE_SOURCE

FIELD, FROM = "shares", "shares_from"
FIXED = CostLine.Key.FIXED
Identity = tuple[Any, ...]
"""What makes a cost line the same: see ``cost_line_once``."""
Shares = Mapping[int, Decimal]
"""By product what it bears."""


class FixedShares:
    """What the rows of a file say of fixed shares, and what cost lines have. ``new``: what products bear from
    when on that they did not yet, by cost line."""

    def __init__(self, rows: Sequence[Row], user: Any, answer: Any) -> None:
        said = [(code, row[CODE_SOURCE]) for row in rows for code, _weight in self._codes(row)]
        asked = [{"product": code, CODE_SOURCE: source} for code, source in dict.fromkeys(said)]
        self._products = ProductsKnown(asked, user, answer)
        self.unclear = self._products.asked()
        fixed = CostLine.objects.filter(key=FIXED).values_list("pk", flat=True)
        self._there = shares_by_start(list(fixed)) if said else {}
        self._ended = self._undone() if said else set[tuple[int, datetime.date]]()
        """Of which cost line and month shares were undone, so that others hold from next month on."""
        self.new: dict[tuple[Identity, datetime.date | None], Shares] = {}

    def _undone(self) -> set[tuple[int, datetime.date]]:
        following = month_add(month_start(today()), 1)
        undone = {
            (pk, start)
            for pk, start in shares_undone(self._there).values_list("cost_line_id", "start_date")
            if start is not None
        }
        begun = {
            pk: [day for day in keys if day is not None and day <= following]
            for pk, keys in self._there.items()
        }
        return ended(undone, {pk: max(days) for pk, days in begun.items() if days})

    @staticmethod
    def _codes(row: Row) -> list[tuple[str, Decimal]]:
        try:
            return shares_read(row[FIELD] or "")
        except ValueError:
            return []  # told when the row is read

    def read(self, row: Row) -> Shares:
        """What the row says; none: nothing."""
        try:
            said = shares_read(row[FIELD] or "")
        except ValueError as error:
            raise Refused(FIELD, "shares_unread", said=str(error)[:80]) from None
        found: dict[int, Decimal] = {}
        for code, weight in said:
            asked = {"product": code, CODE_SOURCE: row[CODE_SOURCE]}
            product = self._products.find(asked)
            if product is None:
                raise Refused(FIELD, self._products.problem(asked), source=self._products.source(asked))
            if product.pk in found:
                raise Refused(FIELD, "shares_unread", said=code)
            found[product.pk] = weight
        return found

    def are_new(
        self, row: Row, shares: Shares, split: str, found: CostLine | None, identity: Identity
    ) -> bool:
        """Whether the shares of a row, of a cost line split so (``found``: one that is there), are to be
        written; refuses those that cannot be."""
        start = row[FROM]
        if shares and split != FIXED:
            raise Refused(FIELD, "shares_of_other")
        if not shares:
            if start is not None:
                raise Refused(FIELD, "shares_missing")
            if found is None and split == FIXED:
                raise Refused(FIELD, "shares")
            return False
        if found is None:
            return _begins(start)
        there = {
            **self._there.get(found.pk, {}),
            **{at: own for (line, at), own in self.new.items() if line == identity},
        }
        if start is None:
            held = [own for at, own in there.items() if at is None or at <= row["start_date"]]
            if shares not in held[-1:] and shares != there.get(None):
                raise Refused(FIELD, "shares_differ")
            return False
        if there.get(start) == shares:
            if (found.pk, start) in self._ended:
                raise Refused(FROM, "shares_undone")
            return False
        if start in there and ((identity, start) in self.new or start <= today()):
            raise Refused(FROM, "shares_taken")
        return _begins(start)


def _begins(start: datetime.date | None) -> bool:
    if start is not None:
        try:
            shares_start_check(start)
        except DomainError as error:
            raise Refused(FROM, error.code, until=f"{closed_until() or start:%Y-%m}") from None
    return True
