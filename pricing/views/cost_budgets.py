"""What is planned of costs, row by row, and as a file to change it by."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.months import month_add, month_range, month_said
from core.organisation import organisation_get, today, year_start
from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.models import CostBudget
from pricing.selectors.cost_budgets import cost_budgets_visible
from pricing.selectors.costs import EDIT, RIGHT, cost_kinds

YEAR, MOST = 12, 120


@with_right(RIGHT)
@require_safe
def cost_budgets(request: HttpRequest) -> HttpResponse:
    """What holds in the months of the address, else in this financial year."""
    first, last = _span(request)
    rows = _asked(request, first, last)
    context = {
        "first": first,
        "last": last,
        "page": paginate(request, rows),
        "kinds": cost_kinds(),
        "kind": request.GET.get("kind", ""),
        "text": request.GET.get("q", "").strip()[:200],
        "currency": organisation_get().currency,
        "can_edit": request.user.has_perm(EDIT) and request.user.has_perm("exchange.import"),
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/cost_budgets.html", context)


@with_right(RIGHT)
@require_safe
def cost_budgets_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same rows as a file that the sheet *budget* reads in again."""
    export_asked(request.user, kind)
    columns = [
        *(ExportColumn(_("Product")), ExportColumn(_("Product line")), ExportColumn(_("Channel"))),
        *(ExportColumn(_("Month"), "month"), ExportColumn(_("Kind of cost"))),
        *(ExportColumn(_("Cost"), "amount"), ExportColumn(_("Currency"))),
        ExportColumn(_("Exchange rate"), "exact"),
        *(ExportColumn(_("Supplier")), ExportColumn(_("Cost centre"))),
    ]
    rows = (
        [
            *(None if each is None else each.code for each in (row.product, row.line, row.channel)),
            *(row.month, row.kind.code, *_money(row)),
            *(None if row.supplier is None else row.supplier.code, row.cost_centre),
        ]
        for row in _asked(request, *_span(request))
    )
    return export_response(request, name=_("budget of costs"), columns=columns, rows=rows, kind=kind)


def _money(row: CostBudget) -> list[Any]:
    """The amount as it was planned, its currency, and the rate that makes our amount of it."""
    if row.currency_amount is None:
        return [row.amount, None, None]
    rate = round(row.amount / row.currency_amount, 8) if row.currency_amount else 1
    return [row.currency_amount, row.currency, rate]


def _span(request: HttpRequest) -> tuple[datetime.date, datetime.date]:
    begin = year_start(today())
    first = month_said(request.GET.get("first", ""), begin)
    last = month_said(request.GET.get("last", ""), month_add(first, YEAR - 1))
    return first, min(max(first, last), month_add(first, MOST))


def _asked(request: HttpRequest, first: datetime.date, last: datetime.date) -> QuerySet[CostBudget]:
    rows = cost_budgets_visible(request.user, list(month_range(first, last)))
    if kind := request.GET.get("kind"):
        rows = rows.filter(kind__code__iexact=kind)
    for word in request.GET.get("q", "")[:200].split():
        of = (f"{each}__{name}__icontains" for each in ("product", "line") for name in ("code", "name"))
        rows = rows.filter(Q.create([(path, word) for path in of], connector=Q.OR))
    return rows
