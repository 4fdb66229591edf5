"""How many days ahead a price must be told, and to whom."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from core.months import month_add, month_start
from core.organisation import organisation_get, today
from pricing.models import NoticeDays, PriceList
from products.models import Channel, SalesMonth
from products.selectors.channels import channel_chains

from .prices import in_force

MONTHS = 12


@dataclass(frozen=True)
class TooLate:
    """``channel`` (``None``: everybody) is told ``days`` ahead; ``earliest`` is when a price may begin."""

    channel: Channel | None
    days: int
    earliest: datetime.date


def told_too_late(
    price_list: PriceList,
    start_date: datetime.date,
    products: Collection[int],
    on: datetime.date | None = None,
) -> TooLate | None:
    """The longest notice that a price of these products from the date leaves no time for, told ``on`` a day
    (today): of the list's own channel, and of those below it that paid by it in the last 12 months. Of each
    its own rule counts, else that of the nearest above it, else everybody's."""
    if price_list.is_observed:
        return None
    rules = {rule.channel_id: rule for rule in NoticeDays.objects.select_related("channel")}
    now = on or today()
    if all(rule.days <= (start_date - now).days for rule in rules.values()):
        return None
    chains = channel_chains()
    asked = {price_list.channel_id} | _paying(price_list, start_date, products, chains)
    above = [chains[pk] if pk else () for pk in asked]
    near = [next((rules[at] for at in (*chain, None) if at in rules), None) for chain in above]
    late = [rule for rule in near if rule and start_date < now + datetime.timedelta(rule.days)]
    if not late:
        return None
    longest = max(late, key=lambda rule: (rule.days, rule.channel_id or 0))
    return TooLate(longest.channel, longest.days, now + datetime.timedelta(longest.days))


def _paying(
    price_list: PriceList,
    date: datetime.date,
    products: Collection[int],
    chains: dict[int, tuple[int, ...]],
) -> set[int | None]:
    """Channels below the list's that bought one of the products in the last 12 months, and have no price of
    it in its currency on a list nearer to them; of a list in another currency than ours, nor one in ours that
    is as near. Of a segment nobody says where it buys."""
    if price_list.segment_id is not None:
        return set()
    here, currencies = price_list.channel_id, {price_list.currency, organisation_get().currency}
    others = PriceList.objects.filter(kind=price_list.kind, segment=None, currency__in=currencies)
    of = dict(others.exclude(pk=price_list.pk).values_list("pk", "channel"))
    own = {(of[row.price_list_id], row.product_id) for row in in_force(of, products, date) if row.amount}
    bought = SalesMonth.objects.filter(
        product__in=products, month__gte=month_add(month_start(today()), -MONTHS), volume__gt=0
    )

    def pays(product: int, channel: int) -> bool:
        reaching = (at for at in (*chains[channel], None) if at == here or (at, product) in own)
        near = next(reaching, None)
        return near == here and (near, product) not in own

    return {
        channel
        for product, channel in bought.order_by().values_list("product", "channel").distinct()
        if pays(product, channel)
    }
