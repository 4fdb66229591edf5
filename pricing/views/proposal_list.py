"""All proposals, as a file too."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.models import Proposal
from pricing.models.price import State
from pricing.selectors.proposal_list import SHOWN, SORTS, WAITING, proposal_authors, proposals_listed
from pricing.words.prices import list_words, rule_words
from products.selectors.access import lines_visible

from .asked import Asked, day_read


def _found(request: HttpRequest) -> tuple[Asked, datetime.date | None, QuerySet[Proposal]]:
    asked = Asked.read(request, SHOWN, SORTS, WAITING, where="by")
    since = day_read(request.GET.get("since", ""))
    return asked, since, proposals_listed(request.user, author=asked.where, since=since, **asked.filters)


@with_right("pricing.view")
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Those that wait first, unless another order is asked for."""
    asked, since, found = _found(request)
    page = paginate(request, found)
    context = {
        "asked": asked,
        "since": since,
        "sort": asked.sort.text,
        "page": page,
        "rows": [
            {
                "proposal": row,
                "about": list_words(row.price_list),
                "rule": rule_words(row.rule, row.price_list.currency),
            }
            for row in page
        ],
        "narrowed": asked.narrowed or since is not None or asked.show != SHOWN[0],
        "lines": lines_visible(request.user),
        "authors": proposal_authors(request.user),
        "states": State.choices,
        "can_edit": request.user.has_perm("pricing.edit"),
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/proposals.html", context)


@with_right("pricing.view")
@require_safe
def proposals_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    export_asked(request.user, kind)
    _asked, _since, found = _found(request)

    def rows() -> Iterator[list[Any]]:
        for row in found.iterator(chunk_size=500):
            yield [
                *(row.pk, row.reason, row.price_list.code),
                *(rule_words(row.rule, row.price_list.currency), row.price_count),
                *(row.start_date, row.get_state_display(), str(row.author), row.created_at.date()),
                *(row.decided_by and str(row.decided_by), row.decided_at and row.decided_at.date()),
                *(row.note, row.alternatives, row.exception),
            ]

    columns = [
        ExportColumn(_("Number"), "number"),
        ExportColumn(_("Proposal"), width=36),
        ExportColumn(_("Price list")),
        ExportColumn(pgettext("price", "Change")),
        ExportColumn(_("Prices"), "number"),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("State")),
        ExportColumn(_("Written by")),
        ExportColumn(_("Written on"), "date"),
        ExportColumn(_("Decided by")),
        ExportColumn(_("Decided on"), "date"),
        ExportColumn(_("Note"), width=36),
        ExportColumn(_("Alternatives considered"), width=36),
        ExportColumn(_("Why the exception"), width=36),
    ]
    return export_response(request, name=_("proposals"), columns=columns, rows=rows(), kind=kind)
