"""What is left of costs whose import was undone, or whose change of many was withdrawn.

Such rates are withdrawn, but those that began in a closed month: they stay for the months that are closed,
and a rate from the first open day puts back what would have held without them.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from decimal import Decimal

from django.db.models import Q, QuerySet

from exchange.models import Import
from pricing.models import CostChange, CostRate, CostShare
from products.selectors.closing import open_from


def rates_undone(line_ids: Collection[int]) -> QuerySet[CostRate]:
    """The rates of these lines that stay so, and those that were put back; none of them was withdrawn."""
    of_changes = CostChange.rates.through.objects.filter(costchange__state=CostChange.State.WITHDRAWN)
    undone = Q(source_import__state=Import.State.UNDONE) | Q(pk__in=of_changes.values("costrate"))
    return CostRate.objects.filter(undone, cost_line__in=line_ids, withdrawn_at=None)


def shares_undone(line_ids: Collection[int]) -> QuerySet[CostShare]:
    """The same of fixed shares that begin on a date."""
    rows = CostShare.objects.filter(source_import__state=Import.State.UNDONE, start_date__isnull=False)
    return rows.filter(cost_line__in=line_ids)


class RatesLeft:
    """Of rates that a file meets, by id: ``put_back``: those that an undo put back, which give way;
    ``ended``: those of closed months in whose place something else was put back. Two queries at most."""

    def __init__(self, line_ids: Collection[int]) -> None:
        rows = list(rates_undone(line_ids))
        begin = open_from() or datetime.date.min
        self.put_back = {row.pk for row in rows if row.start_date >= begin}
        self.ended: set[int] = set()
        if len(self.put_back) == len(rows):
            return
        holds: dict[tuple[int, Decimal], CostRate] = {}
        lines = {row.cost_line_id for row in rows}
        held = CostRate.objects.filter(cost_line__in=lines, withdrawn_at=None, start_date__lte=begin)
        for row in held.order_by("start_date"):
            holds[row.cost_line_id, row.from_quantity] = row
        for row in rows:
            now = holds.get((row.cost_line_id, row.from_quantity))
            if row.start_date < begin and now is not None and now.pk in self.put_back:
                self.ended.add(row.pk)
