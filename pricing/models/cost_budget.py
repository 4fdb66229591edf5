from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .cost import CostKind


def _of(to: str) -> models.ForeignKey:
    return models.ForeignKey(to, models.PROTECT, null=True, db_index=False, related_name="+")


class CostBudget(models.Model):
    """What a file plans that a kind of cost comes to in a month: of a product, of a line, or of neither.

    The newest import that says something about the same, in whatever currencies, is what holds; nothing
    planned is 0. Never changed; undoing its import removes it. Booked by
    :func:`pricing.services.cost_budgets.cost_budget_book`.
    """

    source_import = models.ForeignKey("exchange.Import", models.PROTECT, related_name="+")
    month = models.DateField()
    kind = models.ForeignKey(CostKind, models.PROTECT, related_name="+")
    product = _of("products.Product")
    line = _of("products.ProductLine")
    channel = _of("products.Channel")
    supplier = _of("products.Supplier")
    cost_centre = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, help_text="in our currency")
    currency = models.CharField(max_length=3, blank=True, help_text="that it was planned in; empty: ours")
    currency_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)

    class Meta:
        verbose_name = _("budget of costs")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("month", "kind", "product", "line", "channel", "supplier", "cost_centre"),
                    *("currency", "source_import"),
                ],
                name="cost_budget_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="cost_budget_is_a_month"),
            models.CheckConstraint(
                condition=Q(product=None) | Q(line=None), name="cost_budget_product_or_line"
            ),
        ]
        triggers = [pgtrigger.Protect(name="cost_budget_stays", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.kind} {self.month:%Y-%m}"
