"""Many costs changed at once: drafted, looked at, written, withdrawn; prices proposed for what is left."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core import formats
from core.errors import form_refuse
from core.idempotency import once
from core.months import month_add, month_start
from core.organisation import local_date, organisation_get, today
from core.pages import Sort, page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from forecasting.services.night import last_closed_month
from pricing.forms.cost_changes import CostChangeForm, CostPriceForm
from pricing.models import CostChange, CostChangeEffect
from pricing.selectors.cost_changes import (
    LEVELS,
    SORTS,
    change_lines_behind,
    cost_change_get,
    cost_change_job,
    cost_changes_listed,
    effects_listed,
    written_changes,
)
from pricing.selectors.costs import EDIT, RIGHT, margins_allowed
from pricing.selectors.prices import lists_within
from pricing.services.cost_changes import (
    change_rows,
    cost_change_again,
    cost_change_apply,
    cost_change_draft,
    cost_change_withdraw,
)
from pricing.services.cost_changes import cost_change_propose as propose
from pricing.words.behind import behind_words
from pricing.words.cost_changes import chosen_words, how_words, left_out_words, rate_words
from pricing.words.prices import price_decimals, price_text
from products.models import Product
from products.selectors.closing import open_from

State = CostChange.State


def _allowed(user: Any) -> None:
    if not margins_allowed(user):
        raise PermissionDenied(RIGHT)


def _get(user: Any, pk: int) -> CostChange:
    _allowed(user)
    return cost_change_get(user, pk)


@with_right(RIGHT)
@require_safe
def cost_changes(request: HttpRequest) -> HttpResponse:
    """Every change, the newest first."""
    _allowed(request.user)
    page = paginate(request, cost_changes_listed(request.user))
    context = {
        "page": page,
        "rows": [{"change": row, "how": how_words(row)} for row in page],
        "can_edit": request.user.has_perm(EDIT),
    }
    return page_render(request, "pricing/cost_changes.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def cost_change_new(request: HttpRequest) -> HttpResponse:
    """Whose costs, how, from when and why; what it does shows next, in the draft."""
    _allowed(request.user)
    user, status = request.user, 200
    initial = {name: request.GET.get(name, "") for name in (*CostChangeForm.CHOSEN, "currency")}
    initial |= {"start_date": month_add(month_start(today()), 1)}
    form = CostChangeForm(request.POST or None, user=user, initial=initial)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            key = request.POST.get("nonce", "")
            try:
                made = once(
                    user, "cost change", key, lambda: cost_change_draft(user=user, **form.values()).pk
                )
            except DomainError as error:
                form_refuse(form, error)
            else:
                return redirect("pricing:cost_change", pk=made)
    context = {"form": form, "nonce": request.POST.get("nonce") or uuid.uuid4().hex}
    return page_render(request, "pricing/cost_change_form.html", context, status=status)


@with_right(RIGHT)
@require_safe
def cost_change(request: HttpRequest, pk: int) -> HttpResponse:
    """What it does: products with their margins, or (``show=rates``) every rate."""
    return _page(request, _get(request.user, pk))


def _page(
    request: HttpRequest,
    found: CostChange,
    error: DomainError | None = None,
    form: CostPriceForm | None = None,
) -> HttpResponse:
    user, only_under = request.user, request.GET.get("under") == "1"
    show = "rates" if request.GET.get("show") == "rates" else "products"
    sort = Sort.read(request, list(SORTS), "cm3")
    job = cost_change_job(found) if found.state == State.DRAFT else None
    working = job is not None and job.state != job.State.DONE
    rates = change_rows(found) if found.state == State.DRAFT else written_changes(user, found)
    under = effects_listed(user, found, only_under=True).count()
    if show == "rates":
        page = paginate(request, sorted(rates, key=lambda row: not row.problem))
        rows: list[Any] = [rate_words(row, found) for row in page]
    else:
        page = paginate(
            request,
            effects_listed(user, found, only_under=only_under, sort=sort.field, descending=sort.descending),
        )
        rows = [_effect(row) for row in page]
    can_edit, own = user.has_perm(EDIT), found.author_id == user.pk
    can_propose = found.state == State.APPLIED and under and user.has_perm("pricing.edit")
    context = {
        "change": found,
        "chosen": chosen_words(found),
        "how": how_words(found),
        "show": show,
        "only_under": only_under,
        "sort": sort.text,
        "job": job,
        "working": working,
        "page": page,
        "rows": rows,
        "behind": behind_words(_behind(found, user)),
        "rates": sum(1 for row in rates if not row.problem),
        "problems": sum(1 for row in rates if row.problem),
        "under": under,
        "error": error,
        "can_write": can_edit and own and found.state == State.DRAFT,
        "can_withdraw": can_edit and found.state == State.APPLIED,
        "form": (form or _price_form(request)) if can_propose else None,
        "nonce": request.POST.get("nonce") or uuid.uuid4().hex,
        "can_export": user.has_perm("exchange.export"),
    }
    return page_render(
        request,
        "pricing/cost_change.html",
        context,
        fragment="pricing/_cost_change_job.html" if job else None,
        status=error.status if error else 422 if form else 200,
    )


def _behind(change: CostChange, user: Any) -> dict[int, datetime.date]:
    """Of a draft: by line that was not loaded to the end then, and is not since, where it ends."""
    if change.state != State.DRAFT:
        return {}
    products = Product.objects.filter(pk__in=effects_listed(user, change).order_by().values("product"))
    return change_lines_behind(products, last_closed_month(local_date(change.created_at)))


def _price_form(request: HttpRequest, data: Any = None) -> CostPriceForm:
    return CostPriceForm(data, lists=lists_within(request.user))


def _effect(row: CostChangeEffect) -> dict[str, Any]:
    """Margins as shares of net sales, before and after, in per cent points apart; none without a price."""
    names, lost = (*LEVELS, *(f"{name}_was" for name in LEVELS)), row.cm3 - row.cm3_was
    shares: dict[str, Any] = {name: getattr(row, name) / row.net if row.net else None for name in names}
    moves = {f"{name}_moves": shares[name] - shares[f"{name}_was"] if row.net else None for name in LEVELS}
    return {
        "effect": row,
        **shares,
        **moves,
        "lost": lost,
        "decimals": price_decimals(lost) if row.is_unit else 0,
        "price": price_text(row.net, organisation_get().currency) if row.is_unit else "",
    }


@with_right(EDIT)
@require_POST
def cost_change_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Write, work out again, withdraw."""
    found, act = _get(request.user, pk), request.POST.get("act", "")
    asked: dict[str, Any] = {"user": request.user, "change": found}
    try:
        if act == "apply":
            cost_change_apply(**asked)
            said = _("Written: these rates hold from their date.")
        elif act == "again":
            cost_change_again(**asked)
            said = _("Worked out again.")
        elif act == "withdraw":
            withdrawn, back = cost_change_withdraw(**asked)
            said = ngettext("%(n)s rate withdrawn.", "%(n)s rates withdrawn.", withdrawn) % {"n": withdrawn}
            if back:
                more = _("Of %(n)s that counted in closed months, what was before holds again from %(day)s.")
                said += " " + more % {"n": back, "day": formats.day(open_from())}
        else:
            raise Http404(act)
    except DomainError as error:
        if error.status == 403:
            raise
        return _page(request, _get(request.user, pk), error)
    messages.success(request, said)
    if act == "withdraw" and found.state == State.DRAFT:
        return redirect("pricing:cost_changes")
    return redirect("pricing:cost_change", pk=pk)


