from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CostChange(models.Model):
    """Many rates changed at once, from a date on: a draft shows what it does, then all of it holds.

    ``chosen`` says which cost lines (ids by supplier, kind, line, product and channel; a currency). ``value``
    is a rate for *percentage* (0.04), an amount in the lines' currency, or the new exchange rate. ``said`` is
    a hash of the rates as the draft showed them: what is confirmed is what was seen.
    """

    class How(models.TextChoices):
        PERCENTAGE = "percentage", _("change by per cent")
        AMOUNT = "amount", _("change by an amount")
        EXCHANGE = "exchange", _("another exchange rate")

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("change of costs", "draft")
        APPLIED = "applied", pgettext_lazy("change of costs", "written")
        WITHDRAWN = "withdrawn", pgettext_lazy("change of costs", "withdrawn")

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("why"), max_length=200)
    start_date = models.DateField(_("from"))
    chosen = models.JSONField(default=dict)
    how = models.CharField(_("how"), max_length=10, choices=How.choices)
    value = models.DecimalField(_("by how much, or to what"), max_digits=18, decimal_places=8)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    said = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    rates = models.ManyToManyField("pricing.CostRate", related_name="changes")
    proposal = models.ForeignKey("pricing.Proposal", models.PROTECT, null=True, blank=True, related_name="+")

    constraint_words = {
        "cost_change_exchange_over_nothing": (
            "value",
            _("An exchange rate is more than 0: what 1 of the other currency is in ours."),
        ),
    }

    class Meta:
        verbose_name = _("change of costs")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(how__in=["percentage", "amount", "exchange"]), name="cost_change_how_known"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", decided_at=None)
                | Q(state__in=["applied", "withdrawn"], decided_at__isnull=False),
                name="cost_change_decided_at",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="cost_change_has_reason"),
            models.CheckConstraint(
                condition=~Q(how="exchange") | Q(value__gt=0), name="cost_change_exchange_over_nothing"
            ),
        ]

    def __str__(self) -> str:
        return self.reason

    def get_absolute_url(self) -> str:
        return reverse("pricing:cost_change", args=[self.pk])


class CostChangeEffect(models.Model):
    """What a change does to a product: net sales of the last 12 months, and the margins that the rates of its
    first day would have left of them, without it (*was*) and with it. Of what was not sold (``is_unit``): of
    one, at its price without VAT, which is 0 where it has none. The floor is of CM2; ``is_under``: the change
    brings it there; ``tied`` are the costs before it that go up and down with the price."""

    cost_change = models.ForeignKey(CostChange, models.CASCADE, related_name="effects")
    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
    net = models.DecimalField(max_digits=20, decimal_places=6)
    cm1_was = models.DecimalField(max_digits=20, decimal_places=6)
    cm2_was = models.DecimalField(max_digits=20, decimal_places=6)
    cm3_was = models.DecimalField(max_digits=20, decimal_places=6)
    cm1 = models.DecimalField(max_digits=20, decimal_places=6)
    cm2 = models.DecimalField(max_digits=20, decimal_places=6)
    cm3 = models.DecimalField(max_digits=20, decimal_places=6)
    tied = models.DecimalField(max_digits=20, decimal_places=6)
    floor = models.DecimalField(max_digits=6, decimal_places=4, null=True)
    is_under = models.BooleanField(default=False)
    is_unit = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cost_change", "product"], name="cost_change_effect_once"),
        ]

    @property
    def stays_under(self) -> bool:
        """Under its floor without the change and with it."""
        return self.floor is not None and max(self.cm2_was, self.cm2) < self.floor * self.net
