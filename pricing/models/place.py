"""Place: where a product is listed, how widely it lies there, and where its segment buys."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .price import TODAY


class PastStays(pgtrigger.Trigger):
    """A row from which a day has passed stays as it is, but for the day it was written on: to mend a slip."""

    when = pgtrigger.Before
    operation = pgtrigger.Update | pgtrigger.Delete
    func = f"""
        IF OLD.start_date < {TODAY} AND OLD.created_at < now() - interval '1 day' THEN
            RAISE EXCEPTION '% % is past', TG_TABLE_NAME, OLD.id USING ERRCODE = 'check_violation';
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """


def _is_rate(name: str) -> Q:
    return Q(**{name: None}) | Q(**{f"{name}__gte": 0, f"{name}__lte": 1})


@pghistory.track()
class Listing(models.Model):
    """What a channel does with a product from a date until the next row of the two; delisted ends it.
    ``fee``, what we pay for it, is a cost: only for who may see costs."""

    class Status(models.TextChoices):
        NEGOTIATING = "negotiating", _("in negotiation")
        ANNOUNCED = "announced", _("announced")
        LISTED = "listed", _("listed")
        DELISTED = "delisted", _("delisted")

    product = models.ForeignKey("products.Product", models.PROTECT, related_name="listings")
    channel = models.ForeignKey(
        "products.Channel", models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    start_date = models.DateField(_("from"))
    status = models.CharField(_("listing"), max_length=11, choices=Status.choices, default=Status.LISTED)
    terms = models.TextField(_("terms"), blank=True, max_length=2000)
    fee = models.TextField(_("what we pay for it"), blank=True, max_length=2000)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("listing")
        ordering = ["start_date", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "channel", "start_date"], name="listing_dated"),
            models.CheckConstraint(
                condition=Q(status__in=["negotiating", "announced", "listed", "delisted"]),
                name="listing_status_known",
            ),
        ]
        triggers = [PastStays(name="past_listing_stays")]

    def __str__(self) -> str:
        return f"{self.channel}: {self.get_status_display()}"


class DistributionMonth(models.Model):
    """How widely a product lies in a channel in a month, as market research or the account itself says it:
    the share of the points of sale that have it, the same weighted by what they turn over in its category,
    and how many points that are. From files, whose journal is its history."""

    product = models.ForeignKey("products.Product", models.PROTECT, related_name="distribution")
    channel = models.ForeignKey("products.Channel", models.PROTECT, related_name="+")
    month = models.DateField(_("month"))
    numeric_rate = models.DecimalField(
        _("numeric distribution"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    weighted_rate = models.DecimalField(
        _("weighted distribution"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    points = models.PositiveIntegerField(_("points of sale"), null=True, blank=True)
    source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("distribution")
        ordering = ["month", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "channel", "month"], name="distribution_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="distribution_of_a_month"),
            models.CheckConstraint(
                condition=_is_rate("numeric_rate") & _is_rate("weighted_rate"), name="distribution_is_a_rate"
            ),
            models.CheckConstraint(
                condition=Q(numeric_rate__isnull=False)
                | Q(weighted_rate__isnull=False)
                | Q(points__isnull=False),
                name="distribution_says_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.month:%Y-%m}"


@pghistory.track()
class SegmentChannel(models.Model):
    """Which share of what a segment buys in the category it buys in a channel, with those below it, from a
    date until the next row of the two; no share: not said any more."""

    segment = models.ForeignKey(
        "products.Segment", models.PROTECT, related_name="channel_shares", verbose_name=_("segment")
    )
    channel = models.ForeignKey(
        "products.Channel", models.PROTECT, related_name="+", verbose_name=_("channel")
    )
    start_date = models.DateField(_("from"))
    share_rate = models.DecimalField(_("share"), max_digits=5, decimal_places=4, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("where a segment buys")
        ordering = ["start_date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "channel", "start_date"], name="segment_channel_dated"
            ),
            models.CheckConstraint(condition=_is_rate("share_rate"), name="segment_channel_is_a_rate"),
        ]
        triggers = [PastStays(name="past_share_stays")]

    def __str__(self) -> str:
        return f"{self.segment} · {self.channel}"
