"""An approved promotion is a decision whose effect is measured when it is over."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from collaboration.models import DecisionOutcome, DecisionProduct
from collaboration.services.decisions import decision_record, decision_withdraw, outcomes_write
from pricing.models import Promotion, PromotionEffect

from .approval_alerts import waiting_settle

KIND = "promotion"
"""Of decisions that four eyes may be asked for."""


@transaction.atomic
def promotion_follow(*, promotion: Promotion) -> None:
    """After any change of it: who is asked, and what is kept of it."""
    waits = promotion.state == Promotion.State.PROPOSED
    rows = promotion.rows.select_related("product")  # as they are now: what was read before may have changed
    waiting_settle(
        what="promotion",
        pk=promotion.pk,
        author=promotion.proposed_by,
        start_date=promotion.store_start,
        products=[row.product for row in rows] if waits else [],
        evidence={"reason": promotion.name},
    )
    promotion_decision_keep(promotion=promotion)


@transaction.atomic
def promotion_decision_keep(*, promotion: Promotion) -> None:
    """After any change of it: approved, it is a decision with what was planned; waiting again, rejected or
    called off before it began, none any more."""
    if promotion.state != Promotion.State.APPROVED:
        decision_withdraw(kind=KIND, reference=promotion.pk)
        return
    assert promotion.proposed_by is not None
    assert promotion.decided_by is not None
    assert promotion.decided_at is not None
    planned = promotion.planned_uplift_rate
    what = {"name": promotion.name, "mechanic": promotion.mechanic}
    decision_record(
        kind=KIND,
        reference=promotion.pk,
        why=promotion.note or promotion.name,
        alternatives=promotion.alternatives,
        effective_date=promotion.store_start,
        proposed_by=promotion.proposed_by,
        decided_by=promotion.decided_by,
        decided_at=promotion.decided_at,
        products=[
            DecisionProduct(
                product_id=row.product_id,
                what=what,
                expected=None if planned is None else float(planned),
            )
            for row in promotion.rows.all()
        ],
    )


@transaction.atomic
def promotion_outcomes_write(*, products: Sequence[int]) -> None:
    """Put what the night measured of these products' promotions, or why it could not, beside what was
    planned."""
    rows = {
        (row.product_id, row.decision.reference): row
        for row in DecisionProduct.objects.filter(
            product__in=products, decision__kind=KIND, decision__withdrawn_at=None
        ).select_related("decision")
    }
    figures = ("baseline", "sold", "uplift", "uplift_lo80", "uplift_hi80", "computed_at")
    outcomes, unmeasured = [], {}
    effects = PromotionEffect.objects.filter(product__in=products)
    for product, promotion, reason, baseline, sold, uplift, lo80, hi80, at in effects.values_list(
        "product_id", "promotion_id", "reason", *figures
    ):
        row = rows.get((product, promotion))
        if row is not None and reason:
            unmeasured[row.pk] = reason
        elif row is not None:
            said = {"baseline": baseline, "actual": sold, "effect": uplift, "lo80": lo80, "hi80": hi80}
            outcomes.append(DecisionOutcome(row=row, months=0, computed_at=at, **said))
    outcomes_write(rows=[row.pk for row in rows.values()], outcomes=outcomes, unmeasured=unmeasured)
