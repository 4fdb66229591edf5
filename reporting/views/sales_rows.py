"""The rows of sales that the sales of a margin are the sum of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.organisation import organisation_get
from core.pages import Counted, page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from exchange.selectors import imports_visible
from pricing.selectors.costs import RIGHT
from products.selectors.lines import lines_offered
from reporting.selectors.report_names import channels_offered
from reporting.selectors.report_query import ONE_BY, ReportQuery, report_query
from reporting.selectors.sales_rows import SalesRow, SalesRows
from reporting.words.cost_reports import choices, filter_words, narrowings, now_words


@with_right(RIGHT)
@require_safe
def sales_rows(request: HttpRequest) -> HttpResponse:
    """What was sold by product, month and channel, of the months and filters of the address."""
    query = _asked(request)
    found = SalesRows(request.user, query)
    page = paginate(request, Counted(found.count, found.part))
    rows: list[SalesRow] = list(page.object_list)
    files = _files(request.user, rows)
    context = {
        "query": query,
        "address": query.encoded,
        "span": now_words(query),
        "periods": choices(query)["period"],
        "currency": organisation_get().currency,
        "page": page,
        "rows": [(row, [(pk, files[pk]) for pk in row.imports if pk in files]) for row in rows],
        "whole": found,
        "has_files": bool(files),
        "lines": lines_offered(request.user),
        "line_chosen": query.filters.get("line", "").lstrip("="),
        "narrowings": narrowings(query, {"channel": channels_offered(request.user)}),
        "chips": [
            (name, value, filter_words(name, value), query.address(filters=_but(query, name)))
            for name, value in query.filters.items()
            if name in ("product", "family") or (name == "line" and value[0] in "=-")
        ],
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "reporting/sales_rows.html", context)


@with_right(RIGHT)
@require_safe
def sales_rows_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    export_asked(request.user, kind)
    columns = [
        *(
            ExportColumn(_("Month"), "month"),
            ExportColumn(_("Product code")),
            ExportColumn(_("Product"), width=36),
        ),
        *(ExportColumn(_("Channel code")), ExportColumn(_("Channel")), ExportColumn(_("Sold"), "number")),
        *(ExportColumn(_("Unit")), ExportColumn(_("Gross sales"), "amount")),
        *(ExportColumn(_("Deductions"), "amount"), ExportColumn(_("Net sales"), "amount")),
    ]
    rows = (
        [
            *(row.month, row.product.code, row.product.label, row.channel.code, row.channel.label),
            *(row.units, row.unit, row.gross, row.deductions, row.net),
        ]
        for row in SalesRows(request.user, _asked(request)).all()
    )
    return export_response(request, name=_("sales"), columns=columns, rows=rows, kind=kind)


def _asked(request: HttpRequest) -> ReportQuery:
    """What a margin report is asked for; by product unless told."""
    query = report_query(request.GET)
    by = query.by[:1] if query.by[0] in ONE_BY["margin"] else ("product",)
    return replace(query, layout="margin", by=by, scale="", row="")


def _but(query: ReportQuery, name: str) -> dict[str, str]:
    return {key: value for key, value in query.filters.items() if key != name}


def _files(user: Any, rows: list[SalesRow]) -> dict[int, str]:
    """The names of the files that rows came in, of those that the person may see."""
    wanted = {pk for row in rows for pk in row.imports}
    return dict(imports_visible(user).filter(pk__in=wanted).order_by().values_list("pk", "file_name"))
