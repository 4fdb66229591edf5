"""Which part of a product's months was sold in promotion, for the night's stage."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q, Sum

from core.lookups import many
from core.months import month_end, month_range, month_start
from pricing.models import PromotionProduct
from products.models import SalesMonth
from products.selectors.channels import channel_chains
from products.selectors.lines import LineTree

from .promotion_runs import ran_or_will
from .promotion_series import measured_days, part_of


def promotion_months(
    products: Collection[int], until: datetime.date
) -> Mapping[int, Mapping[datetime.date, float]]:
    """By product the months up to ``until`` in which an approved promotion ran, with the part of the month it
    ran in × the share of that month's volume that its channels sold, by the line's leading measure: at most
    1. Few queries, one where there is none."""
    rows = _rows(products, until)
    if not rows:
        return {}
    tree, shares = LineTree(), _Shares(rows)
    found: dict[int, dict[datetime.date, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        measure = tree.lead_measure(row.product.line_id)
        first, last = measured_days(row.promotion, measure)
        own = found[row.product_id]
        for month in month_range(month_start(first), min(month_start(last), until)) if first <= last else ():
            part = part_of("months", month, first, last) * shares.of(row, measure.pk, month)
            own[month] = min(own[month] + part, 1.0)
    return found


def _rows(products: Collection[int], until: datetime.date) -> list[PromotionProduct]:
    begun = Q(promotion__store_start__lte=month_end(until)) | Q(
        promotion__delivery_start__lte=month_end(until)
    )
    rows = PromotionProduct.objects.filter(
        ran_or_will("promotion__"), begun, product_id__any=many(products)
    ).select_related("promotion", "product")
    return list(rows.prefetch_related("promotion__channel_rows").order_by("promotion__store_start", "pk"))


class _Shares:
    """Which part of a month's volume the channels of a promotion sold."""

    def __init__(self, rows: Sequence[PromotionProduct]) -> None:
        self._asked = {
            row.promotion_id: {part.channel_id for part in row.promotion.channel_rows.all()} for row in rows
        }
        limited = {row.product_id for row in rows if self._asked[row.promotion_id]}
        self._above = channel_chains() if limited else {}
        self._sold: dict[tuple[int, int, datetime.date], dict[int, float]] = defaultdict(dict)
        if not limited:
            return
        sums = SalesMonth.objects.filter(product_id__any=limited, volume__gt=0).order_by()
        for product, measure, month, channel, volume in sums.values_list(
            "product_id", "measure_id", "month", "channel_id"
        ).annotate(Sum("volume")):
            self._sold[product, measure, month][channel] = float(volume)

    def of(self, row: PromotionProduct, measure: int, month: datetime.date) -> float:
        asked = self._asked[row.promotion_id]
        if not asked:
            return 1.0
        sold = self._sold.get((row.product_id, measure, month), {})
        whole = sum(sold.values())
        there = sum(volume for channel, volume in sold.items() if asked.intersection(self._above[channel]))
        return there / whole if whole > 0 else 0.0
