"""Keep what the night found of price sensitivity."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from pricing.models import Elasticity

_TOGETHER = ("estimate", "sd", "lo80", "hi80", "lo95", "hi95", "quantiles")
MEASURED = [
    field.name
    for field in Elasticity._meta.concrete_fields
    if field.name not in ("id", "product", *_TOGETHER)
]


@transaction.atomic
def measured_write(*, rows: Sequence[Elasticity]) -> None:
    """What products say by themselves; what was shrunk before stays until they are shrunk again."""
    Elasticity.objects.filter(product__in=[row.product_id for row in rows if not row.pending]).delete()
    Elasticity.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["product"], update_fields=MEASURED
    )


@transaction.atomic
def elasticities_write(*, rows: Sequence[Elasticity]) -> None:
    """What follows from all together."""
    Elasticity.objects.bulk_update(
        rows, ["method", "pending", "run", "computed_at", *_TOGETHER], batch_size=500
    )
