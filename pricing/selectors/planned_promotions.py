"""What approved promotions ahead will do to volume and to what a unit brings in, for the night: by what those
of their mechanic did."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, hypot
from statistics import fmean
from typing import Any

from django.db.models import Sum

from core.lookups import many
from core.months import month_add, month_end
from core.numbers import Z80, significant
from core.registries import PlannedChange
from pricing.engine.pooling import Belief
from pricing.models import Price, PromotionProduct
from pricing.selectors.earlier_promotions import EarlierPromotions, depth_of
from pricing.selectors.price_answers import answers_read
from pricing.selectors.promotion_channels import asked_channels, sold_there
from pricing.selectors.promotion_prices import normal_prices
from pricing.selectors.promotion_runs import last_day, ran_or_will
from pricing.selectors.promotion_series import measured_days, part_of
from pricing.selectors.promotions import channels_with
from pricing.selectors.resellers import consumers_by_product, sellers_of
from products.models import Measure, SalesMonth
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree

DAY = datetime.timedelta(days=1)
# What is pulled forward is missing in the four weeks after, as it is measured.
AFTER_DAYS, YEAR = 28, 12
# Below this nothing moves, and a price is what it was.
LEAST, LEAST_PRICE = 0.002, 0.0005


@dataclass(frozen=True)
class Running:
    """A promotion of a product: what it is believed to do while it runs (ln(1 + uplift)), which part of the
    extra is missing afterwards, which share of the volume its channels sell, and what a unit brings in."""

    row: PromotionProduct
    belief: Belief
    pulled: float
    share: float
    price: float
    days: tuple[datetime.date, datetime.date]

    @property
    def rate(self) -> float:
        return exp(self.belief.mean) - 1

    @property
    def spans(self) -> list[tuple[datetime.date, datetime.date, float]]:
        """Of a usual day what is sold more while it runs, and less in the weeks after (first, last, rate)."""
        first, last = self.days
        more = self.rate * self.share
        less = more * self.pulled * ((last - first).days + 1) / AFTER_DAYS
        after = (last + DAY, last + AFTER_DAYS * DAY, significant(-less, 7))
        return [(first, last, significant(more, 7)), *([after] if less else [])]

    def part(self, month: datetime.date) -> float:
        """Of the month's usual volume what is sold on its days and channels."""
        return self.share * part_of("months", month, *self.days)

    def missing(self, month: datetime.date) -> float:
        """The same of what was bought before, for an uplift of 1."""
        first, last = self.days
        after = part_of("months", month, last + DAY, last + AFTER_DAYS * DAY)
        return self.share * self.pulled * after * ((last - first).days + 1) / AFTER_DAYS


@dataclass(frozen=True)
class Moved:
    """A month against one without promotions: ``volume`` is what is sold more, with the standard deviation of
    its logarithm, ``paid`` what all that is sold brings in, where a unit brings in 1 otherwise."""

    volume: float
    spread: float
    paid: float

    @classmethod
    def of(cls, month: datetime.date, own: Sequence[Running]) -> Moved:
        moved = given = spread = 0.0
        for one in own:
            part, missing = one.part(month), one.missing(month)
            moved += one.rate * (part - missing)
            given += part * (1 + one.rate) * (1 - one.price)
            spread = hypot(spread, one.belief.sd * (1 + one.rate) * (part - missing))
        moved = max(moved, -1.0)
        sold = 1 + moved
        return cls(moved, spread / sold if sold > 0 else 0.0, max(sold - given, 0.0))


