"""Where the price in a promotion passes the bounds of prices."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pricing.models import Bound, Price, Promotion, VatCode
from products.selectors.lines import line_tree

from .bounds import BoundsOn, Passed, passing
from .prices import vat_rates_on, vat_said
from .promotion_prices import AsSaid, lowered_prices, prices_paid


def promotions_passing(
    promotions: Sequence[Promotion], bounds: BoundsOn, since: datetime.date | None = None
) -> Mapping[int, Sequence[Passed]]:
    """By promotion (its id) each product, list and bound that it passes, with the first of its days in the
    store on which it does, from ``since`` on; ``since`` of what is passed: where that is not the first of
    these. A percentage is of the price of each day. Five queries, however many."""
    if not bounds.read or not promotions:
        return {}
    starts = {row.pk: max(filter(None, (row.store_start, since))) for row in promotions}
    last = max(row.store_end for row in promotions)
    products = list({part.product_id: part.product for row in promotions for part in row.rows.all()}.values())
    prices, tree = prices_paid(promotions, last), line_tree()
    keys = {
        product.pk: [(product.pk, None), *((None, line.pk) for line in tree.ancestors(product.line_id))]
        for product in products
    }
    vat, codes = vat_said(products, {line for own in keys.values() for _product, line in own if line}, last)
    begins: dict[tuple[int | None, int | None], set[datetime.date]] = defaultdict(set)
    of_them: list[Bound | VatCode] = [*bounds.read, *codes]
    for said in of_them:
        begins[said.product_id, said.line_id].add(said.start_date)
    by_product: dict[int, list[Price]] = defaultdict(list)
    for price in prices:
        by_product[price.product_id].append(price)
        begins[price.product_id, None].add(price.start_date)
    days = {}
    for row in promotions:
        begun = {rate.start_date for rate in vat}.union(
            *(begins[key] for part in row.rows.all() for key in keys[part.product_id])
        )
        days[row.pk] = sorted({starts[row.pk], *(d for d in begun if starts[row.pk] < d <= row.store_end)})
    all_days = {day for own in days.values() for day in own}
    rates, then = vat_rates_on(products, all_days), {day: bounds.on(day) for day in all_days}
    found: dict[int, Sequence[Passed]] = {}
    as_said = AsSaid()
    for row in promotions:
        paid = [price for part in row.rows.all() for price in by_product[part.product_id]]
        first: dict[tuple[int, int | None, int], Passed] = {}
        for day in days[row.pk]:
            for price in lowered_prices(row, paid, day, as_said):
                if passed := passing(price.price_list, price, then[day], rates[day]):
                    key = price.product_id, price.price_list_id, passed.bound.pk
                    first.setdefault(key, replace(passed, since=None if day == starts[row.pk] else day))
        found[row.pk] = list(first.values())
    return found
