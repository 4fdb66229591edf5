"""A snapshot as a file, or how far it is."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import formats
from core.pages import page_render, with_right
from reporting.models import SnapshotFile
from reporting.selectors.reports import VIEW, snapshots_visible
from reporting.selectors.snapshot_files import snapshot_file, snapshot_file_states
from reporting.services.snapshot_files import snapshot_files_ask

from .cost_report_files import file_answer


@with_right(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def snapshot_as_file(request: HttpRequest, pk: int, number: int, kind: str) -> HttpResponseBase:
    """The file, for who may read the snapshot; while it is not there a page that says how far it is, from
    which it can be asked for again where it failed."""
    found = get_object_or_404(snapshots_visible(request.user), report=pk, number=number)
    if kind not in SnapshotFile.Kind.values:
        raise Http404(kind)
    address = reverse("reporting:snapshot_file", args=[pk, number, kind])
    state = snapshot_file_states(found)[kind]
    if state.failed and (state.gone or request.method == "POST"):
        snapshot_files_ask(snapshot=found, user=request.user)
        return redirect(address)
    file = None if request.htmx else snapshot_file(found, kind)
    if file is not None:
        return file_answer(bytes(file.content), kind, f"{found.title} {found.number}")
    job = state.job
    context = {
        "snapshot": found,
        "kind": kind,
        "address": address,
        "download": address,
        "job": job,
        "ready": state.file is not None,
        "failed": state.failed,
        "again": True,
        "kept": _("The file is ready."),
        "steps": _("step %(done)s of %(total)s")
        % {"done": formats.number(job.progress_done + 1), "total": formats.number(job.progress_total)}
        if job
        else "",
        "begun": _("The file waits its turn"),
    }
    return page_render(request, "reporting/snapshot_file.html", context, fragment="reporting/_file_made.html")
