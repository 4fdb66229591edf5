"""Runs: the last night, what runs now and how far it is, what failed."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.utils import timezone

from accounts.rows import from_row, row_of
from core import registries
from core.models import Job
from core.organisation import organisation_get
from forecasting.models import Forecast, NightlyFailure, NightlyRun, NightlyStep
from products.selectors.access import families_visible, products_visible

# A night that is this late, or takes this long, is not well.
LATE = datetime.timedelta(hours=1)
LONG = datetime.timedelta(hours=12)


def runs_visible(user: Any) -> QuerySet[NightlyRun]:
    """All runs, newest first, with how many products and families failed; none without the right."""
    if not user.has_perm("forecasting.view"):
        return NightlyRun.objects.none()
    subjects = Count("failures__product", distinct=True) + Count("failures__family", distinct=True)
    return NightlyRun.objects.annotate(failed=subjects).select_related("requested_by").order_by("-pk")


def night_last() -> tuple[NightlyRun, NightlyStep | None] | None:
    """The last finished run over all products that knew the newest month, with ``failed``; and its step of
    forecasts. A run that looks back is no night."""
    subjects = Count("failures__product", distinct=True) + Count("failures__family", distinct=True)
    finished = NightlyRun.objects.exclude(state=NightlyRun.State.RUNNING).filter(scope__isnull=True)
    step = NightlyStep.objects.filter(run=OuterRef("pk"), name="forecast").values_list(row_of(NightlyStep))
    night = finished.annotate(failed=subjects, step_row=Subquery(step)).order_by("-as_of", "-pk").first()
    if night is None:
        return None
    return night, from_row(NightlyStep, night.step_row) if night.step_row else None


def night_done() -> NightlyRun | None:
    """The last run over all products that went through, of the newest month it knew: whose figures there
    are."""
    done = NightlyRun.objects.filter(state=NightlyRun.State.DONE, scope__isnull=True)
    return done.order_by("-as_of", "-pk").first()


def last_night_well() -> bool:
    """The last night came when due, went through or is under way; before the first one all is well."""
    nights = NightlyRun.objects.filter(kind=NightlyRun.Kind.SCHEDULED)
    last = nights.first()
    if last is None:
        return True
    organisation = organisation_get()
    now = timezone.now()
    local = (now - LATE).astimezone(ZoneInfo(organisation.time_zone))
    expected = local.date() - datetime.timedelta(days=0 if local.time() >= organisation.nightly_at else 1)
    if last.local_date < expected or last.state == NightlyRun.State.FAILED:
        return False
    return last.state == NightlyRun.State.DONE or now - last.started_at < LONG


def night_figures() -> Mapping[tuple[str, ...], float]:
    """For monitoring: when the last night ended (seconds since 1970), how many seconds it took, and how many
    products and families failed in it; nothing before the first."""
    if (night := night_last()) is None:
        return {}
    run: Any = night[0]
    took = (run.finished_at - run.started_at).total_seconds()
    return {("ended",): run.finished_at.timestamp(), ("seconds",): took, ("failed",): run.failed}


def failures_visible(user: Any, run: NightlyRun) -> QuerySet[NightlyFailure]:
    """What the run could not compute, as far as the person sees those products and families."""
    return (
        run.failures.filter(
            Q(product=None, family=None)
            | Q(product__in=products_visible(user))
            | Q(family__in=families_visible(user))
        )
        .select_related("product", "family")
        .order_by("pk")
    )


def skipped_visible(user: Any, run: NightlyRun) -> QuerySet[Any, Any]:
    """The products and families whose forecasts the run left as they were, as far as the person sees them, by
    name: ``name``, ``code``, ``is_family``, whether there is any forecast (``known``), and ``before``: when
    it was last computed before the run, where that is still kept. What chunks said is kept 90 days."""
    ids: dict[str, list[int]] = {"skipped_products": [], "skipped_families": []}
    chunks = Job.objects.filter(group=f"night:{run.pk}:forecast", state=Job.State.DONE)
    for result in chunks.values_list("result", flat=True):
        for name, found in ids.items():
            found += (result or {}).get(name, ())

    def rows(visible: QuerySet[Any], pks: list[int], subject: str) -> QuerySet[Any, Any]:
        made = Forecast.objects.filter(**{subject: OuterRef("pk")}, computed_at__lt=run.started_at)
        last = made.order_by("-computed_at").values("computed_at")[:1]
        return (
            visible.filter(pk__in=pks)
            .order_by()
            .annotate(
                is_family=Value(subject == "family"),
                known=Exists(Forecast.objects.filter(**{subject: OuterRef("pk")})),
                before=Subquery(last),
            )
            .values("name", "code", "is_family", "known", "before")
        )

    products = rows(products_visible(user), ids["skipped_products"], "product")
    families = rows(families_visible(user), ids["skipped_families"], "family")
    return products.union(families, all=True).order_by("name", "code")


@dataclass(frozen=True)
class StepProgress:
    """One step of a run: ``done`` of ``total`` products and families, ``None`` while not cut yet."""

    step: NightlyStep
    label: Any
    done: int | None
    total: int | None

    @property
    def duration(self) -> datetime.timedelta | None:
        if self.step.started_at is None:
            return None
        return (self.step.finished_at or timezone.now()) - self.step.started_at


@dataclass(frozen=True)
class RunProgress:
    """How far a run is. ``seconds_left`` is a guess from its pace and the last run, ``None`` without."""

    run: NightlyRun
    steps: list[StepProgress] = field(default_factory=list)
    seconds_left: int | None = None

    @property
    def running(self) -> bool:
        return self.run.state == NightlyRun.State.RUNNING

    @property
    def share(self) -> float:
        """Of all steps, each counting the same, 0 to 1."""
        shares = [
            1.0
            if part.step.state == NightlyStep.State.DONE
            else (part.done or 0) / part.total
            if part.total
            else 0.0
            for part in self.steps
        ]
        return sum(shares) / len(shares) if shares else 0.0


def run_progress(run: NightlyRun) -> RunProgress:
    """The run's steps with their counts, in two queries and one for the run before it."""
    prefix = f"night:{run.pk}:"
    # A chunk that was cut up counts through its pieces.
    counted = (
        Job.objects.filter(group__startswith=prefix, kind="night.chunk")
        .exclude(state=Job.State.FAILED, progress_total__gt=1)
        .order_by()
        .values("group")
        .annotate(total=Sum("progress_total"), done=Sum("progress_total", filter=Q(state__in=Job.FINAL)))
    )
    counts = {row["group"].removeprefix(prefix): row for row in counted}
    steps = [
        StepProgress(step, step_label(step.name), *_counts(step, counts.get(step.name)))
        for step in run.steps.order_by("position")
    ]
    left = _seconds_left(run, steps) if run.state == NightlyRun.State.RUNNING else None
    return RunProgress(run, steps, left)


