from __future__ import annotations

import datetime
from decimal import Decimal

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

PLACES = 6
"""Decimals of a price: of a tariff per kWh, or a rate per text message, cents are too coarse."""
# Today where the organisation is: core.organisation.today in the database.
TODAY = "(now() AT TIME ZONE (SELECT time_zone FROM core_organisation WHERE id = 1))::date"


def begun_stays(what: str) -> pgtrigger.Trigger:
    """A row that has begun is not changed, and none is moved into the past; the next one ends it."""
    return pgtrigger.Trigger(
        name="begun_stays",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
            IF OLD.start_date <= {TODAY} OR NEW.start_date <= {TODAY} THEN
                RAISE EXCEPTION '{what} % has begun', OLD.id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


class Vat(models.TextChoices):
    HIGH = "high", pgettext_lazy("VAT", "high")
    LOW = "low", pgettext_lazy("VAT", "low")
    ZERO = "zero", pgettext_lazy("VAT", "zero")
    EXEMPT = "exempt", pgettext_lazy("VAT", "exempt")


@pghistory.track()
class VatRate(models.Model):
    """What a VAT code comes to from a date on; ``rate`` is a share (0.21), empty: exempt. What has begun
    stays as it is."""

    code = models.CharField(_("VAT"), max_length=6, choices=Vat.choices)
    start_date = models.DateField(_("from"))
    rate = models.DecimalField(_("rate"), max_digits=5, decimal_places=4, null=True, blank=True)

    class Meta:
        verbose_name = _("VAT rate")
        ordering = ["code", "start_date"]
        constraints = [
            models.UniqueConstraint(fields=["code", "start_date"], name="vat_rate_once"),
            models.CheckConstraint(
                condition=Q(code="exempt", rate=None)
                | (Q(code__in=["high", "low", "zero"]) & Q(rate__gte=0, rate__lt=1)),
                name="vat_rate_where_not_exempt",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="begun_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF OLD.start_date <= {TODAY}
                       OR (TG_OP = 'UPDATE' AND NEW.start_date <= {TODAY}) THEN
                        RAISE EXCEPTION 'VAT rate % has begun', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]


@pghistory.track()
class VatCode(models.Model):
    """Which VAT a product, or a line with those below it, has from a date on; a product's own goes before
    its line's. Nobody says so: high. What has begun stays as it is, and nothing is put beside it afterwards;
    it goes with a product without prices, or a line without products."""

    product = models.ForeignKey(
        "products.Product", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    line = models.ForeignKey(
        "products.ProductLine",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
    )
    code = models.CharField(_("VAT"), max_length=6, choices=Vat.choices)
    start_date = models.DateField(_("from"))

    class Meta:
        verbose_name = _("VAT")
        ordering = ["start_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "line", "start_date"], name="vat_code_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, line=None) | Q(product=None, line__isnull=False),
                name="vat_code_of_product_or_line",
            ),
            models.CheckConstraint(condition=Q(code__in=Vat.values), name="vat_code_known"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="begun_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.start_date <= {TODAY} AND EXISTS (
                            SELECT 1 FROM pricing_vatcode
                            WHERE product_id IS NOT DISTINCT FROM NEW.product_id
                              AND line_id IS NOT DISTINCT FROM NEW.line_id
                              AND start_date <= {TODAY} AND start_date <> NEW.start_date
                        ) THEN
                            RAISE EXCEPTION 'VAT from % on has begun', NEW.start_date
                                USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (TG_OP = 'UPDATE' AND (OLD.start_date <= {TODAY} OR NEW.start_date <= {TODAY}))
                       OR (TG_OP = 'DELETE' AND OLD.start_date <= {TODAY} AND (
                           EXISTS (SELECT 1 FROM pricing_price WHERE product_id = OLD.product_id)
                           OR EXISTS (SELECT 1 FROM products_product WHERE line_id = OLD.line_id)
                       )) THEN
                        RAISE EXCEPTION 'VAT from % on has begun', OLD.start_date
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,  # noqa: S608  nothing of a person is in it
            )
        ]

    def __str__(self) -> str:
        return str(self.get_code_display())


