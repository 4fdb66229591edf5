from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class BudgetVersion(models.Model):
    """A named budget of one financial year. Frozen: its rows never change again; the next is a new one.

    The newest frozen version of a year is the one figures are compared with.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    year = models.PositiveSmallIntegerField(_("financial year"))
    frozen_at = models.DateTimeField(_("frozen"), null=True, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("frozen by"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("budget")
        ordering = ["-year", "-frozen_at", "-pk"]
        triggers = [
            pgtrigger.Protect(
                name="frozen_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__frozen_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track(exclude=["source_import"])
class BudgetRow(models.Model):
    """The plan of one product (or a whole line) in one channel (empty: all) and month, for one measure.

    ``source_import`` is where its figures come from; empty once a person changed them.
    """

    version = models.ForeignKey(BudgetVersion, models.CASCADE, related_name="rows")
    product = models.ForeignKey("products.Product", models.PROTECT, null=True, related_name="+")
    line = models.ForeignKey("products.ProductLine", models.PROTECT, null=True, related_name="+")
    channel = models.ForeignKey("products.Channel", models.PROTECT, null=True, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    month = models.DateField()
    volume = models.DecimalField(_("volume"), max_digits=18, decimal_places=4, null=True)
    revenue = models.DecimalField(_("revenue"), max_digits=18, decimal_places=4, null=True)
    source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "product", "line", "measure", "month", "channel"],
                name="budget_row_unique",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, line__isnull=True)
                | Q(product__isnull=True, line__isnull=False),
                name="budget_row_product_or_line",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="budget_row_is_a_month"),
            models.CheckConstraint(
                condition=Q(volume__isnull=False) | Q(revenue__isnull=False), name="budget_row_says_something"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="frozen_budget",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("frozen", "timestamptz"), ("version_id", "bigint")],
                func="""
                    IF TG_OP = 'DELETE' THEN version_id := OLD.version_id; ELSE version_id := NEW.version_id; END IF;
                    SELECT frozen_at INTO frozen FROM products_budgetversion WHERE id = version_id;
                    IF frozen IS NOT NULL THEN
                        RAISE EXCEPTION 'budget % is frozen', version_id USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,  # noqa: E501
            )
        ]