def step_label(name: str) -> Any:
    """A step's name for people; its key when its room is gone."""
    return registries.nightly_steps.get(name).label if name in registries.nightly_steps else name


def _counts(step: NightlyStep, row: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    if row is not None:
        return row["done"] or 0, row["total"]
    # Cut, and there was nothing to do.
    return (0, 0) if step.state == NightlyStep.State.DONE else (None, None)


def _seconds_left(run: NightlyRun, steps: list[StepProgress]) -> int | None:
    """The running step at its pace so far, the waiting ones as long as they took in the last whole run."""
    took = {
        step.name: (step.finished_at - step.started_at).total_seconds()
        for step in NightlyStep.objects.filter(
            run=NightlyRun.objects.filter(scope__isnull=True, state=NightlyRun.State.DONE)
            .exclude(pk=run.pk)
            .order_by("-pk")
            .values("pk")[:1],
            finished_at__isnull=False,
            started_at__isnull=False,
        )
        if step.finished_at and step.started_at
    }
    seconds = 0.0
    for part in steps:
        if part.step.state == NightlyStep.State.DONE:
            continue
        if part.step.state == NightlyStep.State.RUNNING and part.done and part.total and part.duration:
            pace = part.duration.total_seconds() / part.done
            seconds += pace * (part.total - part.done)
        elif part.step.name in took:
            seconds += took[part.step.name]
        else:
            return None
    return round(seconds)
