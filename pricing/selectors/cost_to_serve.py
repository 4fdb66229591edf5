"""What channels cost, beside what is sold in them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from core.months import month_add, month_row
from core.sql import rows_of
from pricing.models import CostKind, CostLine, CostMonth
from products.models import Channel, Product
from products.selectors.access import is_limited, products_visible, visible_line_ids
from products.selectors.channels import channel_chains
from products.selectors.closed_names import Called
from products.selectors.lines import line_tree

from .cost_months import cost_months
from .costs import cost_kinds
from .costs_left_out import lacking
from .reconciliation import Reconciliation, reconciled
from .sold_cents import sold_in_cents, sold_said

MONTHS = 12
PARTS = ("line", "product", "month")
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
class ServedPart:
    """A part of what a channel costs: ``of`` a cost line, or a kind that the ledger has in ``channel`` (the
    channel itself or one below it); a product; a month. ``None`` where nothing of that sort is booked."""

    of: Any
    costs: Decimal | None
    actual: Decimal | None
    channel: Channel | None = None


class CostToServe:
    """By channel that has booked costs of its own, or one below it has: cost lines of one channel, and what
    the ledger has in it; channels below it count in its sales and in its costs alike. Costs of all channels
    are in none. Sales are those of the margin by channel, to the cent. Of the 12 months up to ``last``, to
    whoever asks what they may see. Eight queries."""

    def __init__(self, user: Any, last: datetime.date) -> None:
        self._user, self.first, self.last, self._tree = user, month_add(last, 1 - MONTHS), last, line_tree()
        self._products = products_visible(user).order_by()
        own = Q(cost_line__channel__isnull=False) | Q(cost_line=None, channel__isnull=False)
        self._shown = Q(own, product__in=self._products.values("pk")) & ~Q(kind__level=CostKind.Level.BELOW)

    def _booked(self, *fields: str, where: Collection[int] | None = None) -> list[tuple[Any, ...]]:
        """Standard and actual costs by ``fields``; ``of``: the channel that they are of."""
        rows = cost_months().filter(self._shown, month__range=(self.first, self.last))
        rows = rows.annotate(of=Coalesce("cost_line__channel", "channel")).order_by()
        if where is not None:
            rows = rows.filter(of__in=where)
        standard, actual = (Sum("amount", filter=Q(source__in=sources)) for sources in (STANDARD, ACTUAL))
        found = rows.values_list(*fields).annotate(standard=standard, actual=actual)
        return [row for row in found if row[-1] is not None or row[-2] is not None]

    @cached_property
    def _channels(self) -> dict[int, Channel]:
        return Channel.objects.in_bulk()

    @cached_property
    def _chains(self) -> dict[int, tuple[int, ...]]:
        return channel_chains({pk: row.parent_id for pk, row in self._channels.items()})

    @cached_property
    def rows(self) -> list[Served]:
        """The dearest first."""
        own_costs = self._booked("of")
        if not own_costs:
            return []
        leads = {
            pk: self._tree.lead_measure(line).pk for pk, line in self._products.values_list("pk", "line")
        }
        net: dict[int, Decimal] = defaultdict(Decimal)
        said = sold_said(leads, [(self.first, self.last)])
        for place, amount in rows_of(_NET_OF_CHANNELS.format(cents=sold_in_cents()), said):
            for above in self._chains[place]:
                net[above] += amount
        costs: dict[int, Decimal] = defaultdict(Decimal)
        actuals: dict[int, Decimal] = {}
        for place, planned, paid in own_costs:
            for above in self._chains[place]:
                costs[above] += planned or ZERO
                if paid is not None:
                    actuals[above] = actuals.get(above, ZERO) + paid
        channels = self._channels
        served = [Served(channels[pk], net[pk], amount, actuals.get(pk)) for pk, amount in costs.items()]
        return sorted(served, key=lambda row: -max(row.costs, row.actual or ZERO))

    def parts(self, channel: Channel, by: str) -> list[ServedPart]:
        """What the row of a channel is made of, ``by`` cost line, product or month; adds up to it."""
        where = [pk for pk, chain in self._chains.items() if channel.pk in chain]
        if by == "month":
            return [ServedPart(*part) for part in sorted(self._booked("month", where=where))]
        if by == "product":
            products = self._booked("product", where=where)
            known = Product.objects.in_bulk([pk for pk, _costs, _actual in products])
            return _dearest(ServedPart(known[pk], costs, actual) for pk, costs, actual in products)
        rows = self._booked("of", "cost_line", "kind", where=where)
        lines = CostLine.objects.select_related("kind", "product", "line", "channel")
        known_lines = lines.in_bulk([line for _of, line, *_rest in rows if line])
        kinds = {kind.pk: kind for kind in cost_kinds()}
        return _dearest(
            ServedPart(known_lines.get(line) or kinds[kind], costs, actual, self._channels[place])
            for place, line, kind, costs, actual in rows
        )

    @property
    def standard(self) -> Reconciliation | None:
        """Of all standard costs that are booked, those shown; ``None`` where none are."""
        return self._reconciled(STANDARD) if any(row.costs for row in self.rows) else None

    @property
    def actual(self) -> Reconciliation | None:
        return self._reconciled(ACTUAL) if any(row.actual for row in self.rows) else None

    def _reconciled(self, sources: Collection[str]) -> Reconciliation:
        lines = visible_line_ids(self._user)
        rows = cost_months().filter(source__in=sources, month__range=(self.first, self.last))
        if lines is not None:
            rows = rows.filter(product__line__in=lines)
        is_standard = sources == STANDARD
        return reconciled(
            rows,
            self.first,
            self.last,
            shown=self._shown,
            with_ledger=not is_standard and not is_limited(self._user),
            lacks=lacking(self._shown, month_row(self.first, self.last)) if is_standard else None,
            called=Called(self._tree),
        )


def _dearest(parts: Iterable[ServedPart]) -> list[ServedPart]:
    return sorted(parts, key=lambda part: -max(part.costs or ZERO, part.actual or ZERO))
