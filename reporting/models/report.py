from __future__ import annotations

import datetime

import pghistory
import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Cast, ExtractDay
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from pghistory.config import default_trackers

from core.history import CHOSEN


def _is_first(name: str) -> Exact:
    """Whether a date that may be missing is the first of its month."""
    return Exact(ExtractDay(Cast(name, models.DateField())), 1)


class SectionKeys(models.Func):
    """The keys of sections kept as JSON, as a JSON list."""

    template = "jsonb_path_query_array(%(expressions)s, '$[*].key')"
    arity = 1


@pghistory.track(*(default_trackers() or ()), pghistory.ManualEvent(CHOSEN))
class Report(models.Model):
    """A report that somebody makes: for whom, about what, with which parts. What readers get is never this
    but a :class:`Snapshot` of it.

    The scope is the products chosen, those of the lines and those that are in the families, or all that there
    are each time (``all_products``); of the suppliers alone where some are named. Without channels it is
    about all of them. An external report says so where it names no channels (``all_channels``) or no
    suppliers (``all_suppliers``). ``months`` are those of the period of the last months, ``first_month`` to
    ``last_month`` those of a range. ``sheet``: begun as a product sheet.
    """

    class Audience(models.TextChoices):
        INTERNAL = "internal", pgettext_lazy("audience", "internal")
        FINANCE = "finance", pgettext_lazy("audience", "finance")
        EXTERNAL = "external", pgettext_lazy("audience", "external")

    class Language(models.TextChoices):
        NL = "nl", "Nederlands"
        EN = "en", "English"

    class Period(models.TextChoices):
        MONTHS = "months", _("the last months")
        YTD = "ytd", _("year to date")
        QUARTER = "quarter", _("last whole quarter")
        YEAR = "year", _("last whole financial year")
        CALENDAR_YEAR = "calendar_year", _("last whole calendar year")
        RANGE = "range", _("from month to month")

    title = models.CharField(_("title"), max_length=120)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    audience = models.CharField(_("audience"), max_length=8, choices=Audience.choices)
    products = models.ManyToManyField("products.Product", related_name="+", verbose_name=_("products"))
    lines = models.ManyToManyField("products.ProductLine", related_name="+", verbose_name=_("product lines"))
    families = models.ManyToManyField("products.Family", related_name="+", verbose_name=_("families"))
    suppliers = models.ManyToManyField("products.Supplier", related_name="+", verbose_name=_("suppliers"))
    channels = models.ManyToManyField("products.Channel", related_name="+", verbose_name=_("channels"))
    all_channels = models.BooleanField(_("all channels, on purpose"), default=False)
    all_suppliers = models.BooleanField(_("all suppliers, on purpose"), default=False)
    all_products = models.BooleanField(_("all products, on purpose"), default=False)
    period = models.CharField(_("period"), max_length=13, choices=Period.choices, default=Period.MONTHS)
    months = models.PositiveSmallIntegerField(_("months to look back"), default=24)
    first_month = models.DateField(_("from month"), null=True, blank=True)
    last_month = models.DateField(_("to month"), null=True, blank=True)
    sheet = models.BooleanField(_("product sheet"), default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("report", "author"),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(title=""), name="report_has_title"),
            models.CheckConstraint(condition=Q(language__in=["nl", "en"]), name="report_language_known"),
            models.CheckConstraint(
                condition=Q(audience__in=["internal", "finance", "external"]), name="report_audience_known"
            ),
            models.CheckConstraint(condition=Q(months__range=(1, 60)), name="report_months_within"),
            models.CheckConstraint(
                condition=Q(period__in=["months", "ytd", "quarter", "year", "calendar_year", "range"]),
                name="report_period_known",
            ),
            models.CheckConstraint(
                condition=~Q(period="range") & Q(first_month=None, last_month=None)
                | Q(period="range", first_month__lte=F("last_month"))
                & Q(_is_first("first_month"), _is_first("last_month")),
                name="report_range_has_months",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("reporting:report", args=[self.pk])


@pghistory.track()
class ReportPart(models.Model):
    """A section in a report, at its place, with what its author says beside it (Markdown).

    ``block``: only the chart or table of that name is chosen of it; ``product``: only this one's. ``query``
    is what a section that answers an address is asked (a cost report), ``name`` what that is called.
    """

    report = models.ForeignKey(Report, models.CASCADE, related_name="parts")
    place = models.PositiveSmallIntegerField()
    section = models.CharField(_("section"), max_length=40)
    comment = models.TextField(pgettext_lazy("report", "comment"), blank=True, max_length=4000)
    block = models.CharField(max_length=40, blank=True)
    product = models.ForeignKey("products.Product", models.CASCADE, null=True, blank=True, related_name="+")
    query = models.CharField(max_length=1000, blank=True)
    name = models.CharField(_("name"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("section")
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "place"], name="report_part_place_once", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=Q(query="", name="") | (~Q(query="") & ~Q(name="") & Q(product=None)),
                name="report_part_asks_by_name",
            ),
        ]


class Snapshot(models.Model):
    """A report as it was published: blocks of data, never drawn anew from what pmtool holds. It is added and
    stays.

    ``fields``: the keys of the fields it tells. ``product_ids`` and ``channel_ids`` (none: all) are what
    it is about, for who may read it; ``data_month`` is the last month that is whole of all products still
    sold; ``run`` is the last night that went through before; ``about`` has the names and its date of then,
    and the day of publishing where the organisation was. ``section_keys``, which the database reads out of
    ``sections``, says whose rooms they are of. ``sha256`` is of ``sections`` as canonical JSON. ``sheet``: it
    is a product sheet, for one look.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="snapshots")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=2)
    audience = models.CharField(max_length=8)
    sheet = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=150)
    published_at = models.DateTimeField()
    data_month = models.DateField(null=True)
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, null=True, related_name="+")
    fields = ArrayField(models.CharField(max_length=40), default=list)
    product_ids = ArrayField(models.BigIntegerField(), default=list)
    channel_ids = ArrayField(models.BigIntegerField(), default=list)
    about = models.JSONField(default=dict)
    sections = models.JSONField(default=list)
    section_keys = models.GeneratedField(
        expression=SectionKeys("sections"), output_field=models.JSONField(), db_persist=True
    )
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("snapshot")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="snapshot_number_once"),
        ]
        triggers = [pgtrigger.Protect(name="snapshot_stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.title}, {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("reporting:snapshot", args=[self.report_id, self.number])

    @property
    def published_on(self) -> datetime.date:
        """The day of it where the organisation was then; of one without, in UTC."""
        said = self.about.get("published_on")
        return (
            datetime.date.fromisoformat(said) if said else self.published_at.astimezone(datetime.UTC).date()
        )

    @property
    def run_date(self) -> datetime.date | None:
        """Of the night that forecasts and stages are of."""
        said = self.about.get("run_date")
        return datetime.date.fromisoformat(said) if said else None

    @property
    def author_told(self) -> str:
        """The author's name, where the audience is told it; else empty."""
        return self.author_name if "author" in self.fields else ""
