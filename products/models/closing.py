"""Closed months: who closed them, and corrections that may still change their figures.

``Organisation.closed_until`` says where the line lies. A table with figures of a month has
:func:`closed_month_triggers`; then the database refuses what would change a closed one, whoever asks.
"""

# The SQL is put together from constants of this file.
# ruff: noqa: S608
from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

CLOSE_LOCK = "hashtextextended('products.month_close', 0)"
"""Who closes a month takes it alone, who writes figures of months together with the others."""


def closed_month_triggers(column: str, where: str = "") -> list[pgtrigger.Trigger]:
    """Refuse rows whose date ``column`` lies in a closed month, unless this transaction makes a correction:
    the setting ``pmtool.correction`` names a row of :class:`Correction` that it wrote itself. Of a statement
    as a whole, as sales come by the hundred thousand. ``where``: only of such rows, as SQL."""
    tables = {
        pgtrigger.Insert: ("insert", pgtrigger.Referencing(new="new_rows")),
        pgtrigger.Update: ("update", pgtrigger.Referencing(old="old_rows", new="new_rows")),
        pgtrigger.Delete: ("delete", pgtrigger.Referencing(old="old_rows")),
    }
    return [
        pgtrigger.Trigger(
            name=f"closed_month_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=rows,
            declare=[("shut", "date"), ("said", "text")],
            func=_refuse(column, where, [each for each in (rows.old, rows.new) if each]),
        )
        for operation, (name, rows) in tables.items()
    ]


def _refuse(column: str, where: str, tables: list[str]) -> str:
    rows = " UNION ALL ".join(f"SELECT {column} AS day FROM {name}{where}" for name in tables)
    return f"""
        PERFORM pg_advisory_xact_lock_shared({CLOSE_LOCK});
        SELECT closed_until INTO shut FROM core_organisation;
        said := current_setting('pmtool.correction', true);
        IF shut IS NULL OR (said <> '' AND EXISTS (
            SELECT FROM products_correction
            WHERE id = said::bigint AND transaction = pg_current_xact_id()::text::bigint
        )) THEN
            RETURN NULL;
        END IF;
        SELECT min(day) INTO shut FROM ({rows}) rows WHERE day < shut + interval '1 month';
        IF shut IS NOT NULL THEN
            RAISE EXCEPTION 'month % is closed', to_char(shut, 'YYYY-MM') USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """


class MonthClosing(models.Model):
    """A month was closed, and those before it that were not. For good: there is no opening again.

    Kept with it: the products whose figures could still move then, and those that had sales in the three
    months before and none in this one.
    """

    month = models.DateField(_("month"))
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("closed by")
    )
    closed_at = models.DateTimeField(auto_now_add=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    provisional_products = ArrayField(models.BigIntegerField(), default=list)
    missing_products = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        verbose_name = _("closing of a month")
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(fields=["month"], name="month_closing_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="month_closing_is_a_month"),
        ]
        triggers = [
            pgtrigger.Protect(name="month_closing_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


def _of(to: str, name: str) -> models.ForeignKey:
    return models.ForeignKey(to, models.DO_NOTHING, db_constraint=False, db_index=False, related_name=name)


class ClosedProduct(models.Model):
    """What a product was called when a month was closed, and where it stood: reports of a closed month go by
    it. ``families``: ``[first day, family]`` of each membership, oldest first; no family: in none from then.
    """

    closing = models.ForeignKey(MonthClosing, models.PROTECT, db_index=False, related_name="+")
    product = _of("products.Product", "closed_as")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=160)
    line = _of("products.ProductLine", "+")
    unit = models.CharField(max_length=40, blank=True)
    families = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["closing", "product"], name="closed_product_once")]
        triggers = [
            pgtrigger.Protect(name="closed_product_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.name


class ClosedName(models.Model):
    """What else reports name, when a month was closed: ``kind`` line, family, channel, supplier, or what a
    higher room adds (``registries.closed_names``). ``above``: the line or channel it is part of. ``said``: of
    a line its units and the ``measure`` that leads, of others what their room keeps.
    """

    closing = models.ForeignKey(MonthClosing, models.PROTECT, db_index=False, related_name="+")
    kind = models.CharField(max_length=9)
    object_id = models.BigIntegerField()
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=160)
    above = models.BigIntegerField(null=True)
    said = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["closing", "kind", "object_id"], name="closed_name_once")
        ]
        triggers = [
            pgtrigger.Protect(name="closed_name_stays", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return self.name


class Correction(models.Model):
    """Figures of closed months were changed all the same: why, by whom, by which file, and which figures.

    ``changes``: by month ``{"month", "what", "rows", "amount"}``; of sales and rates also ``products``, of
    rates that are split ``cost_lines`` (ids); of booked costs ``moved``, by product (id; empty: on none) by
    how much. ``transaction`` is the database's number of
    the transaction that wrote the row: only that one may change closed months by it.
    """

    reason = models.CharField(_("reason"), max_length=400)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(auto_now_add=True)
    source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")
    changes = models.JSONField(default=list)
    transaction = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("correction")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="correction_has_reason"),
        ]
        triggers = [
            pgtrigger.Protect(name="correction_stays", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="correction_of_transaction",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="NEW.transaction := pg_current_xact_id()::text::bigint; RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
