"""What customers get off the list price, and which bonuses were settled."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .place import PastStays
from .price import TODAY


@pghistory.track()
class Term(models.Model):
    """What a channel with those below it, or everybody (no channel), gets off the prices of a product line
    with those below it, or of all (no line), from a date until the next row of the same kind, channel and
    line.

    ``rate`` is a share (0.1), of *an amount a unit* ``amount`` in our currency; a *bonus by scale* has steps.
    Neither: ended, what holds above it counts again; 0 gives nothing there. ``days`` within which is paid.
    A row is never changed: it is withdrawn and said anew, and once it has held it stays.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", pgettext_lazy("term", "discount on the invoice")
        PROMOTION = "promotion", pgettext_lazy("term", "promotion support")
        BONUS = "bonus", pgettext_lazy("term", "bonus by scale")
        PAYMENT = "payment", pgettext_lazy("term", "payment discount")
        LOGISTICS = "logistics", pgettext_lazy("term", "logistics discount")
        UNIT = "unit", pgettext_lazy("term", "amount a unit")

    class Basis(models.TextChoices):
        REVENUE = "revenue", pgettext_lazy("bonus scale", "revenue of the year")
        VOLUME = "volume", pgettext_lazy("bonus scale", "volume of the year")

    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    channel = models.ForeignKey(
        "products.Channel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
    )
    line = models.ForeignKey(
        "products.ProductLine",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
    )
    start_date = models.DateField(_("from"))
    rate = models.DecimalField(_("rate"), max_digits=5, decimal_places=4, null=True, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=4, null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("days"), null=True, blank=True)
    basis = models.CharField(_("by"), max_length=7, choices=Basis.choices, blank=True)
    source_import = models.ForeignKey(
        "exchange.Import", models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("term")
        ordering = ["-start_date", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "channel", "line", "start_date"], name="term_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["invoice", "promotion", "payment", "logistics"], amount=None, basis="")
                | Q(kind="unit", rate=None, basis="")
                | Q(kind="bonus", rate=None, amount=None, basis__in=["revenue", "volume"]),
                name="term_says_what_its_kind_says",
            ),
            models.CheckConstraint(condition=Q(rate=None) | Q(rate__gte=0, rate__lt=1), name="term_rate"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="term_amount"),
            models.CheckConstraint(condition=Q(days=None) | Q(kind="payment"), name="term_days_to_pay"),
            models.CheckConstraint(
                condition=~Q(kind="bonus") | Q(channel__isnull=False), name="term_bonus_with_somebody"
            ),
        ]
        triggers = [PastStays(name="past_term_stays")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.start_date}"


@pghistory.track()
class TermStep(models.Model):
    """A step of a bonus by scale: from so much in a year, in our currency or in volume, the rate holds for
    all of it. It stays when its term does."""

    term = models.ForeignKey(Term, models.CASCADE, related_name="steps", db_index=False)
    from_amount = models.DecimalField(_("from"), max_digits=18, decimal_places=4)
    rate = models.DecimalField(_("rate"), max_digits=5, decimal_places=4)

    class Meta:
        verbose_name = _("step of a bonus")
        ordering = ["from_amount"]
        constraints = [
            models.UniqueConstraint(fields=["term", "from_amount"], name="term_step_once"),
            models.CheckConstraint(
                condition=Q(from_amount__gte=0, rate__gte=0, rate__lt=1), name="term_step_amounts"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="past_step_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF EXISTS (
                        SELECT FROM pricing_term
                        WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.term_id END,
                                     CASE WHEN TG_OP <> 'DELETE' THEN NEW.term_id END)
                            AND start_date < {TODAY} AND created_at < now() - interval '1 day'
                    ) THEN
                        RAISE EXCEPTION 'the term is past' USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_amount} {self.rate}"


@pghistory.track()
class BonusSettlement(models.Model):
    """What was paid or credited of a year's bonus of a channel, for a line or everything, in our currency. It
    is never changed or deleted: a mistake is put right by one of the opposite amount. ``reference`` is the
    credit note's or payment's, of a channel only once: nobody books it twice."""

    channel = models.ForeignKey(
        "products.Channel", models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    line = models.ForeignKey(
        "products.ProductLine",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
    )
    year = models.PositiveSmallIntegerField(_("year"))
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    settled_date = models.DateField(_("settled on"))
    reference = models.CharField(_("reference"), max_length=60)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("settled bonus")
        ordering = ["-settled_date", "-pk"]
        constraints = [
            models.UniqueConstraint("channel", Upper("reference"), name="bonus_settled_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="bonus_settled_something"),
            models.CheckConstraint(condition=~Q(reference=""), name="bonus_settled_by_reference"),
            models.CheckConstraint(condition=Q(year__gte=2000, year__lte=2100), name="bonus_settled_year"),
        ]
        triggers = [pgtrigger.Protect(name="settled_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.channel} {self.year}: {self.reference}"
