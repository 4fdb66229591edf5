"""What is left of costs whose import was undone, or whose change of many was withdrawn.

Such rates are withdrawn, but those that began in a closed month: they stay for the months that are closed,
and a rate from the first open day puts back what would have held without them.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TypeVar

from django.db.models import Q, QuerySet

from exchange.models import Import
from pricing.models import CostChange, CostLine, CostRate, CostShare
from products.selectors.closing import open_from

Of = TypeVar("Of")


def rates_undone(line_ids: Collection[int]) -> QuerySet[CostRate]:
    """The rates of these lines that stay so, and those that were put back; none of them was withdrawn."""
    of_changes = CostChange.rates.through.objects.filter(costchange__state=CostChange.State.WITHDRAWN)
    undone = Q(source_import__state=Import.State.UNDONE) | Q(pk__in=of_changes.values("costrate"))
    return CostRate.objects.filter(undone, cost_line__in=line_ids, withdrawn_at=None)


def shares_undone(line_ids: Collection[int]) -> QuerySet[CostShare]:
    """The same of fixed shares that begin on a date."""
    rows = CostShare.objects.filter(source_import__state=Import.State.UNDONE, start_date__isnull=False)
    return rows.filter(cost_line__in=line_ids)


def ended(
    undone: Collection[tuple[Of, datetime.date]], held: Mapping[Of, datetime.date]
) -> set[tuple[Of, datetime.date]]:
    """Of what was undone that for which an undo put something else back since; ``held``: since when what is
    in force is."""
    return {(of, start) for of, start in undone if start < held.get(of, start) and (of, held[of]) in undone}


class RatesLeft:
    """Of rates that a file meets, by id: ``put_back``: those that an undo put back, which give way;
    ``ended``: those of closed months in whose place something else was put back. Two queries at most."""

    def __init__(self, line_ids: Collection[int]) -> None:
        rows = {
            ((row.cost_line_id, row.from_quantity), row.start_date): row.pk for row in rates_undone(line_ids)
        }
        begin = open_from() or datetime.date.min
        self.put_back = {pk for (_tier, start), pk in rows.items() if start >= begin}
        self.ended: set[int] = set()
        if len(self.put_back) == len(rows):
            return
        held = CostRate.objects.filter(
            cost_line__in={line for (line, _quantity), _start in rows},
            withdrawn_at=None,
            start_date__lte=begin,
        ).exclude(cost_line__basis=CostLine.Basis.ONCE)
        days = held.order_by("start_date").values_list("cost_line_id", "from_quantity", "start_date")
        holds: dict[tuple[int, Decimal], datetime.date] = {
            (line, quantity): start for line, quantity, start in days
        }
        self.ended = {rows[each] for each in ended(rows.keys(), holds)}
