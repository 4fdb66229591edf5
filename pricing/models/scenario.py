from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class Scenario(models.Model):
    """A what-if somebody kept: ``values`` is what was asked (:class:`pricing.selectors.what_if.Question`),
    ``result`` what was answered on that day (see :class:`pricing.engine.what_if.Outcome`, and ``months`` with
    ``volumes_now`` and ``revenues_now``, what they were without the change); neither moves with later
    forecasts."""

    product = models.ForeignKey("products.Product", models.CASCADE, related_name="scenarios")
    name = models.CharField(_("name"), max_length=80)
    values = models.JSONField()
    result = models.JSONField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("scenario")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="scenario_has_a_name"),
            models.UniqueConstraint(fields=["product", "name"], name="scenario_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
