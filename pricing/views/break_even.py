"""Break-even and ABC by margin across products; beside it what channels cost, and the margin ahead."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.organisation import organisation_get, today
from core.pages import Sort, page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from forecasting.services.night import last_closed_month
from pricing.selectors.break_even import (
    SORTS,
    BreakEven,
    Ranking,
    break_evens,
    break_evens_read,
    left_out_of,
    ranked,
)
from pricing.selectors.cost_to_serve import CostToServe
from pricing.selectors.costs import RIGHT, margins_allowed
from pricing.selectors.costs_left_out import LeftOutCosts
from pricing.selectors.earned_back import earned_back
from pricing.words.behind import behind_words
from pricing.words.reconciliation import reconciliation_line, reconciliation_words
from products.models import Product, ProductLine
from products.selectors.access import visible_line_ids
from products.selectors.lines import lines_offered
from products.selectors.months import lines_behind

from .cost_to_serve import serving_columns, serving_context, serving_rows
from .margins_ahead import ahead_context, ahead_file

CLASSES, EVENNESS = ("A", "B", "C"), ("X", "Y", "Z")
SHOWN = ("products", "earned", "channels", "ahead")
AT_ONCE = 200


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what leaves most comes first."""

    text: str
    line: ProductLine | None
    abc: str
    xyz: str
    sort: Sort

    @classmethod
    def read(cls, request: HttpRequest) -> Asked:
        line, abc, xyz = (request.GET.get(name, "") for name in ("line", "abc", "xyz"))
        return cls(
            request.GET.get("q", "").strip()[:200],
            next((row for row in lines_offered(request.user) if row.code == line), None),
            abc if abc in CLASSES else "",
            xyz if xyz in EVENNESS else "",
            Sort.read(request, SORTS, "-cm3"),
        )

    def rows(self, user: Any, last: datetime.date) -> Ranking:
        return ranked(
            user,
            last,
            line=self.line,
            abc=self.abc,
            xyz=self.xyz,
            text=self.text,
            sort=self.sort.field,
            descending=self.sort.descending,
        )


def _allowed(user: Any) -> None:
    if not margins_allowed(user):
        raise PermissionDenied(RIGHT)


@with_right(RIGHT)
@require_safe
def break_even_page(request: HttpRequest) -> HttpResponse:
    """Products by what they leave, and how much of each pays for what is fixed; ``show=earned``: when each
    has earned back what it cost; ``show=channels``: what channels cost; ``show=ahead``: what lines and
    everything are expected to leave."""
    _allowed(request.user)
    asked, last = Asked.read(request), last_closed_month(today())
    show = request.GET.get("show", "")
    context: dict[str, Any] = {"asked": asked, "last": last, "show": show if show in SHOWN else SHOWN[0]}
    if show == "ahead":
        context |= ahead_context(request, asked.line)
    elif show == "channels":
        last, behind = _served_until(request.user, last)
        context |= {"last": last, "behind": behind_words(behind)}
        context |= serving_context(request, CostToServe(request.user, last))
    else:
        found, currency = asked.rows(request.user, last), organisation_get().currency
        page = paginate(request, found.rows)
        evens, left_out = _read(show, [row.product for row in page], last, found.behind)
        reconciliation = replace(found.reconciliation, left_out=left_out)
        context |= {
            "last": max((row.last for row in found.rows), default=last),
            "page": page,
            "reconciliation": reconciliation_words(reconciliation, currency) if found.rows else "",
            "rows": [{"row": row, "even": evens.get(row.product.pk)} for row in page],
            "behind": behind_words(found.behind),
            "lines": lines_offered(request.user),
            "classes": CLASSES,
            "evenness": EVENNESS,
            "sort": asked.sort.text,
            "filtered": bool(asked.text or asked.line or asked.abc or asked.xyz),
        }
    context["can_export"] = request.user.has_perm("exchange.export")
    return page_render(request, "pricing/break_even.html", context)


