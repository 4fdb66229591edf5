"""The budgets that Today holds the portfolio against."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from core.months import month_add
from core.organisation import year_start
from products.models import ProductLine
from products.selectors.budget_cover import BudgetCover, Covered, budget_cover
from products.selectors.budget_lines import LinesBudget, budget_revenue
from products.selectors.lines import line_tree
from products.selectors.months import is_long_before

from .today import Ends, Scope


@dataclass(frozen=True)
class Planned:
    """The budget of the scope's month, year to date, last 12 months and full year, ``None`` where it is not
    whole; ``covered``: by their names, of what sold in them what is planned; ``of_lines``: some of it
    is made for lines as wholes. ``closed``: where lines end at different months, those with sales of that
    month. ``others``: measures that are planned too and do not lead."""

    month: Decimal | None
    ytd: Decimal | None
    last_year: Decimal | None
    full_year: Decimal | None
    covered: Mapping[str, Covered]
    of_lines: bool
    closed: list[ProductLine]
    others: frozenset[int]


def planned(user: Any, scope: Scope, month: datetime.date) -> Planned:
    """What the portfolio is compared with, as of this month: the budgets of products, and of the lines that
    the scope holds whole; each line is held against the months that its own sales are of. Two statements,
    three where a line has a budget by channel; one or two again for each month where lines end at different
    ones, and once more where some have ended.
    """
    start = year_start(month)
    end, year_ago = month_add(start, 11), month_add(month, -11)
    budget = budget_revenue(user, line_tree(), scope.whole, min(start, year_ago), end, scope.products)
    now = _parted(user, scope, scope.ends, budget, month)
    # The last 12 months of a line are those up to its own last one, also where it ended.
    year = now if scope.loaded == scope.ends else _parted(user, scope, scope.loaded, budget, month)
    this_month = [(now[0], month)]
    so_far = [(part, start) for part in now if part.last >= start]
    twelve = [(part, month_add(part.last, -11)) for part in year]
    cover = BudgetCover()
    if any(part.budget.months for part in (*now, *year)) or budget.months:
        cover = budget_cover(user, scope.products, min(start, *(first for _part, first in twelve)), month)

    def over(months: _Months) -> Decimal | None:
        """``None`` where the budget of one is not known."""
        plans = [part.budget.over(first, part.last) for part, first in months]
        return None if None in plans else sum((plan for plan in plans if plan is not None), Decimal(0))

    def covered(months: _Months, ahead: datetime.date | None = None) -> Covered:
        """Nothing where there is no budget of any of it."""
        plans = [(part, first, budget if ahead else part.budget) for part, first in months]
        if all(plan.over(first, ahead or part.last) is None for part, first, plan in plans):
            return Covered({})
        each = (cover.over(plan, first, part.last, ahead, part.lines) for part, first, plan in plans)
        return sum(each, Covered({}))

    return Planned(
        over(this_month),
        over(so_far),
        over(twelve),
        budget.over(start, end) if len(so_far) == len(now) else None,
        {
            "month": covered(this_month),
            "ytd": covered(so_far),
            "last_year": covered(twelve),
            "full_year": covered(so_far, end),
        },
        budget.of_lines,
        [line for line in scope.lines if scope.ends.get(line.pk) == month] if len(now) > 1 else [],
        budget.others,
    )


class _Part(NamedTuple):
    """The lines with one last month, and their budget."""

    last: datetime.date
    lines: Collection[int]
    budget: LinesBudget


_Months = Sequence[tuple[_Part, datetime.date]]
"""Each up to its last month, from a first one on."""


def _parted(user: Any, scope: Scope, ends: Ends, budget: LinesBudget, month: datetime.date) -> list[_Part]:
    """By last month, that of ``month`` first, with what has sold nothing for a year, or never: of lines that
    have all below them there the budget as a whole. Of one month it is all the ``budget``."""
    found: dict[datetime.date, set[int]] = {month: set()}
    for line, last in ends.items():
        end = month if last is None or last > month or is_long_before(last, month) else last
        found.setdefault(end, set()).add(line)
    if len(found) == 1:
        return [_Part(month, found[month], budget)]
    tree = line_tree()
    sold = {pk: tree.descendants(pk) & ends.keys() for pk in scope.whole}
    parts = []
    for last, lines in found.items():
        whole = {pk for pk, under in sold.items() if under <= lines and (under or last == month)}
        first = min(year_start(last), month_add(last, -11))
        own = budget_revenue(user, tree, whole, first, last, scope.products.filter(line__in=lines))
        parts.append(_Part(last, lines, own))
    return parts
