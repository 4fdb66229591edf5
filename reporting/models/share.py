from __future__ import annotations

import datetime

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

DEFAULT_DAYS = 30


def year_after(day: datetime.date) -> datetime.date:
    """The last day of a link that was made or renewed on this one: the same day of the next year, of 29
    February the 28th."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)


class YearAfter(models.Func):
    """The same in the database."""

    template = "(%(expressions)s + interval '1 year')::date"
    arity = 1
    output_field = models.DateField()


@pghistory.track(
    exclude=["token_hash", "password", "access", "mailed_at", "opened_count", "opened_at", "version"]
)
class Share(models.Model):
    """A link for one recipient to what was published of a report: always the newest version, or one
    ``snapshot``. Who has its token, or that of one of its ``addresses``, may read; only hashes are kept.

    ``granted`` is the version whose exposure its author saw when it was made, or said yes to since: one that
    tells more is not shown by it. Its token, report and recipient's address stay. ``access`` is raised
    whenever who has opened it has to open it again.
    """

    report = models.ForeignKey(
        "reporting.Report", models.PROTECT, related_name="shares", verbose_name=_("report")
    )
    snapshot = models.ForeignKey(
        "reporting.Snapshot",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("always the version"),
    )
    granted = models.ForeignKey(
        "reporting.Snapshot", models.PROTECT, related_name="+", verbose_name=_("tells no more than")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    label = models.CharField(_("recipient"), max_length=80)
    email = models.EmailField(_("e-mail"))
    granted_on = models.DateField(_("from"))
    expires_on = models.DateField(_("until"))
    password = models.CharField(max_length=200, blank=True)
    downloads = models.BooleanField(_("may download"), default=False)
    note = models.CharField(_("note"), max_length=400, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    paused_at = models.DateTimeField(pgettext_lazy("shared link", "paused"), null=True, blank=True)
    revoked_at = models.DateTimeField(pgettext_lazy("shared link", "revoked"), null=True, blank=True)
    access = models.PositiveIntegerField(default=1)
    mailed_at = models.DateTimeField(null=True, blank=True)
    opened_count = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("shared link")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(label=""), name="share_has_label"),
            models.CheckConstraint(
                condition=Q(token_hash__regex="^[0-9a-f]{64}$"),  # noqa: S106
                name="share_token_hashed",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__lte=YearAfter(F("granted_on"))),
                name="share_a_year_at_most",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="share_recipient_stays", fields=["report", "author", "email", "token_hash", "created_at"]
            )
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("reporting:share", args=[self.pk])


class ShareAddress(models.Model):
    """One more address that a link opens by: of the mail about a version. Only the hash of its token is kept;
    where the mail has to be sent again, that of another one takes its place."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="addresses")
    snapshot = models.ForeignKey("reporting.Snapshot", models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["share", "snapshot"], name="share_address_once_a_version"),
            models.CheckConstraint(
                condition=Q(token_hash__regex="^[0-9a-f]{64}$"),  # noqa: S106
                name="share_address_token_hashed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share_id} {self.snapshot_id}"


class ShareAccess(models.Model):
    """Something done by a link: when, from which network, by what kind of program. Kept for 90 days."""

    class What(models.TextChoices):
        OPENED = "opened", pgettext_lazy("shared link", "opened")
        ADMITTED = "admitted", pgettext_lazy("shared link", "right password")
        REFUSED = "refused", pgettext_lazy("shared link", "wrong password")
        PDF = "pdf", pgettext_lazy("shared link", "downloaded PDF")
        XLSX = "xlsx", pgettext_lazy("shared link", "downloaded XLSX")

    class Client(models.TextChoices):
        BROWSER = "browser", pgettext_lazy("client", "browser")
        PHONE = "phone", pgettext_lazy("client", "phone or tablet")
        ROBOT = "robot", pgettext_lazy("client", "robot")
        OTHER = "other", pgettext_lazy("client", "other program")

    share = models.ForeignKey(Share, models.CASCADE, related_name="accesses")
    at = models.DateTimeField(db_index=True)
    what = models.CharField(max_length=8, choices=What.choices)
    address = models.CharField(max_length=43)
    client = models.CharField(max_length=8, choices=Client.choices)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.share_id} {self.what}"


class ShareQuestion(models.Model):
    """What a recipient asked by their link."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="questions")
    text = models.CharField(_("question"), max_length=1000)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text
