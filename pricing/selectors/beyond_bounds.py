"""Prices that a bound has overtaken: it was set, or begins, over prices that were approved before."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q

from pricing.models import Bound, Price, PriceList
from pricing.models.price import State
from products.models import Product
from products.selectors.lines import LineTree

from .bounds import BoundsOn, Passed, passing
from .prices import held_on, vat_rates_on
from .reasons import made_at


@dataclass(frozen=True)
class Overtaken:
    """A price beyond a bound, and since when or from when on."""

    passed: Passed
    day: datetime.date


def prices_overtaken(day: datetime.date, tree: LineTree) -> list[Overtaken]:
    """Of each product and bound the first price in force on the day, or approved ahead, that is beyond it.
    One that was approved beyond the bound with a reason that lets it pass is not among them, nor what others
    ask. Seven queries at most."""
    bounds = BoundsOn(day, tree)
    if not bounds.read:
        return []
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
    beyond = [
        passed
        for price, at in spans
        if (passed := passing(price.price_list, price, then[at], rates[at])) is not None
    ]
    found: dict[tuple[int, int], Overtaken] = {}
    made = made_at(Bound, {passed.bound.pk for passed in beyond})
    for passed in beyond:
        price, bound = passed.price, passed.bound
        if not _was_known(passed, made[bound.pk]):
            since = max(price.start_date, bound.start_date)
            found.setdefault((price.product_id, bound.pk), Overtaken(passed, since))
    return list(found.values())


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


def _was_known(passed: Passed, made: datetime.datetime | None) -> bool:
    """Whether it was approved with a reason for passing this bound, which was there by then."""
    bound, proposal = passed.bound, passed.price.proposal
    if proposal is None or not proposal.exception or proposal.decided_at is None or passed.is_refused:
        return False
    before = made is None or made < proposal.decided_at
    return before and bound.start_date <= passed.price.start_date
