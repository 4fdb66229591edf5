"""Cost reports: read, kept under a name, and taken along as a file."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from core import formats
from core.months import month_add
from core.organisation import organisation_get
from core.pages import Sort, page_render, paginate, with_right
from pricing.engine.costs import abc
from pricing.models import CostKind
from pricing.selectors.costs import RIGHT, cost_kinds
from pricing.words.reconciliation import reconciliation_words
from products.models import SavedView
from products.selectors.access import visible_channel_ids
from products.selectors.lines import lines_offered
from products.services.views import view_create, view_delete
from reporting.cost_reports.bridge import bridge_shown, part_shown, parts_total
from reporting.cost_reports.comparisons import (
    comparison_shown,
    figures_words,
    trend_table,
    variance_notes,
    variance_table,
)
from reporting.cost_reports.page import change_shown, heads, margin_heads, margin_shown, shown, shown_page
from reporting.cost_reports.table import Table
from reporting.cost_reports.units import unit_shown
from reporting.cost_reports.waterfall import waterfall_chart, waterfall_row
from reporting.selectors.cost_report import CostReport, margin_costs
from reporting.selectors.cost_trend import cost_trend
from reporting.selectors.margin_bridge import margin_bridge, margin_level
from reporting.selectors.margin_gaps import MarginGaps
from reporting.selectors.margin_report import margin_report
from reporting.selectors.price_variance import price_variance
from reporting.selectors.report_choices import COST_REPORT, cost_views
from reporting.selectors.report_names import OFFERED, channels_offered, names_offered
from reporting.selectors.report_query import ONE_BY, PAIRED, TREND_MONTHS, ReportQuery, report_query
from reporting.selectors.unit_report import SORTS, unit_report
from reporting.words.cost_reports import (
    HEADING_WORDS,
    LAYOUT_WORDS,
    choices,
    columns_offered,
    dimensions,
    filter_words,
    narrowings,
    now_words,
    then_words,
)
from reporting.words.margin_gaps import booked_words, gaps_words

from .cost_report_files import PDF_CELLS

WHOLE = frozenset({"margin", "units", "bridge", "trend"})
"""The layouts of all that is sold: not for who sees some channels only."""
NARROWED = {"costs": OFFERED, "margin": ("channel",)}
"""What the form of a layout can narrow it to; of others a chip says it."""
FILES = (
    ("xlsx", "XLSX", ""),
    ("csv", gettext_lazy("CSV with ; and 0,5"), "&separator=semicolon&decimal=comma"),
    ("csv", gettext_lazy("CSV with ; and 0.5"), "&separator=semicolon&decimal=point"),
    ("csv", gettext_lazy("CSV with , and 0.5"), "&separator=comma&decimal=point"),
    ("csv", gettext_lazy("CSV with , and 0,5"), "&separator=comma&decimal=comma"),
    ("csv", gettext_lazy("CSV with tabs and 0,5"), "&separator=tab&decimal=comma"),
    ("csv", gettext_lazy("CSV with tabs and 0.5"), "&separator=tab&decimal=point"),
)


@with_right(RIGHT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_report(request: HttpRequest) -> HttpResponse:
    """The report of this address; the bare one: costs of the last known month by product and kind. POST
    keeps it under a name."""
    channels = visible_channel_ids(request.user)
    query, most = report_query(request.GET, channels), formats.number(PDF_CELLS)
    status, name_error = 200, ""
    if request.method == "POST":
        try:
            view = _kept(request, query)
        except DomainError as error:
            if error.field != "name":
                raise
            status, name_error = 422, str(error)
        else:
            messages.success(request, _("Report “%(name)s” is kept.") % {"name": view.name})
            return redirect(f"{reverse('reporting:cost_report')}?{query.encoded}")
    request.frame_rows = {"views": cost_views(request.user)}  # type: ignore[attr-defined]
    context = {
        "name_error": name_error,
        "query": query,
        "address": query.encoded,
        "choices": choices(query),
        "columns": columns_offered(query),
        "dimensions": dimensions(query),
        "then": query.bounds_then(query.period),
        "currency": organisation_get().currency,
        "line_chosen": query.filters.get("line", "").lstrip("="),
        "lines": lines_offered(request.user),
        "levels": CostKind.Level.choices,
        "chips": [
            (name, value, filter_words(name, value), _without(query, name))
            for name, value in query.filters.items()
            if name in ("product", "family")
            or (name == "line" and value[0] in "=-")
            or (name in OFFERED and name not in NARROWED.get(query.layout, ()))
        ],
        "files": [*FILES, ("pdf", _("PDF, up to %(cells)s cells") % {"cells": most}, "")],
        "moves": query.is_of_last_month,
        "can_share": request.user.has_perm("products.share_views"),
        "can_export": request.user.has_perm("exchange.export"),
        "layouts": [
            (name, LAYOUT_WORDS[name], _other(query, name))
            for name in LAYOUTS
            if channels is None or name not in WHOLE
        ],
        "of_channels": channels is not None,
        "span": formats.month(query.month) if query.layout == "costs" else now_words(query),
        "heading": HEADING_WORDS[query.layout],
        "fields": FIELDS[query.layout],
        **LAYOUTS[query.layout](request, query),
    }
    if context.get("reconciliation"):
        context["gaps"] = [*context.get("gaps", ()), *booked_words(query)]
    return page_render(request, "reporting/cost_report.html", context, status=status)


def _kept(request: HttpRequest, query: ReportQuery) -> SavedView:
    """Under a name; of the last month it moves along, unless that is fixed."""
    moves = query.is_of_last_month and "fixed" not in request.POST
    return view_create(
        user=request.user,
        name=request.POST.get("name", ""),
        query=query.moving if moves else query.encoded,
        shared="shared" in request.POST,
        page=COST_REPORT,
    )


def _costs(request: HttpRequest, query: ReportQuery) -> dict[str, Any]:
    report = CostReport(request.user, query)
    page = paginate(request, report.rows.but_total())
    return {
        "heads": heads(query),
        "kinds": cost_kinds(),
        "narrowings": narrowings(query, names_offered(request.user, report.unfiltered)),
        "page": page,
        "rows": shown_page(report, page.object_list),
        "total": shown(query, report.total) if report.total else None,
        "reconciliation": _reconciled(report) if report.total else "",
    }


def _reconciled(report: CostReport) -> str:
    return reconciliation_words(report.reconciliation, organisation_get().currency)


def _of_margin(request: HttpRequest, query: ReportQuery, rows: Sized) -> str:
    """Of the costs that a margin is after."""
    return _reconciled(margin_costs(request.user, query)) if rows else ""


def _gaps(query: ReportQuery, found: MarginGaps) -> list[str]:
    return gaps_words(found, advise=query.of == "actual")


def _margin(request: HttpRequest, query: ReportQuery) -> dict[str, Any]:
    found = margin_report(request.user, query)
    page = paginate(request, found.rows)
    classed = query.by[0] == "product" and not found.gaps.apart
    classes = abc({row.name: row.cm3 for row in found.rows}) if classed else {}
    claims = bool(found.total and found.total.claims)
    drawn = waterfall_row(query, found)
    return {
        "whole": query.address(row=""),
        "narrowings": [] if found.limited else narrowings(query, {"channel": channels_offered(request.user)}),
        "chart": waterfall_chart(query, drawn, found.kinds) if drawn else None,
        "heads": margin_heads(claims=claims),
        "page": page,
        "rows": [
            margin_shown(query, row, classes.get(row.name, ""), claims=claims) for row in page.object_list
        ],
        "total": margin_shown(query, found.total, total=True, claims=claims) if found.total else None,
        "limited": found.limited,
        "gaps": _gaps(query, found.gaps),
        "reconciliation": _of_margin(request, query, found.rows),
    }


def _units(request: HttpRequest, query: ReportQuery) -> dict[str, Any]:
    sort = Sort.read(request, SORTS, "name")
    found = unit_report(request.user, query, sort.text)
    page = paginate(request, found.rows)
    return {
        "page": page,
        "rows": [unit_shown(row) for row in page.object_list],
        "sort": sort,
        "limited": found.limited,
        "gaps": _gaps(query, found.gaps),
        "level": margin_level(query),
        "before": then_words(query),
        "reconciliation": _of_margin(request, query, found.rows),
    }


def _bridge(request: HttpRequest, query: ReportQuery) -> dict[str, Any]:
    found = margin_bridge(request.user, query)
    page = paginate(request, found.parts)
    return {
        "page": page,
        "limited": found.limited,
        "gaps": _gaps(query, found.gaps),
        "bridge": bridge_shown(query, found.found) if found.found else None,
        "currencies": found.has_currency,
        "rows": [part_shown(query, name, part) for name, part in page.object_list],
        "total": [change_shown(query, own, "up") for own in parts_total(part for _name, part in found.parts)],
        "level": margin_level(query),
        "reconciliation": _of_margin(request, query, found.parts),
    }


def _variance(request: HttpRequest, query: ReportQuery) -> dict[str, Any]:
    found = price_variance(request.user, query)
    table = variance_table(request.user, query, found)
    return _comparison(request, table) | {"notes": variance_notes(query, found)}


def _trend(request: HttpRequest, query: ReportQuery) -> dict[str, Any]:
    found = cost_trend(request.user, query)
    if found.limited or not found.rows:
        return {"limited": found.limited}
    table = trend_table(request.user, query, found)
    return _comparison(request, table) | {
        "notes": [figures_words(found), _("What is on no product is left out.")],
    }


def _comparison(request: HttpRequest, table: Table) -> dict[str, Any]:
    rows = list(table.rows())
    sums = [comparison_shown(table, row) for row in rows if row.depth]
    page = paginate(request, [row for row in rows if not row.depth])
    return {
        "table": table,
        "chart": table.chart,
        "page": page,
        "rows": [comparison_shown(table, row) for row in page.object_list],
        "total": sums[0] if sums else None,
        "reconciliation": table.note if rows else "",
    }


LAYOUTS = {
    "costs": _costs,
    "margin": _margin,
    "units": _units,
    "bridge": _bridge,
    "variance": _variance,
    "trend": _trend,
}
FIELDS = {
    "costs": {"by", "of", "against", "columns", "kind", "level", "scale"},
    "margin": {"by", "of", "period", "scale"},
    "units": {"of", "period", "against", "level"},
    "bridge": {"of", "period", "against", "level", "scale"},
    "variance": {"by", "period", "against", "kind", "level", "scale"},
    "trend": {"by", "of", "period", "kind", "level"},
}
"""What the form asks, besides month, line and product."""


def _other(query: ReportQuery, layout: str) -> str:
    """The address of the same months and filters in another layout; a level is a filter in some and the
    margin that is looked at in others, so it stays among its like."""
    by = ONE_BY.get(layout, ("product", "kind"))
    more: dict[str, Any] = {}
    if (layout in PAIRED) != query.is_paired:
        more["filters"] = {name: value for name, value in query.filters.items() if name != "level"}
    if layout == "trend":
        more |= {"period": "range", "first": month_add(query.month, -TREND_MONTHS)}
    elif query.layout == "variance" and query.against != "budget":
        more |= {"against": "last_year"}
    return query.address(layout=layout, by=by[:1] if layout in ONE_BY else by, **more)


def _without(query: ReportQuery, name: str) -> str:
    return query.address(filters={key: value for key, value in query.filters.items() if key != name})


@with_right(RIGHT)
@require_POST
def view_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own name off a report; the figures are still there."""
    view_delete(user=request.user, view_id=pk)
    messages.success(request, _("The name is gone; the figures are still there."))
    return redirect("reporting:cost_report")
