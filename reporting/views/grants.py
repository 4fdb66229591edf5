"""Fields that a report tells on purpose: asking, deciding with the report as it would be, taking back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from core.pages import page_render, with_right
from core.texts import text_read
from reporting.selectors.grants import GRANT, grant_covers, grant_get, grant_scope, report_scope, scope_hash
from reporting.selectors.reports import EDIT, VIEW, reports_visible
from reporting.selectors.share_versions import grant_outlived
from reporting.selectors.shares_managed import shares_visible
from reporting.services.grants import grant_ask, grant_decide, grant_end
from reporting.words.exposure import field_label

from .report_jobs import preview_render, report_previewed


@with_right(EDIT)
@require_POST
def report_grant(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask for a field of one's own report."""
    found = get_object_or_404(reports_visible(request.user), pk=pk, author=request.user.pk)
    field, reason = (text_read(request.POST.get(name, ""))[:400] for name in ("field", "reason"))
    try:
        grant_ask(user=request.user, report=found, field=field, reason=reason)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Asked: it stands on Today of whoever may approve it."))
    return redirect(found)


@with_right(VIEW)
@require_safe
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """What is asked for, of what, why, and how far it is; of what was taken back which links show it yet."""
    found, user = grant_get(request.user, pk), request.user
    stands = found.approved is not False and found.ended_at is None
    waits = stands and found.approved is None
    telling = grant_outlived(found)
    context: dict[str, Any] = {
        "grant": found,
        "label": field_label(found.field),
        "stands": stands,
        "waits": waits,
        "telling": len(telling),
        "pausable": [share.pk for share in shares_visible(user).filter(pk__in=telling)] if telling else [],
        "is_mine": found.report.author_id == user.pk and user.has_perm(EDIT),
        "seen": scope_hash(found),
        "can_decide": waits and user.has_perm(GRANT) and user.pk != found.asked_by_id,
    }
    return page_render(request, "reporting/grant.html", context)


@with_right(VIEW)
@require_safe
def grant_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The report as it would be with the fields that wait. Nobody reads by it more than was asked for."""
    found = grant_get(request.user, pk)
    if found.ended_at or found.approved is False:
        raise Http404(pk)
    if not grant_covers(found, grant_scope(found.report, report_scope(found.report))):
        return preview_render(request, "reporting/_grant_lapsed.html", found.report, found)
    return report_previewed(request, found.report, grant=found)


@with_right(VIEW)
@require_POST
def grant_act(request: HttpRequest, pk: int, act: str) -> HttpResponseBase:
    """Approve, refuse or take back."""
    if act not in ("approve", "refuse", "end"):
        raise Http404(act)
    user, found = request.user, grant_get(request.user, pk)
    try:
        if act == "end":
            grant_end(user=user, grant=found)
        else:
            note = text_read(request.POST.get("note", ""))[:400]
            seen = request.POST.get("seen", "")
            grant_decide(user=user, grant=found, approve=act == "approve", note=note, seen=seen)
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
    return redirect(found)
