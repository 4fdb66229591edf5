"""An approved price proposal is a decision whose effect is measured afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from collaboration.models import Decision, DecisionProduct
from collaboration.services.decisions import decision_record
from pricing.models import Price, PriceList, Proposal
from pricing.selectors.list_parts import yearly_around
from pricing.selectors.planned_prices import (
    Expected,
    changes_expected,
    moves_volume,
    never_expected,
    why_unknown,
)
from pricing.selectors.proposals import old_amounts
from products.models import Product

KIND = "price"


@transaction.atomic
def price_decision_record(*, proposal: Proposal) -> Decision:
    """Of a proposal just approved. What is expected is what the forecast will count with."""
    price_list = proposal.price_list
    prices: dict[int, list[Price]] = defaultdict(list)
    for price in proposal.prices.order_by("component", "tier"):
        prices[price.product_id].append(price)
    old = old_amounts(proposal, list(prices))
    yearly = yearly_around(price_list, list(prices), proposal.start_date)
    expected: dict[int, Expected] = {}
    unknown = dict.fromkeys(prices, why) if (why := never_expected(price_list)) else {}
    if moves_volume(price_list):
        products = Product.objects.only("line_id", "kind").in_bulk(list(prices))
        expected = changes_expected(products, proposal.start_date)
        unknown = why_unknown(products, expected, proposal.start_date)
    rows = []
    for product_id, own in prices.items():
        row = DecisionProduct(product_id=product_id, what=_what(price_list, own, old))
        if product_id in yearly:
            row.what["yearly"] = [str(amount) for amount in yearly[product_id]]
        if product_id in unknown:
            row.what["unknown"] = unknown[product_id]
        if product_id in expected:
            if expected[product_id].state is not None:
                row.what["of"] = "inflow"
            row.expected, row.expected_lo80, row.expected_hi80 = (
                round(value, 5) for value in expected[product_id].volume
            )
        rows.append(row)
    assert proposal.decided_by is not None
    assert proposal.decided_at is not None
    return decision_record(
        kind=KIND,
        reference=proposal.pk,
        why=proposal.reason,
        alternatives=proposal.alternatives,
        effective_date=proposal.start_date,
        proposed_by=proposal.author,
        decided_by=proposal.decided_by,
        decided_at=proposal.decided_at,
        products=rows,
    )


def _what(
    price_list: PriceList,
    own: Sequence[Price],
    old: Mapping[tuple[int, str, str], Decimal | None],
) -> dict[str, Any]:
    """The parts of the price that change; the first of them stands for a price of one part."""

    def said(price: Price) -> dict[str, Any]:
        before = old.get((price.product_id, price.component, price.tier))
        return {
            "old": None if before is None else str(before),
            "new": None if price.amount is None else str(price.amount),
            "component": price.component,
            "tier": price.tier,
        }

    parts = [said(price) for price in own]
    return {**parts[0], "currency": price_list.currency, **({"parts": parts} if len(parts) > 1 else {})}
