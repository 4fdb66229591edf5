"""How the volume of every product answers its price, and what 1 % would do."""

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
from pricing.models import Elasticity
from pricing.selectors.elasticities import SHOWN, SORTS, elasticities_allowed, elasticities_listed
from pricing.words.elasticities import from_words, measured_words, reason_words
from products.selectors.access import lines_visible

from .asked import Asked


def _asked(request: HttpRequest) -> Asked:
    """First what can be raised with the most effect."""
    return Asked.read(request, SHOWN, SORTS, "-effect")


def _allowed(user: Any) -> None:
    if not elasticities_allowed(user):
        raise PermissionDenied("forecasting.view")


@with_right("pricing.view")
@require_safe
def sensitivity(request: HttpRequest) -> HttpResponse:
    """All products; the sort *effect* has those on top that are worth most when raised, turned round those
    that are worth most when lowered."""
    _allowed(request.user)
    asked = _asked(request)
    page = paginate(request, elasticities_listed(request.user, **asked.filters))
    context = {
        "asked": asked,
        "sort": asked.sort.text,
        "page": page,
        "rows": [{"row": row, **_words(row)} for row in page],
        "lines": lines_visible(request.user),
        "currency": organisation_get().currency,
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/sensitivity.html", context)


def _words(row: Elasticity) -> dict[str, str]:
    return {"basis": from_words(row), "measured": measured_words(row), "note": _note(row)}


def _note(row: Elasticity) -> str:
    """What to bear in mind of one that was measured."""
    return reason_words(row) if row.reason_code == "answered" else ""


@with_right("pricing.view")
@require_safe
def sensitivity_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    _allowed(request.user)
    export_asked(request.user, kind)
    asked = _asked(request)

    def rows() -> Iterator[list[Any]]:
        for row in elasticities_listed(request.user, **asked.filters).iterator(chunk_size=500):
            product = row.product
            yield [
                *(product.code, product.name, product.line.name, row.channel and row.channel.name),
                *(row.estimate, row.lo80, row.hi80, row.lo95, row.hi95, row.observations, from_words(row)),
                *(measured_words(row), _note(row), getattr(row, "effect", None)),
            ]

    columns = [
        ExportColumn(_("Code")),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("Line")),
        ExportColumn(_("Channel")),
        ExportColumn(_("Elasticity"), "number"),
        ExportColumn(_("Low end, 80%"), "number"),
        ExportColumn(_("High end, 80%"), "number"),
        ExportColumn(_("Low end, 95%"), "number"),
        ExportColumn(_("High end, 95%"), "number"),
        ExportColumn(_("Weeks or months"), "number"),
        ExportColumn(_("From what"), width=48),
        ExportColumn(_("Measured on"), width=48),
        ExportColumn(_("Note"), width=48),
        ExportColumn(_("Revenue a year at 1% more"), "amount"),
    ]
    return export_response(request, name=_("sensitivity"), columns=columns, rows=rows(), kind=kind)
