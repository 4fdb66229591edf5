"""What approved prices ahead will do to volume and to what a unit brings in, for the night's forecast."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from core.months import month_add, month_end
from core.numbers import significant
from core.registries import PlannedChange
from pricing.selectors.own_prices import UNIT, YEAR, Rows, mean_price, own_prices, price_ratios
from pricing.selectors.price_answers import answered_through, bounded, price_answers

LEAST = 0.002
# Statistics get used to a new price as they smooth the level (forecasting/engine/drivers.py): the newest
# month counts for three tenths, the one before it for seven tenths of that, and so on.
WEIGHT, USED_MONTHS = 0.3, 6
NOTHING = PlannedChange((), {})


def price_changes(products: Collection[int], months: Sequence[datetime.date]) -> Mapping[int, PlannedChange]:
    """Of products whose own price for everybody changes in these months, or changed before: what a unit
    brings in then (:func:`price_ratios`), and of those whose statistics are not used to it yet (price then /
    price that the statistics are used to)^elasticity. Of a month a price is the mean over its days. Where a
    reseller stands between, volume answers to his price, which moves by what he passes on."""
    used = [month_add(months[0], -back) for back in range(1, USED_MONTHS + 1)]
    own = own_prices(products, month_add(months[0], -YEAR), month_end(months[-1]))
    ratios = price_ratios(own, months) if own else {}
    moving = {pk: parts for pk, parts in own.items() if any(_news(rows, used) for rows in parts.values())}
    volumes = _volumes({pk: parts[UNIT] for pk, parts in moving.items() if UNIT in parts}, used, months)
    found = {}
    for product_id in ratios.keys() | volumes.keys():
        change = replace(volumes.get(product_id, NOTHING), prices=ratios.get(product_id, ()))
        if not change.params and product_id in moving:
            starts = [date for rows in moving[product_id].values() for date in _news(rows, used)]
            share = change.prices[-1] / change.prices[0] - 1
            change = replace(change, params={"start": str(min(starts)), "share": round(share, 5)})
        found[product_id] = change
    return found


def _news(rows: Rows, used: Sequence[datetime.date]) -> list[datetime.date]:
    """When it changes, of what statistics are not used to yet."""
    return [date for date, _amount in rows if date > used[-1]]


def _volumes(
    prices: Mapping[int, Rows], used: Sequence[datetime.date], months: Sequence[datetime.date]
) -> dict[int, PlannedChange]:
    """What they do to volume in each month, how sure that is, and what words are made of."""
    found = {}
    answers = price_answers(prices)
    passed = answered_through(prices)
    for product_id, rows in prices.items():
        if product_id not in answers:
            continue
        if any(not amount for _date, amount in rows):
            continue  # one that ended, or was for nothing: no change to compare with
        known = [(mean_price(rows, month), (1 - WEIGHT) ** back) for back, month in enumerate(used)]
        weights = [(price, weight) for price, weight in known if price is not None]
        started = _news(rows, used)
        if not weights or not started:
            continue
        before = sum(price * weight for price, weight in weights) / sum(weight for _price, weight in weights)
        changes = [(mean_price(rows, month) or before) / before - 1 for month in months]
        ratios = [bounded(1 + passed.get(product_id, 1.0) * change) for change in changes]
        if all(abs(ratio - 1) < LEAST for ratio in ratios):
            continue
        answer = answers[product_id]
        found[product_id] = PlannedChange(
            tuple(significant(1 + answer.share(ratio), 7) for ratio in ratios),
            {
                "start": str(started[0]),
                "share": round(float(rows[-1][1]) / before - 1, 5),
                "volumes": [round(end, 5) for end in answer.band(ratios[-1])],
                "elasticity": round(answer.elasticity, 2),
                "source": answer.source,
            },
            spreads=tuple(significant(answer.spread(ratio), 5) for ratio in ratios),
        )
    return found