@with_right(RIGHT)
@require_POST
def cost_change_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft of new prices for the products under their floor."""
    found, form = _get(request.user, pk), _price_form(request, request.POST)
    if not form.is_valid():
        return _page(request, found, form=form)
    key, said = request.POST.get("nonce", ""), form.cleaned_data

    def propose_now() -> int:
        proposed = propose(user=request.user, change=found, **said)
        left_out = left_out_words(proposed)
        if left_out:
            messages.warning(request, left_out)
        return proposed.proposal.pk

    try:
        made = once(request.user, "cost change prices", key, propose_now)
    except DomainError as error:
        form_refuse(form, error)
        return _page(request, found, form=form)
    return redirect("pricing:proposal", pk=made)


@with_right(RIGHT)
@require_safe
def export(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """Every product with its margins, as a file."""
    export_asked(request.user, kind)
    found = _get(request.user, pk)

    def rows() -> Iterator[list[Any]]:
        for row in effects_listed(request.user, found).iterator(chunk_size=500):
            names = [name for level in LEVELS for name in (f"{level}_was", level)]
            margins = [getattr(row, name) for name in names]
            yield [
                *(row.product.code, row.product.name, _("one, not sold") if row.is_unit else _("12 months")),
                *(row.net, *margins, *(margin / row.net if row.net else None for margin in margins)),
                *(row.floor, _("yes") if row.is_under else _("no")),
            ]

    heads = [f"{level.upper()}, {when}" for level in LEVELS for when in (_("before"), _("after"))]
    shares = [_("%(margin)s, of net sales") % {"margin": head} for head in heads]
    columns = [
        *(ExportColumn(_("Code")), ExportColumn(_("Name"), width=36), ExportColumn(pgettext("cost", "Of"))),
        *(ExportColumn(_("Net sales"), "amount"), *(ExportColumn(head, "amount") for head in heads)),
        *(ExportColumn(head, "rate") for head in shares),
        *(ExportColumn(_("Floor"), "rate"), ExportColumn(_("Under its floor"))),
    ]
    return export_response(request, name=_("change of costs"), columns=columns, rows=rows(), kind=kind)
