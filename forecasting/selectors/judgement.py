"""What people changed of forecasts, as they may see it; and what it stands on."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q, QuerySet

from core.lookups import many
from core.months import month_add, month_end, month_start
from core.organisation import today
from forecasting.models import ConsensusInput, ConsensusMonth, ForecastMonth, Override, OverrideMonth
from products.models import Channel, Measure, Product, ProductLine
from products.selectors.access import forecasts_allowed, products_visible, visible_line_ids
from products.selectors.lines import line_tree

Key = tuple[int, datetime.date]
# An override holds as long as its months, at most so many months at a time; then somebody looks again.
HOLDS_MONTHS = 6
# What deserves another look: it runs out within this time, or the statistics moved by more than this rate.
SOON, MOVED_RATE = datetime.timedelta(days=30), 0.1


def overrides_visible(user: Any) -> QuerySet[Override]:
    """Overrides of products and lines the person sees, newest first, with those of a channel as a whole only
    for who sees all products; none for people limited to channels, who see no forecasts."""
    rows = Override.objects.select_related(
        "product", "line", "channel", "measure", "author", "withdrawn_by"
    ).order_by("-pk")
    if not forecasts_allowed(user):
        return rows.none()
    lines = visible_line_ids(user)
    if lines is None:
        return rows
    return rows.filter(Q(product__line_id__in=lines) | Q(line_id__in=lines))


def expected_months(
    product_ids: Collection[int], measure: Measure, first: datetime.date, last: datetime.date
) -> dict[Key, float]:
    """What drivers, or else statistics, expect now by product and month: what an override works on."""
    rows = ForecastMonth.objects.filter(
        forecast__current=True,
        forecast__product_id__in=product_ids,
        forecast__measure=measure,
        month__range=(first, last),
    ).values_list("forecast__product_id", "month", "mean", "driven")
    return {(pk, month): mean if driven is None else driven for pk, month, mean, driven in rows if pk}


def judged(product_ids: Collection[int]) -> set[int]:
    """Those of the products of which somebody ever changed a forecast, or agreed one."""
    moved, agreed = (
        model.objects.filter(product__any=many(product_ids)).order_by().values_list("product_id")
        for model in (OverrideMonth, ConsensusMonth)
    )
    return {pk for (pk,) in moved.union(agreed)}


@dataclass(frozen=True)
class OverrideNow:
    """An override beside what is expected today. ``before`` and ``after``: what it makes of its months, by
    what was expected when it was set (of a level, whose months do not add up, the mean); ``moved_rate``: how
    far that moved since. ``active``: it still counts, at least in part."""

    override: Override
    before: float
    after: float
    moved_rate: float | None
    active: bool
    is_level: bool = False

    @property
    def ending(self) -> bool:
        """It runs out soon, unless somebody renews it."""
        return self.active and self.override.until <= today() + SOON

    @property
    def moved(self) -> bool:
        """The statistics under it are no longer what they were."""
        return self.active and self.moved_rate is not None and abs(self.moved_rate) > MOVED_RATE

    @property
    def replaced(self) -> bool:
        """A later one stands in its months, while it would hold still."""
        over = self.override.withdrawn_at is not None or self.override.until < today()
        return not self.active and not over

    @property
    def rate(self) -> float | None:
        return self.after / self.before - 1 if self.before > 0 else None

    @property
    def can_renew(self) -> bool:
        """Whether renewing it would let it hold longer, or again."""
        longer = holds_until(self.override.last_month)
        return longer >= today() and (not self.active or longer > self.override.until)


def holds_until(last_month: datetime.date) -> datetime.date:
    """Until when an override of these months holds that is set or renewed today."""
    return min(month_end(last_month), month_end(month_add(month_start(today()), HOLDS_MONTHS)))


def overrides_now(overrides: Collection[Override]) -> list[OverrideNow]:
    """Each beside what is expected today, in the same order. Two queries."""
    rows: dict[int, list[OverrideMonth]] = defaultdict(list)
    for row in OverrideMonth.objects.filter(override__in=[o.pk for o in overrides]):
        rows[row.override_id].append(row)
    months = [row for own in rows.values() for row in own]
    expected: dict[tuple[int, int, datetime.date], float] = {}
    if months:
        for product_id, measure_id, month, mean, driven in ForecastMonth.objects.filter(
            forecast__current=True,
            forecast__product_id__in={row.product_id for row in months},
            month__range=(min(row.month for row in months), max(row.month for row in months)),
        ).values_list("forecast__product_id", "forecast__measure_id", "month", "mean", "driven"):
            expected[product_id or 0, measure_id, month] = mean if driven is None else driven
    return [_now(override, rows[override.pk], expected) for override in overrides]


def product_overrides(
    product: Product, measure: Measure, months: Collection[ForecastMonth]
) -> list[OverrideNow]:
    """What holds for a product, of a line's overrides its own part, newest first; ``months`` are those of its
    current forecast. One query, and none where no month says that people changed it."""
    if all(month.overridden is None for month in months):
        return []
    found = OverrideMonth.objects.filter(product=product, measure=measure, active=True).select_related(
        "override__author", "override__line", "override__channel", "override__product", "override__measure"
    )
    rows: dict[Override, list[OverrideMonth]] = defaultdict(list)
    for row in found:
        rows[row.override].append(row)
    expected = {(product.pk, measure.pk, month.month): month.baseline for month in months}
    newest_first = sorted(rows, key=lambda override: -override.pk)
    return [_now(override, rows[override], expected) for override in newest_first]


def _now(
    override: Override, rows: list[OverrideMonth], expected: Mapping[tuple[int, int, datetime.date], float]
) -> OverrideNow:
    before = sum(row.baseline for row in rows)
    after = sum(changed(override.operation, row.value, row.baseline) for row in rows)
    known = [
        (row.baseline, expected[row.product_id, row.measure_id, row.month] * row.share)
        for row in rows
        if (row.product_id, row.measure_id, row.month) in expected
    ]
    is_level = override.measure.kind == Measure.Kind.LEVEL
    count = len({row.month for row in rows}) or 1 if is_level else 1
    then, now = sum(pair[0] for pair in known), sum(pair[1] for pair in known)
    return OverrideNow(
        override,
        before / count,
        after / count,
        now / then - 1 if then > 0 else None,
        override.holds_on(today()) and any(row.active for row in rows),
        is_level,
    )


def changed(operation: str, value: Decimal, baseline: float) -> float:
    """What an override makes of a month's baseline; volumes do not fall below zero."""
    if operation == Override.Operation.SET:
        return float(value)
    if operation == Override.Operation.ADD:
        return max(baseline + float(value), min(baseline, 0.0))
    return baseline * (1 + float(value))