def promotion_changes(
    products: Collection[int], months: Sequence[datetime.date]
) -> Mapping[int, PlannedChange]:
    """Of products with an approved promotion in these months or the year before whose mechanic was measured.
    A month's factor is 1 + uplift × the part of the month it runs in × the channels' share of the volume,
    less what is pulled forward, over what promotions of the year before left in the statistics: their mean,
    or those of the same month where they were more. Where no reseller stands between, a unit brings in the
    price in the promotion, against the mean of the year before."""
    rows = _rows(products, months)
    if not rows:
        return {}
    tree = LineTree()
    found = {}
    for product_id, own in _running(rows, months[0], tree).items():
        line = own[0].row.product.line_id
        lead, moving = tree.lead_measure(line), tree.moved(line)
        is_state, shown = moving != lead, _shown_in(lead, own)
        change = _change(shown, months, is_paid=not is_state)
        apart = {}
        for one in tree.measures(line):
            if is_state and one != moving:
                # Only what comes in moves, not what else its line counts.
                apart[one.pk] = replace(change, factors=(), spreads=(), days=())
            elif one.kind == Measure.Kind.FLOW and (its := _shown_in(one, own)) != shown:
                apart[one.pk] = _change(its, months, is_paid=not is_state)
        if any(each.params or each.prices for each in (change, *apart.values())):
            found[product_id] = replace(change, apart=apart)
    return found


def _shown_in(measure: Measure, own: Sequence[Running]) -> list[Running]:
    """With the days on which they show in the measure; without those that were stopped before."""
    shown = [replace(one, days=measured_days(one.row.promotion, measure)) for one in own]
    return [one for one in shown if one.days[0] <= one.days[1]]


def _change(own: Sequence[Running], months: Sequence[datetime.date], *, is_paid: bool) -> PlannedChange:
    """What these do together; ``is_paid``: what is paid is for each unit of the measure."""
    span = [month_add(months[0], -back) for back in range(YEAR, 0, -1)] + list(months)
    moved = {month: Moved.of(month, own) for month in span}
    ahead = [one for one in own if one.days[1] >= months[0]]
    factors = _factors(moved, months) if ahead else ()
    prices = _prices(moved, months) if is_paid else ()
    if all(abs(factor - 1) < LEAST for factor in factors):
        return PlannedChange((), {}, prices)
    spreads = tuple(significant(moved[month].spread, 5) for month in months)
    days = tuple(span for one in own for span in one.spans if span[1] >= months[0])
    return PlannedChange(factors, _said(ahead[0], len(ahead) - 1), prices, spreads, days=days)


def _factors(moved: Mapping[datetime.date, Moved], months: Sequence[datetime.date]) -> tuple[float, ...]:
    year = list(moved.values())[:YEAR]
    usual = max(fmean(month.volume for month in year), 0.0)
    factors = []
    for month in months:
        before = moved.get(month_add(month, -YEAR))
        volume = moved[month].volume
        held = max(usual, before.volume if before else 0.0) if volume > 0 else 0.0
        factors.append(significant((1 + volume) / (1 + held), 7))
    return tuple(factors)


def _prices(moved: Mapping[datetime.date, Moved], months: Sequence[datetime.date]) -> tuple[float, ...]:
    """What a unit brings in against the year before; rounded, so that the next promotion measured does not
    change everything."""
    year = list(moved.values())[:YEAR]
    sold = sum(1 + month.volume for month in year)
    paid = sum(month.paid for month in year)
    if paid <= 0:
        return ()
    usual = paid / sold
    ratios = tuple(
        round(moved[month].paid / (1 + moved[month].volume) / usual, 3) if moved[month].paid else 1.0
        for month in months
    )
    return ratios if any(abs(ratio - 1) >= LEAST_PRICE for ratio in ratios) else ()


def _rows(products: Collection[int], months: Sequence[datetime.date]) -> list[PromotionProduct]:
    """Those that run or ran in these months and the year before, the first first."""
    found = PromotionProduct.objects.filter(
        ran_or_will("promotion__"),
        product_id__any=many(products),
        promotion__store_end__gte=month_add(months[0], -YEAR),
        promotion__store_start__lte=month_end(months[-1]),
    ).select_related("promotion", "product")
    found = found.prefetch_related(channels_with("promotion__"))
    return list(found.order_by("promotion__store_start", "pk"))


