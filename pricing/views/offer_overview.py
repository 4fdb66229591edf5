"""Listings and positionings of all products, as files too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.organisation import today
from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.models import Positioning
from pricing.selectors import offer_overview as overview
from pricing.selectors.costs import RIGHT as COSTS
from pricing.selectors.offer import TEXTS, points_of
from pricing.sheets.positioning import KINDS, WHY, points_text
from products.selectors.access import lines_visible
from products.selectors.filter_choices import filter_choices

from .asked import Asked


def listings_asked(request: HttpRequest) -> Asked:
    return Asked.read(request, overview.LISTINGS_SHOWN, overview.LISTING_SORTS, where="channel")


def _positionings(request: HttpRequest) -> tuple[Asked, QuerySet[Positioning]]:
    asked = Asked.read(request, overview.POSITIONINGS_SHOWN, overview.POSITIONING_SORTS, where="segment")
    return asked, overview.positionings_listed(request.user, segment=asked.where, **asked.filters)


def _context(request: HttpRequest, asked: Asked, rows: Any) -> dict[str, Any]:
    return {
        "asked": asked,
        "sort": asked.sort.text,
        "page": paginate(request, rows),
        "lines": lines_visible(request.user),
        "can_export": request.user.has_perm("exchange.export"),
        "can_import": request.user.has_perm("exchange.import") and request.user.has_perm("pricing.edit"),
    }


@with_right("pricing.view")
@require_safe
def listings(request: HttpRequest) -> HttpResponse:
    """Which product is listed where, since when and until when."""
    asked = listings_asked(request)
    rows = overview.listings_listed(request.user, channel=asked.where, **asked.filters)
    context = _context(request, asked, rows) | {
        "choices": filter_choices(request.user, "channel"),
        "sees_costs": request.user.has_perm(COSTS),
        "today": today(),
    }
    return page_render(request, "pricing/listings.html", context)


@with_right("pricing.view")
@require_safe
def positionings(request: HttpRequest) -> HttpResponse:
    """What every product stands for, and what waits for a decision."""
    asked, rows = _positionings(request)
    context = _context(request, asked, rows) | {"choices": filter_choices(request.user, "segment")}
    return page_render(request, "pricing/positioning_list.html", context)


@with_right("pricing.view")
@require_safe
def positionings_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The file that the sheet *positioning* reads in again."""
    export_asked(request.user, kind)
    _asked, found = _positionings(request)
    names = (*TEXTS, *WHY)

    def rows() -> Iterator[list[Any]]:
        for row in found.iterator(chunk_size=500):
            rate, points = row.expected_rate, points_of(row)
            yield [
                *(row.product.code, row.product.name, row.segment and row.segment.code, row.number),
                *(row.start_date, row.get_state_display(), *(getattr(row, name) for name in names)),
                *(rate and rate * 100, *(points_text(points, points_kind) for points_kind in KINDS.values())),
                *(row.written_by, row.decided_by and str(row.decided_by)),
            ]

    labels = [str(Positioning._meta.get_field(name).verbose_name) for name in names]  # type: ignore[union-attr]
    columns = [
        ExportColumn(_("Product")),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("Segment")),
        ExportColumn(_("Version"), "number"),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("State")),
        *(ExportColumn(label[:1].upper() + label[1:], width=36) for label in labels),
        ExportColumn(_("Expected change in volume (%)"), "number"),
        ExportColumn(_("Attributes"), width=36),
        ExportColumn(_("Claims of the product"), width=36),
        ExportColumn(_("Written by")),
        ExportColumn(_("Decided by")),
    ]
    return export_response(request, name=_("positionings"), columns=columns, rows=rows(), kind=kind)
