"""The ledger's entries: what every total of actual costs is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import formats
from core.organisation import organisation_get
from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.models import LedgerEntry
from pricing.selectors.costs import RIGHT, cost_kinds
from pricing.selectors.ledger_entries import LedgerEntries, entries_asked, with_reversals
from products.services.scope import unlimited


@with_right(RIGHT)
@require_safe
def ledger_entries(request: HttpRequest) -> HttpResponse:
    """The entries that the address asks for, what each costs, and what they come to."""
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    asked = entries_asked(request.GET)
    entries = asked.rows()
    page = paginate(request, entries.found)
    context = {
        "asked": asked,
        "page": page,
        "rows": [(row, _kinds(entries, row)) for row in page],
        "whole": entries.found.order_by().aggregate(whole=Sum("booked"))["whole"],
        "currency": organisation_get().currency,
        "kinds": cost_kinds(),
        "is_part": any(_is_part(entries, row, asked.filters) for row in page),
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/ledger_entries.html", context)


@with_right(RIGHT)
@require_safe
def ledger_entries_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same entries as a file that can be read in again."""
    export_asked(request.user, kind)
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    entries, ours = entries_asked(request.GET).rows(), organisation_get().currency
    booked = _("Booked in %(currency)s")
    columns = [
        *(
            ExportColumn(_("Entry number")),
            ExportColumn(_("Line of the entry")),
            ExportColumn(_("Date"), "date"),
        ),
        *(ExportColumn(_("Account")), ExportColumn(_("Cost centre")), ExportColumn(_("Dimension"))),
        ExportColumn(_("Text"), width=36),
        *(ExportColumn(_("Supplier")), ExportColumn(_("Product")), ExportColumn(_("Channel"))),
        *(ExportColumn(_("Amount"), "number"), ExportColumn(_("Currency"))),
        *(ExportColumn(_("Exchange rate"), "exact"), ExportColumn(_("Accrual"))),
        *(ExportColumn(_("Reversed on"), "date"), ExportColumn(_("Reversal"))),
        ExportColumn(_("Administration")),
        *(ExportColumn(_("Kind of cost")), ExportColumn(booked % {"currency": ours}, "amount")),
    ]
    rows = (
        [
            *(row.number, row.line, row.date, row.account, row.cost_centre, row.dimension, row.text),
            *("" if each is None else each.code for each in (row.supplier, row.product, row.channel)),
            *(row.amount, row.currency, None if row.currency == ours else row.exchange_rate),
            *(row.is_accrual, None if row.is_reversal else row.reversed_on, row.is_reversal, row.source),
            *(" + ".join(_kinds(entries, row)), row.booked),
        ]
        for row in with_reversals(entries.found).iterator()
    )
    return export_response(request, name=_("ledger"), columns=columns, rows=rows, kind=kind)


def _is_part(entries: LedgerEntries, row: LedgerEntry, filters: Mapping[str, str]) -> bool:
    """Whether reports have less of it under these filters than its amount."""
    found = entries.mapped_to(row)
    split = "product" in filters and row.product is None and any(part.key for part in found)
    return split or (bool(filters) and len(found) > 1)


def _kinds(entries: LedgerEntries, row: LedgerEntry) -> list[str]:
    """What it costs, in words; what is shared out with its shares. Empty: not mapped."""
    names: dict[str, Any] = {}
    for part in entries.mapped_to(row):
        names[str(part.kind)] = names.get(str(part.kind), 0) + part.share
    return [name if share == 1 else f"{name} {formats.percent(share, 0)}" for name, share in names.items()]
