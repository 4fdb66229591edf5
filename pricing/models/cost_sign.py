from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class CostSign(models.Model):
    """What something was worked out from, as one hash: the same hash, the same result. By ``step``: standard
    costs of a product and those ahead of it (without one: what is split over products and could not be),
    actual costs and
    split budgets of a month, the margin ahead of a product against its floor. ``corrections``: those that
    standard costs of closed months followed."""

    class Step(models.TextChoices):
        STANDARD = "standard"
        ACTUAL = "actual"
        FLOOR = "floor"
        AHEAD = "ahead"
        BUDGET = "budget"

    step = models.CharField(max_length=8, choices=Step.choices, default=Step.STANDARD)
    product = models.ForeignKey("products.Product", models.CASCADE, null=True, related_name="+")
    month = models.DateField(null=True)
    input_hash = models.CharField(max_length=64)
    corrections = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["step", "product", "month"], name="cost_sign_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(step__in=["standard", "ahead"], month=None)
                | Q(step__in=["actual", "budget"], product=None, month__isnull=False)
                | Q(step="floor", product__isnull=False, month=None),
                name="cost_sign_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.input_hash
