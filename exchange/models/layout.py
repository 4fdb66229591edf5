import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


@pghistory.track(exclude=["sheet", "signature", "mapping", "updated_by", "updated_at"])
class Layout(models.Model):
    """How files with these columns are read, remembered from the last time somebody imported one.

    ``signature`` is a hash of the sheet kind and the header; ``mapping`` maps the file's columns to the
    sheet's fields; ``options`` hold what a person answered: decimal mark, order of dates and the sheet's own
    questions (what revenue means). The API names a layout by its ``name``.

    A layout that somebody deleted is retired (``retired_at``): no file is read by it any more, and the next
    file with such columns is asked about as a new one. The imports that were read by it keep saying so.
    """

    sheet = models.CharField(max_length=40)
    signature = models.CharField(max_length=64)
    name = models.CharField(_("name"), max_length=80)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(_("answers"), default=dict)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)
    retired_at = models.DateTimeField(_("deleted"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("file layout")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sheet", "signature"],
                condition=Q(retired_at=None),
                name="layout_signature_unique",
            ),
            models.UniqueConstraint(
                fields=["sheet", "name"], condition=Q(retired_at=None), name="layout_name_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name
