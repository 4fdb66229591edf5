"""What an override would do, month by month and product by product, before anything is written."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core.months import month_range
from forecasting.models import Override
from forecasting.selectors.judgement import changed, channel_share, expected_months
from products.models import Channel, Measure, Product, ProductLine
from products.selectors.lines import LineTree
from products.selectors.units import addable

# Adjustments smaller than this rarely make a forecast better (Fildes et al. 2009); they are allowed.
SMALL_RATE = 0.1
PLACES = Decimal("0.0001")


@dataclass(frozen=True)
class Change:
    """What an override would do to one product and month."""

    product_id: int
    name: str
    month: datetime.date
    value: Decimal
    share: float
    baseline: float
    after: float


@dataclass(frozen=True)
class Part:
    """What an override would do to one month, or one product."""

    key: Any
    before: float
    after: float


@dataclass(frozen=True)
class Preview:
    """All that an override would do. ``rate`` is the change of the whole, ``small`` and ``upward`` what the
    form says of it. Months of a level do not add up: of them it is the mean."""

    changes: Sequence[Change]
    is_level: bool = False

    @property
    def before(self) -> float:
        return sum(change.baseline for change in self.changes) / self._months

    @property
    def after(self) -> float:
        return sum(change.after for change in self.changes) / self._months

    @property
    def by_month(self) -> list[Part]:
        """All products together."""
        return self._parts(lambda change: change.month, lambda change: change.month, 1)

    @property
    def by_product(self) -> list[Part]:
        """All months together, the largest first."""
        parts = self._parts(lambda change: change.product_id, lambda change: change.name, self._months)
        return sorted(parts, key=lambda part: -part.before)

    def _parts(self, group: Callable[[Change], Any], key: Callable[[Change], Any], months: int) -> list[Part]:
        found: dict[Any, list[Change]] = defaultdict(list)
        for change in self.changes:
            found[group(change)].append(change)
        return [
            Part(key(own[0]), sum(c.baseline for c in own) / months, sum(c.after for c in own) / months)
            for own in found.values()
        ]

    @property
    def _months(self) -> int:
        return len({change.month for change in self.changes}) if self.is_level else 1

    @property
    def rate(self) -> float | None:
        return self.after / self.before - 1 if self.before > 0 else None

    @property
    def small(self) -> bool:
        return self.rate is not None and abs(self.rate) < SMALL_RATE

    @property
    def upward(self) -> bool:
        return self.after > self.before


def override_preview(
    *,
    measure: Measure,
    operation: str,
    value: Decimal,
    first_month: datetime.date,
    last_month: datetime.date,
    product: Product | None = None,
    line: ProductLine | None = None,
    channel: Channel | None = None,
) -> Preview:
    """What the override would do, month by month; nothing is written. An amount on a line is split by what
    is expected of each of its products, to the last digit."""
    if last_month < first_month:
        raise DomainError("months_order", _("The last month lies before the first."), "last_month")
    if operation == Override.Operation.PERCENT and value < -1:
        raise DomainError("below_nothing", _("More than everything cannot go."), "value")
    products = [product] if product else _products_of(line, measure, operation)
    share = 1.0
    if channel is not None:
        if product is None:
            raise DomainError("channel_of_line", _("A channel goes with one product."), "channel")
        share = channel_share(product, measure, channel)
        if share <= 0:
            raise DomainError(
                "channel_silent", _("This channel sold nothing of it in the last 12 months."), "channel"
            )
    expected = expected_months([p.pk for p in products], measure, first_month, last_month)
    names = {p.pk: p.name for p in products}
    changes = []
    for month in month_range(first_month, last_month):
        known = {p.pk: expected[p.pk, month] * share for p in products if (p.pk, month) in expected}
        if not known:
            raise DomainError(
                "month_unknown", _("There is no forecast of this month to change."), "last_month"
            )
        for pk, part in _split(known, operation, value).items():
            after = changed(operation, part, known[pk])
            changes.append(Change(pk, names[pk], month, part, share, known[pk], after))
    return Preview(changes, measure.kind == Measure.Kind.LEVEL)


def _products_of(line: ProductLine | None, measure: Measure, operation: str) -> list[Product]:
    if line is None:
        raise DomainError("override_of_nothing", _("Choose a product or a line."), "line")
    tree = LineTree()
    products = [
        product
        for product in Product.objects.filter(line__in=tree.descendants(line.pk)).order_by("pk")
        if measure in tree.measures(product.line_id)
    ]
    units = addable(tree, products, measure, line.pk)
    alike = units.ok and set(units.factors.values()) <= {Decimal(1)}
    if operation != Override.Operation.PERCENT and not alike:
        raise DomainError(
            "unlike_units",
            _("Its products count in different units: change them by per cent."),
            "operation",
        )
    return products


def _split(known: Mapping[int, float], operation: str, value: Decimal) -> dict[int, Decimal]:
    """The value by product: of a percentage the same for all, of an amount by what is expected of each, with
    the remainder of rounding to the largest remainders."""
    if operation == Override.Operation.PERCENT or len(known) == 1:
        return dict.fromkeys(known, value)
    total = sum(max(v, 0.0) for v in known.values())
    weights = {pk: max(v, 0.0) / total if total else 1 / len(known) for pk, v in known.items()}
    exact = {pk: value * Decimal(repr(weight)) for pk, weight in weights.items()}
    parts = {pk: part.quantize(PLACES, rounding="ROUND_FLOOR") for pk, part in exact.items()}
    left = int((value - sum(parts.values())) / PLACES)
    for pk in sorted(parts, key=lambda pk: (parts[pk] - exact[pk], pk))[: max(left, 0)]:
        parts[pk] += PLACES
    return parts
