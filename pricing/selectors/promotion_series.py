"""What was sold around a promotion, for the engine: by the week where the product's sales come so, else by
the month with the share of the month in which it ran."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from core.months import month_add, month_end, month_start, months_between
from core.organisation import today
from pricing.models import Promotion
from products.models import FamilyMember, Measure, Product
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree
from products.selectors.units import unit_of

from .promotion_runs import last_day, ran_or_will, until
from .volumes import Volumes, final_until, volumes_by_month, volumes_by_week

if TYPE_CHECKING:
    from pricing.engine.promotion_effect import Window

DAY, WEEK = datetime.timedelta(days=1), datetime.timedelta(days=7)
# So much of the past tells what is normal, and so long after its end a promotion still is looked at anew.
BEFORE_MONTHS, LATER_MONTHS = 36, 6
MOST_SISTERS = 10
SELL_IN, SELL_OUT = "sell-in", "sell-out"


@dataclass(frozen=True)
class Sold:
    """Volumes of some products; ``until`` is the last day that is known, by line and measure."""

    weeks: Volumes
    months: Volumes
    until: Mapping[tuple[int, int], datetime.date]


@dataclass(frozen=True)
class Around:
    """The periods around a promotion, of the product and of its sisters (their units only); ``reason`` where
    it is not measured at all."""

    promotion: Promotion
    product: Product
    measure: Measure
    step: str
    starts: tuple[datetime.date, ...]
    units: tuple[float | None, ...]
    promo: tuple[float, ...]
    busy: tuple[bool, ...]
    sisters: tuple[tuple[int, tuple[float | None, ...], tuple[bool, ...]], ...] = ()
    reason: str = ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that the effect depends on."""
        from pricing.engine.promotion_effect import VERSION

        said = [VERSION, self.measure.pk, self.step, [str(day) for day in self.starts], self.units]
        said += [self.promo, self.busy, self.sisters, self.reason]
        return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()

    def window(self, sister: int | None = None) -> Window:
        import numpy as np

        from pricing.engine.promotion_effect import Window

        units, busy = self.units, self.busy
        if sister is not None:
            units, busy = next((u, b) for pk, u, b in self.sisters if pk == sister)
        values = np.array([np.nan if value is None else value for value in units], dtype=np.float64)
        step: Any = self.step
        return Window(step, values, np.array(self.promo), np.array(busy, dtype=bool))


class SeriesReader:
    """Reads for one chunk of the night: lines, units and other promotions once, sales a product at a time. Of
    a line that leads with a state it is what comes into it."""

    def __init__(self, complete: Mapping[tuple[int, int], datetime.date]) -> None:
        self._tree = LineTree()
        self._complete = complete
        # Every promotion, for what else ran.
        self._others: dict[int, list[Promotion]] = {}
        # The channels of each with those below them; none is everywhere.
        self._channels: dict[int, frozenset[int]] = {}
        above = channel_chains()
        rows = Promotion.objects.filter(ran_or_will())
        for row in rows.prefetch_related("rows", "channel_rows"):
            asked = {part.channel_id for part in row.channel_rows.all()}
            self._channels[row.pk] = frozenset(pk for pk, path in above.items() if asked.intersection(path))
            for part in row.rows.all():
                self._others.setdefault(part.product_id, []).append(row)

    def around(self, product: Product) -> list[Around]:
        """Of each promotion of the product that ran, is over and whose sales are known."""
        own = [row for row in self._others.get(product.pk, ()) if last_day(row) < today()]
        if not own:
            return []
        measures = self._tree.measures(product.line_id)
        sisters = self._sisters(product)
        sold = self._sold([product, *sisters], measures)
        found = []
        for row in sorted(own, key=lambda row: row.pk):
            one = self._one(row, product, sisters, measures, sold)
            if one is not None:
                found.append(one)
        return found

    def _one(
        self,
        row: Promotion,
        product: Product,
        sisters: Sequence[Product],
        measures: Sequence[Measure],
        sold: Sold,
    ) -> Around | None:
        channels = self._channels[row.pk]
        measure = self._tree.inflow(product.line_id) or _measure(measures, product, channels, sold)
        first, last = measured_days(row, measure)
        if last < first:
            return None  # stopped before it showed in this measure
        known = sold.until.get((product.line_id, measure.pk))
        if measure.kind == Measure.Kind.LEVEL:
            return Around(row, product, measure, "", (), (), (), (), reason="level")
        weekly = _summed(sold.weeks, product.pk, measure.pk, channels)
        monthly = _summed(sold.months, product.pk, measure.pk, channels)
        step = "weeks" if weekly else "months"
        volumes = weekly or monthly
        if not volumes:
            return Around(row, product, measure, "", (), (), (), (), reason="no_sales")
        if known is None or known < last:
            return None  # the night after its sales are in
        starts = _periods(step, volumes, first, last, known)
        busy = self._busy(product, row, measure, channels, step, starts)
        others = []
        for sister in sisters:
            if unit_of(self._tree, sister, measure) != unit_of(self._tree, product, measure):
                continue
            theirs = _summed(sold.weeks if step == "weeks" else sold.months, sister.pk, measure.pk, channels)
            if theirs and sister.pk not in {part.product_id for part in row.rows.all()}:
                taken = self._busy(sister, row, measure, channels, step, starts)
                others.append((sister.pk, tuple(theirs.get(day) for day in starts), taken))
        return Around(
            row,
            product,
            measure,
            step,
            starts,
            tuple(volumes.get(day) for day in starts),
            tuple(part_of(step, day, first, last) for day in starts),
            busy,
            tuple(others),
        )

    def _busy(
        self,
        product: Product,
        row: Promotion,
        measure: Measure,
        channels: frozenset[int],
        step: str,
        starts: Sequence[datetime.date],
    ) -> tuple[bool, ...]:
        """The periods in which another promotion of the product in these channels ran, or had just ended."""
        from pricing.engine.promotion_effect import AFTER

        spans = []
        for other in self._others.get(product.pk, ()):
            theirs = self._channels[other.pk]
            if other.pk != row.pk and (not theirs or not channels or channels & theirs):
                spans.append(measured_days(other, measure))
        ran = [any(part_of(step, day, *span) > 0 for span in spans) for day in starts]
        lags = range(AFTER[step] + 1)
        return tuple(any(ran[n - lag] for lag in lags if lag <= n) for n in range(len(starts)))

    def _sisters(self, product: Product) -> list[Product]:
        """The largest products of its family, else of its line, that it may take sales from."""
        member = FamilyMember.objects.filter(product=product, start_date__lte=today()).last()
        rows = Product.objects.exclude(pk=product.pk).filter(temporary=False)
        if member is not None and member.family_id is not None:
            latest = FamilyMember.objects.filter(family=member.family_id)
            rows = rows.filter(pk__in=latest.values("product"))
        else:
            rows = rows.filter(line=product.line_id)
        rows = rows.select_related("line").order_by("-figures__revenue_12m", "pk")
        return list(rows.filter(figures__isnull=False)[:MOST_SISTERS])

    def _sold(self, products: Sequence[Product], measures: Sequence[Measure]) -> Sold:
        until = {}
        for line_id in {product.line_id for product in products}:
            for measure in measures:
                day = final_until(self._tree, self._complete, line_id, measure)
                if day is not None:
                    until[line_id, measure.pk] = day
        ids = ([product.pk for product in products], [measure.pk for measure in measures])
        return Sold(volumes_by_week(*ids), volumes_by_month(*ids), until)