def _served_until(user: Any, last: datetime.date) -> tuple[datetime.date, dict[int, datetime.date]]:
    """Channels are of many lines: their 12 months end where the sales of all that are seen are whole; with
    the lines that end there, where that is before ``last``."""
    seen = visible_line_ids(user)
    behind = {line: month for line, month in lines_behind(last).items() if seen is None or line in seen}
    until = min(behind.values(), default=last)
    return until, {line: month for line, month in behind.items() if month == until}


def _read(
    show: str, products: list[Product], last: datetime.date, behind: Mapping[int, datetime.date]
) -> tuple[Any, LeftOutCosts | None]:
    """What a page's products earned back, or need to, by product; and the cost lines that they lack."""
    if show == "earned":
        return earned_back(products, last, behind), left_out_of(products, last, behind)
    return break_evens_read(products, last, behind)


@with_right(RIGHT)
@require_safe
def break_even_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same as a file: products, channels, or the margin ahead."""
    export_asked(request.user, kind)
    _allowed(request.user)
    last = last_closed_month(today())
    if request.GET.get("show") == "channels":
        serving = CostToServe(request.user, _served_until(request.user, last)[0])
        return export_response(
            request,
            name=_("cost to serve"),
            columns=serving_columns(request, serving),
            rows=serving_rows(request, serving),
            kind=kind,
        )
    if request.GET.get("show") == "ahead":
        columns, rows = ahead_file(ahead_context(request, Asked.read(request).line))
        return export_response(request, name=_("margin ahead"), columns=columns, rows=rows, kind=kind)
    found = Asked.read(request).rows(request.user, last)
    columns = [
        *(ExportColumn(_("Code")), ExportColumn(_("Name"), width=36), ExportColumn(_("ABC by CM3"))),
        *(ExportColumn(_("XYZ by volume")), ExportColumn(_("Variation"), "number")),
        *(ExportColumn(_("Net sales"), "amount"), ExportColumn("CM3", "amount")),
        *(ExportColumn(_("CM3 of net sales"), "rate"), ExportColumn(_("Fixed costs"), "amount")),
        *(ExportColumn(_("Margin a unit"), "number"), ExportColumn(_("Sold"), "number")),
        *(
            ExportColumn(_("Break-even"), "number"),
            ExportColumn(_("Counted in")),
            ExportColumn(_("Reached on"), "date"),
        ),
        *(ExportColumn(_("Safety margin"), "rate"), ExportColumn(_("Operating leverage"), "number")),
        *(ExportColumn(_("First cost"), "date"), ExportColumn(_("Earned since then"), "amount")),
        *(ExportColumn(_("Earned back"), "date"), ExportColumn(_("Sold until then"), "number")),
        ExportColumn(_("12 months up to"), "month"),
    ]
    return export_response(
        request, name=_("break-even"), columns=columns, rows=_exported(found, last), kind=kind
    )


def _exported(found: Ranking, last: datetime.date) -> Iterator[list[Any]]:
    for begin in range(0, len(found.rows), AT_ONCE):
        part = found.rows[begin : begin + AT_ONCE]
        evens: Mapping[int, BreakEven] = break_evens([row.product for row in part], last, found.behind)
        back = earned_back([row.product for row in part], last, found.behind)
        for row in part:
            even = evens.get(row.product.pk)
            more: list[Any] = [None] * 8
            if even is not None:
                counted = _("contracts in force, on average") if even.of_level else _("units a year")
                more = [even.fixed, even.unit_margin, even.sold, even.units, counted, even.day]
                more += [even.safety, even.leverage]
            own = back.get(row.product.pk)
            more += [own.since, own.so_far, own.month, own.units] if own else [None] * 4
            own_said = [row.product.code, row.product.name, row.abc, row.xyz, row.variation_said]
            yield [*own_said, row.net, row.cm3, row.share, *more, row.last]
    left_out = left_out_of([row.product for row in found.rows], last, found.behind)
    yield [reconciliation_line(replace(found.reconciliation, left_out=left_out)), *[None] * 20]