@pghistory.track()
class PriceList(models.Model):
    """A list of prices for everybody, or for one channel (with those below it), one segment, or both.

    *Own* prices are ours; *advised* and *observed* ones are consumer prices where a reseller stands between.
    ``with_vat``: its amounts include VAT. Once it has prices only its names change.
    """

    class Kind(models.TextChoices):
        OWN = "own", pgettext_lazy("price list", "own price")
        ADVISED = "advised", pgettext_lazy("price list", "consumer price, advised")
        OBSERVED = "observed", pgettext_lazy("price list", "consumer price, observed")

    code = models.CharField(_("code"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_nl = models.CharField(_("name in Dutch"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.OWN)
    channel = models.ForeignKey(
        "products.Channel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
    )
    segment = models.ForeignKey(
        "products.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("segment"),
    )
    with_vat = models.BooleanField(_("with VAT"), default=False)
    version = models.PositiveIntegerField(default=1)

    constraint_words = {
        "price_list_currency": (
            "currency",
            _("A currency has three letters, such as EUR."),
        ),
    }

    class Meta:
        verbose_name = _("price list")
        ordering = ["-kind", "code"]  # our own first
        constraints = [
            models.UniqueConstraint(Upper("code"), name="price_list_code_unique"),
            models.UniqueConstraint(
                fields=["kind", "currency", "channel", "segment"],
                name="price_list_one_a_place",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(name_en="") & ~Q(name_nl=""), name="price_list_code_and_names"
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="price_list_currency"),
            models.CheckConstraint(
                condition=Q(kind__in=["own", "advised", "observed"]), name="price_list_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name_nl if get_language() == "nl" else self.name_en

    @property
    def is_observed(self) -> bool:
        """What others ask: recorded, decided by nobody."""
        return self.kind == self.Kind.OBSERVED

    @property
    def is_to_consumers(self) -> bool:
        """Our own price as a consumer reads it: where announcing a reduction asks for a van-prijs."""
        return self.kind == self.Kind.OWN and self.with_vat


class State(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("price", "draft")
    PROPOSED = "proposed", pgettext_lazy("price", "proposed")
    APPROVED = "approved", pgettext_lazy("price", "approved")
    REJECTED = "rejected", pgettext_lazy("price", "rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("price", "withdrawn")


@pghistory.track()
class Proposal(models.Model):
    """New prices of one list from one date, for one product or many, with the reason for them.

    A *draft* shows what it would do; proposed, a second person approves or rejects it as a whole. ``rule`` is
    how its prices came about (``kind``, ``value``, ``rounding``); ``exception`` why a bound or the days of
    notice may be passed. Decided, it stays as it was; approved prices that lie ahead are only withdrawn.
    """

    price_list = models.ForeignKey(
        PriceList, models.PROTECT, related_name="proposals", verbose_name=_("price list")
    )
    start_date = models.DateField(_("from"))
    reason = models.CharField(_("reason"), max_length=400)
    alternatives = models.CharField(_("alternatives considered"), max_length=400, blank=True)
    exception = models.CharField(
        _("why the exception"), max_length=802, blank=True
    )  # the author's; a decider's
    rule = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    later_bounds: list[int]  # where ``pricing.selectors.proposals.proposal_get`` asked for them

    class Meta:
        verbose_name = _("price proposal")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["-id"], condition=Q(state="proposed"), name="proposal_waiting")]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="proposal_has_reason"),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(note=""), name="proposal_rejected_why"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed"], decided_by=None, decided_at=None)
                | (
                    Q(state__in=["approved", "rejected", "withdrawn"])
                    & Q(decided_by__isnull=False, decided_at__isnull=False)
                ),
                name="proposal_decided_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="decided_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__in=["approved", "rejected", "withdrawn"]),
                func=f"""
                    IF to_jsonb(NEW) - 'created_at' = to_jsonb(OLD) - 'created_at' OR (
                        OLD.state = 'approved' AND NEW.state = 'withdrawn' AND OLD.start_date > {TODAY}
                        AND to_jsonb(NEW) - ARRAY['state', 'decided_by_id', 'decided_at', 'note']
                          = to_jsonb(OLD) - ARRAY['state', 'decided_by_id', 'decided_at', 'note']
                    ) THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'proposal % is decided', OLD.id USING ERRCODE = 'check_violation';
                """,
            )
        ]

    def __str__(self) -> str:
        return self.reason

    def get_absolute_url(self) -> str:
        return reverse("pricing:proposal", args=[self.pk])


@pghistory.track()
class Price(models.Model):
    """What one component of a product costs on a list, from a date until the next approved row of the same
    list, product, component and tier. ``amount`` is in the list's currency per unit, per month or once;
    empty: from that date there is none there. ``tier`` names a step or time of use ("night"). Written by a
    person's proposal or by an import.
    """

    class Component(models.TextChoices):
        UNIT = "unit", pgettext_lazy("price", "per unit")
        MONTH = "month", pgettext_lazy("price", "per month")
        ONCE = "once", pgettext_lazy("price", "once")

    price_list = models.ForeignKey(
        PriceList, models.PROTECT, related_name="prices", db_index=False, verbose_name=_("price list")
    )
    product = models.ForeignKey(
        "products.Product", models.PROTECT, related_name="prices", verbose_name=_("product")
    )
    component = models.CharField(
        _("component"), max_length=5, choices=Component.choices, default=Component.UNIT
    )
    tier = models.CharField(_("tier"), max_length=40, blank=True, default="")
    start_date = models.DateField(_("from"))
    amount = models.DecimalField(_("price"), max_digits=20, decimal_places=PLACES, null=True, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices)
    proposal = models.ForeignKey(
        Proposal, models.CASCADE, null=True, related_name="prices", verbose_name=_("price proposal")
    )
    source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved"), null=True)
    pass_through: Decimal  # where ``pricing.selectors.prices.with_pass_through`` asked for it
    perishable: bool  # where ``with_perishable`` did
    until: datetime.date | None  # where ``pricing.selectors.proposals.proposal_prices`` did

    class Meta:
        verbose_name = _("price")
        ordering = ["start_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["price_list", "product", "component", "tier", "start_date"],
                condition=Q(state="approved"),
                name="price_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["proposal", "product", "component", "tier"], name="price_once_a_proposal"
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="price_not_negative"),
            models.CheckConstraint(
                condition=Q(component__in=["unit", "month", "once"]), name="price_component_known"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="price_state_known"),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_at__isnull=False), name="price_approved_when"
            ),
            models.CheckConstraint(
                condition=Q(state="approved") | Q(state="withdrawn") | Q(proposal__isnull=False),
                name="price_waits_in_a_proposal",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="decided_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["approved", "rejected", "withdrawn"]),
                func=f"""
                    IF TG_OP = 'UPDATE' AND OLD.state = 'approved' AND NEW.state = 'withdrawn'
                       AND OLD.start_date > {TODAY}
                       AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'price % is decided', OLD.id USING ERRCODE = 'check_violation';
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_list} {self.start_date}"
