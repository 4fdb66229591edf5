from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from .price import TODAY

_LATER = "ARRAY['note', 'tail_months', 'version']"


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
    ended. Where it has rates, but for withdrawn ones, only the note and the tail change.
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

    constraint_words = {
        "cost_line_once": (
            "",
            _(
                "There is such a cost line already: give that one a rate, or say in “What it is” how this one"
                " differs."
            ),
        ),
        "cost_line_currency": (
            "currency",
            _("A currency has three letters, such as EUR."),
        ),
    }

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
                       AND EXISTS (SELECT FROM pricing_costrate
                                   WHERE cost_line_id = OLD.id AND withdrawn_at IS NULL) THEN
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

    constraint_words = {
        "cost_share_over_nothing": (
            "weight",
            _("Give more than 0."),
        ),
    }

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
