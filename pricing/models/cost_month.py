from __future__ import annotations

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from products.models.closing import closed_month_triggers


def _loose(to: str, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(
        to, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", **options
    )


class CostMonth(models.Model):
    """What one kind of cost came to in a month, booked in cents, in our currency: what cost reports add.

    Without a product it is on none (not split), without a channel of all of them. ``cost_line``: of standard
    costs what it comes from. ``amount`` is a cost where
    it is over nothing; nothing is no row. A row holds from ``recorded_at`` until ``replaced_at`` (empty: it
    holds now); it is never changed otherwise nor deleted, so any moment can be read again. Written by
    :func:`pricing.services.cost_months.cost_months_book` alone, in bulk, so: no foreign keys in the database.
    """

    class Source(models.TextChoices):
        STANDARD = "standard", pgettext_lazy("costs", "standard")
        ACTUAL = "actual", pgettext_lazy("costs", "actual")
        ACCRUAL = "accrual", pgettext_lazy("costs", "accrual")
        BUDGET = "budget", pgettext_lazy("costs", "budget")
        FORECAST = "forecast", pgettext_lazy("costs", "forecast")

    product = _loose("products.Product", null=True)
    month = models.DateField()
    kind = _loose("pricing.CostKind")
    channel = _loose("products.Channel", null=True)
    supplier = _loose("products.Supplier", null=True)
    cost_centre = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    cost_line = _loose("pricing.CostLine", null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3, blank=True, help_text="that it was in; empty: ours")
    currency_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    recorded_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("product", "source", "month", "kind", "channel", "supplier", "cost_centre"),
                    *("currency", "cost_line"),
                ],
                condition=Q(replaced_at=None),
                name="cost_month_holds_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="cost_month_is_a_month"),
            models.CheckConstraint(
                condition=Q(source__in=["standard", "actual", "accrual", "budget", "forecast"]),
                name="cost_month_source_known",
            ),
            models.CheckConstraint(
                condition=Q(currency="", currency_amount=None)
                | (~Q(currency="") & Q(currency_amount__isnull=False)),
                name="cost_month_in_a_currency",
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="cost_month_says_something"),
            models.CheckConstraint(
                condition=Q(replaced_at=None) | Q(replaced_at__gte=F("recorded_at")),
                name="cost_month_replaced_after",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "source"], condition=Q(replaced_at=None), name="cost_month_report"),
            models.Index(fields=["recorded_at"], name="cost_month_recorded"),
            models.Index(
                fields=["cost_centre", "month", "source"],
                condition=Q(replaced_at=None) & ~Q(cost_centre=""),
                name="cost_month_centre",
            ),
            models.Index(
                fields=["replaced_at"], condition=Q(replaced_at__isnull=False), name="cost_month_replaced"
            ),
        ]
        triggers = [
            *closed_month_triggers("month", " WHERE source <> 'budget'"),
            pgtrigger.Trigger(
                name="cost_month_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'UPDATE' AND OLD.replaced_at IS NULL AND NEW.replaced_at IS NOT NULL
                       AND to_jsonb(NEW) - 'replaced_at' = to_jsonb(OLD) - 'replaced_at' THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'booked cost % stays', OLD.id USING ERRCODE = 'check_violation';
                """,
            ),
        ]


class CostLeftOut(models.Model):
    """A cost line that a product bears in a month and that cannot be told, as what it counts by is not known:
    booked standard costs lack it. What they are of is that of the line. Written with them, by
    :func:`pricing.services.costs_left_out.costs_left_out_book` alone; of a closed month it stays.
    """

    product = _loose("products.Product")
    month = models.DateField()
    cost_line = _loose("pricing.CostLine")
    kind = _loose("pricing.CostKind")
    channel = _loose("products.Channel", null=True)
    supplier = _loose("products.Supplier", null=True)
    cost_centre = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "product", "cost_line"], name="cost_left_out_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="cost_left_out_is_of_a_month"),
        ]
        triggers = [
            *closed_month_triggers("month"),
            pgtrigger.Protect(name="cost_left_out_stays", operation=pgtrigger.Update),
        ]
