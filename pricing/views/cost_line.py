"""One cost line: made, read with all its rates, given a next rate; kinds of cost."""

from __future__ import annotations

import uuid
from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.history import Related, history_of
from core.idempotency import once
from core.months import month_add, month_start
from core.organisation import today
from core.pages import page_render, with_right
from pricing.forms.costs import CostKindForm, CostLineForm, CostNoteForm, RateForm, SharesForm
from pricing.models import CostCorrection, CostKind, CostLine, CostRate, CostShare
from pricing.selectors.costs import EDIT, RIGHT, Rates, cost_lines_visible, fixed_shares, with_rates
from pricing.services.cost_corrections import correctable_check
from pricing.services.costs import (
    OWN_KINDS,
    cost_kind_delete,
    cost_kind_save,
    cost_line_create,
    cost_line_update,
    cost_rate_add,
    cost_rate_withdraw,
    cost_shares_begin,
)
from pricing.words.cost_corrections import becomes_words
from pricing.words.costs import (
    about_words,
    amount_words,
    basis_words,
    of_words,
    rate_notes,
    split_words,
)
from pricing.words.withdrawn import withdrawn_words
from products.selectors.closing import open_from


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_line_new(request: HttpRequest) -> HttpResponse:
    """A cost line with its first rate; ``?product=`` fills in whose it is."""
    initial = {"product": request.GET.get("product", ""), "start_date": month_add(month_start(today()), 1)}
    form, status = CostLineForm(request.POST or None, user=request.user, initial=initial), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            key = request.POST.get("nonce", "")
            try:
                pk = once(request.user, "cost line", key, lambda: _made(request.user, form))
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:cost_line", pk=pk)
    context = {"form": form, "nonce": request.POST.get("nonce") or uuid.uuid4().hex}
    return page_render(request, "pricing/cost_line_form.html", context, status=status)


@transaction.atomic
def _made(user: Any, form: CostLineForm) -> int:
    line = cost_line_create(user=user, shares=form.cleaned_data["parts"], **form.line_values())
    start = form.cleaned_data["start_date"]
    cost_rate_add(user=user, cost_line=line, start_date=start, values=form.values())
    return line.pk


