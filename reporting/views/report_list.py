"""The list of reports, found by words, audience, whose they are and whether they were ended."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.lookups import ordered
from core.pages import Sort, page_render, paginate, with_right
from core.search import folded, with_words
from reporting.models import Report
from reporting.selectors.reports import EDIT, VIEW, reports_kept
from reporting.selectors.shares import SHARE

SORTS = {
    "made": "pk",
    "title": "title",
    "audience": "audience",
    "count": "snapshot_count",
    "last": "published_at",
}


@with_right(VIEW)
@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    user, asked = request.user, request.GET
    ended = asked.get("state") == "ended"
    rows = reports_kept(user).filter(ended_at__isnull=not ended)
    words = asked.get("q", "").strip()
    rows = with_words(rows, folded("title", "author__name"), words)
    if (audience := asked.get("audience", "")) in Report.Audience.values:
        rows = rows.filter(audience=audience)
    if mine := bool(asked.get("mine")):
        rows = rows.filter(author=user.pk)
    sort = Sort.read(request, tuple(SORTS), "-made")
    order = ordered(F(SORTS[sort.field]), sort.descending)
    context = {
        "page": paginate(request, rows.order_by(order, "-pk")),
        "sort": sort,
        "words": words,
        "audience": audience,
        "audiences": Report.Audience.choices,
        "mine": mine,
        "ended": ended,
        "asked": bool(words or audience or mine or ended),
        "can_edit": user.has_perm(EDIT),
        "can_share": user.has_perm(SHARE),
    }
    return page_render(request, "reporting/reports.html", context)
