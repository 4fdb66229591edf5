"""What is really used of a price in parts, where a measure counts it: kWh beside contracts in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from products.models import Measure, Product, ProductMonth
from products.selectors.lines import line_tree

from .prices import Part

MONTHS = 12
Uses = Sequence[Mapping[str, Decimal]]


def real_uses(parts: Mapping[Product, Iterable[Part]]) -> dict[int, dict[str, Decimal]]:
    """By product with these parts of a price, by tier what each of its contracts used in a year: where its
    line counts a state, and a flow in the unit that the tier is named after, the flow of the last 12 months
    of which both are known / the mean of the state. Missing where fewer are. One query, none where no tier
    is named after a unit."""
    tree, asked = line_tree(), defaultdict[int, dict[str, tuple[int, int]]](dict)
    for product, own in parts.items():
        measures = tree.measures(product.line_id)
        if measures[0].kind != Measure.Kind.LEVEL:
            continue
        flows = [one for one in measures if one.kind == Measure.Kind.FLOW]
        for _component, tier in own:
            names = tier.casefold()
            found = [one for one in flows if names in (one.unit_en.casefold(), one.unit_nl.casefold())]
            if tier and len(found) == 1:
                asked[product.pk][tier] = (found[0].pk, measures[0].pk)
    if not asked:
        return {}
    measure_ids = {pk for own in asked.values() for both in own.values() for pk in both}
    rows = ProductMonth.objects.filter(product__in=asked, measure__in=measure_ids, volume__isnull=False)
    sold: dict[tuple[int, int], dict[object, Decimal]] = defaultdict(dict)
    for product_id, measure, month, volume in rows.order_by("-month").values_list(
        "product_id", "measure_id", "month", "volume"
    ):
        sold[product_id, measure][month] = volume or Decimal(0)
    used: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for pk, tiers in asked.items():
        for tier, (flow, level) in tiers.items():
            flows_of, levels = sold[pk, flow], sold[pk, level]
            months = [month for month in flows_of if month in levels][:MONTHS]
            there = sum((levels[month] for month in months), Decimal(0))
            if len(months) == MONTHS and there > 0:
                used[pk][tier] = sum((flows_of[month] for month in months), Decimal(0)) * MONTHS / there
    return dict(used)


def with_real(uses: Uses, real: Mapping[str, Decimal]) -> Uses:
    """What reference customers use, with what is really used of a tier in its place where one uses it; of
    nobody else, that alone."""
    if not real:
        return uses
    if not uses:
        return [dict(real)]
    known = {tier.casefold(): amount for tier, amount in real.items()}
    return [{tier: known.get(tier.casefold(), amount) for tier, amount in one.items()} for one in uses]
