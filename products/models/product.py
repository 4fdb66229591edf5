from __future__ import annotations

import datetime

import pghistory
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _

from core.search import searchable
from products.converters import product_path


def description_words() -> Combinable:
    """The description's words, as Dutch and as English: a text is in either."""
    return SearchVector("description", config="dutch") + SearchVector("description", config="english")


@pghistory.track()
class Product(models.Model):
    """A thing or a service that somebody answers for. Empty unit, owner, floor or review: as its line says.

    There is no stock here, nor whole units: volume lives in the sales facts, in the product's own unit.
    ``ended`` is the last day it was sold. A *temporary* product (promotion pack, monthly tariff) gets no
    stage of its own. ``version`` guards against lost updates.
    """

    class Kind(models.TextChoices):
        GOOD = "good", _("good")
        SERVICE = "service", _("service")

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        ACTIVE = "active", _("on sale")
        ENDING = "ending", _("being phased out")
        ENDED = "ended", _("ended")

    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=160)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.GOOD)
    line = models.ForeignKey(
        "products.ProductLine", models.PROTECT, related_name="products", verbose_name=_("product line")
    )
    unit = models.CharField(_("unit"), max_length=40, blank=True, help_text=_("Empty: as the line."))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_products",
        verbose_name=_("owner"),
        help_text=_("Empty: as the line."),
    )
    supplier = models.ForeignKey(
        "products.Supplier",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("supplier"),
    )
    segment = models.ForeignKey(
        "products.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("segment"),
    )
    description = models.TextField(_("description"), blank=True)
    launched = models.DateField(_("launched"), null=True, blank=True)
    ended = models.DateField(_("ended"), null=True, blank=True, help_text=_("The last day on sale."))
    temporary = models.BooleanField(
        _("temporary"), default=False, help_text=_("A promotion pack or monthly tariff: no stage of its own.")
    )
    floor_rate = models.DecimalField(_("margin floor"), max_digits=6, decimal_places=4, null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(_("review every (months)"), null=True, blank=True)
    reviewed_on = models.DateField(_("last reviewed"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(Upper("code"), name="product_code_unique"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="product_code_and_name"),
            models.CheckConstraint(condition=Q(kind__in=["good", "service"]), name="product_kind_known"),
            models.CheckConstraint(
                condition=Q(launched=None) | Q(ended=None) | Q(ended__gte=F("launched")),
                name="product_ends_after_launch",
            ),
            models.CheckConstraint(
                condition=Q(floor_rate=None) | Q(floor_rate__gte=-1, floor_rate__lte=1),
                name="product_floor_is_a_rate",
            ),
        ]
        indexes = [
            GinIndex(searchable("code", "name"), name="product_search_trigram"),
            models.Index(Lower("name"), "id", name="product_by_name"),
            GinIndex(description_words(), name="product_search_words"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return product_path(self.code)

    def status_on(self, day: datetime.date) -> str:
        """The status that follows from the dates: *ending* has an end date ahead."""
        if self.ended is not None and self.ended < day:
            return self.Status.ENDED
        if self.launched is not None and self.launched > day:
            return self.Status.PLANNED
        return self.Status.ACTIVE if self.ended is None else self.Status.ENDING


@pghistory.track()
class ProductCode(models.Model):
    """Another code of a product in some source (GTIN, a customer's article number, a ledger code)."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="codes")
    source = models.CharField(_("source"), max_length=60)
    code = models.CharField(_("code"), max_length=80)

    class Meta:
        ordering = ["source", "code"]
        constraints = [models.UniqueConstraint(fields=["source", "code"], name="product_code_per_source")]
        indexes = [
            models.Index(Upper("code"), name="product_other_code"),
            GinIndex(searchable("code"), name="product_code_search_trigram"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.code}"


@pghistory.track()
class UnitFactor(models.Model):
    """One unit of the product is ``factor`` of ``unit``: 1 carton = 1 litre, 1 case = 12 pieces."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="unit_factors")
    unit = models.CharField(_("unit"), max_length=40)
    factor = models.DecimalField(_("factor"), max_digits=18, decimal_places=6)
    version = models.PositiveIntegerField(default=1)

    constraint_words = {
        "unit_factor_positive": (
            "factor",
            _("Give more than 0."),
        ),
    }

    class Meta:
        ordering = ["unit"]
        constraints = [
            models.UniqueConstraint(fields=["product", "unit"], name="unit_factor_once"),
            models.CheckConstraint(condition=Q(factor__gt=0), name="unit_factor_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.factor} {self.unit}"
