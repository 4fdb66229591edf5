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

from .promotion_channels import asked_channels, sold_there
from .promotion_runs import ran_or_will
from .promotion_series import measured_days, part_of


def promotion_months(
    products: Collection[int], until: datetime.date
) -> Mapping[int, Mapping[datetime.date, float]]:
    """By product the months up to ``until`` in which an approved promotion ran, with the part of the month it
    ran in × the share of that month's volume that its channels sold, of what it moves (the line's leading
    measure, of a state what comes into it): at most 1. Few queries, one where there is none."""
    rows = _rows(products, until)
    if not rows:
        return {}
    tree = LineTree()
    shares = _Shares(rows, tree)
    found: dict[int, dict[datetime.date, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        first, last = measured_days(row.promotion, tree.lead_measure(row.product.line_id))
        own = found[row.product_id]
        for month in month_range(month_start(first), min(month_start(last), until)) if first <= last else ():
            part = part_of("months", month, first, last) * shares.of(row, month)
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

    def __init__(self, rows: Sequence[PromotionProduct], tree: LineTree) -> None:
        moved = {row.product_id: tree.moved(row.product.line_id) for row in rows if asked_channels(row)}
        measures = {pk: measure.pk for pk, measure in moved.items() if measure}
        self._above = channel_chains() if measures else {}
        self._sold: dict[tuple[int, datetime.date], dict[int, float]] = defaultdict(dict)
        if not measures:
            return
        sums = SalesMonth.objects.filter(product_id__any=many(measures), volume__gt=0).order_by()
        for product, measure, month, channel, volume in sums.values_list(
            "product_id", "measure_id", "month", "channel_id"
        ).annotate(Sum("volume")):
            if measure == measures[product]:
                self._sold[product, month][channel] = float(volume)

    def of(self, row: PromotionProduct, month: datetime.date) -> float:
        asked = asked_channels(row)
        if not asked:
            return 1.0
        sold = self._sold.get((row.product_id, month), {})
        whole = sum(sold.values())
        return sum(sold_there(sold, asked, self._above).values()) / whole if whole > 0 else 0.0
