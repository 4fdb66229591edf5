from __future__ import annotations

import pghistory
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


@pghistory.track()
class Role(models.Model):
    """A named set of rights; a person has the rights of all their roles.

    The shipped roles (``shipped``) can be edited, not deleted.
    """

    code = models.SlugField(max_length=40, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_nl = models.CharField(_("name in Dutch"), max_length=80)
    rights = ArrayField(models.CharField(max_length=60), verbose_name=_("rights"), default=list, blank=True)
    shipped = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("role")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name_nl if get_language() == "nl" else self.name_en


class _DayRange(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


@pghistory.track()
class Deputy(models.Model):
    """From ``start_date`` to ``end_date``, both included, ``deputy`` receives what is for ``owner``."""

    owner = models.ForeignKey("accounts.User", models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey("accounts.User", models.PROTECT, related_name="deputy_for")
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("until and including"))

    class Meta:
        verbose_name = _("deputy")
        ordering = ["start_date", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")), name="deputy_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(owner=F("deputy")), name="deputy_is_somebody_else"),
            ExclusionConstraint(
                name="deputy_one_at_a_time",
                expressions=[
                    (_DayRange("start_date", "end_date", Value("[]")), RangeOperators.OVERLAPS),
                    ("owner", RangeOperators.EQUAL),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} ({self.start_date} – {self.end_date})"
