from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportFile(models.Model):
    """A report that a worker makes, for the person who asked, as the address ``query`` says. Empty until it
    is made; kept for a week."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=4)
    query = models.CharField(max_length=2000)
    language = models.CharField(max_length=5)
    content = models.BinaryField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("report")
        ordering = ["-pk"]