@with_right(RIGHT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_line(request: HttpRequest, pk: int) -> HttpResponse:
    """All rates of a line; POST adds one (``what=rate``) or changes the note and the tail."""
    line = get_object_or_404(with_rates(cost_lines_visible(request.user)), pk=pk)
    is_note = request.POST.get("what") == "note"
    rate_form = RateForm(None if is_note else request.POST or None, basis=line.basis)
    note_form = _note_form(line, request.POST if is_note else None)
    conflict, status = None, 200
    if request.method == "POST":
        if not request.user.has_perm(EDIT):
            raise PermissionDenied(EDIT)
        status = 422
        form = note_form if is_note else rate_form
        if form.is_valid():
            try:
                if is_note:
                    cost_line_update(user=request.user, cost_line=line, **note_form.cleaned_data)
                else:
                    start = rate_form.cleaned_data["start_date"]
                    cost_rate_add(
                        user=request.user, cost_line=line, start_date=start, values=rate_form.values()
                    )
            except VersionConflict as error:
                conflict, status = form_conflict(note_form, error, error.details["version"]), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:cost_line", pk=line.pk)
    return _shown(request, line, rate_form, note_form, conflict=conflict, status=status)


def _note_form(line: Any, data: Any = None) -> CostNoteForm:
    splits = line.is_split and all(rate.withdrawn_at for rate in line.all_rates)
    return CostNoteForm(data, instance=copy(line), initial={"version": line.version}, splits=splits)


def _shown(
    request: HttpRequest,
    line: Any,
    rate_form: RateForm,
    note_form: CostNoteForm,
    shares_form: SharesForm | None = None,
    *,
    conflict: VersionConflict | None = None,
    status: int = 200,
) -> HttpResponse:
    day, begin = today(), open_from()
    said = frozenset({"source_import", "created_by"})  # beside each rate
    related = [Related(CostRate, "cost_line", skip=said), Related(CostShare, "cost_line", skip=said)]
    is_fixed, can_edit = line.key == CostLine.Key.FIXED, request.user.has_perm(EDIT)
    corrections = CostCorrection.objects.filter(rate__cost_line=line).select_related(
        "proposed_by", "decided_by"
    )
    waiting = {row.rate_id: row for row in corrections if row.state == CostCorrection.State.PROPOSED}
    for row in waiting.values():
        row.rate.cost_line = line
    known = Rates(line, [rate for rate in reversed(line.all_rates) if rate.withdrawn_at is None])
    holding = {rate.pk for rate in known.tiers_on(day).values()}
    context = {
        "line": line,
        "of": of_words(line),
        "split": split_words(line),
        "basis": basis_words(line),
        "about": about_words(line),
        "keys": fixed_shares(request.user, [line]).get(line.pk, []) if is_fixed else (),
        "shares_form": (shares_form or SharesForm(user=request.user)) if is_fixed and can_edit else None,
        "rows": [
            {
                "rate": rate,
                "amount": amount_words(line, rate.amount),
                "notes": rate_notes(line, rate),
                "ahead": rate.start_date > day,
                "correctable": rate.start_date <= day and (begin is None or rate.start_date >= begin),
                "why_not": _why_not(rate) if rate.pk in holding else "",
                "withdrawn": withdrawn_words(rate.withdrawn_reason),
                "correction": waiting.get(rate.pk),
                "becomes": becomes_words(line, waiting[rate.pk]) if rate.pk in waiting else "",
            }
            for rate in line.all_rates
        ],
        "form": rate_form,
        "note_form": note_form,
        "conflict": conflict,
        "history": history_of(line, related=related),
        "can_edit": can_edit,
    }
    return page_render(request, "pricing/cost_line.html", context, status=status)


def _why_not(rate: CostRate) -> str:
    """Why a rate cannot be corrected, and what to do instead."""
    try:
        correctable_check(rate)
    except DomainError as error:
        return str(error.message)
    return ""


@with_right(EDIT)
@require_POST
def cost_shares_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Fixed shares from a month on."""
    line = get_object_or_404(with_rates(cost_lines_visible(request.user)), pk=pk)
    form = SharesForm(request.POST, user=request.user)
    if form.is_valid():
        said = form.cleaned_data
        try:
            cost_shares_begin(
                user=request.user, cost_line=line, start_date=said["start_date"], shares=said["shares"]
            )
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("pricing:cost_line", pk=line.pk)
    return _shown(request, line, RateForm(basis=line.basis), _note_form(line), form, status=422)


@with_right(EDIT)
@require_POST
def cost_rate_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a rate that lies ahead."""
    visible = cost_lines_visible(request.user)
    rate = get_object_or_404(CostRate.objects.select_related("cost_line"), pk=pk, cost_line__in=visible)
    cost_rate_withdraw(user=request.user, rate=rate)
    messages.success(request, _("Withdrawn: the rate before it goes on."))
    return redirect("pricing:cost_line", pk=rate.cost_line_id)


@with_right(RIGHT)
@require_safe
def cost_kinds(request: HttpRequest) -> HttpResponse:
    """The kinds of cost and the margin each is taken off before."""
    context = {"rows": CostKind.objects.all(), "can_edit": request.user.has_perm(EDIT)}
    return page_render(request, "pricing/cost_kinds.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_kind_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new kind of cost, or a change of one; ``delete`` removes one that nothing has."""
    found = get_object_or_404(CostKind, pk=pk) if pk else None
    initial = {"version": found.version} if found else {}
    form, status = CostKindForm(request.POST or None, instance=found, initial=initial), 200
    context: dict[str, Any] = {
        "form": form,
        "kind": found,
        "row": found,
        "can_delete": found is not None and found.code not in OWN_KINDS,
        "history": history_of(found) if found else None,
    }
    if found and request.method == "POST" and "delete" in request.POST:
        cost_kind_delete(user=request.user, kind=found)
        messages.success(request, _("Removed. The history keeps it."))
        return redirect("pricing:cost_kinds")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in CostKindForm.Meta.fields}
            kind = CostKind.objects.get(pk=found.pk) if found else None
            try:
                cost_kind_save(
                    user=request.user,
                    kind=kind,
                    version=form.cleaned_data["version"] if kind else None,
                    **values,
                )
            except VersionConflict as error:
                context["conflict"], status = form_conflict(form, error, error.details["version"]), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:cost_kinds")
    return page_render(request, "pricing/cost_kind_form.html", context, status=status)