def measured_days(row: Promotion, measure: Measure) -> tuple[datetime.date, datetime.date]:
    """The days a promotion shows in a measure, as far as it ran: what is sold to the trade on the days of
    delivery. The last before the first: it was stopped before."""
    if measure.code == SELL_IN and row.delivery_start and row.delivery_end:
        return row.delivery_start, until(row, row.delivery_end)
    return row.store_start, last_day(row)


def _measure(measures: Sequence[Measure], product: Product, channels: frozenset[int], sold: Sold) -> Measure:
    """Sell-out where it is known of these channels, else what leads."""
    for measure in measures:
        if measure.code == SELL_OUT and (
            _summed(sold.weeks, product.pk, measure.pk, channels)
            or _summed(sold.months, product.pk, measure.pk, channels)
        ):
            return measure
    return measures[0]


def _summed(
    volumes: Volumes, product_id: int, measure_id: int, channels: frozenset[int]
) -> dict[datetime.date, float]:
    """Over the channels (none: all). A period is there when any of them has it."""
    total: dict[datetime.date, float] = {}
    for channel, rows in volumes.get((product_id, measure_id), {}).items():
        if not channels or channel in channels:
            for start, volume in rows.items():
                total[start] = total.get(start, 0.0) + volume
    return {start: round(volume, 6) for start, volume in total.items()}


def _periods(
    step: str,
    volumes: Iterable[datetime.date],
    first: datetime.date,
    last: datetime.date,
    known: datetime.date,
) -> tuple[datetime.date, ...]:
    """First days of the periods looked at: some years before and half a year after, as far as known."""
    begin, until = month_add(month_start(first), -BEFORE_MONTHS), month_add(month_start(last), LATER_MONTHS)
    if step == "months":
        begin = max(begin, min(volumes))
        steps = months_between(begin, min(until, month_start(known))) + 1
        return tuple(month_add(begin, n) for n in range(steps))
    weeks = sorted(volumes)
    begin = next((week for week in weeks if week >= begin), weeks[0])
    end = min(until, known - 6 * DAY)
    return tuple(begin + n * WEEK for n in range(max((end - begin).days // 7 + 1, 0)))


def part_of(step: str, start: datetime.date, first: datetime.date, last: datetime.date) -> float:
    """Which part of a period lies in these days."""
    end = start + 6 * DAY if step == "weeks" else month_end(start)
    days = (min(end, last) - max(start, first)).days + 1
    return round(max(days, 0) / ((end - start).days + 1), 6)
