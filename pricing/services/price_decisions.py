"""An approved price proposal is a decision whose effect is measured afterwards."""

from __future__ import annotations

from django.db import transaction

from collaboration.models import Decision, DecisionProduct
from collaboration.services.decisions import decision_record
from pricing.models import PriceList, Proposal
from pricing.selectors.planned_prices import changes_expected
from pricing.selectors.proposals import old_amounts

KIND = "price"


@transaction.atomic
def price_decision_record(*, proposal: Proposal) -> Decision:
    """Of a proposal just approved. What is expected is what the forecast will count with."""
    price_list = proposal.price_list
    prices = {price.product_id: price for price in proposal.prices.order_by("-component", "-tier")}
    old = old_amounts(proposal, list(prices))
    counts = price_list.kind == PriceList.Kind.OWN and price_list.segment_id is None
    expected = changes_expected(list(prices), proposal.start_date) if counts else {}
    rows = []
    for product_id, price in prices.items():
        before = old.get((product_id, price.component, price.tier))
        row = DecisionProduct(
            product_id=product_id,
            what={
                "old": None if before is None else str(before),
                "new": None if price.amount is None else str(price.amount),
                "component": price.component,
                "tier": price.tier,
                "currency": price_list.currency,
            },
        )
        if product_id in expected:
            row.expected, row.expected_lo80, row.expected_hi80 = (
                round(value, 5) for value in expected[product_id]
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
