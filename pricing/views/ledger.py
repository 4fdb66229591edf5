"""The mapping of the ledger: what nobody mapped on top, a form, and every row with its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError
from core.errors import form_refuse
from core.months import month_add, month_start
from core.organisation import today
from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.forms.ledger import MappingForm, parts_formset
from pricing.models import LedgerEntry, LedgerMapping
from pricing.selectors.costs import EDIT, RIGHT
from pricing.selectors.ledger import Mappings, amounts_of, reconcile, unmapped
from pricing.services.ledger import ledger_map
from pricing.words.cost_sheet import ALL
from products.selectors.closing import closed_until, may_correct, open_from
from products.services.scope import unlimited

MONTHS, SHOWN = 24, 100


@with_right(RIGHT)
@require_http_methods(["GET", "HEAD", "POST"])
def ledger_mapping(request: HttpRequest) -> HttpResponse:
    """POST maps an account, or with ``act`` *end* no longer does; ``?account=&cost_centre=&dimension=`` fills
    in which."""
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    first = month_add(month_start(today()), 1 - MONTHS)
    form = MappingForm(request.POST or None, initial=_initial(request))
    parts, status = parts_formset(request.POST or None, request.user), 200
    if request.method == "POST":
        if not request.user.has_perm(EDIT):
            raise PermissionDenied(EDIT)
        status = 422
        ends = request.POST.get("act") == "end"
        if form.is_valid() and (ends or _chosen(form, parts)):
            try:
                ledger_map(user=request.user, **form.cleaned_data, parts=() if ends else parts.parts)
            except DomainError as error:
                _refuse(form, parts, error)
            else:
                said = _("Not mapped any more: what the ledger has of it since is booked anew.")
                if not ends:
                    said = _("Mapped: what the ledger has of it is booked anew.")
                messages.success(request, said)
                return redirect("pricing:ledger_mapping")
    amounts, mappings = amounts_of(LedgerEntry.objects.filter(month__gte=first)), Mappings()
    rows = LedgerMapping.objects.select_related("kind", "product", "line", "channel", "recorded_by")
    context = {
        "first": first,
        "reconciled": reconcile(amounts, mappings)[::-1],
        "unmapped": unmapped(amounts, mappings)[:SHOWN],
        "page": paginate(request, rows),
        "form": form,
        "parts": parts,
        "can_correct": closed_until() is not None and may_correct(request.user),
        "can_edit": request.user.has_perm(EDIT),
        "can_export": request.user.has_perm("exchange.export"),
    }
    return page_render(request, "pricing/ledger_mapping.html", context, status=status)


@with_right(RIGHT)
@require_safe
def ledger_mapping_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The mapping as it holds, as a file that can be edited and read in again."""
    export_asked(request.user, kind)
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    columns = [
        ExportColumn(_("Account")),
        ExportColumn(_("Cost centre")),
        ExportColumn(_("Dimension")),
        ExportColumn(_("From"), "month"),
        ExportColumn(_("Share, %"), "number"),
        ExportColumn(_("Kind of cost")),
        ExportColumn(_("Product")),
        ExportColumn(_("Product line")),
        ExportColumn(pgettext("cost", "Split")),
        ExportColumn(_("Channel")),
        ExportColumn(_("Ends")),
    ]
    held = LedgerMapping.objects.filter(replaced_at=None)
    rows = (
        [
            *(row.account, row.cost_centre, row.dimension, row.start_month),
            None if row.kind is None else row.share * 100,
            *("" if each is None else each.code for each in (row.kind, row.product)),
            row.line.code if row.line else ALL if row.key else "",
            *(row.key, "" if row.channel is None else row.channel.code, row.kind is None),
        ]
        for row in held.select_related("kind", "product", "line", "channel")
    )
    return export_response(request, name=_("mapping of the ledger"), columns=columns, rows=rows, kind=kind)


def _chosen(form: MappingForm, parts: Any) -> bool:
    """Whether it is said what the account costs."""
    if parts.is_valid() and parts.parts:
        return True
    if parts.is_valid():
        parts.forms[0].add_error("kind", _("Say what it costs."))
    form.add_error(None, _("Look at what it costs."))
    return False


def _refuse(form: MappingForm, parts: Any, error: DomainError) -> None:
    place = error.details.get("part")
    if place is None:
        form_refuse(form, error)
    else:
        form_refuse(parts.chosen[place], error)
        form.add_error(None, _("Look at what it costs."))


def _initial(request: HttpRequest) -> dict[str, Any]:
    said = {name: request.GET.get(name, "")[:40] for name in ("account", "cost_centre", "dimension")}
    start = open_from() or month_start(today()).replace(month=1)
    return {**said, "start_month": start}
