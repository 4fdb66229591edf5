from __future__ import annotations

import pghistory
from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.subjects import About, about


@pghistory.track()
class ActionItem(models.Model):
    """Something one person will have done by a date, about ``product``, another ``target``, or nothing."""

    title = models.CharField(_("action item"), max_length=200)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="action_items", verbose_name=_("owner")
    )
    due_date = models.DateField(_("due"), null=True, blank=True)
    product = models.ForeignKey(
        "products.Product", models.CASCADE, null=True, blank=True, related_name="action_items"
    )
    content_type = models.ForeignKey(ContentType, models.PROTECT, null=True, blank=True, related_name="+")
    object_id = models.PositiveBigIntegerField(null=True, blank=True)
    target = GenericForeignKey()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("action item")
        ordering = [models.F("due_date").asc(nulls_last=True), "pk"]
        indexes = [
            models.Index(fields=["owner", "due_date"], condition=Q(done_at=None), name="action_open"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(title=""), name="action_has_title")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("collaboration:action", args=[self.pk])

    @property
    def about(self) -> About | None:
        row = self.product or self.target
        return about(row) if row is not None else None
