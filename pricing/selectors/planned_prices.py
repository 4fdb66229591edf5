"""What approved prices ahead will do to volume, for the night's forecast."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from core.months import month_add, month_end
from core.organisation import organisation_get
from core.registries import PlannedChange
from pricing.models import Price, PriceList
from pricing.models.price import State
from products.models import Product

# Of a consumer good nobody measured: the mean of 1,851 published estimates, and how far single products lie
# from it (pricing/engine/shrinkage.py). A reseller is taken to keep his margin in percent, so that the
# consumer's price changes by the same share as ours.
ELASTICITY, ELASTICITY_SD = -2.62, 1.06
Z80 = 1.2816
# A change beyond this, up or down, was never looked at: it counts as this.
MOST = 0.2
LEAST = 0.002
# Statistics get used to a new price as they smooth the level (forecasting/engine/drivers.py): the newest
# month counts for three tenths, the one before it for seven tenths of that, and so on.
WEIGHT, USED_MONTHS = 0.3, 6


def price_changes(products: Collection[int], months: Sequence[datetime.date]) -> Mapping[int, PlannedChange]:
    """Of goods whose own price for everybody changes in these months, or changed shortly before: (price then
    / price that the statistics are used to)^elasticity. Of a month a price is the mean over its days."""
    used = [month_add(months[0], -back) for back in range(1, USED_MONTHS + 1)]
    last = month_end(months[-1])
    found = {}
    for product_id, rows in _rows(products, used[-1], last).items():
        if any(not amount for _date, amount in rows):
            continue  # one that ended, or was for nothing: no change to compare with
        known = [(_mean(rows, month), (1 - WEIGHT) ** back) for back, month in enumerate(used)]
        weights = [(float(price), weight) for price, weight in known if price is not None]
        if not weights:
            continue
        before = sum(price * weight for price, weight in weights) / sum(weight for _price, weight in weights)
        ratios = [
            1 + max(-MOST, min(MOST, float(_mean(rows, month) or before) / before - 1)) for month in months
        ]
        if all(abs(ratio - 1) < LEAST for ratio in ratios):
            continue
        started = [date for date, _amount in rows if date > used[-1]]
        found[product_id] = PlannedChange(
            tuple(float(f"{ratio**ELASTICITY:.7g}") for ratio in ratios),
            {
                "start": str(started[0]),
                "share": round(float(rows[-1][1]) / before - 1, 5),
                "volumes": [
                    round(ratios[-1] ** power - 1, 5)
                    for power in (ELASTICITY - Z80 * ELASTICITY_SD, ELASTICITY + Z80 * ELASTICITY_SD)
                ],
                "elasticity": ELASTICITY,
            },
        )
    return found


def _rows(
    products: Collection[int], since: datetime.date, last: datetime.date
) -> dict[int, list[tuple[datetime.date, Decimal]]]:
    """Of goods with a new price after ``since``: all their prices up to ``last``, the oldest first."""
    of_all = PriceList.objects.filter(
        kind=PriceList.Kind.OWN, channel=None, segment=None, currency=organisation_get().currency
    )
    prices = Price.objects.filter(
        price_list__in=of_all, component=Price.Component.UNIT, tier="", state=State.APPROVED
    )
    changing = prices.filter(product_id__any=list(products), start_date__gt=since, start_date__lte=last)
    ids = set(
        changing.filter(product__kind=Product.Kind.GOOD).order_by().values_list("product_id", flat=True)
    )
    found: dict[int, list[tuple[datetime.date, Decimal]]] = defaultdict(list)
    if ids:
        rows = prices.filter(product_id__any=list(ids), start_date__lte=last).order_by("start_date")
        for product_id, date, amount in rows.values_list("product_id", "start_date", "amount"):
            found[product_id].append((date, amount or Decimal(0)))
    return found


def _mean(rows: Sequence[tuple[datetime.date, Decimal]], month: datetime.date) -> Decimal | None:
    """The price of a month over its days; ``None`` where it had none on its first."""
    total = Decimal(0)
    days = (month_end(month) - month).days + 1
    for offset in range(days):
        day = month + datetime.timedelta(days=offset)
        price = next((amount for date, amount in reversed(rows) if date <= day), None)
        if price is None:
            return None
        total += price
    return total / days
