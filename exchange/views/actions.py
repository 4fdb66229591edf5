from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts.errors import DomainError
from core.errors import form_refuse, require
from core.pages import with_right
from exchange.forms import ReadingForm
from exchange.messages import in_words
from exchange.models import Import
from exchange.selectors import correction_right, import_get, sheets_for
from exchange.services import imports

from .detail import detail_render


@require_POST
@with_right("exchange.import")
def import_reading(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how the file is read, answer what was asked, and check again."""
    row = import_get(request.user, pk)
    form = ReadingForm(request.POST, row=row, allowed=sheets_for(request.user), user=request.user)
    if form.is_valid():
        options, mapping, sheet = form.said()
        try:
            imports.import_configure(
                row=row, user=request.user, options=options, mapping=mapping, sheet=sheet
            )
            return redirect("exchange:detail", pk=row.pk)
        except DomainError as error:
            form_refuse(form, error)
    return detail_render(request, row, form=form, status=422)


@require_POST
@with_right("exchange.import")
def import_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Check it again as a correction of closed months, with the reason."""
    row = import_get(request.user, pk)
    require(request.user, correction_right(row))
    reason = request.POST.get("correction", "").strip()[: imports.REASON_LENGTH]
    if not reason:
        return detail_render(request, row, status=422, correction_error=in_words("correction_reason", {}))
    imports.import_configure(row=row, user=request.user, options={"correction": reason}, mapping={})
    return redirect("exchange:detail", pk=row.pk)


@require_POST
@with_right("exchange.import")
def import_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it written."""
    row = import_get(request.user, pk)
    imports.import_apply(
        row=row, user=request.user, leave_out_refused=request.POST.get("leave_out_refused") == "1"
    )
    return redirect("exchange:detail", pk=row.pk)


@require_POST
@with_right("exchange.undo")
def import_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Have what was there put back."""
    require(request.user, "exchange.import")
    row = import_get(request.user, pk)
    imports.import_undo(row=row, user=request.user)
    return redirect("exchange:detail", pk=row.pk)


@require_POST
@with_right("exchange.import")
def import_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop what a worker does with it; an undo only who may undo."""
    row = import_get(request.user, pk)
    if row.state == Import.State.UNDOING:
        require(request.user, "exchange.undo")
    imports.import_stop(row=row, user=request.user)
    return redirect("exchange:detail", pk=row.pk)


@require_POST
@with_right("exchange.import")
def import_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it up."""
    row = import_get(request.user, pk)
    imports.import_discard(row=row, user=request.user)
    return redirect("exchange:list")
