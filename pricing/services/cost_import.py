"""Costs of a file, written; and what a file or a change of many wrote, taken back."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from core.months import month_add, month_start
from core.organisation import today
from exchange.models import Import
from pricing.models import CostCorrection, CostLine, CostRate, CostShare
from pricing.selectors.cost_splits import shares_by_start
from pricing.selectors.costs_undone import rates_undone, shares_undone
from pricing.words.withdrawn import IMPORT_UNDONE
from products.selectors.closing import open_from
from products.services.closing import figures_writing

from .cost_corrections import corrections_close
from .costs import RateValues, rates_write
from .standard_costs import standard_costs_later

Key = tuple[int, Decimal, datetime.date]
"""Cost line, from quantity, from when."""


def cost_lines_import(rows: Sequence[CostLine]) -> None:
    """Make the cost lines of a file, checked before."""
    CostLine.objects.bulk_create(rows, batch_size=2000)


def cost_shares_import(
    *, source_import: Import, rows: Sequence[tuple[CostLine, datetime.date | None, Mapping[int, Decimal]]]
) -> None:
    """Write fixed shares of a file, checked before: of which line, from when, and what each product (by id)
    bears. Those that were said of the same month ahead go."""
    for line, start_date, _weights in rows:
        CostShare.objects.filter(cost_line=line, start_date=start_date).delete()
    shares = [
        CostShare(
            cost_line=line,
            start_date=start_date,
            product_id=product,
            weight=weight,
            source_import=source_import,
        )
        for line, start_date, weights in rows
        for product, weight in weights.items()
    ]
    CostShare.objects.bulk_create(shares, batch_size=2000)
    standard_costs_later(cost_lines={line.pk for line, _start, _weights in rows})


def costs_import(*, source_import: Import, rows: Sequence[tuple[Key, RateValues]]) -> None:
    """Write the rates of a file. None of them may be there, but for what undoing an import put back, which
    gives way."""
    taken = {key for key, _values in rows}
    put_back = [
        row.pk
        for row in rates_undone({line for line, _begin, _start in taken})
        if (row.cost_line_id, row.from_quantity, row.start_date) in taken
    ]
    _withdraw(put_back, IMPORT_UNDONE, source_import.created_by)
    rates_write(
        user=source_import.created_by,
        rows=[
            CostRate(
                cost_line_id=line,
                start_date=start,
                source_import=source_import,
                **values._asdict(),
            )
            for (line, begin, start), values in rows
        ],
    )


def costs_import_undo(*, source_import: Import) -> tuple[int, int]:
    """Withdraw the file's rates; see :func:`rates_undo`."""
    mine = CostRate.objects.filter(source_import=source_import, withdrawn_at=None)
    withdrawn, rows = rates_undo(mine, reason=IMPORT_UNDONE, user=source_import.undone_by)
    _shares_undo(source_import)
    costs_import(source_import=source_import, rows=rows)
    return withdrawn, len(rows)


def rates_undo(
    mine: QuerySet[CostRate], *, reason: str, user: Any
) -> tuple[int, list[tuple[Key, RateValues]]]:
    """Withdraw these rates, but those that began in a closed month: these stay for the months that are
    closed, and where one still holds on the first open day, a rate from then is due that puts back what would
    have held without them, and without what was undone before. How many were withdrawn, and the rates that
    are due."""
    figures_writing()
    rows = list(mine)
    lines = {row.cost_line_id for row in rows}
    begin = open_from() or datetime.date.min
    gone = [row.pk for row in rows if row.start_date >= begin]
    undone = list(rates_undone(lines))
    put_back = [row.pk for row in undone if row.start_date >= begin]
    withdrawn = _withdraw(gone, reason, user)
    _withdraw({*put_back} - {*gone}, reason, user)
    standard_costs_later(cost_lines=lines)
    if begin == datetime.date.min:
        return withdrawn, []
    left_out = {row.pk for row in (*rows, *undone)}
    holds: dict[tuple[int, Decimal], CostRate] = {}
    without: dict[tuple[int, Decimal], CostRate] = {}
    held = CostRate.objects.filter(cost_line__in=lines, withdrawn_at=None, start_date__lte=begin)
    for row in held.exclude(cost_line__basis=CostLine.Basis.ONCE).order_by("start_date"):
        place = (row.cost_line_id, row.from_quantity)
        holds[place] = row
        if row.pk not in left_out:
            without[place] = row
    due = []
    for place, row in sorted(holds.items()):
        before = _values(without[place]) if place in without else _values(row)._replace(amount=None)
        if row.pk in left_out and _values(row) != before:
            due.append(((*place, begin), before))
    return withdrawn, due


def _withdraw(pks: Collection[int], reason: str, user: Any) -> int:
    rates = CostRate.objects.filter(pk__in=pks)
    corrections = CostCorrection.objects.filter(rate__in=rates, state=CostCorrection.State.PROPOSED)
    corrections_close(user=user, corrections=corrections)
    return rates.update(withdrawn_at=timezone.now(), withdrawn_reason=reason)


def _values(row: CostRate) -> RateValues:
    return RateValues(**{name: getattr(row, name) for name in RateValues._fields})


def _shares_undo(source_import: Import) -> None:
    """Take away the file's fixed shares that lie ahead; where others of its shares hold, from next month on
    those that would hold without them, and without what was undone before."""
    mine = CostShare.objects.filter(source_import=source_import, start_date__isnull=False)
    own = list(mine)
    lines = {share.cost_line_id for share in own}
    following, restored = month_add(month_start(today()), 1), []
    undone = {(share.cost_line_id, share.start_date) for share in (*own, *shares_undone(lines))}
    for rows in (mine, shares_undone(lines)):
        rows.filter(start_date__gt=today()).delete()
    for pk, keys in shares_by_start(lines).items():
        held = [start for start in keys if start is None or start <= following]
        before = [start for start in held if (pk, start) not in undone]
        if before and keys[held[-1]] != keys[before[-1]]:
            restored += [
                CostShare(
                    cost_line_id=pk,
                    product_id=product,
                    weight=weight,
                    start_date=following,
                    source_import=source_import,
                )
                for product, weight in keys[before[-1]].items()
            ]
    CostShare.objects.bulk_create(restored)
    standard_costs_later(cost_lines=lines)