def last_judgement(
    *,
    measure: Measure,
    product: Product | None = None,
    line: ProductLine | None = None,
    channel: Channel | None = None,
) -> int:
    """Rises with every override of a product's months, else of all products of a line and those below it,
    else of all in one channel: what an editor saw is compared with it."""
    of = Q(channel=channel)
    if product is not None:
        of = Q(product=product)
    elif line is not None:
        of = Q(product__line_id__in=line_tree().descendants(line.pk))
    return OverrideMonth.objects.filter(of, measure=measure).aggregate(pk=Max("pk"))["pk"] or 0


def last_month_of(override_id: int) -> int:
    """The same for who knows of overrides by their ids up to this one."""
    rows = OverrideMonth.objects.filter(override_id__lte=override_id)
    return rows.aggregate(pk=Max("pk"))["pk"] or 0


@dataclass(frozen=True)
class ConsensusRow:
    """A month on the way to an agreed forecast; ``year_before`` is the same month's actual."""

    month: datetime.date
    year_before: Decimal | None
    statistical: float
    overridden: float
    inputs: Mapping[str, Decimal]
    agreed: Decimal | None


def consensus_rows(
    product: Product,
    measure: Measure,
    months: Collection[ForecastMonth],
    sold: Mapping[datetime.date, Decimal],
) -> list[ConsensusRow]:
    """The forecast's months with what each party said and what was agreed. Two queries."""
    inputs: dict[datetime.date, dict[str, Decimal]] = defaultdict(dict)
    for row in ConsensusInput.objects.filter(product=product, measure=measure):
        inputs[row.month][row.party] = row.value
    agreed = dict(
        ConsensusMonth.objects.filter(product=product, measure=measure).values_list("month", "value")
    )
    return [
        ConsensusRow(
            month.month,
            sold.get(month_add(month.month, -12)),
            month.baseline,
            month.unagreed,
            inputs[month.month],
            agreed.get(month.month),
        )
        for month in months
    ]


def consensus_months_visible(user: Any) -> QuerySet[ConsensusMonth]:
    """Agreed months of products the person may see."""
    rows = ConsensusMonth.objects.select_related("product", "measure", "agreed_by").order_by("pk")
    return rows.filter(product__in=products_visible(user)) if forecasts_allowed(user) else rows.none()


def consensus_inputs_visible(user: Any) -> QuerySet[ConsensusInput]:
    """What parties said of products the person may see."""
    rows = ConsensusInput.objects.select_related("product", "measure", "author").order_by("pk")
    return rows.filter(product__in=products_visible(user)) if forecasts_allowed(user) else rows.none()
