from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class SavedView(models.Model):
    """Filters, sort and columns of a page under a name; shared ones are for everybody. ``page``: the product
    list, or another that keeps its questions in the address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=20, default="products")
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    shared = models.BooleanField(_("shared with everybody"), default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("saved view")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
