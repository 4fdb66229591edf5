import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


@pghistory.track(fields=["user", "name", "created", "expiry"], model_name="ApiTokenEvent")
class ApiToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A revocable key to the REST API with the rights of its owner; only its hash is kept."""

    name = models.CharField(_("name"), max_length=80)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        ordering = ["-created"]

    def __str__(self) -> str:
        return self.name
