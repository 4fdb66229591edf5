from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class Channel(models.Model):
    """Where it is sold: a tree of type → account → region → store, in which levels may be left out: what is
    above it is of a higher kind. Facts hang on any node."""

    class Kind(models.TextChoices):
        TYPE = "type", _("type of channel")
        ACCOUNT = "account", _("account (customer)")
        REGION = "region", _("region")
        STORE = "store", _("store")

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    code = models.CharField(_("code"), max_length=80)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.TYPE)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("channel")
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.UniqueConstraint(Upper("code"), name="channel_code_unique"),
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")), name="channel_not_its_own_parent"
            ),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="channel_code_and_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def kind_above(above: str, below: str) -> bool:
        """Whether a channel of the one kind may have one of the other below it."""
        order = Channel.Kind.values
        return order.index(above) < order.index(below)


class _Named(models.Model):
    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("name"), max_length=120)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True
        ordering = [Lower("name"), "pk"]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Supplier(_Named):
    """Who makes or delivers it."""

    class Meta(_Named.Meta):
        verbose_name = _("supplier")
        constraints = [models.UniqueConstraint(Upper("code"), name="supplier_code_unique")]


@pghistory.track()
class Segment(_Named):
    """A group of customers a product serves."""

    class Meta(_Named.Meta):
        verbose_name = _("customer segment")
        constraints = [models.UniqueConstraint(Upper("code"), name="segment_code_unique")]
