"""What was decided, by whom and why, and what it turned out to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from collaboration.decision_words import decision_lines
from collaboration.selectors.decisions import (
    SHOWN_OPEN,
    SORTS,
    DecisionQuery,
    decisions_listed,
    decisions_visible,
    effects_seen,
)
from core import registries
from core.pages import Sort, page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from products.selectors.access import lines_visible

VIEW = "collaboration.view"


@with_right(VIEW)
@require_safe
def decision_list(request: HttpRequest) -> HttpResponse:
    """Every decision product by product, the newest first."""
    lines = lines_visible(request.user)
    query, sort = DecisionQuery.read(request.GET, lines), Sort.read(request, list(SORTS), "-date")
    page = paginate(
        request, decisions_listed(request.user, query, sort=sort.field, descending=sort.descending)
    )
    rows = decision_lines(request.user, page)
    seen = effects_seen(request.user)
    whole = decisions_visible(request.user).filter(decision=query.decision) if query.decision else None
    context = {
        "query": query,
        "sort": sort.text,
        "page": page,
        "rows": rows,
        "lines": lines,
        "kinds": [kind for kind in registries.decision_kinds if kind.reading],
        "shown": [(key, label) for key, label in _shown() if seen or key in SHOWN_OPEN],
        "effects_seen": seen,
        "of_one": whole.first() if whole is not None else None,
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "collaboration/decisions.html", context)


def _shown() -> list[tuple[str, str]]:
    return [
        ("all", _("all")),
        ("met", _("as expected")),
        ("missed", _("not as expected")),
        ("waiting", _("not measured yet")),
        ("unmeasured", _("not measured")),
        ("withdrawn", _("withdrawn")),
    ]


@with_right(VIEW)
@require_safe
def decision_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    export_asked(request.user, kind)
    query = DecisionQuery.read(request.GET, lines_visible(request.user))
    sort = Sort.read(request, list(SORTS), "-date")

    def rows() -> Iterator[list[Any]]:
        found = decisions_listed(request.user, query, sort=sort.field, descending=sort.descending)
        for line in decision_lines(request.user, found):
            row, decision = line.row, line.row.decision
            names = ("expected", "expected_lo80", "expected_hi80")
            expected = [getattr(row, name) if line.expected else None for name in names]
            yield [
                *(decision.effective_date, line.kind, row.product.code, row.product.name, line.what),
                *(decision.why, decision.alternatives, str(decision.proposed_by), str(decision.decided_by)),
                *(*expected, line.span, row.effect, row.lo80, row.hi80),
                line.outcome,
            ]

    columns = [
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Kind")),
        ExportColumn(_("Code")),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("What was decided"), width=36),
        ExportColumn(_("Why"), width=48),
        ExportColumn(_("Alternatives considered"), width=36),
        ExportColumn(_("Proposed by")),
        ExportColumn(_("Decided by")),
        ExportColumn(_("Expected change of volume"), "rate"),
        ExportColumn(_("Expected, low end, 80%"), "rate"),
        ExportColumn(_("Expected, high end, 80%"), "rate"),
        ExportColumn(_("Measured over")),
        ExportColumn(_("Measured change of volume"), "rate"),
        ExportColumn(_("Low end, 80%"), "rate"),
        ExportColumn(_("High end, 80%"), "rate"),
        ExportColumn(_("Outcome")),
    ]
    return export_response(request, name=_("decisions"), columns=columns, rows=rows(), kind=kind)