def _running(
    rows: Sequence[PromotionProduct], first: datetime.date, tree: LineTree
) -> dict[int, list[Running]]:
    """By product those whose mechanic says something of them; of a state, what those did that were measured
    on the same inflow, where something says what comes in."""
    rows = [row for row in rows if tree.moved(row.product.line_id)]
    products: dict[Measure | None, set[int]] = defaultdict(set)
    for row in rows:
        products[tree.inflow(row.product.line_id)].add(row.product_id)
    earlier = {inflow: EarlierPromotions(own, measure=inflow) for inflow, own in products.items()}
    everything = {row.product_id for row in rows}
    answers = answers_read(everything)
    places = _Places(rows, first, tree, consumers_by_product(everything))
    listed = normal_prices([row for row in rows if row.price is None and depth_of(row) is None])
    found: dict[int, list[Running]] = defaultdict(list)
    for row in rows:
        line, promotion, depth = row.product.line_id, row.promotion, depth_of(row, listed.get(row.pk))
        answer = answers.get(row.product_id)
        expected = earlier[tree.inflow(line)].expected(
            row.product_id,
            line,
            promotion.mechanic,
            depth,
            (answer.elasticity, answer.sd) if answer else None,
        )
        if expected is None:
            continue
        extra = exp(expected.uplift.mean) - 1
        after = expected.after
        lost = -after.mean if after else 0.0
        found[row.product_id].append(
            Running(
                row,
                expected.uplift,
                pulled=min(max(lost / extra, 0.0), 1.0) if extra > 0 else 0.0,
                share=places.share(row),
                price=1.0 if depth is None else 1 - places.ours(row) * (1 - min(exp(-depth), 1.0)),
                days=measured_days(promotion, tree.lead_measure(line)),
            )
        )
    return found


class _Places:
    """Where promotions run, by what each channel sold of the year before of what they move; ``consumers`` as
    :func:`consumers_by_product` reads them. Two queries, where any is needed."""

    def __init__(
        self,
        rows: Sequence[PromotionProduct],
        first: datetime.date,
        tree: LineTree,
        consumers: Mapping[int, Sequence[Price]],
    ) -> None:
        self._sellers = sellers_of(consumers)
        apart = {pk for pk, sellers in self._sellers.items() if sellers.is_apart}
        wanted = [row for row in rows if asked_channels(row) or row.product_id in apart]
        self._sold: dict[int, dict[int, float]] = defaultdict(dict)
        self._above: dict[int, tuple[int, ...]] = {}
        if not wanted:
            return
        self._above = channel_chains()
        found = SalesMonth.objects.filter(
            product__in={row.product_id for row in wanted},
            month__gte=month_add(first, -YEAR),
            month__lt=first,
        )
        moved = {row.product_id: tree.moved(row.product.line_id) for row in wanted}
        measures = {pk: measure.pk for pk, measure in moved.items() if measure}
        for product, measure, channel, volume in found.values_list(
            "product_id", "measure_id", "channel_id"
        ).annotate(sum=Sum("volume")):
            if measure == measures[product] and volume:
                self._sold[product][channel] = float(volume)

    def share(self, row: PromotionProduct) -> float:
        """Which part of the product's volume its channels sell."""
        if not asked_channels(row):
            return 1.0
        whole = sum(self._sold[row.product_id].values())
        return sum(self._there(row).values()) / whole if whole > 0 else 0.0

    def ours(self, row: PromotionProduct) -> float:
        """Of what its channels sell, the part where no reseller stands between: there the lower price is
        ours."""
        sellers = self._sellers.get(row.product_id)
        if sellers is None:
            return 1.0
        there = self._there(row) if sellers.is_apart else {}
        return sellers.ours(there, self._above)

    def _there(self, row: PromotionProduct) -> dict[int, float]:
        return sold_there(self._sold[row.product_id], asked_channels(row), self._above)


def _said(first: Running, others: int) -> dict[str, Any]:
    belief, promotion = first.belief, first.row.promotion
    return {
        "name": promotion.name,
        "mechanic": promotion.mechanic,
        "start": str(promotion.store_start),
        "end": str(last_day(promotion)),
        "uplift": round(first.rate, 4),
        "range": [round(exp(belief.mean + side * Z80 * belief.sd) - 1, 4) for side in (-1, 1)],
        "pulled": round(first.pulled, 4),
        "count": belief.count,
        "own": belief.own,
        "price": round(first.price, 4),
        "others": others,
    }
