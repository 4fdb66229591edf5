"""One chart or table put into a report: of a section, of all its products or of one, or of a cost report that
is kept under a name."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from core import registries
from core.idempotency import key_said, once
from core.numbers import int_read
from core.pages import page_render, with_right
from core.texts import query_of
from pricing.selectors.costs import RIGHT
from products.models import SavedView
from reporting.models import Report
from reporting.reports.kept_cost_reports import DRAWN
from reporting.reports.templates import sections_offered
from reporting.selectors.grants import report_scope
from reporting.selectors.report_choices import Choice, cost_reports_kept
from reporting.selectors.report_query import report_query
from reporting.selectors.reports import EDIT, reports_visible
from reporting.services.reports import Part, report_part_add

KEPT = "kept"


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def report_choose(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What there is to choose for one's own report; chosen, it is its last section."""
    user = request.user
    report = get_object_or_404(reports_visible(user), pk=pk, author=user.pk)
    if request.method == "POST":
        return _added(request, report)
    context = {
        "report": report,
        "sections": [each for each in sections_offered(user) if each.blocks],
        "kept": [(view, report_query(query_of(view.query)).layout in DRAWN) for view in _kept(user)],
        "kept_blocks": registries.report_sections.get("cost_report").blocks,
        "products": report_scope(report).products,
        "nonce": uuid.uuid4().hex,
    }
    return page_render(request, "reporting/report_choose.html", context)


def _added(request: HttpRequest, report: Report) -> HttpResponse:
    part, nonce = _part(request), request.POST.get("nonce", "")
    key = key_said(nonce, request.POST.get("what"))
    try:
        once(
            request.user,
            "report part",
            key,
            lambda: report_part_add(user=request.user, report=report, part=part),
        )
    except DomainError as error:
        if error.status in (403, 404):
            raise
        messages.error(request, str(error))
    return redirect(report)


def _part(request: HttpRequest) -> Part:
    section, _sep, which = request.POST.get("what", "").partition(":")
    if section == KEPT:
        pk, _sep, block = which.partition(":")
        rows = {str(view.pk): view for view in _kept(request.user)}
        view = rows.get(pk) or SavedView()
        return Part("cost_report", choice=Choice(block, query=view.query, name=view.name))
    product = request.POST.get("product", "")
    return Part(section, choice=Choice(which, int_read(product)))


def _kept(user: Any) -> list[SavedView]:
    return list(cost_reports_kept(user)) if user.has_perm(RIGHT) else []
