from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

PRICE_WORDS = [("price", _("price")), ("tariff", _("tariff")), ("premium", _("premium")), ("fee", _("fee"))]
CUSTOMER_WORDS = [
    ("customer", _("customer")),
    ("account", _("account (customer)")),
    ("insured", _("insured person")),
    ("client", _("client")),
    ("patient", _("patient")),
]
FORECAST_STEPS = [("month", _("by the month")), ("week", _("by the week"))]
VOLUME_WORDS = [
    ("units", _("units")),
    ("contracts", _("contracts")),
    ("policies", _("policies")),
    ("mwh", _("MWh")),
    ("treatments", _("treatments")),
    ("prescriptions", _("prescriptions")),
]


@pghistory.track()
class Measure(models.Model):
    """What is counted: cartons sold, contracts in force, MWh, claims.

    A *flow* adds over time. A *level* (in force at the end of the period) adds over channels, never over
    time. Its kind never changes once facts exist. A flow that ``leaves`` counts what goes out of a state
    (cancelled contracts); another in the unit of the state counts what comes in.
    """

    class Kind(models.TextChoices):
        FLOW = "flow", _("flow (adds over time)")
        LEVEL = "level", _("level (state at the end)")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name_en = models.CharField(_("name in English"), max_length=80)
    name_nl = models.CharField(_("name in Dutch"), max_length=80)
    unit_en = models.CharField(_("unit in English"), max_length=40)
    unit_nl = models.CharField(_("unit in Dutch"), max_length=40)
    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices, default=Kind.FLOW)
    leaves = models.BooleanField(_("counts what leaves"), default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("measure")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["flow", "level"]), name="measure_kind_known"),
            models.CheckConstraint(
                condition=Q(leaves=False) | Q(kind="flow"), name="measure_that_leaves_is_a_flow"
            ),
        ]

    def __str__(self) -> str:
        return self.name_nl if get_language() == "nl" else self.name_en

    @property
    def unit(self) -> str:
        return self.unit_nl if get_language() == "nl" else self.unit_en


@pghistory.track()
class ProductLine(models.Model):
    """A node in the tree of product lines; what it says, the products and lines below inherit unless they
    say it themselves. Empty means "as the line above"."""

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    reporting_unit = models.CharField(
        _("reporting unit"),
        max_length=40,
        blank=True,
        help_text=_("Volumes of different products are added in this unit only; empty: money only."),
    )
    floor_rate = models.DecimalField(_("margin floor"), max_digits=6, decimal_places=4, null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(_("review every (months)"), null=True, blank=True)
    price_word = models.CharField(_("word for price"), max_length=20, choices=PRICE_WORDS, blank=True)
    customer_word = models.CharField(
        _("word for customer"), max_length=20, choices=CUSTOMER_WORDS, blank=True
    )
    volume_word = models.CharField(_("word for volume"), max_length=20, choices=VOLUME_WORDS, blank=True)
    final_after_months = models.PositiveSmallIntegerField(
        _("figures are final after (months)"),
        null=True,
        blank=True,
        help_text=_("Younger months are provisional: drawn hatched and left out of the forecast's fit."),
    )
    forecast_step = models.CharField(
        _("forecast"),
        max_length=5,
        choices=FORECAST_STEPS,
        blank=True,
        help_text=_(
            "By the week: 26 weeks ahead where figures come by the week or day; the months are their sums."
        ),
    )
    alert_settings = models.JSONField(
        _("thresholds of alerts"),
        default=dict,
        blank=True,
        help_text=_("Thresholds per kind of alert; missing: as the line above."),
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("product line")
        ordering = [Lower("name"), "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent=None) | ~Q(parent=F("pk")), name="line_not_its_own_parent"
            ),
            models.CheckConstraint(
                condition=Q(floor_rate=None) | Q(floor_rate__gte=-1, floor_rate__lte=1),
                name="line_floor_is_a_rate",
            ),
            models.CheckConstraint(
                condition=Q(forecast_step__in=["", "month", "week"]), name="line_forecast_step_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class LineMeasure(models.Model):
    """A line's products have this measure; the one with ``leads`` is shown in lists, forecast and stage.

    A line without rows has those of the line above; the tree's default is the measure ``units``.
    """

    line = models.ForeignKey(ProductLine, models.CASCADE, related_name="line_measures")
    measure = models.ForeignKey(Measure, models.PROTECT, related_name="line_measures")
    leads = models.BooleanField(_("leads"), default=False)

    class Meta:
        ordering = ["-leads", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["line", "measure"], name="line_measure_once"),
            models.UniqueConstraint(fields=["line"], condition=Q(leads=True), name="line_has_one_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.line} · {self.measure}"


@pghistory.track()
class FourEyesRule(models.Model):
    """Whether a kind of decision in a line (empty: everywhere) needs a second person.

    No row means *always*. With ``above``, decisions worth less than ``threshold_amount`` need none.
    """

    class Mode(models.TextChoices):
        ALWAYS = "always", _("always")
        ABOVE = "above", _("above an amount")
        OFF = "off", _("off")

    line = models.ForeignKey(ProductLine, models.CASCADE, null=True, blank=True, related_name="four_eyes")
    decision_kind = models.CharField(_("kind of decision"), max_length=40)
    mode = models.CharField(_("four eyes"), max_length=6, choices=Mode.choices, default=Mode.ALWAYS)
    threshold_amount = models.DecimalField(
        _("above this amount"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("four eyes")
        constraints = [
            models.UniqueConstraint(
                fields=["line", "decision_kind"], name="four_eyes_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(mode="above", threshold_amount__isnull=False)
                | (~Q(mode="above") & Q(threshold_amount=None)),
                name="four_eyes_threshold_where_above",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision_kind}: {self.get_mode_display()}"
