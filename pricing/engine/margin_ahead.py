"""Why the share of a margin moves from one month to another: by our price, and by each cost."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

ZERO = Decimal(0)
K = TypeVar("K", bound=Hashable)


def share_moves(
    before: Mapping[K, Decimal],
    net_before: Decimal,
    then: Mapping[K, Decimal],
    net_then: Decimal,
    *,
    price: Decimal,
    with_price: Collection[K] = (),
) -> tuple[Decimal, dict[K, Decimal]]:
    """By how much the margin, as a share of net sales, moves because our price became ``price`` times what it
    was, and because of each cost at the price before; they add up to the whole move. A cost that is a share
    of sales (``with_price``) moves with the price and is not spread by it."""
    by_price, by_cost = ZERO, {}
    for key in before.keys() | then.keys():
        was, now = before.get(key, ZERO) / net_before, then.get(key, ZERO) / net_then
        at_old = now if key in with_price else now * price
        by_price += at_old - now
        by_cost[key] = was - at_old
    return by_price, by_cost
