"""What an override would do, month by month and product by product, before anything is written."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from core.months import month_range
from core.organisation import today
from forecasting.models import Override, OverrideMonth
from forecasting.selectors.channels import channel_shares
from forecasting.selectors.judgement import changed, expected_months
from products.models import Channel, Measure, Product, ProductLine
from products.selectors.lines import LineTree
from products.selectors.product_filter import channels_below
from products.selectors.units import Addable, addable

# Adjustments smaller than this rarely make a forecast better (Fildes et al. 2009); they are allowed.
SMALL_RATE = 0.1
PLACES = Decimal("0.0001")
# A product's part of a line's figure in its own unit: so fine that by its factor it is the part again.
OWN_PLACES = Decimal("0.00000001")
K = TypeVar("K")


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
    factor: float = 1.0


@dataclass(frozen=True)
class Part:
    """What an override would do to one month, or one product."""

    key: Any
    before: float
    after: float


@dataclass(frozen=True)
class Preview:
    """All that an override would do. ``rate`` is the change of the whole, ``small`` and ``upward`` what the
    form says of it. Months of a level do not add up: of them it is the mean. Volumes are in ``unit``, by each
    product's ``factor``; ``adds`` is false where the products count in units that do not add up: then a
    percentage is all there is to say."""

    changes: Sequence[Change]
    is_level: bool = False
    unit: str = ""
    adds: bool = True

    @property
    def before(self) -> float:
        return sum(change.baseline * change.factor for change in self.changes) / self._months

    @property
    def after(self) -> float:
        return sum(change.after * change.factor for change in self.changes) / self._months

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
            Part(
                key(own[0]),
                sum(c.baseline * c.factor for c in own) / months,
                sum(c.after * c.factor for c in own) / months,
            )
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
    """What the override would do, month by month; nothing is written. Of a product, of a line, or of all
    products in a channel; with a channel it works on that part of each. An amount on several products is
    split by what is expected of each, to the last digit."""
    if last_month < first_month:
        raise DomainError("months_order", _("The last month lies before the first."), "last_month")
    if operation == Override.Operation.PERCENT and value < -1:
        raise DomainError("below_nothing", _("More than everything cannot go."), "value")
    if operation == Override.Operation.SET and value < 0:
        raise DomainError("below_nothing", _("A volume is not below zero."), "value")
    products = [product] if product else _products_of(line, channel, measure)
    parts = None if channel is None else _parts_of(channel, products, measure)
    products = [p for p in products if parts is None or p.pk in parts]
    if operation != Override.Operation.SET and not value.quantize(PLACES):
        # It can still exempt a product from what holds of its line.
        held = OverrideMonth.objects.filter(product__in=products, measure=measure, channel=channel)
        if not held.filter(month__range=(first_month, last_month), active=True).exists():
            raise DomainError("nothing_changed", _("This changes nothing."), "value")
    units = None if product else _units_of(products, line, measure, operation)
    factors = units.factors if units is not None and units.ok else {}
    expected = expected_months([p.pk for p in products], measure, first_month, last_month)
    names = {p.pk: p.name for p in products}
    changes = []
    for month in month_range(first_month, last_month):
        shares = {p.pk: 1.0 if parts is None else parts[p.pk][month.month] for p in products}
        known = {p.pk: expected[p.pk, month] * shares[p.pk] for p in products if (p.pk, month) in expected}
        if not known:
            raise DomainError(
                "month_unknown", _("There is no forecast of this month to change."), "last_month"
            )
        for pk, part in _split(known, operation, value, factors).items():
            after = changed(operation, part, known[pk])
            factor = float(factors.get(pk, 1))
            changes.append(Change(pk, names[pk], month, part, shares[pk], known[pk], after, factor))
    is_level = measure.kind == Measure.Kind.LEVEL
    return Preview(changes, is_level, units.unit if units else "", units is None or units.ok)


def _products_of(line: ProductLine | None, channel: Channel | None, measure: Measure) -> list[Product]:
    """The products on sale, of a line or all."""
    if line is None and channel is None:
        raise DomainError("override_of_nothing", _("Choose a product, a line or a channel."), "line")
    tree = LineTree()
    rows = Product.objects.filter(Q(ended=None) | Q(ended__gte=today())).order_by("pk")
    if line is not None:
        rows = rows.filter(line__in=tree.descendants(line.pk))
    return [product for product in rows if measure in tree.measures(product.line_id)]


def _parts_of(channel: Channel, products: Sequence[Product], measure: Measure) -> dict[int, dict[int, float]]:
    """By product and calendar month the part of the channel with those below it, of those that sold in it."""
    below = channels_below(channel.code)
    parts = {
        pk: {month: min(sum(own.get(one, 0.0) for one in below), 1.0) for month, own in shares.items()}
        for pk, shares in channel_shares([p.pk for p in products], measure).items()
    }
    found = {pk: months for pk, months in parts.items() if any(months.values())}
    if not found:
        raise DomainError(
            "channel_silent", _("This channel sold nothing of it in the last 12 months."), "channel"
        )
    return found


def _units_of(
    products: Sequence[Product], line: ProductLine | None, measure: Measure, operation: str
) -> Addable:
    """How their volumes add up."""
    units = addable(LineTree(), products, measure, line.pk if line else None)
    if operation != Override.Operation.PERCENT and not units.ok:
        raise DomainError(
            "unlike_units",
            _("Its products count in different units: change them by per cent."),
            "operation",
        )
    return units


def _split(
    known: Mapping[int, float], operation: str, value: Decimal, factors: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    """The value by product, in its own unit: of a percentage the same for all, of an amount its part by what
    is expected of each, in the unit they add up in."""
    if operation == Override.Operation.PERCENT:
        return dict.fromkeys(known, value)
    sizes = {pk: volume * float(factors.get(pk, 1)) for pk, volume in known.items()}
    return {
        pk: (part / factors.get(pk, Decimal(1))).quantize(OWN_PLACES)
        for pk, part in split_by_share(value, sizes).items()
    }


def split_by_share(value: Decimal, sizes: Mapping[K, float]) -> dict[K, Decimal]:
    """The value over parts by their sizes, exactly: what rounding leaves goes to the largest remainders. A
    size below zero counts as none; without any the parts are equal."""
    weights = {pk: Decimal(repr(max(size, 0.0))) for pk, size in sizes.items()}
    total = sum(weights.values(), Decimal(0))
    if total == 0:
        weights, total = dict.fromkeys(sizes, Decimal(1)), Decimal(len(sizes))
    steps = abs(value) / PLACES
    exact = {pk: steps * weight / total for pk, weight in weights.items()}
    parts = {pk: part.to_integral_value(rounding="ROUND_FLOOR") for pk, part in exact.items()}
    left = int(steps - sum(parts.values(), Decimal(0)))
    for pk in sorted(parts, key=lambda pk: (parts[pk] - exact[pk], pk))[:left]:
        parts[pk] += 1
    return {pk: part * PLACES.copy_sign(value) for pk, part in parts.items()}
