"""The run monitor: what runs now, what ran before, and why something failed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core.idempotency import once
from core.pages import page_render, paginate, with_right
from core.panels import panels_build
from forecasting.models import NightlyFailure, NightlyRun
from forecasting.selectors.runs import (
    failures_visible,
    run_progress,
    runs_visible,
    skipped_visible,
    step_label,
)
from forecasting.selectors.subjects import subject_allowed
from forecasting.services.night import night_start
from forecasting.words.forecasts import duration_words, failure_words, run_error_words, time_left_words
from products.models import Family
from products.selectors.access import products_visible
from products.selectors.family import stays_of
from products.selectors.family_page import data_month

from .product import subject_get


@with_right("forecasting.view")
@require_safe
def runs(request: HttpRequest) -> HttpResponse:
    """What runs now (asks again by itself) and the nights before."""
    found = runs_visible(request.user)
    running = [_progress(run) for run in found.filter(state=NightlyRun.State.RUNNING)]
    page = paginate(request, found.exclude(state=NightlyRun.State.RUNNING).prefetch_related("steps"))
    context = {
        "running": running,
        "page": page,
        "past": [_past(run) for run in page],
        "data_month": data_month(products_visible(request.user)),
        "nonce": uuid.uuid4(),
        "can_run": request.user.has_perm("forecasting.run"),
        "whole_run": any(part["run"].scope is None for part in running),
    }
    return page_render(request, "forecasting/runs.html", context, fragment="forecasting/_runs.html")


@with_right("forecasting.view")
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One run: its steps, and what failed with reasons; ``?list=skipped``: what was left as it was."""
    found = get_object_or_404(runs_visible(request.user), pk=pk)
    listed = "skipped" if request.GET.get("list") == "skipped" else "failed"
    rows = skipped_visible if listed == "skipped" else failures_visible
    page = paginate(request, rows(request.user, found))
    if listed == "skipped":
        page.object_list = [_skipped(row) for row in page.object_list]
    context = {
        **_progress(found),
        "error": run_error_words(found.error_code),
        "duration": _duration(found),
        "page": page,
        "listed": listed,
        "skipped_count": next((s.skipped for s in found.steps.all() if s.name == "forecast"), None),
        "failures": [_failure(failure) for failure in page] if listed == "failed" else [],
        "talk_panels": lambda: panels_build(request.user, found, "talk"),
    }
    return page_render(request, "forecasting/run.html", context, fragment="forecasting/_run.html")


@with_right("forecasting.run")
@require_POST
def run_start(request: HttpRequest) -> HttpResponse:
    """Recompute everything now; the same form sent twice starts one run."""
    key = request.POST.get("nonce", "")
    once(request.user, "run", key, lambda: night_start(requested_by=request.user).pk)
    messages.success(request, _("The run has started. You can leave this page."))
    return redirect("forecasting:runs")


@with_right("forecasting.run")
@require_POST
def subject_run(request: HttpRequest, of: str, code: str) -> HttpResponse:
    """Recompute one product now, or a family with all that were ever in it."""
    subject = subject_get(request.user, of, code)
    if isinstance(subject, Family):
        if not subject_allowed(request.user, subject):
            raise PermissionDenied("forecasting.view")
        scope = list(stays_of([subject.pk])[subject.pk])
    else:
        scope = [subject.pk]
    single = NightlyRun.Kind.SINGLE
    once(
        request.user,
        "run",
        request.POST.get("nonce", ""),
        lambda: night_start(kind=single, scope=scope, requested_by=request.user).pk,
    )
    messages.success(request, _("The forecast is being computed anew; reload the page in a moment."))
    return redirect(f"forecasting:{of}", code=subject.code)


def _progress(found: NightlyRun) -> dict[str, object]:
    progress = run_progress(found)
    parts = [
        {
            "part": part,
            "duration": duration_words(part.duration.total_seconds()) if part.duration else "",
        }
        for part in progress.steps
    ]
    return {
        "run": found,
        "progress": progress,
        "parts": parts,
        "time_left": time_left_words(progress.seconds_left),
    }


def _duration(found: NightlyRun) -> str:
    if found.finished_at is None:
        return ""
    return duration_words((found.finished_at - found.started_at).total_seconds())


def _past(found: NightlyRun) -> dict[str, object]:
    """A row of the table; computed and skipped are those of the forecast step."""
    step = next((step for step in found.steps.all() if step.name == "forecast"), None)
    return {
        "run": found,
        "duration": _duration(found),
        "computed": step.computed if step else None,
        "skipped": step.skipped if step else None,
    }


def _skipped(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of what was skipped, with its reason."""
    name = "forecasting:family" if row["is_family"] else "forecasting:product"
    reason = _("Nothing it depends on had changed.") if row["known"] else _("There was nothing to compute.")
    return {**row, "url": reverse(name, args=[row["code"]]), "words": reason}


def _failure(failure: NightlyFailure) -> dict[str, object]:
    return {
        "failure": failure,
        "step": step_label(failure.step),
        "words": failure_words(failure.code, failure.params),
    }
