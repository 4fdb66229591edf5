"""A cost rate that has begun, corrected with a reason and decided by a second person."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from core.errors import form_refuse
from core.pages import page_render, with_right
from pricing.forms.costs import CorrectionForm
from pricing.models import CostCorrection, CostRate
from pricing.selectors.costs import EDIT, cost_lines_visible
from pricing.services.cost_corrections import (
    correctable_check,
    cost_correction_decide,
    cost_rate_correct,
)
from pricing.words.costs import amount_words, basis_words, of_words, rate_notes


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_correction_new(request: HttpRequest, pk: int) -> HttpResponse:
    """What a rate that has begun should have been, and why."""
    lines = cost_lines_visible(request.user)
    rate = get_object_or_404(CostRate, pk=pk, cost_line__in=lines)
    rate.cost_line = lines.get(pk=rate.cost_line_id)
    form, status, refusal = CorrectionForm(request.POST or None, rate=rate), 200, None
    try:
        correctable_check(rate)
    except DomainError as error:
        refusal = error
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = cost_rate_correct(
                    user=request.user, rate=rate, reason=form.cleaned_data["reason"], values=form.values()
                )
            except DomainError as error:
                form_refuse(form, error)
            else:
                waits = made.state == CostCorrection.State.PROPOSED
                said = _("Proposed: somebody else has to approve it.")
                corrected = _("Corrected: the months since are booked anew.")
                messages.success(request, said if waits else corrected)
                return redirect("pricing:cost_line", pk=rate.cost_line_id)
    context = {
        "rate": rate,
        "line": rate.cost_line,
        "of": of_words(rate.cost_line),
        "basis": basis_words(rate.cost_line),
        "amount": amount_words(rate.cost_line, rate.amount),
        "notes": rate_notes(rate.cost_line, rate),
        "form": form,
        "refusal": refusal,
    }
    return page_render(request, "pricing/cost_correction.html", context, status=status)


@with_right(EDIT)
@require_POST
def cost_correction_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve (``act=approve``) or refuse a correction that waits."""
    rows = CostCorrection.objects.select_related("rate__cost_line__product__line", "rate__cost_line__line")
    lines = cost_lines_visible(request.user).order_by().values("pk")
    row = get_object_or_404(rows, pk=pk, rate__cost_line__in=lines)
    acts = {
        "approve": _("Corrected: the months since are booked anew."),
        "refuse": _("Refused: the rate stays as it is."),
    }
    act = request.POST.get("act", "")
    if act not in acts:
        raise Http404(act)
    cost_correction_decide(user=request.user, correction=row, approve=act == "approve")
    messages.success(request, acts[act])
    return redirect("pricing:cost_line", pk=row.rate.cost_line_id)
