"""What amounts of the ledger come to by the mapping, and of what that is made, as a hash by month."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from pricing.engine.costs import allocate, booked
from pricing.models import CostLine, CostMonth, LedgerMapping

from .cost_months import BookedCost
from .cost_splits import Splits
from .ledger import ZERO, Amount, Mappings
from .standard_costs import said_hash

VERSION = 1
"""Raise it where the same ledger would be booked otherwise."""
Split = tuple[str, int | None]


class _Sum(NamedTuple):
    """Of amounts alike: what they come to, and in their own currency (``None``: it is ours)."""

    amount: Decimal
    currency_amount: Decimal | None

    def plus(self, amount: Decimal, foreign: Decimal | None) -> _Sum:
        both = None if foreign is None else (self.currency_amount or ZERO) + foreign
        return _Sum(self.amount + amount, both)

    def foreign(self, part: Decimal) -> Decimal | None:
        """What a part of the amount was in their own currency."""
        if self.currency_amount is None or not self.amount:
            return None
        return booked(self.currency_amount * part / self.amount)


class LedgerCosts:
    """By month and source; ``unmapped``: the kind of what no mapping says anything of. What is to be split is
    added up first, so that a split is of the whole."""

    def __init__(self, amounts: Sequence[Amount], mappings: Mappings, unmapped: int) -> None:
        self._unmapped = unmapped
        self._alone: dict[datetime.date, list[tuple[str, BookedCost]]] = defaultdict(list)
        self._shared: dict[datetime.date, dict[tuple[str, Split, BookedCost], _Sum]] = defaultdict(
            lambda: defaultdict(lambda: _Sum(ZERO, None))
        )
        self._lines: dict[Split, CostLine] = {}
        for source, row, part in self._shares(amounts, mappings):
            if row.product_id is not None or part is None:
                self._alone[row.month].append((source, row))
            else:
                split = (part.key, part.line_id)
                self._lines.setdefault(split, CostLine(key=part.key, line_id=part.line_id))
                key = (source, split, row._replace(amount=ZERO, currency_amount=None))
                sums = self._shared[row.month]
                sums[key] = sums[key].plus(row.amount, row.currency_amount)
        months = self._shared or [datetime.date.min]
        self._splits = Splits(list(self._lines.values()), min(months), max(months))

    def _shares(
        self, amounts: Sequence[Amount], mappings: Mappings
    ) -> Iterator[tuple[str, BookedCost, LedgerMapping | None]]:
        """What each part of the mapping gets (``None``: nobody mapped it), of all that is alike together.
        What an entry says of its product and channel goes first."""
        whole: dict[tuple[str, Sequence[LedgerMapping], BookedCost], _Sum] = defaultdict(
            lambda: _Sum(ZERO, None)
        )
        for each in amounts:
            row = BookedCost(
                product_id=each.product_id,
                month=each.month,
                kind_id=self._unmapped,
                channel_id=each.channel_id,
                supplier_id=each.supplier_id,
                cost_centre=each.cost_centre,
                amount=ZERO,
                currency=each.currency,
            )
            source = CostMonth.Source.ACCRUAL if each.is_accrual else CostMonth.Source.ACTUAL
            key = (source.value, tuple(mappings.of(each)), row)
            whole[key] = whole[key].plus(each.booked, each.currency_amount)
        for (booked_as, found, row), sums in whole.items():
            if not found:
                yield booked_as, row._replace(**sums._asdict()), None
            for part, own in allocate(sums.amount, {part: part.share for part in found}).items():
                mapped = row._replace(
                    product_id=row.product_id or part.product_id,
                    kind_id=part.kind_id or self._unmapped,
                    channel_id=row.channel_id or part.channel_id,
                    amount=own,
                    currency_amount=sums.foreign(own),
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
                        (key, sums, weights[key[1], month])
                        for key, sums in self._shared.get(month, {}).items()
                    ],
                ]
            )
            for month in months
        }

    def rows(self, source: str, months: Collection[datetime.date]) -> Iterator[BookedCost]:
        for month in months:
            yield from (row for own, row in self._alone.get(month, ()) if own == source)
            for (own, split, row), sums in self._shared.get(month, {}).items():
                if own == source:
                    parts: Mapping[Any, Decimal] = self._splits.parts(self._lines[split], month, sums.amount)
                    for pk, part in (parts or {None: sums.amount}).items():
                        yield row._replace(product_id=pk, amount=part, currency_amount=sums.foreign(part))
