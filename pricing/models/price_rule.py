from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .price import PLACES, Price, begun_stays


@pghistory.track()
class Bound(models.Model):
    """The least and the most that one component of the price of a product, or of a line's products, may be
    from a date on, and where that is laid down; of one tier or (none named) of all. Beyond it a proposal is
    refused, or asks for a reason. The newest of a product goes before its line's, and of each that of the
    tier. Amounts are in ``currency``: lists in another are held against bounds of their own. Set by who does
    not propose prices. What has begun stays as it is.
    """

    class Beyond(models.TextChoices):
        REFUSE = "refuse", pgettext_lazy("bound", "refused")
        REASON = "reason", pgettext_lazy("bound", "only with a reason")

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
    component = models.CharField(
        _("component"), max_length=5, choices=Price.Component.choices, default=Price.Component.UNIT
    )
    tier = models.CharField(_("tier"), max_length=40, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3)
    start_date = models.DateField(_("from"))
    least = models.DecimalField(_("at least"), max_digits=20, decimal_places=PLACES, null=True, blank=True)
    most = models.DecimalField(_("at most"), max_digits=20, decimal_places=PLACES, null=True, blank=True)
    with_vat = models.BooleanField(_("with VAT"), default=False)
    source = models.CharField(_("laid down in"), max_length=200)
    beyond = models.CharField(_("beyond it"), max_length=6, choices=Beyond.choices, default=Beyond.REFUSE)

    constraint_words = {
        "bound_currency": (
            "currency",
            _("A currency has three letters, such as EUR."),
        ),
    }

    class Meta:
        verbose_name = _("bound of a price")
        ordering = ["start_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "line", "component", "tier", "currency", "start_date"],
                name="bound_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, line=None) | Q(product=None, line__isnull=False),
                name="bound_of_product_or_line",
            ),
            models.CheckConstraint(
                condition=Q(least=None) | Q(most=None) | Q(most__gte=F("least")), name="bound_order"
            ),
            models.CheckConstraint(condition=~Q(source=""), name="bound_has_source"),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="bound_currency"),
            models.CheckConstraint(
                condition=Q(component__in=["unit", "month", "once"]), name="bound_component_known"
            ),
        ]
        triggers = [begun_stays("bound")]

    def __str__(self) -> str:
        return self.source


@pghistory.track()
class NoticeDays(models.Model):
    """How many days before a price holds a channel, with those below it, must have been told; no channel:
    everybody without a rule of their own."""

    channel = models.ForeignKey(
        "products.Channel",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
    )
    days = models.PositiveSmallIntegerField(_("days of notice"))

    class Meta:
        verbose_name = _("days of notice")
        constraints = [
            models.UniqueConstraint(fields=["channel"], name="notice_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(days__lte=366), name="notice_within_a_year"),
        ]

    def __str__(self) -> str:
        return str(self.days)


@pghistory.track()
class Perishable(models.Model):
    """Whether a product, or a line's products, soon spoil from a date on: a reduction of them is compared
    with the price directly before it. A product's own goes before its line's; nobody says so: they do not.
    What has begun stays as it is."""

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
    start_date = models.DateField(_("from"))
    perishable = models.BooleanField(_("soon spoils"))

    class Meta:
        verbose_name = _("goods that soon spoil")
        ordering = ["start_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "line", "start_date"], name="perishable_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=False, line=None) | Q(product=None, line__isnull=False),
                name="perishable_product_or_line",
            ),
        ]
        triggers = [begun_stays("what soon spoils")]

    def __str__(self) -> str:
        return str(self.product or self.line)
