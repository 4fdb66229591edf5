from __future__ import annotations

import datetime

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Reason(models.TextChoices):
    """Why a person knows better than the figures."""

    PROMOTION = "promotion", _("promotion")
    PRICE = "price", _("price change")
    LISTING = "listing", _("listing")
    DELISTING = "delisting", _("delisting")
    CUSTOMER_WON = "customer_won", _("customer won")
    CUSTOMER_LOST = "customer_lost", _("customer lost")
    ORDER = "order", _("known order")
    CAMPAIGN = "campaign", _("campaign")
    SUPPLY = "supply", _("supply")
    COMPETITOR = "competitor", _("competitor")
    REGULATION = "regulation", _("regulation")
    DATA = "data", _("figures that mislead")
    OTHER = "other", pgettext_lazy("reason", "other")


@pghistory.track()
class Override(models.Model):
    """What one person changed of the forecast of a product, of all products of a line, of their part in one
    channel, or of all products in one channel, for the months from the first to the last. The statistics stay
    as they are.

    *set* puts a volume a month in the place of what is expected, *add* adds one (negative: less), both in the
    measure's unit; *percent* changes it by a rate (0.05 is 5 % more). What it does to each product and month
    stands in its ``months``. It ends after ``until`` unless it is renewed, or when it is withdrawn.
    """

    class Operation(models.TextChoices):
        SET = "set", _("set to")
        ADD = "add", _("add")
        PERCENT = "percent", _("change by per cent")

    product = models.ForeignKey("products.Product", models.CASCADE, null=True, related_name="overrides")
    line = models.ForeignKey("products.ProductLine", models.CASCADE, null=True, related_name="+")
    channel = models.ForeignKey("products.Channel", models.PROTECT, null=True, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    operation = models.CharField(_("change"), max_length=7, choices=Operation.choices)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=4)
    first_month = models.DateField(_("first month"))
    last_month = models.DateField(_("last month"))
    reason = models.CharField(_("reason"), max_length=13, choices=Reason.choices)
    note = models.CharField(_("note"), max_length=400, blank=True)
    evidence = models.CharField(_("evidence"), max_length=400, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now_add=True)
    until = models.DateField(_("until and including"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("override")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=False, line__isnull=True)
                | Q(product__isnull=True, line__isnull=False)
                | Q(product__isnull=True, line__isnull=True, channel__isnull=False),
                name="override_of_product_line_or_channel",
            ),
            models.CheckConstraint(
                condition=Q(last_month__gte=F("first_month"), first_month__day=1, last_month__day=1),
                name="override_months",
            ),
            models.CheckConstraint(
                condition=~Q(operation="percent") | Q(value__gte=-1), name="override_not_below_nothing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.value} ({self.first_month} – {self.last_month})"

    def holds_on(self, day: datetime.date) -> bool:
        return self.withdrawn_at is None and self.until >= day


class OverrideMonth(models.Model):
    """What an override does to one product in one month: ``value`` as its operation says, of a line the
    product's part in its own unit. ``share`` of the forecast it works on (one channel's; else 1).
    ``baseline`` is what was expected of that part when it was set. *Active* until another one of the same
    month takes its place, it expires or is withdrawn."""

    override = models.ForeignKey(Override, models.CASCADE, related_name="months")
    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(
        "products.Channel", models.PROTECT, null=True, related_name="+", db_index=False
    )
    month = models.DateField()
    value = models.DecimalField(max_digits=22, decimal_places=8)
    share = models.FloatField(default=1.0)
    baseline = models.FloatField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["month", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["override", "product", "month"], name="override_month_once"),
            models.UniqueConstraint(
                fields=["product", "measure", "channel", "month"],
                condition=Q(active=True),
                name="override_month_one_active",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="override_month_is_a_month"),
            models.CheckConstraint(condition=Q(share__gt=0, share__lte=1), name="override_month_share"),
        ]


class Party(models.TextChoices):
    SALES = "sales", _("Sales")
    MARKETING = "marketing", _("Marketing")
    FINANCE = "finance", _("Finance")


@pghistory.track()
class ConsensusInput(models.Model):
    """What sales, marketing or finance expects of one product in one month: their own figure, beside the
    statistics, until the product's months are agreed."""

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    party = models.CharField(max_length=9, choices=Party.choices)
    month = models.DateField()
    value = models.DecimalField(max_digits=18, decimal_places=4)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    said_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("figure for the agreed forecast")
        ordering = ["month", "party"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "measure", "party", "month"], name="consensus_input_once"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="consensus_input_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.get_party_display()} {self.month}"


@pghistory.track()
class ConsensusMonth(models.Model):
    """The agreed forecast of one product in one month: what is planned with, whatever the statistics say
    later, until it is agreed anew or let go."""

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    month = models.DateField()
    value = models.DecimalField(max_digits=18, decimal_places=4)
    baseline = models.FloatField(help_text="what statistics and overrides said when it was agreed")
    note = models.CharField(_("note"), max_length=400, blank=True)
    agreed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("agreed month")
        ordering = ["month"]
        constraints = [
            models.UniqueConstraint(fields=["product", "measure", "month"], name="consensus_month_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="consensus_month_is_a_month"),
        ]

    def __str__(self) -> str:
        return f"{self.month}: {self.value}"
