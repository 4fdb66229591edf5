from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.months import month_add
from products.models import Measure

from .forecast import _one_subject

# So many months before and after are kept beside a finding.
COURSE_BEFORE, COURSE_AFTER = 12, 6

# A decision is about a figure: one that was corrected by more than this share is another figure.
SAME_FIGURE = 0.1


@pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("state", "note")),
    pghistory.InsertEvent(condition=pghistory.Q(new__kind="flagged")),
    pghistory.DeleteEvent(condition=pghistory.Q(old__kind="flagged")),
    exclude=["course", "amount", "found_by", "found_at", "gone_at", "sure", "seen", "expected"],
)
class Finding(models.Model):
    """Months of one subject and measure that look wrong, and what a person said of them.

    Found by the night, or *flagged* by a person, who needs a note. ``seen`` and ``expected`` are sums over
    the months in the measure's unit, of a level means; of a step the levels after and before it, without
    season. ``amount`` is what lies between them at the price of the last 12 months (of a step: a year of it).
    ``sure``: left out of the fit unless somebody says that it is right. *confirmed*: missing in fit, backtest
    and stage, of a step the months before it are brought to the new level. *refused*: the figures are right.
    ``gone_at``: an open one that the last night saw no more. ``course`` are the values from a year before the
    first month to half a year after the last.
    """

    of_people = ~Q(state="open")

    class Kind(models.TextChoices):
        SPIKE = "spike", _("peak")
        STOCK_OUT = "stock_out", _("gap in sales")
        ZERO = "zero", _("stored as zero")
        STEP = "step", _("jump of the level")
        HALF_MONTH = "half_month", _("half a month")
        FLAGGED = "flagged", _("marked by hand")

    class State(models.TextChoices):
        OPEN = "open", _("to be judged")
        CONFIRMED = "confirmed", _("exceptional")
        REFUSED = "refused", pgettext_lazy("figures", "right")

    product = models.ForeignKey("products.Product", models.CASCADE, null=True, related_name="+")
    family = models.ForeignKey("products.Family", models.CASCADE, null=True, related_name="+")
    measure = models.ForeignKey("products.Measure", models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    first = models.DateField(_("from"))
    last = models.DateField(_("until and including"))
    seen = models.FloatField()
    expected = models.FloatField(null=True)
    amount = models.FloatField(null=True)
    sure = models.BooleanField(default=False)
    course = models.JSONField(default=list)
    state = models.CharField(_("judged"), max_length=9, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    found_by = models.ForeignKey("forecasting.NightlyRun", models.PROTECT, null=True, related_name="+")
    found_at = models.DateTimeField(auto_now_add=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("unusual month")
        ordering = ["first", "pk"]
        constraints = [
            _one_subject("finding_one_subject"),
            models.UniqueConstraint(
                fields=["product", "family", "measure", "kind", "first"],
                name="finding_unique",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(first__day=1, last__day=1, last__gte=F("first")), name="finding_months"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by=None, decided_at=None)
                | Q(state__in=["confirmed", "refused"], decided_by__isnull=False, decided_at__isnull=False),
                name="finding_decided_by_somebody",
            ),
            models.CheckConstraint(condition=Q(gone_at=None) | Q(state="open"), name="finding_gone_is_open"),
            models.CheckConstraint(
                condition=(Q(kind="flagged", state="confirmed", found_by=None) & ~Q(note=""))
                | (~Q(kind="flagged") & Q(found_by__isnull=False, expected__isnull=False)),
                name="finding_flagged_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["-amount"], condition=Q(state="open", gone_at=None), name="finding_open")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first:%Y-%m}"

    @staticmethod
    def window(first: datetime.date, last: datetime.date) -> tuple[datetime.date, datetime.date]:
        """The first and last month of the course around these months."""
        return month_add(first, -COURSE_BEFORE), month_add(last, COURSE_AFTER)

    @property
    def months(self) -> list[tuple[datetime.date, float | None]]:
        """The course, by month."""
        begin, _end = self.window(self.first, self.last)
        return [(month_add(begin, step), value) for step, value in enumerate(self.course)]

    @property
    def decision(self) -> Decision:
        is_level = self.measure.kind == Measure.Kind.LEVEL
        expected = self.expected or 0.0
        return Decision(self.kind, self.first, self.last, self.seen, expected, self.state, is_level)


@dataclass(frozen=True)
class Decision:
    """What a person said of some months, and of which figure."""

    kind: str
    first: datetime.date
    last: datetime.date
    seen: float
    expected: float
    state: str
    is_level: bool = False

    def about(self, values: Mapping[datetime.date, float | None]) -> bool:
        """Whether the figures are still those that were judged. Of a step always: it is about many."""
        if self.kind == Finding.Kind.STEP:
            return True
        inside = [value for month, value in values.items() if self.first <= month <= self.last]
        found = [value for value in inside if value is not None]
        size = max(abs(self.seen), abs(self.expected))
        now = sum(found) / (len(found) or 1) if self.is_level else sum(found)
        return bool(found) and abs(now - self.seen) <= SAME_FIGURE * size
