from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class BulkChange(models.Model):
    """One field set to one value for many products, with what each had before, so that it can be taken back.

    ``changes`` is ``{"start_date": …, "products": {product id: [before, after]}}``; ``key`` makes applying
    twice once.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.CharField(max_length=80, unique=True)
    field = models.CharField(max_length=20)
    changes = models.JSONField()
    applied_at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("bulk change")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.field}: {len(self.changes['products'])}"
