"""The budget of lines as wholes: made for a line, or for what is below it, and never both at once."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Count, Exists, F, Q, QuerySet, Sum

from core.months import month_range
from core.sql import rows_of, sql_of
from products.models import Product

from .budget import rows_between
from .channels import channel_chains
from .lines import LineTree, line_tree

LEAST = Decimal("0.5")
"""Less than this of a line beyond its products is told as nothing."""


@dataclass(frozen=True)
class LinesBudget:
    """The revenue planned by month, in measures that lead; months without a plan are missing. ``lines``:
    those for which some of it is made as wholes. ``wholes``: by month the lines that are planned as wholes,
    by themselves or with the line above. ``others``: measures that lead nothing of it, of which it has
    nothing."""

    months: Mapping[datetime.date, Decimal]
    lines: frozenset[int] = frozenset()
    others: frozenset[int] = frozenset()
    wholes: Mapping[datetime.date, Collection[int]] = field(default_factory=dict)

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
) -> LinesBudget:
    """The revenue planned of these lines with all below them: of a product by the measure that leads it, as
    its revenue is told, of a line by those that lead something in it. One query, and one of channels where a
    line has a budget by channel.

    A line's own row is the budget of the whole line: what is planned below it for the same month and
    measure, in the same channel or one that is part of it, is its detail and does not count again. Where a
    line has no row of its own, its budget is the sum of what is below. ``products``: the products whose own
    budgets count, where those are not all of the lines' (``lines`` are then the lines they make up whole).
    ``channels``: of these alone.
    """
    rows = rows_between(user, None, first, last).filter(revenue__isnull=False)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    below: QuerySet[Any] = Product.objects.filter(line__in=lines) if products is None else products
    rows = rows.filter(line__in=lines) | rows.filter(product__in=below.order_by().values("pk"))
    names = ("line_id", "product__line_id", "measure_id", "month", "channel_id")
    return _added(tree, rows.order_by().values_list(*names).annotate(Sum("revenue")))


# Rows of the plan; of each line how many of its products are asked for, and how many there are; and, where a
# line has a budget by channel, what each channel is part of.
_WITH_COUNTS = """
    WITH plan AS MATERIALIZED ({plan})
    SELECT 'plan', line_id, product_line, measure_id, month, channel_id, total FROM plan
    UNION ALL
    SELECT 'line', line_id, own, count, NULL, NULL, NULL FROM ({counts}) counts
    UNION ALL
    SELECT 'channel', id, parent_id, NULL, NULL, NULL, NULL FROM products_channel
    WHERE EXISTS (SELECT 1 FROM plan WHERE line_id IS NOT NULL AND channel_id IS NOT NULL)
"""


def products_budget(
    user: Any,
    products: Collection[int],
    first: datetime.date,
    last: datetime.date,
    channels: Collection[int] | None = None,
) -> LinesBudget:
    """The same of these products, and of the lines that they are all of; nothing where no line at all has a
    budget. One query."""
    rows = rows_between(user, None, first, last).filter(revenue__isnull=False)
    is_any = Exists(rows.filter(line__isnull=False))
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    plan = (
        rows.filter(is_any, Q(line__isnull=False) | Q(product__in=products))
        .order_by()
        .values("line_id", "measure_id", "month", "channel_id")
        .annotate(product_line=F("product__line_id"), total=Sum("revenue"))
    )
    among = Count("pk", filter=Q(pk__in=products))
    counts = (
        Product.objects.filter(is_any).order_by().values("line_id").annotate(count=Count("pk"), own=among)
    )
    said = {"plan": sql_of(plan), "counts": sql_of(counts)}
    if not all(said.values()):
        return LinesBudget({})  # no products
    tree, found = line_tree(), defaultdict[str, list[tuple[Any, ...]]](list)
    for kind, *row in rows_of(_WITH_COUNTS.format(**said), {}):
        found[kind].append(tuple(row))
    lines = _lines_whole(tree, {line: (own, count) for line, own, count, *_none in found["line"]})
    if not lines:
        return LinesBudget({})
    parents = {pk: parent for pk, parent, *_none in found["channel"]}
    return _added(tree, (row for row in found["plan"] if row[0] is None or row[0] in lines), parents)


def _lines_whole(tree: LineTree, counts: Mapping[int, tuple[int, int]]) -> set[int]:
    """The lines of which every product, with those of the lines below, is among those asked for, and what is
    below such a line. ``counts``: by line how many are asked for, and how many there are."""
    some = {line for line, (own, _count) in counts.items() if own}
    others = {line for line, (own, count) in counts.items() if own < count}
    found = set[int]()
    for line in tree.lines:
        below = tree.descendants(line)
        if below & some and not below & others:
            found |= below
    return found


def _added(
    tree: LineTree, rows: Iterable[Sequence[Any]], parents: Mapping[int, int | None] | None = None
) -> LinesBudget:
    """Of rows of the plan: line, the line of the product, measure, month, channel and revenue. ``parents``:
    what each channel is part of, where that was read already."""
    own: dict[int, _Plan] = defaultdict(lambda: defaultdict(dict))
    details: dict[int, _Plan] = defaultdict(lambda: defaultdict(dict))
    wholes: dict[datetime.date, set[int]] = defaultdict(set)
    others = set[int]()
    leads = cache(lambda line: {tree.lead_measure(below).pk for below in tree.descendants(line)})
    for line, product_line, measure, month, channel, revenue in rows:
        if measure not in ({tree.lead_measure(product_line).pk} if line is None else leads(line)):
            others.add(measure)
            continue
        if line is not None:
            below = tree.descendants(line)
            wholes[month] |= {pk for pk in below if tree.lead_measure(pk).pk == measure}
        plan = details[product_line] if line is None else own[line]
        plan[measure, month][channel] = revenue
    by_channel = any(channel for plan in own.values() for cells in plan.values() for channel in cells)
    chains = channel_chains(parents) if by_channel else {}
    tops = [pk for pk, line in tree.lines.items() if line.parent_id is None]
    total: dict[datetime.date, Decimal] = defaultdict(Decimal)
    for top in tops:
        for (_measure, month), cells in _of_line(tree, top, own, details, chains).items():
            total[month] += sum(cells.values(), Decimal(0))
    return LinesBudget(dict(total), frozenset(own), frozenset(others), wholes)


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
