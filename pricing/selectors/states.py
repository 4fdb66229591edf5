"""States, such as contracts in force: what comes into them, and which share is still there a month later."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.months import month_add
from products.models import Measure, Product, ProductMonth
from products.selectors.lines import line_tree

MONTHS = 12
LEAST_MONTHS = 6
# A state of which nothing was heard for so long is not known any more.
YEARS = 3
NO_INFLOW, INFLOW, UNMEASURED = "level", "inflow", "unmeasured"


@dataclass(frozen=True)
class StateFlow:
    """As over the last twelve months of which all is known: the share of the state that ``stays`` for a
    month, and what ``comes`` in a month as a share of it. ``state`` and ``inflow`` are measures (ids)."""

    state: int
    inflow: int
    stays: float
    comes: float

    def course(self, factors: Sequence[float]) -> list[float]:
        """By month the state with what comes in times the factor of each month / the state without:
        1 + x, x = stays · x of the month before + comes · (factor − 1)."""
        found, more = [], 0.0
        for factor in factors:
            more = self.stays * more + self.comes * (factor - 1)
            found.append(max(1 + more, 0.0))
        return found

    def year(self, factor: float) -> float:
        """The state on average over the first twelve months / the same without."""
        return sum(self.course([factor] * MONTHS)) / MONTHS


@dataclass(frozen=True)
class Counted:
    """How a product that has a state counts it. ``leads``: the state is its leading measure; then a price
    moves nothing that is known where there is no ``flow``, for which ``reason`` stands. ``follow``: the
    measures (ids) that move as the state does, all but what comes in where it leads."""

    leads: bool
    flow: StateFlow | None
    follow: tuple[int, ...] = ()
    reason: str = ""


def states_of(products: Mapping[int, Product], before: datetime.date | None = None) -> dict[int, Counted]:
    """Of the products whose line counts a state, by months before that one. A query, where there are any."""
    tree = line_tree()
    follow: dict[int, tuple[int, ...]] = {}
    pairs: dict[int, tuple[int, int]] = {}
    states = set()
    for pk, product in products.items():
        lead, *others = tree.measures(product.line_id)
        if lead.kind == Measure.Kind.LEVEL:
            states.add(pk)
            if (inflow := tree.inflow(product.line_id)) is not None:
                pairs[pk] = (lead.pk, inflow.pk)
                follow[pk] = (lead.pk, *(one.pk for one in others if one.pk != inflow.pk))
        else:
            found = [one for one in others if one.kind == Measure.Kind.LEVEL and _same_unit(one, lead)]
            if len(found) == 1:
                pairs[pk], follow[pk] = (found[0].pk, lead.pk), (found[0].pk,)
    flows = state_flows(pairs, before) if pairs else {}
    return {
        pk: Counted(
            pk in states,
            flows.get(pk),
            follow.get(pk, ()),
            "" if pk in flows else INFLOW if pk in pairs else NO_INFLOW,
        )
        for pk in states | pairs.keys()
    }


def _same_unit(one: Measure, other: Measure) -> bool:
    return one.unit_en.casefold() == other.unit_en.casefold()


def state_flows(
    pairs: Mapping[int, tuple[int, int]], before: datetime.date | None = None
) -> dict[int, StateFlow]:
    """By product, of its state and what comes into it (ids of measures): what was there and came in, and is
    not there, has left. Missing under six months, and where more is there than came in: then the flow is not
    what comes in."""
    rows = ProductMonth.objects.filter(
        product__in=list(pairs),
        measure__in={pk for pair in pairs.values() for pk in pair},
        volume__isnull=False,
    )
    if before is not None:
        rows = rows.filter(month__lt=before, month__gte=month_add(before, -12 * YEARS))
    volumes: dict[int, dict[tuple[int, datetime.date], float]] = defaultdict(dict)
    for pk, measure, month, volume in rows.order_by("-month").values_list(
        "product_id", "measure_id", "month", "volume"
    ):
        own = volumes[pk]
        if measure in pairs[pk] and len(own) < 2 * (MONTHS + 1):
            own[measure, month] = float(volume or 0)
    found = {pk: _flow(pair, volumes[pk]) for pk, pair in pairs.items()}
    return {pk: flow for pk, flow in found.items() if flow is not None}


def _flow(pair: tuple[int, int], volumes: Mapping[tuple[int, datetime.date], float]) -> StateFlow | None:
    state, inflow = pair
    left = there = came = 0.0
    known = 0
    for (measure, month), volume in volumes.items():
        before, come = volumes.get((state, month_add(month, -1))), volumes.get((inflow, month))
        if measure == state and before is not None and come is not None:
            known, there, came = known + 1, there + before, came + come
            left += before + come - volume
    if known < LEAST_MONTHS or not 0 <= left < there:
        return None
    return StateFlow(state, inflow, 1 - left / there, came / there)
