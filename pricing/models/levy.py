from __future__ import annotations

from decimal import Decimal

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@pghistory.track()
class Levy(models.Model):
    """What the state takes, besides VAT, of who uses the products of a line, without VAT: an amount a unit
    used in a year, from ``from_quantity`` on up to the next row's, an amount a connection and year, or a
    share of the price without VAT (``rate``, 0.21 of insurance tax at 21 %); below nothing a reduction. The
    rows of one line, name, tier and date are one levy, which holds until the next
    date; a line without it has that of the nearest line above.

    ``tier`` says of which use: of every price per unit whose tier has this word ("kWh": also "kWh low");
    none: of the price per unit without a tier. A share is of all prices whose tier has this word; none: of
    all that is paid.
    """

    class Basis(models.TextChoices):
        UNIT = "unit", pgettext_lazy("levy", "per unit")
        YEAR = "year", pgettext_lazy("levy", "per connection and year")
        SHARE = "share", pgettext_lazy("levy", "share of the price")

    line = models.ForeignKey(
        "products.ProductLine", models.CASCADE, related_name="+", verbose_name=_("product line")
    )
    name = models.CharField(_("levy"), max_length=60)
    basis = models.CharField(_("basis"), max_length=5, choices=Basis.choices, default=Basis.UNIT)
    tier = models.CharField(_("tier"), max_length=40, blank=True, default="")
    start_date = models.DateField(_("from"))
    from_quantity = models.DecimalField(_("from a use of"), max_digits=18, decimal_places=4, default=0)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=8, null=True, blank=True)
    rate = models.DecimalField(_("share of the price"), max_digits=7, decimal_places=6, null=True, blank=True)

    class Meta:
        verbose_name = _("levy")
        ordering = ["name", "start_date", "from_quantity", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "name", "tier", "start_date", "from_quantity"], name="levy_step_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="levy_named"),
            models.CheckConstraint(
                condition=Q(basis="unit", from_quantity__gte=0)
                | Q(basis__in=["year", "share"], from_quantity=0),
                name="levy_steps_by_unit",
            ),
            models.CheckConstraint(
                condition=Q(basis__in=["unit", "year"], amount__isnull=False, rate=None)
                | Q(basis="share", amount=None, rate__gte=-1, rate__lte=1),
                name="levy_amount_or_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def said(self) -> tuple[Decimal | None, Decimal | None]:
        """The amount and the share, of which it has one."""
        return self.amount, self.rate
