"""The budget of lines as wholes: made for a line, or for what is below it, and never both at once."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Q, QuerySet, Sum

from core.months import month_range
from products.models import Channel, Product

from .budget import budget_year, rows_between
from .channels import channel_chains
from .lines import LineTree, line_tree

LEAST = Decimal("0.5")
"""Less than this of a line beyond its products is told as nothing."""


@dataclass(frozen=True)
class LinesBudget:
    """The revenue planned by month; months without a plan are missing. ``lines``: those for which some of it
    is made as wholes."""

    months: Mapping[datetime.date, Decimal]
    lines: frozenset[int] = frozenset()

    @property
    def of_lines(self) -> bool:
        return bool(self.lines)

    def over(self, first: datetime.date, last: datetime.date) -> Decimal | None:
        """From the first month to the last; ``None`` where one of them has no plan."""
        found = [self.months.get(month) for month in month_range(first, last)]
        return None if None in found else sum((each for each in found if each is not None), Decimal(0))


# By measure and month, the revenue of each channel; None: all channels together.
_Plan = dict[tuple[int, datetime.date], dict[int | None, Decimal]]


def budget_revenue(
    user: Any,
    tree: LineTree,
    lines: Collection[int],
    first: datetime.date,
    last: datetime.date,
    products: QuerySet[Product] | None = None,
    channels: Collection[int] | None = None,
    *,
    leading: bool = False,
) -> LinesBudget:
    """The revenue planned of these lines with all below them, over all measures. One query, and one of
    channels where a line has a budget by channel.

    A line's own row is the budget of the whole line: what is planned below it for the same month and
    measure, in the same channel or one that is part of it, is its detail and does not count again. Where a
    line has no row of its own, its budget is the sum of what is below. ``products``: the products whose own
    budgets count, where those are not all of the lines' (``lines`` are then the lines they make up whole).
    ``channels``: of these alone. ``leading``: of products only what is planned of the measure that leads.
    """
    rows = rows_between(user, None, first, last).filter(revenue__isnull=False)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    below: QuerySet[Any] = Product.objects.filter(line__in=lines) if products is None else products
    rows = rows.filter(line__in=lines) | rows.filter(product__in=below.order_by().values("pk"))
    own: dict[int, _Plan] = defaultdict(lambda: defaultdict(dict))
    details: dict[int, _Plan] = defaultdict(lambda: defaultdict(dict))
    found = rows.order_by().values_list(
        "line_id", "product__line_id", "measure_id", "month", "channel_id", "version__year"
    )
    for line, product_line, measure, month, channel, year, revenue in found.annotate(Sum("revenue")):
        if year != budget_year(month):
            continue
        if leading and line is None and measure != tree.lead_measure(product_line).pk:
            continue
        plan = details[product_line] if line is None else own[line]
        plan[measure, month][channel] = revenue
    by_channel = any(channel for plan in own.values() for cells in plan.values() for channel in cells)
    chains = channel_chains(dict(Channel.objects.values_list("pk", "parent_id"))) if by_channel else {}
    tops = [pk for pk, line in tree.lines.items() if line.parent_id is None]
    total: dict[datetime.date, Decimal] = defaultdict(Decimal)
    for top in tops:
        for (_measure, month), cells in _of_line(tree, top, own, details, chains).items():
            total[month] += sum(cells.values(), Decimal(0))
    return LinesBudget(dict(total), frozenset(own))


def products_budget(
    user: Any,
    products: Collection[int],
    first: datetime.date,
    last: datetime.date,
    channels: Collection[int] | None = None,
) -> LinesBudget:
    """The same of these products, by the measure that leads, and of the lines that they are all of; nothing
    where no line at all has a budget. One query, then two."""
    of_lines = rows_between(user, None, first, last).filter(line__isnull=False, revenue__isnull=False)
    tree, rows = line_tree(), Product.objects.filter(pk__in=products)
    lines = _lines_whole(tree, products, Product.objects.filter(Exists(of_lines)))
    if not lines:
        return LinesBudget({})
    return budget_revenue(user, tree, lines, first, last, rows, channels, leading=True)


def _lines_whole(tree: LineTree, products: Collection[int], every: QuerySet[Product]) -> set[int]:
    """The lines of which ``every`` product, with those of the lines below, is among these, and what is below
    such a line."""
    rows = every.order_by().values("line_id")
    among = Count("pk", filter=Q(pk__in=products))
    counts = list(rows.annotate(count=Count("pk"), own=among).values_list("line_id", "count", "own"))
    some = {line for line, _count, own in counts if own}
    others = {line for line, count, own in counts if own < count}
    found = set[int]()
    for line in tree.lines:
        below = tree.descendants(line)
        if below & some and not below & others:
            found |= below
    return found


def _of_line(
    tree: LineTree,
    line: int,
    own: Mapping[int, _Plan],
    details: Mapping[int, _Plan],
    chains: Mapping[int, Collection[int]],
) -> _Plan:
    plan: _Plan = defaultdict(dict)
    parts = [details.get(line, {}), *(_of_line(tree, pk, own, details, chains) for pk in tree.below(line))]
    said = own.get(line, {})
    for part in parts:
        for key, cells in part.items():
            covering = said.get(key, {})
            for channel, revenue in cells.items():
                if not _covered(channel, covering, chains):
                    plan[key][channel] = plan[key].get(channel, Decimal(0)) + revenue
    for key, cells in said.items():
        for channel, revenue in cells.items():
            plan[key][channel] = plan[key].get(channel, Decimal(0)) + revenue
    return plan


def _covered(
    channel: int | None, covering: Mapping[int | None, Decimal], chains: Mapping[int, Collection[int]]
) -> bool:
    """Whether a plan for the line says what this channel (``None``: all) is a detail of."""
    if None in covering:
        return True
    return channel is not None and any(part in covering for part in chains.get(channel, (channel,)))
