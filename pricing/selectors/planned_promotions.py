"""What approved promotions ahead will do to volume, by what those of their mechanic did, for the night."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, pvariance
from typing import Any

from django.db.models import Sum

from core.months import month_add, month_end
from core.registries import PlannedChange
from pricing.models import Promotion, PromotionEffect, PromotionProduct
from pricing.selectors.promotion_series import measured_days, part_of
from pricing.selectors.promotions import channels_above
from products.models import Measure, SalesMonth
from products.selectors.lines import LineTree

Z80 = 1.2816
DAY = datetime.timedelta(days=1)
# What is pulled forward is missing in the four weeks after, as it is measured.
AFTER_DAYS, YEAR = 28, 12
# So many promotions of a product itself say more than those of other products.
OWN = 2


@dataclass(frozen=True)
class Uplift:
    """What promotions of a mechanic brought while they ran, as a logarithm with the deviation of one of them,
    and which part of it was missing afterwards; of so many promotions, of the product itself or of all."""

    mean: float
    sd: float
    pulled: float
    count: int
    own: bool

    @property
    def rate(self) -> float:
        return exp(self.mean) - 1


def promotion_changes(
    products: Collection[int], months: Sequence[datetime.date]
) -> Mapping[int, PlannedChange]:
    """Of products with an approved promotion in these months whose mechanic was ever measured. A month's
    factor is 1 + uplift × the part of the month it runs in × the channels' share of the volume, less what is
    pulled forward, over what promotions of the year before left in the statistics: their mean, or those of
    the same month where they were more."""
    rows = _rows(products, months)
    ahead = {row.product_id for row in rows if row.promotion.store_end >= months[0]}
    rows = [row for row in rows if row.product_id in ahead]
    if not rows:
        return {}
    uplifts = _uplifts(rows)
    tree = LineTree()
    found = {}
    by_product: dict[int, list[PromotionProduct]] = defaultdict(list)
    for row in rows:
        if (row.product_id, row.promotion.mechanic) in uplifts:
            by_product[row.product_id].append(row)
    shares = _shares([row for own in by_product.values() for row in own], months[0], tree)
    for product_id, own in by_product.items():
        measure = tree.lead_measure(own[0].product.line_id)
        span = [month_add(months[0], -back) for back in range(YEAR, 0, -1)] + list(months)
        moved = dict.fromkeys(span, 0.0)
        for row in own:
            uplift, share = uplifts[product_id, row.promotion.mechanic], shares.get(row.pk, 1.0)
            _add(moved, row.promotion, measure, uplift, share)
        usual = max(fmean(moved[month] for month in span[:YEAR]), 0.0)
        factors = []
        for month in months:
            held = max(usual, moved.get(month_add(month, -YEAR), 0.0), 0.0) if moved[month] > 0 else 0.0
            factors.append(float(f"{max(1 + moved[month], 0) / (1 + held):.7g}"))
        first = next((row for row in own if row.promotion.store_end >= months[0]), None)
        if first is not None and any(abs(factor - 1) >= 0.002 for factor in factors):
            found[product_id] = PlannedChange(
                tuple(factors), _said(first, own, uplifts[product_id, first.promotion.mechanic], months[0])
            )
    return found


def _rows(products: Collection[int], months: Sequence[datetime.date]) -> list[PromotionProduct]:
    """The approved ones of these months and the year before, the first first."""
    found = PromotionProduct.objects.filter(
        product_id__any=list(products),
        promotion__state=Promotion.State.APPROVED,
        promotion__store_end__gte=month_add(months[0], -YEAR),
        promotion__store_start__lte=month_end(months[-1]),
    ).select_related("promotion", "product")
    return list(found.prefetch_related("promotion__channel_rows").order_by("promotion__store_start", "pk"))


def _add(
    moved: dict[datetime.date, float], row: Promotion, measure: Measure, uplift: Uplift, share: float
) -> None:
    first, last = measured_days(row, measure)
    extra, days = share * uplift.rate, (last - first).days + 1
    for month in moved:
        after = part_of("months", month, last + DAY, last + AFTER_DAYS * DAY)
        moved[month] += extra * part_of("months", month, first, last)
        moved[month] -= extra * uplift.pulled * after * days / AFTER_DAYS


def _uplifts(rows: Sequence[PromotionProduct]) -> dict[tuple[int, str], Uplift]:
    """By product and mechanic; missing where none of the mechanic was measured."""
    mechanics = {row.promotion.mechanic for row in rows}
    effects: dict[str, list[PromotionEffect]] = defaultdict(list)
    measured = PromotionEffect.objects.filter(reason="", uplift__gt=-1, promotion__mechanic__in=mechanics)
    for effect in measured.select_related("promotion").order_by("pk"):
        effects[effect.promotion.mechanic].append(effect)
    found = {}
    for row in rows:
        every = effects[row.promotion.mechanic]
        own = [effect for effect in every if effect.product_id == row.product_id]
        used = own if len(own) >= OWN else every
        if used:
            found[row.product_id, row.promotion.mechanic] = _uplift(used, used is own)
    return found


def _uplift(effects: Sequence[PromotionEffect], own: bool) -> Uplift:
    logs = [log(1 + (effect.uplift or 0)) for effect in effects]
    within = [
        (log(1 + effect.uplift_hi80) - log(1 + effect.uplift_lo80)) / (2 * Z80)
        for effect in effects
        if effect.uplift_lo80 is not None and effect.uplift_hi80 is not None and effect.uplift_lo80 > -1
    ]
    variance = (fmean(sd**2 for sd in within) if within else 0.0) + (pvariance(logs) if len(logs) > 1 else 0)
    extra = sum((effect.sold or 0) - (effect.baseline or 0) for effect in effects)
    lost = -sum(effect.after or 0 for effect in effects)
    pulled = min(max(lost / extra, 0.0), 1.0) if extra > 0 else 0.0
    return Uplift(fmean(logs), sqrt(variance), pulled, len(effects), own)


def _shares(rows: Sequence[PromotionProduct], first: datetime.date, tree: LineTree) -> dict[int, float]:
    """Of promotions in some channels, by row, which part of the product's volume of a year they sell."""
    limited = [row for row in rows if row.promotion.channel_rows.all()]
    if not limited:
        return {}
    above = channels_above()
    sold: dict[int, dict[int, float]] = defaultdict(dict)
    found = SalesMonth.objects.filter(
        product__in={row.product_id for row in limited},
        month__gte=month_add(first, -YEAR),
        month__lt=first,
    )
    measures = {row.product_id: tree.lead_measure(row.product.line_id).pk for row in limited}
    for product, measure, channel, volume in found.values_list(
        "product_id", "measure_id", "channel_id"
    ).annotate(sum=Sum("volume")):
        if measure == measures[product] and volume:
            sold[product][channel] = float(volume)
    shares = {}
    for row in limited:
        asked = {part.channel_id for part in row.promotion.channel_rows.all()}
        own = sold[row.product_id]
        whole = sum(own.values())
        there = sum(volume for channel, volume in own.items() if above[channel] & asked)
        shares[row.pk] = there / whole if whole > 0 else 0.0
    return shares


def _said(
    row: PromotionProduct, own: Sequence[PromotionProduct], uplift: Uplift, first: datetime.date
) -> dict[str, Any]:
    others = sum(1 for each in own if each.promotion.store_end >= first) - 1
    return {
        "name": row.promotion.name,
        "mechanic": row.promotion.mechanic,
        "start": str(row.promotion.store_start),
        "end": str(row.promotion.store_end),
        "uplift": round(uplift.rate, 4),
        "range": [round(exp(uplift.mean + side * Z80 * uplift.sd) - 1, 4) for side in (-1, 1)],
        "pulled": round(uplift.pulled, 4),
        "count": uplift.count,
        "own": uplift.own,
        "others": others,
    }
