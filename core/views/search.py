from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.registries import SearchHit
from core.selectors import SHORTEST, Found, search_everything

ON_PAGE, SUGGESTED = 25, 5


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Everything found, by kind."""
    text = request.GET.get("q", "").strip()
    found = search_everything(request.user, text, ON_PAGE)
    context = {"text": text, "found": found, "too_short": len(text) < SHORTEST, "most": ON_PAGE}
    return render(request, "core/search.html", context)


def _hint(part: Found, hit: SearchHit) -> str:
    hint = str(hit.subtitle or part.label)
    return _("alike: %(found)s") % {"found": hint} if part.alike else hint


@login_required
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """The first hits, as options of the search box."""
    found = search_everything(request.user, request.GET.get("q", ""), SUGGESTED)
    suggestions = [
        {"label": hit.title, "url": hit.url, "hint": _hint(part, hit)} for part in found for hit in part.hits
    ]
    return render(request, "core/_suggestions.html", {"suggestions": suggestions})
