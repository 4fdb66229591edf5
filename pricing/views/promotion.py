"""One promotion: its page, planning it, deciding about it; and the periods without any."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core.errors import form_refuse, require
from core.history import Related, history_of
from core.idempotency import once
from core.numbers import int_read
from core.organisation import organisation_get, today
from core.pages import page_render, with_right
from pricing.cards.promotion_products import products_shown
from pricing.forms import ForbiddenForm, PromotionForm
from pricing.forms.promotion import (
    MOST_ROWS,
    ROWS,
    PromotionCostForm,
    promotion_asked,
    promotion_initial,
    rows_asked,
)
from pricing.models import Promotion, PromotionChannel, PromotionCost, PromotionProduct
from pricing.selectors.costs import RIGHT
from pricing.selectors.promotion_costs import actual_cost
from pricing.selectors.promotion_earnings import promotion_earnings
from pricing.selectors.promotion_effects import effects_shown
from pricing.selectors.promotion_runs import last_day
from pricing.selectors.promotions import (
    begun,
    channels_seen,
    currency_of,
    flags_ahead,
    flags_of,
    forbidden_visible,
    over,
    own_cost,
    promotion_get,
    ran,
    sees_whole,
)
from pricing.services.promotion_costs import promotion_cost_say
from pricing.services.promotion_decisions import (
    promotion_cancel,
    promotion_decide,
    promotion_propose,
    promotion_waits_for_other,
)
from pricing.services.promotions import (
    forbidden_add,
    forbidden_remove,
    promotion_change,
    promotion_create,
)
from pricing.words.promotions import flag_lines, row_words
from products.models import Product
from products.selectors.access import products_visible

VIEW, EDIT, APPROVE = "pricing.view", "pricing.edit", "pricing.approve"
State = Promotion.State
# So many products are suggested below the fields.
SUGGESTED = 200


@with_right(VIEW)
@require_safe
def promotion(request: HttpRequest, pk: int) -> HttpResponse:
    """What was planned beside what it did."""
    row = promotion_get(request.user, pk)
    return page_render(request, "pricing/promotion.html", _shown(request, row))


def _shown(request: HttpRequest, row: Promotion, error: DomainError | None = None) -> dict[str, Any]:
    whole = sees_whole(request.user, row)
    can_edit = request.user.has_perm(EDIT) and whole and row.state != State.CANCELLED
    started = begun(row)
    has_run = whole and ran(row)
    effects = effects_shown(request.user, row) if has_run and last_day(row) < today() else []
    actual = actual_cost(request.user, row) if has_run else None
    return {
        "row": row,
        "error": error,
        "asks_exception": bool(error and error.code == "exception_needed"),
        "asks_forbidden": bool(error and error.code == "forbidden"),
        **_exceptions(request),
        "asks_why": not row.note,
        "why": request.POST.get("why", ""),
        "note": request.POST.get("note", "") if "decision" in request.POST else "",
        "whole": whole,
        **row_words(row),
        **products_shown(request.user, row),
        "channels": channels_seen(request.user, row),
        "everywhere": not row.channel_rows.all(),
        "flags": [line for flags in flags_ahead(request.user, [row]).values() for line in flag_lines(flags)],
        "effects": effects,
        "earnings": promotion_earnings(request.user, row, effects, actual),
        "sisters": any(shown.sisters for shown in effects),
        "actual": actual,
        "has_run": has_run,
        "cost_form": PromotionCostForm() if has_run and request.user.has_perm(EDIT) else None,
        "own_cost": own_cost(row) if whole else None,
        "currency": currency_of(row),
        "ours": organisation_get().currency,
        "can_edit": can_edit and not started,
        "can_cancel": can_edit and not over(row),
        "stops": started,
        "can_copy": request.user.has_perm(EDIT),
        "can_propose": can_edit and not started and row.state in (State.DRAFT, State.REJECTED),
        "is_past": row.store_end < today(),
        "can_decide": request.user.has_perm(APPROVE) and whole and row.state == State.PROPOSED,
        "waits_for_other": promotion_waits_for_other(request.user, row),
        "history": history_of(row, related=_related(request.user))
        if whole and "history" in request.GET
        else [],
    }


def _related(user: Any) -> list[Related]:
    """What it turned out to cost is for who sees costs."""
    rows = [
        Related(PromotionProduct, "promotion", _("Product")),
        Related(PromotionChannel, "promotion", _("Channel")),
    ]
    return [*rows, Related(PromotionCost, "promotion")] if user.has_perm(RIGHT) else rows


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def promotion_new(request: HttpRequest) -> HttpResponse:
    """Plan one; ``?copy=`` starts from an earlier one, a year later, ``?product=`` with a product and what a
    what-if says of it."""
    return _form_page(request, None)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def promotion_edit(request: HttpRequest, pk: int) -> HttpResponse:
    row = promotion_get(request.user, pk)
    if begun(row) or row.state == State.CANCELLED or not sees_whole(request.user, row):
        messages.warning(request, _("This promotion can no longer be edited, or not by you."))
        return redirect("pricing:promotion", pk=pk)
    return _form_page(request, row)


def _form_page(request: HttpRequest, row: Promotion | None) -> HttpResponse:
    """Form, then what stands in its way if that was not seen yet, then saved; a lost race shows both."""
    initial = _initial(request, row)
    held = sum(name.startswith("product_") for name in initial)
    count = rows_asked(request.POST) if request.method == "POST" else max(ROWS, held + 1)
    more = request.POST.get("step") == "more"
    form = PromotionForm(
        _with_more(request.POST) if more else request.POST or None,
        user=request.user,
        count=min(count + ROWS, MOST_ROWS) if more else count,
        initial={**initial, "rows": count},
    )
    if more:
        form.errors.clear()  # nobody said yet that it is complete
    flags, conflict, status = [], None, 200
    if request.method == "POST" and not more:
        status = 422
        if form.is_valid():
            try:
                flags = _overlaps(request, row, form)
                if not flags or form.cleaned_data["confirmed"]:
                    saved = _save(request, row, form)
                    messages.success(request, _("Saved."))
                    return redirect("pricing:promotion", pk=saved)
            except VersionConflict as error:
                conflict, status = error, 409
                form.data = form.data.copy()
                form.data["version"] = str(error.details["version"])
            except DomainError as error:
                form_refuse(form, error)
    context = {
        "form": form,
        "row": row,
        "flags": flags,
        "conflict": conflict,
        "suggested": _suggested(request),
        "currency": form.only_currency,
    }
    return page_render(request, "pricing/promotion_form.html", context, status=status)


def _initial(request: HttpRequest, row: Promotion | None) -> dict[str, Any]:
    if row is not None:
        return promotion_initial(row)
    nonce = {"nonce": uuid.uuid4().hex}
    copied = int_read(request.GET.get("copy", ""))
    if copied is not None:
        other = promotion_get(request.user, copied)
        if not sees_whole(request.user, other):
            raise Http404
        return promotion_initial(other, again=True) | nonce
    return promotion_asked(request.GET) | nonce


def _with_more(posted: Any) -> Any:
    data = posted.copy()
    data["rows"] = str(min(rows_asked(posted) + ROWS, MOST_ROWS))
    return data


def _overlaps(request: HttpRequest, row: Promotion | None, form: PromotionForm) -> list[str]:
    """What else runs then, to be seen before it is saved."""
    place = replace(form.plan().place, pk=row.pk if row else None)
    return flag_lines(flags_of(request.user, [place])[0])


def _save(request: HttpRequest, row: Promotion | None, form: PromotionForm) -> int:
    plan = form.plan()
    if row is not None:
        version = form.cleaned_data["version"]
        return promotion_change(user=request.user, promotion=row, plan=plan, version=version).pk
    pk: int = once(
        request.user,
        "promotion",
        form.cleaned_data["nonce"],
        lambda: promotion_create(user=request.user, plan=plan).pk,
    )
    return pk


def _suggested(request: HttpRequest) -> list[Product]:
    return list(products_visible(request.user).order_by("name")[:SUGGESTED])


def _act(request: HttpRequest, pk: int, done: str, act: Any) -> HttpResponse:
    """Do it and go back to the promotion; a refusal stands above what it is about."""
    row = promotion_get(request.user, pk)
    try:
        act(row, int_read(request.POST.get("version", "")))
    except DomainError as error:
        fresh = promotion_get(request.user, pk)
        context = _shown(request, fresh, error)
        return page_render(request, "pricing/promotion.html", context, status=error.status)
    messages.success(request, done)
    return redirect("pricing:promotion", pk=pk)


def _exceptions(request: HttpRequest) -> dict[str, str]:
    """Why it may pass a bound, and run in a forbidden period."""
    most = {"exception": 400, "exception_note": 300}
    return {name: request.POST.get(name, "")[:length] for name, length in most.items()}


@with_right(EDIT)
@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    def act(row: Promotion, version: int | None) -> None:
        said = _exceptions(request) | {"why": request.POST.get("why", "")[:2000]}
        promotion_propose(user=request.user, promotion=row, version=version, **said)

    return _act(request, pk, _("Proposed. Somebody else approves it."), act)


@with_right(APPROVE)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """``decision`` is approve or reject, ``note`` why."""
    approve = request.POST.get("decision") == "approve"

    def act(row: Promotion, version: int | None) -> None:
        said = _exceptions(request) | {"note": request.POST.get("note", "")[:300]}
        promotion_decide(user=request.user, promotion=row, approve=approve, version=version, **said)

    return _act(request, pk, _("Approved.") if approve else _("Rejected."), act)


@with_right(EDIT)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    def act(row: Promotion, version: int | None) -> None:
        note = request.POST.get("note", "")[:300]
        promotion_cancel(user=request.user, promotion=row, note=note, version=version)

    if begun(promotion_get(request.user, pk)):
        return _act(request, pk, _("Stopped. What it did until today is measured."), act)
    return _act(request, pk, _("Cancelled. It stays in the history; copy it to plan it again."), act)


@with_right(EDIT)
@require_POST
def cost(request: HttpRequest, pk: int) -> HttpResponse:
    """What it turned out to cost."""
    row = promotion_get(request.user, pk)
    form = PromotionCostForm(request.POST)
    if form.is_valid():
        try:
            promotion_cost_say(user=request.user, promotion=row, **form.cleaned_data)
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("pricing:promotion", pk=pk)
    context = _shown(request, row) | {"cost_form": form}
    return page_render(request, "pricing/promotion.html", context, status=422)


@with_right(VIEW)
@require_http_methods(["GET", "POST"])
def forbidden(request: HttpRequest) -> HttpResponse:
    """Days on which a line or channel should have no promotion."""
    form = ForbiddenForm(request.POST or None, user=request.user)
    status = 200
    if request.method == "POST":
        require(request.user, APPROVE)
        status = 422
        if form.is_valid():
            try:
                forbidden_add(user=request.user, **form.cleaned_data)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:forbidden")
    context = {
        "form": form,
        "periods": forbidden_visible(request.user),
        "can_edit": request.user.has_perm(APPROVE),
    }
    return page_render(request, "pricing/forbidden.html", context, status=status)


@with_right(APPROVE)
@require_POST
def forbidden_end(request: HttpRequest, pk: int) -> HttpResponse:
    period = forbidden_visible(request.user).filter(pk=pk).first()
    if period is None:
        raise Http404(pk)
    forbidden_remove(user=request.user, period=period)
    messages.success(request, _("Removed. The history keeps it."))
    return redirect("pricing:forbidden")
