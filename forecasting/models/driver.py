from __future__ import annotations

import datetime

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.months import month_end
from forecasting.calendars import MOVING


@pghistory.track()
class Driver(models.Model):
    """Something outside the sales that may move them, for everything, one line with those below it, or one
    product. Its values are past and known future ones; a calendar has none, pmtool computes it.

    The same code may stand for several scopes; a product takes the nearest. A *series* always has a value
    (temperature, a price), an *event* is nothing on days that are not named (a promotion). ``is_active``:
    whether the night tries it.
    """

    class Kind(models.TextChoices):
        SERIES = "series", _("a figure that always has a value")
        EVENT = "event", _("something that happens now and then")

    class Step(models.TextChoices):
        DAY = "day", _("day")
        WEEK = "week", _("week")
        MONTH = "month", _("month")

    class Calendar(models.TextChoices):
        HOLIDAYS_NL = "holidays_nl", _("Dutch public holidays")
        TRADING_DAYS = "trading_days", _("trading days in the month")
        EASTER = "easter", _("Easter")
        ASCENSION_WHITSUN = "ascension_whitsun", _("Ascension and Whitsun")
        CARNIVAL = "carnival", _("carnival")
        RAMADAN = "ramadan", _("Ramadan and the feast after it")

    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=120)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    step = models.CharField(_("step"), max_length=8, choices=Step.choices)
    calendar = models.CharField(_("calendar"), max_length=20, choices=Calendar.choices, blank=True)
    product = models.ForeignKey(
        "products.Product", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    line = models.ForeignKey(
        "products.ProductLine",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product line"),
    )
    is_active = models.BooleanField(_("tried by the night"), default=True)
    source = models.CharField(
        _("source"), max_length=40, blank=True, help_text="the part of pmtool that fills it"
    )
    source_import = models.ForeignKey(
        "exchange.Import", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("import")
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("driver")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "product", "line"], name="driver_code_unique", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(product__isnull=True) | Q(line__isnull=True), name="driver_one_scope"
            ),
            models.CheckConstraint(condition=Q(kind__in=["series", "event"]), name="driver_kind_known"),
            models.CheckConstraint(condition=Q(step__in=["day", "week", "month"]), name="driver_step_known"),
            models.CheckConstraint(
                condition=Q(
                    calendar__in=[
                        *("", "holidays_nl", "trading_days", "easter", "ascension_whitsun", "carnival"),
                        "ramadan",
                    ]
                ),
                name="driver_calendar_known",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_calendar_display()) if self.calendar else self.name

    @property
    def moves(self) -> bool:
        """Whether it is a holiday that moves: all products of a line tell together what it does."""
        return self.calendar in MOVING

    @property
    def known_until(self) -> datetime.date | None:
        """The last day of its newest value; of a row that was read with ``last_date``, where that begins."""
        newest: datetime.date | None = getattr(self, "last_date", None)
        if newest is None or self.step == self.Step.DAY:
            return newest
        return month_end(newest) if self.step == self.Step.MONTH else newest + datetime.timedelta(days=6)


class DriverValue(models.Model):
    """A driver's value of the day, or of the week or month that starts on ``date``, in its unit; dates may
    lie ahead. Kept by its import's journal, without a history of its own."""

    driver = models.ForeignKey(Driver, models.CASCADE, related_name="values", db_index=False)
    date = models.DateField()
    value = models.DecimalField(max_digits=18, decimal_places=4)
    source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["driver", "date"], name="driver_value_unique")]


class DriverJournal(models.Model):
    """A value that was there and that an import changed, as it was before. A value the import added names its
    import itself."""

    source_import = models.ForeignKey("exchange.Import", models.PROTECT, related_name="+")
    driver = models.ForeignKey(Driver, models.CASCADE, related_name="+")
    date = models.DateField()
    old_value = models.DecimalField(max_digits=18, decimal_places=4)
    old_source_import = models.ForeignKey("exchange.Import", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_import", "driver", "date"], name="driver_journal_value_once"
            )
        ]


class SharedEffect(models.Model):
    """What the moving holidays of a line do to all its products alike, in one measure, by the month or by the
    week, as known in one month. ``payload`` has by calendar the fields of the engine's ``SharedEffect``;
    nothing where too few products tell of it. ``input_hash`` is of the calendars, the engine and how much the
    line knows."""

    line = models.ForeignKey("products.ProductLine", models.CASCADE, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    by_week = models.BooleanField()
    as_of = models.DateField()
    run = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, related_name="+", db_index=False)
    engine_version = models.CharField(max_length=20)
    input_hash = models.CharField(max_length=64)
    payload = models.JSONField()
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ["-as_of"]
        constraints = [
            models.UniqueConstraint(
                fields=["line", "measure", "by_week", "as_of"], name="shared_effect_unique"
            )
        ]
