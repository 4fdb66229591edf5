"""Keep what the night found of recommended prices."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction

from pricing.models import RecommendedPrice

_FIELDS = [
    field.name for field in RecommendedPrice._meta.concrete_fields if field.name not in ("id", "product")
]


@transaction.atomic
def recommended_write(*, rows: Sequence[RecommendedPrice], gone: Collection[int]) -> None:
    """Put these in place of what was kept of their products; of the products ``gone`` nothing is left."""
    RecommendedPrice.objects.filter(product__in=list(gone)).delete()
    RecommendedPrice.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["product"], update_fields=_FIELDS
    )
