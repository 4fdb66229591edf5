"""What amounts of the ledger come to by the mapping, and of what that is made, as a hash by month."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pricing.engine.costs import allocate
from pricing.models import CostLine, CostMonth, LedgerMapping

from .cost_months import BookedCost
from .cost_splits import Splits
from .ledger import ZERO, Amount, Mappings
from .standard_costs import said_hash

VERSION = 1
"""Raise it where the same ledger would be booked otherwise."""
Split = tuple[str, int | None]


class LedgerCosts:
    """By month and source; ``unmapped``: the kind of what no mapping says anything of. What is to be split is
    added up first, so that a split is of the whole."""

    def __init__(self, amounts: Sequence[Amount], mappings: Mappings, unmapped: int) -> None:
        self._unmapped = unmapped
        self._alone: dict[datetime.date, list[tuple[str, BookedCost]]] = defaultdict(list)
        self._shared: dict[datetime.date, dict[tuple[str, Split, BookedCost], Decimal]] = defaultdict(
            lambda: defaultdict(Decimal)
        )
        self._lines: dict[Split, CostLine] = {}
        for source, row, part in self._shares(amounts, mappings):
            if row.product_id is not None or part is None:
                self._alone[row.month].append((source, row))
            else:
                split = (part.key, part.line_id)
                self._lines.setdefault(split, CostLine(key=part.key, line_id=part.line_id))
                self._shared[row.month][source, split, row._replace(amount=ZERO)] += row.amount
        months = self._shared or [datetime.date.min]
        self._splits = Splits(list(self._lines.values()), min(months), max(months))

    def _shares(
        self, amounts: Sequence[Amount], mappings: Mappings
    ) -> Iterator[tuple[str, BookedCost, LedgerMapping | None]]:
        """What each part of the mapping gets (``None``: nobody mapped it), of all that is alike together.
        What an entry says of its product and channel goes first."""
        whole: dict[tuple[str, Sequence[LedgerMapping], BookedCost], Decimal] = defaultdict(Decimal)
        for each in amounts:
            row = BookedCost(
                product_id=each.product_id,
                month=each.month,
                kind_id=self._unmapped,
                channel_id=each.channel_id,
                supplier_id=each.supplier_id,
                cost_centre=each.cost_centre,
                amount=ZERO,
            )
            source = CostMonth.Source.ACCRUAL if each.is_accrual else CostMonth.Source.ACTUAL
            whole[source.value, tuple(mappings.of(each)), row] += each.booked
        for (booked_as, found, row), amount in whole.items():
            if not found:
                yield booked_as, row._replace(amount=amount), None
            for part, own in allocate(amount, {part: part.share for part in found}).items():
                mapped = row._replace(
                    product_id=row.product_id or part.product_id,
                    kind_id=part.kind_id or self._unmapped,
                    channel_id=row.channel_id or part.channel_id,
                    amount=own,
                )
                yield booked_as, mapped, part

    def signs(self, months: Collection[datetime.date]) -> dict[datetime.date, str]:
        """By month a hash of all that it is booked from."""
        weights: dict[tuple[Split, datetime.date], str] = {}
        for month in months:
            for _source, split, _row in self._shared.get(month, ()):
                if (split, month) not in weights:
                    said = self._splits.said(self._lines[split]).get(month, {})
                    weights[split, month] = said_hash(sorted(said.items()))
        return {
            month: said_hash(
                [
                    VERSION,
                    self._alone.get(month, []),
                    [
                        (key, amount, weights[key[1], month])
                        for key, amount in self._shared.get(month, {}).items()
                    ],
                ]
            )
            for month in months
        }

    def rows(self, source: str, months: Collection[datetime.date]) -> Iterator[BookedCost]:
        for month in months:
            yield from (row for own, row in self._alone.get(month, ()) if own == source)
            for (own, split, row), whole in self._shared.get(month, {}).items():
                if own == source:
                    parts: Mapping[Any, Decimal] = self._splits.parts(self._lines[split], month, whole)
                    for pk, part in (parts or {None: whole}).items():
                        yield row._replace(product_id=pk, amount=part)
