from __future__ import annotations

from typing import Any

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from products.models.closing import closed_month_triggers

from .cost import CostKind, CostLine


def _of(to: str, label: Any = "") -> models.ForeignKey:
    return models.ForeignKey(
        to, models.PROTECT, null=True, blank=True, db_index=False, related_name="+", verbose_name=label
    )


class LedgerEntry(models.Model):
    """One line of a booking of the ledger, as the file said it: a cost where ``amount`` is over nothing.

    ``number`` and ``line`` are unique in their ``source`` (the administration they are of); the first line of
    a number that a file tells without lines has none, the others ``#2``, ``#3``. What reverses an accrual is
    a row of its own with the same number and line. ``booked`` is the amount in our currency, in cents, at the
    exchange rate of the booking. Never changed; undoing its import removes it.
    """

    source = models.CharField(max_length=40, blank=True)
    number = models.CharField(max_length=60)
    line = models.CharField(max_length=20, blank=True)
    is_reversal = models.BooleanField(default=False)
    date = models.DateField()
    month = models.DateField()
    account = models.CharField(max_length=40)
    cost_centre = models.CharField(max_length=40, blank=True)
    dimension = models.CharField(max_length=40, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    booked = models.DecimalField(max_digits=18, decimal_places=2)
    text = models.CharField(max_length=200, blank=True)
    supplier = _of("products.Supplier")
    product = _of("products.Product")
    channel = _of("products.Channel")
    is_accrual = models.BooleanField(default=False)
    source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("ledger entry")
        ordering = ["date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "number", "line", "is_reversal"], name="ledger_entry_once"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1) & Q(date__gte=F("month")), name="ledger_entry_of_month"
            ),
            models.CheckConstraint(condition=~Q(account="") & ~Q(number=""), name="ledger_entry_named"),
            models.CheckConstraint(condition=Q(exchange_rate__gt=0), name="ledger_entry_exchange_rate"),
            models.CheckConstraint(
                condition=Q(is_accrual=True) | Q(is_reversal=False), name="ledger_entry_reverses_accrual"
            ),
        ]
        indexes = [models.Index(fields=["month", "account"], name="ledger_entry_month")]
        triggers = [
            *closed_month_triggers("month"),
            pgtrigger.Protect(name="ledger_entry_stays", operation=pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return self.number


class LedgerMapping(models.Model):
    """What an account costs from a month on, until the next mapping of the same account, cost centre and
    dimension (empty: any): a kind, of one product, or of a line or all (neither) by a split, in a channel or
    in all. A mapping is one row or several ``part``s, whose ``share``s of the amount add up to 1. Without a
    kind it is not mapped from then on. What says most holds. Never changed; another mapping of the same month
    replaces it.
    """

    account = models.CharField(_("account"), max_length=40)
    cost_centre = models.CharField(_("cost centre"), max_length=40, blank=True)
    dimension = models.CharField(_("dimension"), max_length=40, blank=True)
    start_month = models.DateField(_("from"))
    kind = models.ForeignKey(
        CostKind, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("kind of cost")
    )
    product = _of("products.Product", _("product"))
    line = _of("products.ProductLine", _("product line"))
    key = models.CharField(_("split"), max_length=7, choices=CostLine.Key.choices[:2], blank=True)
    channel = _of("products.Channel", _("channel"))
    part = models.PositiveSmallIntegerField(default=1)
    share = models.DecimalField(_("share"), max_digits=7, decimal_places=6, default=1)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("mapping of the ledger")
        ordering = [
            *("account", "cost_centre", "dimension", "-start_month"),
            F("replaced_at").desc(nulls_first=True),
            "part",
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "cost_centre", "dimension", "start_month", "part"],
                condition=Q(replaced_at=None),
                name="ledger_mapping_once",
            ),
            models.CheckConstraint(
                condition=Q(start_month__day=1) & ~Q(account=""), name="ledger_mapping_of_month"
            ),
            models.CheckConstraint(
                condition=Q(kind=None, product=None, line=None, key="", channel=None, share=1)
                | Q(kind__isnull=False, product__isnull=False, line=None, key="")
                | Q(kind__isnull=False, product=None, key__in=["volume", "revenue"]),
                name="ledger_mapping_of_one",
            ),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="ledger_mapping_share"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="ledger_mapping_whole",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                timing=pgtrigger.Deferred,
                declare=[("whole", "numeric")],
                func="""
                    SELECT sum(share) INTO whole FROM pricing_ledgermapping
                    WHERE account = NEW.account AND cost_centre = NEW.cost_centre
                      AND dimension = NEW.dimension AND start_month = NEW.start_month AND replaced_at IS NULL;
                    IF whole <> 1 THEN
                        RAISE EXCEPTION 'shares of mapping % add up to %', NEW.account, whole
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="ledger_mapping_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'UPDATE' AND OLD.replaced_at IS NULL AND NEW.replaced_at IS NOT NULL
                       AND to_jsonb(NEW) - 'replaced_at' = to_jsonb(OLD) - 'replaced_at' THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'mapping % stays', OLD.id USING ERRCODE = 'check_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(part for part in (self.account, self.cost_centre, self.dimension) if part)
