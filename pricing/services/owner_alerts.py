"""An alert of a product that its owner is told of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from collaboration.services.alerts import Candidate
from products.models import Product
from products.selectors.lines import LineTree


def owner_alert(
    product: Product,
    tree: LineTree,
    fingerprint: str,
    evidence: Mapping[str, Any],
    stake_amount: Decimal | None = None,
) -> Candidate:
    return Candidate(
        subject=f"product:{product.pk}",
        fingerprint=fingerprint,
        stake_amount=stake_amount,
        evidence=evidence,
        product_id=product.pk,
        line_id=product.line_id,
        recipient_id=tree.owner_id(product),
    )
