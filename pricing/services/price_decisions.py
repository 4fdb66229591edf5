"""An approved price proposal is a decision whose effect is measured afterwards."""

from __future__ import annotations

from django.db import transaction

from collaboration.models import Decision, DecisionProduct
from collaboration.services.decisions import decision_record
from pricing.models import Price, PriceList, Proposal
from pricing.selectors.price_answers import answered_through, bounded, price_answers
from pricing.selectors.proposals import old_amounts

KIND = "price"


@transaction.atomic
def price_decision_record(*, proposal: Proposal) -> Decision:
    """Of a proposal just approved. What is expected is what the forecast will count with."""
    prices = {price.product_id: price for price in proposal.prices.order_by("-component", "-tier")}
    old = old_amounts(proposal, list(prices))
    answers = price_answers(prices)
    passed = answered_through(prices)
    to_all = _for_everybody(proposal.price_list)
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
                "currency": proposal.price_list.currency,
            },
        )
        plain = (price.component, price.tier) == (Price.Component.UNIT, "")
        if to_all and plain and product_id in answers and before and price.amount:
            change = float(price.amount / before) - 1
            answer, ratio = answers[product_id], bounded(1 + passed.get(product_id, 1.0) * change)
            row.expected = round(answer.share(ratio), 5)
            row.expected_lo80, row.expected_hi80 = (round(end, 5) for end in answer.band(ratio))
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


def _for_everybody(price_list: PriceList) -> bool:
    own = price_list.kind == PriceList.Kind.OWN
    return own and price_list.channel_id is None and price_list.segment_id is None
