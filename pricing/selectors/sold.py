"""What products sold by month and channel, and what else of them was counted: what costs are counted by."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from products.models import Measure, Product, SalesMonth
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree

from .costs import Rates

ZERO = Decimal(0)


@dataclass
class Sold:
    """A product's month, all together or in some channels; ``counted``: what cost lines count instead of what
    is sold, by measure. ``is_known``: its leading measure has a figure."""

    units: Decimal | None = None
    contracts: Decimal | None = None
    net: Decimal | None = None
    gross: Decimal | None = None
    counted: dict[int, Decimal] = field(default_factory=dict)
    is_known: bool = True

    def or_nothing(self, measures: Iterable[int]) -> Sold:
        """Where nothing is known of its sales none of it was sold, and nothing was counted but what is there:
        calls after the last sale, contracts still in force."""
        if self.is_known:
            return self
        counted = dict.fromkeys(measures, ZERO) | self.counted
        return Sold(ZERO, self.contracts or ZERO, counted=counted, is_known=False)


Months = Mapping[datetime.date, Mapping[int, Sold]]
"""By month and channel."""


def sold_by_month(
    tree: LineTree, rates: Mapping[Product, Sequence[Rates]], first: datetime.date, last: datetime.date
) -> dict[int, Months]:
    """By product, month and channel. Units are of the leading flow, contracts of the first level, money of
    the leading measure; the gross amount is the net one where none is given."""
    measures: dict[int, tuple[Measure, int | None]] = {}
    counted = {each.cost_line.measure_id for own in rates.values() for each in own} - {None}
    for product in rates:
        lead = tree.lead_measure(product.line_id)
        level = next((m for m in tree.measures(product.line_id) if m.kind == Measure.Kind.LEVEL), None)
        measures[product.pk] = lead, level.pk if level else None
    wanted = counted | {pk for lead, level in measures.values() for pk in (lead.pk, level) if pk is not None}
    found: dict[int, Any] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(lambda: Sold(is_known=False)))
    )
    rows = SalesMonth.objects.filter(product__in=measures, measure__in=wanted, month__range=(first, last))
    names = ("product_id", "measure_id", "month", "channel_id", "volume", "average_volume", "revenue")
    for product_id, measure, start, channel, volume, average, net, gross in rows.values_list(
        *names, "gross_revenue"
    ):
        lead, level_pk = measures[product_id]
        if measure not in (lead.pk, level_pk) and measure not in counted:
            continue
        month = found[product_id][start][channel]
        if measure == lead.pk:
            month.is_known = True
            month.net = net
            month.gross = net if gross is None else gross
            if lead.kind == Measure.Kind.FLOW:
                month.units = volume
        held = volume if average is None else average
        if measure == level_pk:
            month.contracts = held
        if measure in counted and held is not None:
            month.counted[measure] = held
    return found


def channels_below(sold: Iterable[Months]) -> dict[int, set[int]]:
    """The channels that something was sold in, by each channel they are in or below."""
    below: dict[int, set[int]] = defaultdict(set)
    there = {pk for months in sold for channels in months.values() for pk in channels}
    chains = channel_chains() if there else {}
    for channel in there:
        for above in chains[channel]:
            below[above].add(channel)
    return below


def together(rows: Iterable[Sold]) -> Sold:
    rows = list(rows)
    if len(rows) == 1:
        return rows[0]
    whole = Sold(is_known=False)
    for row in rows:
        whole.is_known |= row.is_known
        for name in ("units", "contracts", "net", "gross"):
            value = getattr(row, name)
            if value is not None:
                setattr(whole, name, (getattr(whole, name) or ZERO) + value)
        for pk, value in row.counted.items():
            whole.counted[pk] = whole.counted.get(pk, ZERO) + value
    return whole
