"""The mapping of the ledger: what nobody mapped on top, a form, and every row with its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError
from core.errors import form_refuse
from core.months import month_add, month_start
from core.organisation import today
from core.pages import page_render, paginate, with_right
from pricing.forms.ledger import MappingForm
from pricing.models import LedgerEntry, LedgerMapping
from pricing.selectors.costs import EDIT, RIGHT
from pricing.selectors.ledger import Mappings, amounts_of, reconcile, unmapped
from pricing.services.ledger import ledger_map
from products.selectors.closing import open_from
from products.services.scope import unlimited

MONTHS, SHOWN = 24, 100


@with_right(RIGHT)
@require_http_methods(["GET", "HEAD", "POST"])
def ledger_mapping(request: HttpRequest) -> HttpResponse:
    """POST adds a row; ``?account=&cost_centre=&dimension=`` fills in what it is of."""
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    first = month_add(month_start(today()), 1 - MONTHS)
    form = MappingForm(request.POST or None, user=request.user, initial=_initial(request))
    status = 200
    if request.method == "POST":
        if not request.user.has_perm(EDIT):
            raise PermissionDenied(EDIT)
        status = 422
        if form.is_valid():
            try:
                ledger_map(user=request.user, **form.values())
            except DomainError as error:
                if error.status == 403:
                    raise
                form_refuse(form, error)
            else:
                messages.success(request, _("Mapped: what the ledger has of it is booked anew."))
                return redirect("pricing:ledger_mapping")
    amounts, mappings = amounts_of(LedgerEntry.objects.filter(month__gte=first)), Mappings()
    rows = LedgerMapping.objects.select_related("kind", "product", "line", "recorded_by")
    context = {
        "first": first,
        "reconciled": reconcile(amounts, mappings)[::-1],
        "unmapped": unmapped(amounts, mappings)[:SHOWN],
        "page": paginate(request, rows),
        "form": form,
        "can_edit": request.user.has_perm(EDIT),
    }
    return page_render(request, "pricing/ledger_mapping.html", context, status=status)


def _initial(request: HttpRequest) -> dict[str, Any]:
    said = {name: request.GET.get(name, "")[:40] for name in ("account", "cost_centre", "dimension")}
    start = open_from() or month_start(today()).replace(month=1)
    return {**said, "start_month": start}
