"""States, such as contracts in force: what comes into them, and which share is still there a month later."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from accounts.rows import from_row, row_of
from core.months import month_add
from forecasting.models import Forecast, ForecastMonth
from products.models import Measure, Product, ProductMonth
from products.selectors.lines import line_tree

MONTHS = 12
LEAST_MONTHS = 6
# A state of which nothing was heard for so long is not known any more.
YEARS = 3
NO_INFLOW, INFLOW, UNMEASURED = "level", "inflow", "unmeasured"
Measures = tuple[int, int, int | None]
"""The state, what comes into it, and what leaves where that is counted (ids)."""


@dataclass(frozen=True)
class StateFlow:
    """As over the last twelve months of which all is known: the share of the state that ``stays`` for a
    month, and what ``comes`` in a month as a share of it. ``state`` and ``inflow`` are measures (ids). What
    leaves is what is counted of it; of a month in which it is not, what was there and came in and is gone."""

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
    counted: dict[int, Measures] = {}
    states = set()
    for pk, product in products.items():
        lead, *others = tree.measures(product.line_id)
        outflow = tree.outflow(product.line_id)
        leaving = outflow.pk if outflow else None
        if lead.kind == Measure.Kind.LEVEL:
            states.add(pk)
            if (inflow := tree.inflow(product.line_id)) is not None:
                counted[pk] = (lead.pk, inflow.pk, leaving)
                follow[pk] = (lead.pk, *(one.pk for one in others if one.pk != inflow.pk))
        elif not lead.leaves:
            found = [one for one in others if one.kind == Measure.Kind.LEVEL and _same_unit(one, lead)]
            if len(found) == 1:
                counted[pk], follow[pk] = (found[0].pk, lead.pk, leaving), (found[0].pk,)
    flows = state_flows(counted, before) if counted else {}
    return {
        pk: Counted(
            pk in states,
            flows.get(pk),
            follow.get(pk, ()),
            "" if pk in flows else INFLOW if pk in counted else NO_INFLOW,
        )
        for pk in states | counted.keys()
    }


@dataclass(frozen=True)
class StateNow:
    """Of one product: its ``flow``, ``None`` where too little is known of it; what is expected to come in by
    month; and what a unit of the state brought in over the 12 months up to that of its forecast."""

    flow: StateFlow | None
    coming: Mapping[datetime.date, float]
    brought: float | None


def state_now(
    product: Product, state: Measure, inflow: Measure, outflow: Measure | None, data_month: datetime.date
) -> StateNow | None:
    """``None`` where nothing is expected to come in. One query."""
    measures: Measures = (state.pk, inflow.pk, outflow.pk if outflow else None)
    months = ForecastMonth.objects.filter(forecast=OuterRef("pk")).order_by("month")
    known = ProductMonth.objects.filter(
        product=OuterRef("product"), measure__in=filter(None, measures), volume__isnull=False
    )
    columns = {name: F(name) for name in ("measure", "month", "volume", "revenue")}
    row: Any = (
        Forecast.objects.filter(product=product, measure=inflow, current=True)
        .annotate(
            month_rows=ArraySubquery(months.values_list(row_of(ForecastMonth))),
            known=ArraySubquery(known.order_by("-month").values_list(JSONObject(**columns))),
        )
        .first()
    )
    if row is None:
        return None
    coming = {month.month: month.final for month in (from_row(ForecastMonth, one) for one in row.month_rows)}
    said = [(one["measure"], datetime.date.fromisoformat(one["month"]), one) for one in row.known]
    newest = [(measure, month, float(one["volume"])) for measure, month, one in said]
    year = [
        one
        for measure, month, one in said
        if measure == state.pk
        and one["revenue"] is not None
        and month_add(data_month, -MONTHS) < month <= data_month
    ]
    sold = sum(one["volume"] for one in year)
    brought = sum(one["revenue"] for one in year) / sold if sold > 0 else None
    return StateNow(_flow(measures, newest), coming, brought)


def _same_unit(one: Measure, other: Measure) -> bool:
    return one.unit_en.casefold() == other.unit_en.casefold()


def state_flows(counted: Mapping[int, Measures], before: datetime.date | None = None) -> dict[int, StateFlow]:
    """By product. Missing under six months, and where more is there than came in: then the flow is not what
    comes in."""
    rows = ProductMonth.objects.filter(
        product__in=list(counted),
        measure__in={pk for measures in counted.values() for pk in measures if pk},
        volume__isnull=False,
    )
    if before is not None:
        rows = rows.filter(month__lt=before, month__gte=month_add(before, -12 * YEARS))
    volumes: dict[int, list[tuple[int, datetime.date, float]]] = defaultdict(list)
    for pk, measure, month, volume in rows.order_by("-month").values_list(
        "product_id", "measure_id", "month", "volume"
    ):
        if measure in counted[pk]:
            volumes[pk].append((measure, month, float(volume or 0)))
    found = {pk: _flow(measures, volumes[pk]) for pk, measures in counted.items()}
    return {pk: flow for pk, flow in found.items() if flow is not None}


def _flow(measures: Measures, newest: Iterable[tuple[int, datetime.date, float]]) -> StateFlow | None:
    """``newest``: measure, month and volume, the newest first."""
    state, inflow, outflow = measures
    volumes = {(measure, month): volume for measure, month, volume in newest}
    left = there = came = 0.0
    known = 0
    for (measure, month), volume in volumes.items():
        before, come = volumes.get((state, month_add(month, -1))), volumes.get((inflow, month))
        if measure == state and before is not None and come is not None and known < MONTHS:
            known, there, came = known + 1, there + before, came + come
            gone = volumes.get((outflow, month)) if outflow else None
            left += before + come - volume if gone is None else gone
    if known < LEAST_MONTHS or not 0 <= left < there:
        return None
    return StateFlow(state, inflow, 1 - left / there, came / there)
