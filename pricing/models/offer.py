from __future__ import annotations

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .price import TODAY

_DECISION = "ARRAY['state', 'note', 'decided_by_id', 'decided_at', 'version']"


@pghistory.track()
class Positioning(models.Model):
    """One version of what a product stands for, for one segment or (none) for everybody. An approved version
    holds from its date until the next approved one of the same product and segment. ``expected_rate`` is by
    which share its author expects the volume of the product to change; ``None``: nothing is expected. What
    came in a file that nobody brought by name has no ``author``.

    What was decided never changes; only an approved version that does not hold yet can still be let go.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        PROPOSED = "proposed", _("proposed")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    product = models.ForeignKey(
        "products.Product", models.CASCADE, related_name="positionings", verbose_name=_("product")
    )
    segment = models.ForeignKey(
        "products.Segment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer segment"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    start_date = models.DateField(_("from"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    target_group = models.CharField(_("target group"), max_length=200, blank=True)
    need = models.CharField(_("need"), max_length=200, blank=True)
    category = models.CharField(_("category"), max_length=120, blank=True)
    benefit = models.CharField(_("main benefit"), max_length=200, blank=True)
    reasons = models.CharField(_("reasons to believe"), max_length=400, blank=True)
    alternative = models.CharField(_("alternative"), max_length=120, blank=True)
    difference = models.CharField(_("difference with the alternative"), max_length=200, blank=True)
    tone = models.CharField(_("tone"), max_length=120, blank=True)
    why = models.CharField(_("why this version"), max_length=400, blank=True)
    alternatives = models.CharField(_("alternatives considered"), max_length=400, blank=True)
    expected_rate = models.DecimalField(
        _("expected change in volume"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("written by"),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=400, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("positioning")
        ordering = ["-start_date", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "segment", "number"],
                name="positioning_number_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["product", "segment", "start_date"],
                condition=Q(state="approved"),
                name="positioning_one_approved_a_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "proposed", "approved", "rejected"]),
                name="positioning_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["approved", "rejected"], decided_by__isnull=False)
                & Q(decided_at__isnull=False)
                | Q(state__in=["draft", "proposed"], decided_by=None, decided_at=None),
                name="positioning_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | ~Q(target_group="") & ~Q(category="") & ~Q(benefit=""),
                name="positioning_says_something",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(note=""), name="positioning_rejected_with_a_reason"
            ),
            models.CheckConstraint(
                condition=Q(expected_rate=None) | Q(expected_rate__gt=-1, expected_rate__lte=5),
                name="positioning_expected_is_a_rate",
            ),
        ]
        triggers = [
            # Older versions may lack it: only what is proposed from now on must say why.
            pgtrigger.Trigger(
                name="proposed_says_why",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                condition=pgtrigger.Q(new__state="proposed", new__why=""),
                func="""
                    RAISE EXCEPTION 'positioning % says no why', NEW.id USING ERRCODE = 'check_violation';
                """,
            ),
            pgtrigger.Trigger(
                name="positioning_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                    IF TG_OP = 'DELETE' AND OLD.state IN ('draft', 'proposed') THEN RETURN OLD; END IF;
                    IF TG_OP = 'UPDATE' AND (OLD.state IN ('draft', 'proposed') OR (
                        OLD.state = 'approved' AND NEW.state = 'rejected' AND OLD.start_date > {TODAY}
                        AND to_jsonb(NEW) - {_DECISION} = to_jsonb(OLD) - {_DECISION}
                    )) THEN RETURN NEW; END IF;
                    RAISE EXCEPTION 'positioning % was decided', OLD.id USING ERRCODE = 'check_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        return str(_("version %(number)s") % {"number": self.number})

    @property
    def written_by(self) -> str:
        return str(self.author or _("a file"))


@pghistory.track()
class PositioningPoint(models.Model):
    """Something that one version says of the product: an attribute it has, or a claim made for it, with the
    evidence."""

    class Kind(models.TextChoices):
        ATTRIBUTE = "attribute", _("attribute")
        CLAIM = "claim", _("claim")

    positioning = models.ForeignKey(Positioning, models.CASCADE, related_name="points")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    text = models.CharField(_("what it says"), max_length=200)
    evidence = models.CharField(_("evidence"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("attribute or claim")
        ordering = ["kind", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["positioning", "kind", "text"], name="positioning_point_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["attribute", "claim"]), name="positioning_point_kind_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="positioning_point_says_something"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="decided_positioning",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                declare=[("of_id", "bigint"), ("said", "text")],
                func="""
                    IF TG_OP = 'DELETE' THEN of_id := OLD.positioning_id;
                    ELSE of_id := NEW.positioning_id; END IF;
                    SELECT state INTO said FROM pricing_positioning WHERE id = of_id;
                    IF said IN ('approved', 'rejected') THEN
                        RAISE EXCEPTION 'positioning % was decided', of_id USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return self.text
