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
from pricing.selectors.price_answers import bounded, price_answers
from pricing.selectors.resellers import passed_through

LEAST = 0.002
# Statistics get used to a new price as they smooth the level (forecasting/engine/drivers.py): the newest
# month counts for three tenths, the one before it for seven tenths of that, and so on.
WEIGHT, USED_MONTHS = 0.3, 6


def price_changes(products: Collection[int], months: Sequence[datetime.date]) -> Mapping[int, PlannedChange]:
    """Of products whose own price for everybody changes in these months, or changed shortly before: (price
    then / price that the statistics are used to)^elasticity. Of a month a price is the mean over its days.
    Where a reseller stands between his price counts, which moves by what he passes on."""
    used = [month_add(months[0], -back) for back in range(1, USED_MONTHS + 1)]
    last = month_end(months[-1])
    found = {}
    changing = _rows(products, used[-1], last)
    answers = price_answers(changing)
    passed = passed_through(changing)
    for product_id, rows in changing.items():
        if product_id not in answers:
            continue
        if any(not amount for _date, amount in rows):
            continue  # one that ended, or was for nothing: no change to compare with
        known = [(_mean(rows, month), (1 - WEIGHT) ** back) for back, month in enumerate(used)]
        weights = [(float(price), weight) for price, weight in known if price is not None]
        if not weights:
            continue
        before = sum(price * weight for price, weight in weights) / sum(weight for _price, weight in weights)
        changes = [float(_mean(rows, month) or before) / before - 1 for month in months]
        ratios = [bounded(1 + passed.get(product_id, 1.0) * change) for change in changes]
        if all(abs(ratio - 1) < LEAST for ratio in ratios):
            continue
        answer = answers[product_id]
        started = [date for date, _amount in rows if date > used[-1]]
        found[product_id] = PlannedChange(
            tuple(float(f"{1 + answer.share(ratio):.7g}") for ratio in ratios),
            {
                "start": str(started[0]),
                "share": round(float(rows[-1][1]) / before - 1, 5),
                "volumes": [round(end, 5) for end in answer.band(ratios[-1])],
                "elasticity": round(answer.elasticity, 2),
                "source": answer.source,
            },
        )
    return found


def _rows(
    products: Collection[int], since: datetime.date, last: datetime.date
) -> dict[int, list[tuple[datetime.date, Decimal]]]:
    """Of products with a new price after ``since``: all their prices up to ``last``, the oldest first."""
    of_all = PriceList.objects.filter(
        kind=PriceList.Kind.OWN, channel=None, segment=None, currency=organisation_get().currency
    )
    prices = Price.objects.filter(
        price_list__in=of_all, component=Price.Component.UNIT, tier="", state=State.APPROVED
    )
    changing = prices.filter(product_id__any=list(products), start_date__gt=since, start_date__lte=last)
    ids = set(changing.order_by().values_list("product_id", flat=True))
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
