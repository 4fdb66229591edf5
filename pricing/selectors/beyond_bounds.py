"""Prices, and those in promotions, that a bound has overtaken: it was set, or begins, over what was approved
before."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q

from pricing.models import Bound, Price, PriceList, Promotion
from pricing.models.price import State
from products.models import Product
from products.selectors.lines import LineTree

from .bounds import BoundsOn, Passed, passing
from .prices import held_on, vat_rates_on
from .promotion_bounds import promotions_passing
from .promotions import with_parts
from .reasons import made_at


@dataclass(frozen=True)
class Overtaken:
    """A price beyond a bound, and since when or from when on; what a ``promotion`` leaves of it, where one is
    named."""

    passed: Passed
    day: datetime.date
    promotion: Promotion | None = None


def prices_overtaken(day: datetime.date, tree: LineTree) -> list[Overtaken]:
    """Of each product and bound the first price in force on the day, or approved ahead, that is beyond it,
    and the first of each approved promotion that is not over. One that was approved beyond the bound with a
    reason that lets it pass is not among them, nor what others ask. Fifteen queries at most."""
    bounds = BoundsOn(day, tree)
    if not bounds.read:
        return []
    beyond = [*_in_force(bounds, day, tree), *_in_promotions(bounds, day)]
    made = made_at(Bound, {found.passed.bound.pk for found in beyond})
    first: dict[tuple[int, int, int | None], Overtaken] = {}
    for found in beyond:
        price, bound, promotion = found.passed.price, found.passed.bound, found.promotion
        if not _was_known(found, made[bound.pk]):
            first.setdefault((price.product_id, bound.pk, promotion.pk if promotion else None), found)
    return list(first.values())


def _in_promotions(bounds: BoundsOn, day: datetime.date) -> Iterator[Overtaken]:
    approved = Promotion.objects.filter(state=Promotion.State.APPROVED, store_end__gte=day)
    rows = list(with_parts(approved.order_by("store_start", "pk")))
    beyond = promotions_passing(rows, bounds, day)
    for row in rows:
        for passed in beyond.get(row.pk, ()):
            yield Overtaken(passed, passed.since or max(row.store_start, passed.bound.start_date), row)


def _in_force(bounds: BoundsOn, day: datetime.date, tree: LineTree) -> list[Overtaken]:
    """Of prices in force and ahead, by the day on which they are beyond one."""
    rows = _prices(bounds.read, day, tree)
    spans = [
        (price, at)
        for own in _by_key(rows)
        for price, until in zip(own, [*(row.start_date for row in own[1:]), datetime.date.max], strict=True)
        if price.amount is not None
        for at in _days(price, bounds, day)
        if at < until
    ]
    days = {at for _price, at in spans}
    rates = vat_rates_on(list({row.product_id: row.product for row in rows}.values()), days) if days else {}
    then = {at: bounds.on(at) for at in days}
    spans.sort(key=lambda span: span[1])
    return [
        Overtaken(passed, max(price.start_date, passed.bound.start_date))
        for price, at in spans
        if (passed := passing(price.price_list, price, then[at], rates[at])) is not None
    ]


def _prices(bounds: Sequence[Bound], day: datetime.date, tree: LineTree) -> list[Price]:
    """Ours and advised ones that bounds are about, in force on the day or ahead."""
    lines = {pk for bound in bounds if bound.line_id for pk in tree.descendants(bound.line_id)}
    about = Q(product__in={bound.product_id for bound in bounds if bound.product_id}) | Q(
        product__in=Product.objects.filter(line__in=lines)
    )
    rows = (
        Price.objects.filter(about, price_list__currency__in={bound.currency for bound in bounds})
        .exclude(price_list__kind=PriceList.Kind.OBSERVED)
        .select_related("product", "price_list", "proposal")
    )
    rows = rows.exclude(product__ended__lt=day)
    ahead = rows.filter(state=State.APPROVED, start_date__gt=day)
    return [*held_on(rows, day), *ahead.order_by("start_date")]


def _by_key(rows: Sequence[Price]) -> Iterator[list[Price]]:
    """Those of one list, product, component and tier, the first to begin first."""
    found: dict[tuple[int, int, str, str], list[Price]] = defaultdict(list)
    for row in rows:
        found[row.price_list_id, row.product_id, row.component, row.tier].append(row)
    yield from found.values()


def _days(price: Price, bounds: BoundsOn, day: datetime.date) -> list[datetime.date]:
    """When it has to be held against bounds: on its first day from ``day`` on, and as one begins."""
    first = max(price.start_date, day)
    return [first, *(at for at in bounds.days_ahead(price.price_list.currency) if at > first)]


def _was_known(found: Overtaken, made: datetime.datetime | None) -> bool:
    """Whether it was approved with a reason for passing this bound, which was there by then: on a price's
    first day, on any day of a promotion."""
    passed, promotion = found.passed, found.promotion
    asked = promotion or passed.price.proposal
    if asked is None or not asked.exception or asked.decided_at is None or passed.is_refused:
        return False
    before = made is None or made < asked.decided_at
    return before and (promotion is not None or passed.bound.start_date <= passed.price.start_date)
