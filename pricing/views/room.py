"""Where price has room: of every product the price that leaves most, as the night found it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.organisation import organisation_get
from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.selectors.costs import RIGHT
from pricing.selectors.recommended import SHOWN, SORTS, recommended_allowed, recommended_listed
from pricing.words.prices import price_text
from products.selectors.access import lines_visible

from .asked import Asked


def _asked(request: HttpRequest) -> Asked:
    """First where most is to be gained."""
    return Asked.read(request, SHOWN, SORTS, "-room")


def _allowed(user: Any) -> None:
    if not recommended_allowed(user):
        raise PermissionDenied("forecasting.view")


@with_right(RIGHT)
@require_safe
def room(request: HttpRequest) -> HttpResponse:
    """Products by what the recommended price leaves more than the price of now."""
    _allowed(request.user)
    asked = _asked(request)
    page = paginate(request, recommended_listed(request.user, **asked.filters))
    currency = organisation_get().currency
    context = {
        "asked": asked,
        "sort": asked.sort.text,
        "page": page,
        "rows": [
            {
                "row": row,
                "now": price_text(row.price_now, currency),
                "price": price_text(row.price, currency),
            }
            for row in page
        ],
        "lines": lines_visible(request.user),
        "currency": currency,
        "can_edit": request.user.has_perm("pricing.edit"),
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/room.html", context)


@with_right(RIGHT)
@require_safe
def room_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Code and price in front, as a paste of a proposal takes them."""
    _allowed(request.user)
    export_asked(request.user, kind)
    asked = _asked(request)

    def rows() -> Iterator[list[Any]]:
        for row in recommended_listed(request.user, **asked.filters).iterator(chunk_size=500):
            product = row.product
            yield [
                *(product.code, row.price, product.name, product.line.name, row.price_list.code),
                *(row.price_now, row.price / row.price_now - 1, row.start_date, row.margin_now, row.margin),
                *(row.margin_lo80, row.margin_hi80, row.better),
                _("last price that may be told") if row.at_edge else None,
            ]

    columns = [
        ExportColumn(_("Code")),
        ExportColumn(_("Recommended price"), "exact"),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("Line")),
        ExportColumn(_("Price list")),
        ExportColumn(_("Price now"), "exact"),
        ExportColumn(_("Change"), "rate"),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Margin now, 12 months"), "amount"),
        ExportColumn(_("Margin then, 12 months"), "amount"),
        ExportColumn(_("Low end, 80%"), "amount"),
        ExportColumn(_("High end, 80%"), "amount"),
        ExportColumn(_("Chance of more"), "rate"),
        ExportColumn(_("Note"), width=36),
    ]
    return export_response(request, name=_("room in prices"), columns=columns, rows=rows(), kind=kind)
