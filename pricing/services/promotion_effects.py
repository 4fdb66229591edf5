"""Keep what the night measured of promotions."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from pricing.models import Promotion, PromotionEffect
from pricing.selectors.promotion_runs import ran_or_will

_KEY = ("promotion", "product")


@transaction.atomic
def effects_write(*, products: Sequence[int], rows: Sequence[PromotionEffect]) -> None:
    """Put these in place of what was there; what never ran has no effect."""
    ran = Promotion.objects.filter(ran_or_will())
    PromotionEffect.objects.filter(product__in=products).exclude(promotion__in=ran).delete()
    names = [f.name for f in PromotionEffect._meta.concrete_fields if f.name not in (*_KEY, "id")]
    PromotionEffect.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=list(_KEY), update_fields=names
    )
