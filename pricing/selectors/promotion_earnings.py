"""What a promotion that is over earned: the margin of what it sold more, less what it cost. Only for who sees
costs.

Margins are of the months it ran, at what the lines that move with sales come to. What a unit normally brings
is taken from the months before; what those months brought less than that was given away.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from core.months import month_add, month_start
from pricing.engine.formulas import promotion_result
from pricing.models import Promotion
from products.models import Measure, Product, SalesMonth
from products.selectors.access import visible_channel_ids
from products.selectors.channels import channels_below
from products.selectors.lines import line_tree

from .costs import RIGHT, rates_read
from .margins import unit_costs
from .promotion_costs import ActualCost
from .promotion_effects import EffectShown
from .promotion_series import measured_days
from .promotions import own_cost

BEFORE_MONTHS = 6
ZERO = Decimal(0)


@dataclass(frozen=True)
class Earned:
    """Of one product. ``margin`` a unit without promotion; ``given`` what its months brought less than at
    the price before; ``extra`` is the margin it brought more, sister products and the weeks after counted,
    with its 80 % interval; ``break_even`` the units at which that is nothing. ``reason``: why nothing can
    be said (``no_effect``, ``no_price``, ``no_costs``, ``state``); ``sisters_left_out``: their margin is not
    known."""

    product: Product
    margin: float = 0.0
    given: float = 0.0
    extra: float | None = None
    lo80: float | None = None
    hi80: float | None = None
    break_even: float | None = None
    planned: float | None = None
    reason: str = ""
    sisters_left_out: bool = False


@dataclass(frozen=True)
class Earnings:
    """By product, and of the whole: only where every product is known. ``planned_cost`` is our share of the
    budget, ``None`` where that is in another currency than ours; ``actual_cost`` what it turned out to be,
    ``None`` as long as nobody knows: then ``result`` and ``return_rate`` (the result for each euro given away
    or spent) count with what was planned."""

    rows: Sequence[Earned]
    planned_cost: Decimal | None
    actual_cost: Decimal | None
    extra: float | None
    result: float | None
    lo80: float | None
    hi80: float | None
    planned: float | None
    return_rate: float | None

    @property
    def cost(self) -> Decimal | None:
        """What counts."""
        return self.planned_cost if self.actual_cost is None else self.actual_cost

    @property
    def planned_cost_off(self) -> Decimal | None:
        return None if self.planned_cost is None else -self.planned_cost

    @property
    def actual_cost_off(self) -> Decimal | None:
        return None if self.actual_cost is None else -self.actual_cost


def promotion_earnings(
    user: Any, promotion: Promotion, effects: Sequence[EffectShown], actual: ActualCost | None = None
) -> Earnings | None:
    """``None`` for who sees no costs, or only some channels, and where nothing was measured. ``actual``: what
    it turned out to cost (:func:`~pricing.selectors.promotion_costs.actual_cost`)."""
    if not effects or not user.has_perm(RIGHT) or visible_channel_ids(user) is not None:
        return None
    sisters = {sister.product for shown in effects for sister in shown.sisters}
    products = list(dict.fromkeys([*(shown.effect.product for shown in effects), *sisters]))
    margins = _Margins(user, promotion, products)
    uplift = None if promotion.planned_uplift_rate is None else float(promotion.planned_uplift_rate)
    rows = [_earned(shown, margins, uplift) for shown in effects]
    is_abroad = bool(promotion.currency and promotion.budget_amount)
    costs = None if is_abroad else own_cost(promotion) or ZERO, actual.amount if actual else None
    cost = costs[0] if costs[1] is None else costs[1]
    extra = _all([row.extra for row in rows])
    if extra is None or cost is None:
        return Earnings(rows, *costs, extra, None, None, None, None, None)
    result, planned = extra - float(cost), _all([row.planned for row in rows])
    low = sum((row.extra - row.lo80) ** 2 for row in rows if row.extra is not None and row.lo80 is not None)
    high = sum((row.hi80 - row.extra) ** 2 for row in rows if row.extra is not None and row.hi80 is not None)
    spent = float(cost) + sum(max(row.given, 0.0) for row in rows)
    return Earnings(
        rows,
        *costs,
        extra,
        result,
        result - low**0.5,
        result + high**0.5,
        None if planned is None or costs[0] is None else planned - float(costs[0]),
        result / spent if spent > 0 else None,
    )


def _all(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _earned(shown: EffectShown, margins: _Margins, uplift: float | None) -> Earned:
    effect = shown.effect
    if effect.reason or effect.baseline is None or effect.sold is None or effect.baseline <= 0:
        return Earned(effect.product, reason="no_effect")
    found = margins.of(effect.product)
    if isinstance(found, str):
        return Earned(effect.product, reason=found)
    theirs = {sister.product.pk: margins.of(sister.product) for sister in shown.sisters}
    known = {pk: margin.unit for pk, margin in theirs.items() if not isinstance(margin, str)}
    lost = sum(-sister.units * known.get(sister.product.pk, 0.0) for sister in shown.sisters)

    def result(baseline: float, sold: float, after: float, given: float, sisters: float) -> Any:
        return promotion_result(
            baseline=baseline,
            sold=sold,
            dip=-after,
            margin=found.unit,
            promotion_margin=found.unit - given / sold if sold else 0.0,
            cannibalised_units=1.0,
            cannibalised_margin=sisters,
        )

    said = result(effect.baseline, effect.sold, effect.after or 0.0, found.given, lost)
    planned = None
    if uplift is not None and effect.sold > 0:
        sold = effect.baseline * (1 + uplift)
        planned = result(effect.baseline, sold, 0.0, found.given / effect.sold * sold, 0.0).profit
    down, up = _spread(shown, known, found.unit)
    return Earned(
        effect.product,
        margin=found.unit,
        given=found.given,
        extra=said.profit,
        lo80=said.profit - down,
        hi80=said.profit + up,
        break_even=said.break_even_units,
        planned=planned,
        sisters_left_out=len(known) < len(theirs),
    )


def _spread(shown: EffectShown, sisters: Mapping[int, float], margin: float) -> tuple[float, float]:
    """How far the extra margin may be below and above: what is not known of the baseline, the weeks after and
    each sister product, taken as independent."""
    effect, down, up = shown.effect, 0.0, 0.0
    parts = []
    if effect.uplift_lo80 is not None and effect.uplift_hi80 is not None and effect.sold is not None:
        baselines = (
            effect.sold / (1 + max(rate, -0.99)) for rate in (effect.uplift_lo80, effect.uplift_hi80)
        )
        parts.append((margin, -(effect.baseline or 0.0), *(-baseline for baseline in baselines)))
    if effect.after is not None and effect.after_lo80 is not None and effect.after_hi80 is not None:
        parts.append((margin, effect.after, effect.after_lo80, effect.after_hi80))
    parts += [
        (sisters[row.product.pk], row.units, row.lo80, row.hi80)
        for row in shown.sisters
        if row.product.pk in sisters
    ]
    for each, middle, *ends in parts:
        amounts = sorted(each * (end - middle) for end in ends)
        down += min(amounts[0], 0.0) ** 2
        up += max(amounts[1], 0.0) ** 2
    return down**0.5, up**0.5


@dataclass(frozen=True)
class _Margin:
    unit: float
    given: float


class _Margins:
    """What a unit leaves of each product without the promotion, and what its months brought less; two queries
    for any number of products."""

    def __init__(self, user: Any, promotion: Promotion, products: Sequence[Product]) -> None:
        tree = line_tree()
        leads = {row.pk: tree.lead_measure(row.line_id) for row in products}
        self._user, self._leads = user, leads
        self._days = {row.pk: measured_days(promotion, leads[row.pk]) for row in products}
        self._months = _months(promotion, leads, self._days)
        self._rates = rates_read(user, products)

    def of(self, product: Product) -> _Margin | str:
        if self._leads[product.pk].kind == Measure.Kind.LEVEL:
            return "state"  # what comes in goes on to bring in for longer than these months
        first, last = (month_start(day) for day in self._days[product.pk])
        months = self._months.get(product.pk, {})
        before = _sums(row for month, row in months.items() if month < first)
        during = _sums(row for month, row in months.items() if first <= month <= last)
        if before[0] <= 0 or before[1] <= 0 or during[0] <= 0:
            return "no_price"
        price = before[1] / before[0]
        spent = unit_costs(self._user, product, self._rates[product], first, during[0])
        if spent is None:
            return "no_costs"
        each, share = spent
        return _Margin(float(price - each - share * price), float(price * during[0] - during[1]))


Months = dict[datetime.date, tuple[Decimal, Decimal]]


def _months(
    promotion: Promotion, leads: Mapping[int, Any], days: Mapping[int, tuple[datetime.date, datetime.date]]
) -> dict[int, Months]:
    """Units and revenue of the months before a promotion and those it ran in, by product, in its channels."""
    first = month_add(month_start(min(begin for begin, _end in days.values())), -BEFORE_MONTHS)
    rows = SalesMonth.objects.filter(
        product__in=leads,
        measure__in={measure.pk for measure in leads.values()},
        month__range=(first, max(end for _begin, end in days.values())),
        volume__isnull=False,
        revenue__isnull=False,
    )
    if channels := [row.channel_id for row in promotion.channel_rows.all()]:
        rows = rows.filter(channel__in=channels_below(channels))
    found: dict[int, Months] = {}
    sums = rows.order_by().values("product", "measure", "month").annotate(Sum("volume"), Sum("revenue"))
    for row in sums:
        if row["measure"] == leads[row["product"]].pk:
            amounts = row["volume__sum"], row["revenue__sum"]
            found.setdefault(row["product"], {})[row["month"]] = amounts
    return found


def _sums(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    listed = list(rows)
    return sum((row[0] for row in listed), ZERO), sum((row[1] for row in listed), ZERO)
