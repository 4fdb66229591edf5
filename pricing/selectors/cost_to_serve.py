"""What channels cost, beside what is sold in them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from core.months import month_add, month_row
from core.sql import rows_of
from pricing.models import CostKind, CostMonth
from products.models import Channel
from products.selectors.access import is_limited, products_visible, visible_line_ids
from products.selectors.channels import channel_chains
from products.selectors.closed_names import Called
from products.selectors.lines import line_tree

from .cost_months import cost_months
from .costs_left_out import lacking
from .reconciliation import Reconciliation, reconciled
from .sold_cents import sold_in_cents, sold_said

MONTHS = 12
ZERO = Decimal(0)
STANDARD = (CostMonth.Source.STANDARD,)
ACTUAL = (CostMonth.Source.ACTUAL, CostMonth.Source.ACCRUAL)
_NET_OF_CHANNELS = "SELECT channel_id, sum(gross_cents - off_cents) FROM ({cents}) booked GROUP BY channel_id"


@dataclass(frozen=True)
class Served:
    """What the standard ``costs`` of one channel and those below it come to, beside what was sold in them;
    ``actual``: what is booked there of the ledger with accruals, ``None`` where nothing is."""

    channel: Channel
    net: Decimal
    costs: Decimal
    actual: Decimal | None = None

    @property
    def rate(self) -> Decimal | None:
        return self.costs / self.net if self.net > 0 else None

    @property
    def actual_rate(self) -> Decimal | None:
        return self.actual / self.net if self.actual is not None and self.net > 0 else None


@dataclass(frozen=True)
class Serving:
    """``rows`` by channel, the dearest first. ``standard`` and ``actual``: of all such costs that are booked,
    those shown; ``None`` where none of them is shown."""

    rows: list[Served]
    standard: Reconciliation | None = None
    actual: Reconciliation | None = None


def cost_to_serve(user: Any, last: datetime.date) -> Serving:
    """By channel that has booked costs of its own, or one below it has: cost lines of one channel, and what
    the ledger has in it; channels below it count in its sales and in its costs alike. Costs of all channels
    are in none. Sales are those of the margin by channel, to the cent. Eight queries."""
    tree, first, products = line_tree(), month_add(last, 1 - MONTHS), products_visible(user).order_by()
    own = Q(cost_line__channel__isnull=False) | Q(cost_line=None, channel__isnull=False)
    shown = Q(own, product__in=products.values("pk")) & ~Q(kind__level=CostKind.Level.BELOW)
    booked = cost_months().filter(shown, month__range=(first, last))
    standard, actual = (Sum("amount", filter=Q(source__in=sources)) for sources in (STANDARD, ACTUAL))
    of = booked.annotate(of=Coalesce("cost_line__channel", "channel")).order_by().values_list("of")
    rows = of.annotate(standard=standard, actual=actual)
    own_costs = [(pk, one, other) for pk, one, other in rows if one is not None or other is not None]
    if not own_costs:
        return Serving([])
    channels = Channel.objects.in_bulk()
    chains = channel_chains({pk: row.parent_id for pk, row in channels.items()})
    leads = {pk: tree.lead_measure(line).pk for pk, line in products.values_list("pk", "line")}
    net: dict[int, Decimal] = defaultdict(Decimal)
    said = sold_said(leads, [(first, last)])
    for place, amount in rows_of(_NET_OF_CHANNELS.format(cents=sold_in_cents()), said):
        for above in chains[place]:
            net[above] += amount
    costs: dict[int, Decimal] = defaultdict(Decimal)
    actuals: dict[int, Decimal] = {}
    for place, planned, paid in own_costs:
        for above in chains[place]:
            costs[above] += planned or ZERO
            if paid is not None:
                actuals[above] = actuals.get(above, ZERO) + paid
    served = [Served(channels[pk], net[pk], amount, actuals.get(pk)) for pk, amount in costs.items()]
    return Serving(
        sorted(served, key=lambda row: -max(row.costs, row.actual or ZERO)),
        _reconciled(user, STANDARD, first, last, shown) if any(row.costs for row in served) else None,
        _reconciled(user, ACTUAL, first, last, shown) if any(row.actual for row in served) else None,
    )


def _reconciled(
    user: Any, sources: Collection[str], first: datetime.date, last: datetime.date, shown: Q
) -> Reconciliation:
    lines = visible_line_ids(user)
    rows = cost_months().filter(source__in=sources, month__range=(first, last))
    if lines is not None:
        rows = rows.filter(product__line__in=lines)
    is_standard = sources == STANDARD
    lacks = lacking(shown, month_row(first, last)) if is_standard else None
    return reconciled(
        rows,
        first,
        last,
        shown=shown,
        with_ledger=not is_standard and not is_limited(user),
        lacks=lacks,
        called=Called(line_tree()),
    )
