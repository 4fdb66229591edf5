"""Fixed shares that rows of the sheet *costs* name, beside those that cost lines have."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from core.months import month_add, month_start
from core.organisation import today
from pricing.models import CostLine
from pricing.selectors.cost_splits import Keys, shares_by_start
from pricing.selectors.costs_undone import shares_undone
from pricing.words.cost_sheet import shares_read
from products.sheets.known import ProductsKnown
from products.sheets.planned import Refused, Row
from products.sheets.sources import CODE_SOURCE

FIELD, FROM = "shares", "shares_from"
Shares = Mapping[int, Decimal]
"""By product what it bears."""


class FixedShares:
    """What the rows of a file say of fixed shares, and what cost lines have."""

    def __init__(self, rows: Sequence[Row], user: Any, answer: Any) -> None:
        said = [(code, row[CODE_SOURCE]) for row in rows for code, _weight in self._codes(row)]
        asked = [{"product": code, CODE_SOURCE: source} for code, source in dict.fromkeys(said)]
        self._products = ProductsKnown(asked, user, answer)
        self.unclear = self._products.asked()
        fixed = CostLine.objects.filter(key=CostLine.Key.FIXED).values_list("pk", flat=True)
        self._there = shares_by_start(list(fixed)) if said else {}
        self.ended = set(self._ended()) if said else set()
        """Of which cost line and month shares were undone, so that others hold from next month on."""

    def _ended(self) -> Iterator[tuple[int, datetime.date]]:
        following = month_add(month_start(today()), 1)
        undone = set(shares_undone(self._there).values_list("cost_line_id", "start_date"))
        for pk, start in undone:
            assert start is not None
            days = [day for day in self._there[pk] if day is not None and day <= following]
            if start < (last := max(days, default=start)) and (pk, last) in undone:
                yield pk, start

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

    def there(self, cost_line: CostLine) -> Keys:
        """Those of a cost line that is there, by when they begin."""
        return self._there.get(cost_line.pk, {})
