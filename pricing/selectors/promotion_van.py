"""The van-prijs that what a promotion lowers must be compared with."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q

from accounts.rows import from_row, row_of
from pricing.engine.van_prijs import Cut, VanPrijs, van_prijs
from pricing.models import Perishable, Price, PriceList, Promotion
from products.selectors.lines import line_tree

from .price_rows import not_covered
from .prices import Part, lists_visible
from .promotion_cuts import PRICES, UNCLEAR, Ran, promotions_ran_of
from .promotion_prices import InPromotion, prices_begun, promotion_prices


def prices_listed(user: Any, promotion: Promotion) -> list[Price]:
    """What customers pay of its products up to its first day, on lists the person may see, each with what is
    said of what spoils. One query."""
    lists = lists_visible(user).filter(kind__in=(PriceList.Kind.OWN, PriceList.Kind.ADVISED))
    said = Perishable.objects.filter(Q(product=OuterRef("product")) | Q(line__isnull=False))
    spoils = ArraySubquery(said.values_list(row_of(Perishable)))
    return prices_begun(promotion, Price.objects.filter(price_list__in=lists).annotate(spoils=spoils))


def promotion_van(
    promotion: Promotion, products: Collection[int], listed: Sequence[Price]
) -> dict[int, list[tuple[PriceList, Part, VanPrijs]]]:
    """By product (of these) the van-prijs on its first day of each price that it lowers, of our own lists to
    consumers among those of ``listed`` (:func:`prices_listed`) by which they buy in its channels; with a
    coupon or money back it is not judged. Nothing where it announces no lower price. Two queries for any
    number of products."""
    if promotion.mechanic not in (*PRICES, *UNCLEAR):
        return {}
    is_unclear, start = promotion.mechanic in UNCLEAR, promotion.store_start
    here = [
        one
        for one in promotion_prices(promotion, [row for row in listed if row.price_list.is_to_consumers])
        if one.product.pk in products and (one.is_cut or is_unclear)
    ]
    judged = set() if is_unclear else {one.product.pk for one in here}
    ran = promotions_ran_of(judged, start) if judged else {}
    channels = {row.channel_id for row in promotion.channel_rows.all()}
    found: dict[int, list[tuple[PriceList, Part, VanPrijs]]] = {}
    for one in here:
        van = not_covered(one.product, one.part[0])
        if van is None and is_unclear:
            van = VanPrijs(None, "mechanic")
        if van is None:
            own = [run for run in ran.get(one.product.pk, ()) if run.row.promotion_id != promotion.pk]
            met = [run for run in own if run.holds_on(one.price_list) or run.channels & channels]
            cuts = [cut for run in met if (cut := _cut(run, one))]
            van = van_prijs(_rows(one), start, perishable=_perishable(one, start), cuts=cuts)
        found.setdefault(one.product.pk, []).append((one.price_list, one.part, van))
    return found


def _cut(run: Ran, one: InPromotion) -> Cut | None:
    return run.cut(one.rows, one.price_list.currency, is_said=one.is_said)


def _rows(one: InPromotion) -> list[tuple[datetime.date, Any]]:
    return [(price.start_date, price.amount) for price in one.rows]


def _perishable(one: InPromotion, day: datetime.date) -> bool:
    """What holds of the product on the day, else of the nearest line above it."""
    read: Any = one.rows[0]
    said = [from_row(Perishable, row) for row in read.spoils or ()]
    said = sorted((row for row in said if row.start_date <= day), key=lambda row: row.start_date)
    by = {(row.product_id, row.line_id): row.perishable for row in said}
    above = [(None, line.pk) for line in line_tree().ancestors(one.product.line_id)]
    return next((by[key] for key in [(one.product.pk, None), *above] if key in by), False)
