from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from products.models.closing import CLOSE_LOCK

from .price import TODAY

_LATER = "ARRAY['note', 'tail_months', 'version']"
_WITHDRAWN = "ARRAY['withdrawn_at', 'withdrawn_reason']"


@pghistory.track()
class CostKind(models.Model):
    """A kind of cost and the margin it is taken off before. Finance adds its own; once cost lines have it
    its level stays. ``is_landed``: it is among what bought goods cost until they are at our door.
    ``is_retired``: no longer offered where a kind is chosen; what has it keeps it."""

    class Level(models.TextChoices):
        CM1 = "cm1", pgettext_lazy("margin level", "contribution margin 1")
        CM2 = "cm2", pgettext_lazy("margin level", "contribution margin 2")
        CM3 = "cm3", pgettext_lazy("margin level", "contribution margin 3")
        BELOW = "below", pgettext_lazy("margin level", "below (overhead)")

    code = models.SlugField(_("code"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_nl = models.CharField(_("name in Dutch"), max_length=80)
    level = models.CharField(_("taken off before"), max_length=5, choices=Level.choices)
    place = models.PositiveSmallIntegerField(_("place in the list"), default=100)
    is_landed = models.BooleanField(_("part of the landed cost"), default=False)
    is_retired = models.BooleanField(_("no longer offered"), default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("kind of cost")
        ordering = ["place", "code"]
        constraints = [
            models.UniqueConstraint(Upper("code"), name="cost_kind_code_unique"),
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(name_en="") & ~Q(name_nl=""), name="cost_kind_code_and_names"
            ),
            models.CheckConstraint(
                condition=Q(level__in=["cm1", "cm2", "cm3", "below"]), name="cost_kind_level_known"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="cost_kind_booked_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__level__df=pgtrigger.F("new__level"))
                | pgtrigger.Q(old__code__df=pgtrigger.F("new__code")),
                func="""
                    IF EXISTS (SELECT FROM pricing_costmonth WHERE kind_id = OLD.id) THEN
                        RAISE EXCEPTION 'costs are booked of kind %', OLD.code
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.name_nl if get_language() == "nl" else self.name_en


@pghistory.track()
class CostLine(models.Model):
    """A cost of one product, of the products of a line and those below it, or (neither) of all products.

    ``basis`` says what its rates are of. A rate of a product line or of all is each product's own, but for an
    amount a month or once: that is split over the products by ``key``. ``channel``: only of what is sold
    there, or below it. ``measure``: a cost per unit is of each of these (a call, a visit, a return), not of
    each one sold. ``tail_months``: how long an amount a month goes on after the month in which the product
    ended. Once it has rates only the note and the tail change.
    """

    class Basis(models.TextChoices):
        UNIT = "unit", pgettext_lazy("cost", "per unit")
        CONTRACT_MONTH = "contract", pgettext_lazy("cost", "per contract and month")
        MONTH = "month", pgettext_lazy("cost", "per month")
        SHARE = "share", pgettext_lazy("cost", "percentage of")
        ONCE = "once", pgettext_lazy("cost", "once")

    class Base(models.TextChoices):
        GROSS = "gross", pgettext_lazy("cost base", "gross sales")
        NET = "net", pgettext_lazy("cost base", "net sales")
        PURCHASE = "purchase", pgettext_lazy("cost base", "purchase")
        FREIGHT = "freight", pgettext_lazy("cost base", "purchase and freight")
        CIF = "cif", pgettext_lazy("cost base", "purchase and inbound logistics")

    class Key(models.TextChoices):
        VOLUME = "volume", pgettext_lazy("split", "by volume")
        REVENUE = "revenue", pgettext_lazy("split", "by revenue")
        FIXED = "fixed", pgettext_lazy("split", "by fixed shares")

    product = models.ForeignKey(
        "products.Product",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="cost_lines",
        verbose_name=_("product"),
    )
    line = models.ForeignKey(
        "products.ProductLine",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
    )
    kind = models.ForeignKey(
        CostKind, models.PROTECT, related_name="cost_lines", verbose_name=_("kind of cost")
    )
    name = models.CharField(_("what it is"), max_length=80, blank=True)
    basis = models.CharField(_("basis"), max_length=8, choices=Basis.choices)
    base = models.CharField(_("of what"), max_length=8, choices=Base.choices, blank=True)
    measure = models.ForeignKey(
        "products.Measure",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("counted"),
    )
    supplier = models.ForeignKey(
        "products.Supplier",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("supplier"),
    )
    channel = models.ForeignKey(
        "products.Channel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
    )
    cost_centre = models.CharField(_("cost centre"), max_length=40, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    key = models.CharField(_("split"), max_length=7, choices=Key.choices, blank=True)
    tail_months = models.PositiveSmallIntegerField(_("months after the end"), default=0)
    note = models.CharField(_("note"), max_length=400, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("cost line")
        ordering = ["kind__place", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("product", "line", "kind", "name", "basis", "base", "measure"),
                    *("supplier", "channel", "cost_centre", "currency"),
                ],
                name="cost_line_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(product=None) | Q(line=None), name="cost_line_of_one"),
            models.CheckConstraint(
                condition=Q(basis__in=["unit", "contract", "month", "share", "once"]),
                name="cost_line_basis_known",
            ),
            models.CheckConstraint(
                condition=Q(basis="share", base__in=["gross", "net", "purchase", "freight", "cif"])
                | ~Q(basis="share") & Q(base=""),
                name="cost_line_share_of_a_base",
            ),
            models.CheckConstraint(
                condition=Q(product=None, basis__in=["month", "once"], key__in=["volume", "revenue", "fixed"])
                | (Q(product__isnull=False) | ~Q(basis__in=["month", "once"])) & Q(key=""),
                name="cost_line_split_where_shared",
            ),
            models.CheckConstraint(
                condition=Q(tail_months=0) | Q(basis="month"), name="cost_line_tail_of_months"
            ),
            models.CheckConstraint(
                condition=Q(measure=None) | Q(basis="unit"), name="cost_line_measure_of_units"
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="cost_line_currency"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="cost_line_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=f"""
                    IF to_jsonb(NEW) - {_LATER} <> to_jsonb(OLD) - {_LATER}
                       AND EXISTS (SELECT FROM pricing_costrate WHERE cost_line_id = OLD.id) THEN
                        RAISE EXCEPTION 'cost line % has rates', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.name})" if self.name else str(self.kind)

    @property
    def is_split(self) -> bool:
        return bool(self.key)


@pghistory.track()
class CostShare(models.Model):
    """What one product bears of a cost line that is split by fixed shares, in proportion to the others: from
    the first day of a month until the line's next shares, without ``start_date`` from its first rate. Those
    that have begun never change."""

    cost_line = models.ForeignKey(CostLine, models.CASCADE, related_name="shares")
    product = models.ForeignKey(
        "products.Product", models.PROTECT, related_name="+", verbose_name=_("product")
    )
    start_date = models.DateField(_("from"), null=True, blank=True)
    weight = models.DecimalField(_("share"), max_digits=18, decimal_places=4)
    source_import = models.ForeignKey(
        "exchange.Import", models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("fixed share")
        ordering = [models.F("start_date").asc(nulls_first=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cost_line", "product", "start_date"], name="cost_share_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(weight__gt=0), name="cost_share_over_nothing"),
            models.CheckConstraint(
                condition=Q(start_date=None) | Q(start_date__day=1), name="cost_share_from_a_month"
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="cost_share_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF OLD.start_date IS NULL OR OLD.start_date <= {TODAY} THEN
                        RAISE EXCEPTION 'cost share % stays', OLD.id USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.weight}"


@pghistory.track()
class CostRate(models.Model):
    """What a cost line comes to from a date until its next rate of the same tier; of a line *once*: what is
    paid on that date.

    ``amount`` is in the line's currency, of a share a rate (0.05); empty: none from then on. It counts
    ``times`` a unit, contract or month (visits a contract). The tier of ``from_quantity`` holds for all of a
    month's quantity that reaches it; ``least_quantity`` is charged at least. ``exchange_rate`` makes our
    currency of it, as it was when it was written down; ``vat_rate`` is VAT on it that cannot be reclaimed.
    A rate is never changed. One that lies ahead can be withdrawn, one that has begun for a reason, while the
    month it began in is open; see :class:`CostCorrection`.
    """

    cost_line = models.ForeignKey(
        CostLine, models.PROTECT, related_name="rates", db_index=False, verbose_name=_("cost line")
    )
    start_date = models.DateField(_("from"))
    from_quantity = models.DecimalField(_("from quantity"), max_digits=18, decimal_places=4, default=0)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, null=True, blank=True)
    times = models.DecimalField(_("how often"), max_digits=12, decimal_places=4, default=1)
    least_quantity = models.DecimalField(_("minimum order"), max_digits=18, decimal_places=4, default=0)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, default=1)
    vat_rate = models.DecimalField(_("VAT not reclaimed"), max_digits=5, decimal_places=4, default=0)
    source_import = models.ForeignKey(
        "exchange.Import", models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("why it was withdrawn"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("cost rate")
        ordering = ["start_date", "from_quantity", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cost_line", "from_quantity", "start_date"],
                condition=Q(withdrawn_at=None),
                name="cost_rate_one_a_day",
            ),
            models.CheckConstraint(
                condition=Q(from_quantity__gte=0, least_quantity__gte=0, times__gt=0),
                name="cost_rate_quantities",
            ),
            models.CheckConstraint(condition=Q(exchange_rate__gt=0), name="cost_rate_exchange_rate"),
            models.CheckConstraint(condition=Q(vat_rate__gte=0, vat_rate__lt=1), name="cost_rate_vat"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="cost_rate_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                declare=[("shut", "date")],
                func=f"""
                    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
                       AND to_jsonb(NEW) - {_WITHDRAWN} = to_jsonb(OLD) - {_WITHDRAWN} THEN
                        IF OLD.start_date > {TODAY} THEN
                            RETURN NEW;
                        END IF;
                        PERFORM pg_advisory_xact_lock_shared({CLOSE_LOCK});
                        SELECT closed_until INTO shut FROM core_organisation;
                        IF NEW.withdrawn_reason <> ''
                           AND (shut IS NULL OR OLD.start_date >= shut + interval '1 month') THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    RAISE EXCEPTION 'cost rate % stays', OLD.id USING ERRCODE = 'check_violation';
                """,  # noqa: S608  made of constants
            )
        ]

    def __str__(self) -> str:
        return f"{self.cost_line} {self.start_date}"


@pghistory.track()
class CostCorrection(models.Model):
    """What a rate that has begun should have been, and why: proposed, then decided. Decided in favour, the
    rate is withdrawn and ``replacement`` holds from the same day; ``is_void``: it should not have been at
    all. Only while the month the rate began in is open. Never changed once it is decided.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("correction", "waits for approval")
        APPROVED = "approved", pgettext_lazy("correction", "approved")
        REFUSED = "refused", pgettext_lazy("correction", "refused")

    rate = models.ForeignKey(CostRate, models.PROTECT, related_name="corrections", verbose_name=_("rate"))
    is_void = models.BooleanField(_("should not have been"), default=False)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=6, null=True, blank=True)
    times = models.DecimalField(_("how often"), max_digits=12, decimal_places=4, default=1)
    least_quantity = models.DecimalField(_("minimum order"), max_digits=18, decimal_places=4, default=0)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, default=1)
    vat_rate = models.DecimalField(_("VAT not reclaimed"), max_digits=5, decimal_places=4, default=0)
    reason = models.CharField(_("reason"), max_length=400)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    replacement = models.OneToOneField(
        CostRate, models.PROTECT, null=True, blank=True, related_name="corrected"
    )

    class Meta:
        verbose_name = _("correction of a cost rate")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rate"], condition=Q(state="proposed"), name="cost_correction_one_waits"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | Q(state__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="cost_correction_decided",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="cost_correction_has_a_reason"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="cost_correction_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=~pgtrigger.Q(old__state="proposed"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.rate}: {self.reason}"
