"""What the state takes of a use in a year, besides VAT."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache, partial
from itertools import groupby
from typing import Any

from django.db.models import QuerySet

from pricing.models import Levy
from products.selectors.access import visible_line_ids
from products.selectors.lines import LineTree

Levied = Sequence[Levy]
"""The steps of one levy in force, the lowest first."""
NOTHING: Mapping[str, Decimal] = {}
LeviesOn = Callable[[datetime.date], list[Levied]]


def levies_visible(user: Any) -> QuerySet[Levy]:
    """By line and name, the newest of each first."""
    rows = Levy.objects.select_related("line")
    rows = rows.order_by("line__name", "line", "name", "tier", "-start_date", "from_quantity")
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(line__in=lines)


def levies_by_date(rows: Iterable[Levy]) -> list[Levied]:
    """Ordered rows as levies: those of one line, name, tier and date."""
    key = lambda row: (row.line_id, row.name, row.tier, row.start_date)  # noqa: E731
    return [list(steps) for _key, steps in groupby(rows, key)]


def levies_on(rows: Iterable[Levy], day: datetime.date, lines: Sequence[int]) -> list[Levied]:
    """Those that hold on the day for a line; ``lines``: it and those above it, the nearest first."""
    held: dict[tuple[str, str], dict[int, list[Levy]]] = {}
    for row in sorted(rows, key=lambda row: (row.start_date, row.from_quantity)):
        if row.line_id in lines and row.start_date <= day:
            of_line = held.setdefault((row.name.casefold(), row.tier.casefold()), {})
            there = of_line.get(row.line_id)
            if there is None or there[0].start_date < row.start_date:
                of_line[row.line_id] = there = []
            there.append(row)
    return [next(of_line[pk] for pk in lines if pk in of_line) for of_line in held.values()]


def levies_of(line_ids: Collection[int], tree: LineTree) -> dict[int, LeviesOn]:
    """Of each line what holds there on a day; read at once."""
    above = {pk: [line.pk for line in tree.ancestors(pk)] for pk in line_ids}
    rows = list(Levy.objects.filter(line__in={pk for ids in above.values() for pk in ids}))
    return {pk: cache(partial(levies_on, rows, lines=ids)) for pk, ids in above.items()}


def levied(
    levies: Iterable[Levied], uses: Mapping[str, Decimal], paid: Mapping[str, Decimal] = NOTHING
) -> Decimal:
    """What they come to for who uses so much of each price per unit, by its tier, in a year, and has paid so
    much for it without VAT, by the tier of the prices."""
    total = Decimal(0)
    for steps in levies:
        tier = steps[0].tier.casefold()
        if steps[0].basis == Levy.Basis.SHARE:
            of = sum(_meant(tier, paid) if tier else paid.values(), Decimal(0))
            total += of * (steps[0].rate or 0)
            continue
        meant = _meant(tier, uses)
        if steps[0].basis == Levy.Basis.YEAR:
            total += (steps[0].amount or 0) if meant or (not tier and uses) else 0
            continue
        use = sum(meant, Decimal(0))
        ends = [*(step.from_quantity for step in steps[1:]), use]
        for step, end in zip(steps, ends, strict=True):
            total += (step.amount or 0) * max(min(use, end) - step.from_quantity, Decimal(0))
    return total


def _meant(tier: str, amounts: Mapping[str, Decimal]) -> list[Decimal]:
    """Those of the tiers that have this word."""
    return [amount for said, amount in amounts.items() if tier in (said.casefold(), *said.casefold().split())]
