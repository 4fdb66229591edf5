"""Sales facts and their roll-ups.

Written in bulk by COPY and upsert, so: no history triggers (the import journal is audit and undo in one) and
no foreign keys in the database (the staging join checks, ``doctor`` keeps it true). What guards closed
months, of facts and of what is derived from them, looks at a statement as a whole.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .closing import closed_month_triggers


def _loose(to: str, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(to, models.DO_NOTHING, db_constraint=False, related_name="+", **options)


class Period(models.TextChoices):
    DAY = "D", _("day")
    WEEK = "W", _("week")
    MONTH = "M", _("month")


class SalesFact(models.Model):
    """What was sold (flow) or in force at the end (level) in one period, as the source said it.

    ``volume`` in the measure's unit (negative: returns), ``revenue`` the invoiced amount after discounts on
    the invoice, without VAT, in the organisation's currency; a missing amount is not zero. A week or month
    starts on ``start_date``.
    """

    product = _loose("products.Product", db_index=False)
    channel = _loose("products.Channel", db_index=False)
    measure = _loose("products.Measure", db_index=False)
    start_date = models.DateField()
    period = models.CharField(max_length=1, choices=Period.choices)
    volume = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    gross_revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    discounts = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    source_import = _loose("exchange.Import", null=True, db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "measure", "channel", "start_date", "period"], name="sales_fact_unique"
            ),
            models.CheckConstraint(condition=Q(period__in=["D", "W", "M"]), name="sales_fact_period"),
            models.CheckConstraint(
                condition=~Q(period="M") | Q(start_date__day=1), name="sales_fact_month_starts_on_1"
            ),
            models.CheckConstraint(
                condition=Q(volume__isnull=False) | Q(revenue__isnull=False), name="sales_fact_says_something"
            ),
        ]
        triggers = closed_month_triggers("start_date")


class SalesJournal(models.Model):
    """A fact that was there and that one import changed: the values before and after.

    A fact the import added needs no row: it names its import itself. So every version of a fact stands in
    exactly one place: in the fact, or as "before" in the journal of the import that replaced it. Rows of
    undone imports stay as history.
    """

    source_import = _loose("exchange.Import", db_index=True)
    product = _loose("products.Product", db_index=False)
    channel = _loose("products.Channel", db_index=False)
    measure = _loose("products.Measure", db_index=False)
    start_date = models.DateField()
    period = models.CharField(max_length=1)
    old_volume = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    old_revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    old_gross_revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    old_discounts = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    old_source_import = _loose("exchange.Import", null=True, db_index=False)
    volume = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    gross_revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    discounts = models.DecimalField(max_digits=18, decimal_places=4, null=True)

    class Meta:
        indexes = [
            models.Index(fields=["product", "measure", "channel", "start_date"], name="sales_journal_fact"),
        ]


class _Month(models.Model):
    """A derived month: a flow's rows spread over their days and added; a level's state at the month's end
    and its average over the month. ``days`` are the days of the month that facts cover."""

    product = _loose("products.Product", db_index=False)
    measure = _loose("products.Measure", db_index=False)
    month = models.DateField()
    volume = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    average_volume = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    days = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True


class SalesMonth(_Month):
    """The roll-up by product, measure, channel and month; recomputed for what an import touched."""

    channel = _loose("products.Channel", db_index=False)
    gross_revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    discounts = models.DecimalField(max_digits=18, decimal_places=4, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "measure", "month", "channel"], name="sales_month_unique"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="sales_month_is_a_month"),
        ]
        indexes = [models.Index(fields=["channel", "month"], name="sales_month_channel")]
        triggers = closed_month_triggers("month")


class ProductMonth(_Month):
    """The roll-up over channels: what lists, charts and the night read."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "measure", "month"], name="product_month_unique"),
            models.CheckConstraint(condition=Q(month__day=1), name="product_month_is_a_month"),
        ]
        indexes = [
            models.Index(
                fields=["month", "measure"],
                include=["product", "volume", "revenue"],
                name="product_month_sum",
            )
        ]
        triggers = closed_month_triggers("month")


SALES_WRITTEN = "sales_written"
"""The kind under which an import of sales keeps how many facts it wrote, their sums, and in which months."""


class ImportedObject(models.Model):
    """What one import did to one object people edit too (product, code, line, channel, budget row): its
    columns before (null: there was none) and after, as JSON. The objects' own history has it as well; this
    is what undo goes by."""

    source_import = _loose("exchange.Import", db_index=False)
    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_import", "kind", "object_id"], name="imported_object_once"
            )
        ]
        indexes = [models.Index(fields=["kind", "object_id"], name="imported_object_of")]
