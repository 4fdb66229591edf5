from __future__ import annotations

from django.db import models


class CostSign(models.Model):
    """What a product's standard costs were booked from, as one hash: the same hash, the same costs. Without
    a product: what is split over products and could not be."""

    product = models.ForeignKey("products.Product", models.CASCADE, null=True, related_name="+")
    input_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product"], name="cost_sign_once", nulls_distinct=False)
        ]
