"""Proposals: a draft that shows what it does, proposed, decided."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core import formats
from core.errors import form_refuse, require
from core.idempotency import once
from core.pages import page_render, paginate, with_right
from exchange.export import FORMATS, ExportColumn, export_response
from pricing.forms.prices import ProposalForm
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import State
from pricing.selectors.prices import lists_visible
from pricing.selectors.proposals import (
    ProposalRow,
    Reseller,
    proposal_get,
    proposal_job,
    proposal_prices,
    proposal_rows,
    proposals_visible,
)
from pricing.services.proposals import (
    proposal_approve,
    proposal_draft,
    proposal_reject,
    proposal_submit,
    proposal_withdraw,
)
from pricing.words.prices import list_words, part_words, price_text, rule_words
from products.models import Product
from products.selectors.access import lines_visible, product_get, products_visible
from products.selectors.lines import line_tree


@with_right("pricing.view")
@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """Those that wait first."""
    rows = proposals_visible(request.user)
    page = paginate(request, rows)
    context = {
        "page": page,
        "rows": [
            {"proposal": row, "about": list_words(row.price_list), "rule": rule_words(row.rule)}
            for row in page
        ],
        "can_edit": request.user.has_perm("pricing.edit"),
    }
    return page_render(request, "pricing/proposals.html", context)


@with_right("pricing.edit")
@require_http_methods(["GET", "HEAD", "POST"])
def proposal_new(request: HttpRequest) -> HttpResponse:
    """New prices: which, how, from when and why. What it does to each product shows next, in the draft."""
    user = request.user
    code = request.POST.get("product") or request.GET.get("product", "")
    product = product_get(user, code) if code else None
    lists = lists_visible(user)
    initial: dict[str, Any] = {"price_list": request.GET.get("list", ""), "line": request.GET.get("line", "")}
    initial |= {"kind": "target" if product else "percentage"}
    if product:
        initial |= _usual_part(product) | _of_what_if(request.GET)
    form = ProposalForm(request.POST or None, lists=lists, lines=lines_visible(user), initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = once(
                    user, "proposal", request.POST.get("nonce", ""), lambda: _drafted(user, form, product)
                )
            except DomainError as error:
                if error.status == 403:
                    raise
                form_refuse(form, error)
            else:
                return redirect("pricing:proposal", pk=made)
    context = {
        "form": form,
        "product": product,
        "has_lists": lists.exists(),
        "nonce": request.POST.get("nonce") or uuid.uuid4().hex,
    }
    return page_render(request, "pricing/proposal_form.html", context, status=status)


def _usual_part(product: Product) -> dict[str, Any]:
    """Which price of it is meant first: the plain one per unit where it has one, else what it has."""
    parts = set(product.prices.filter(state=State.APPROVED).values_list("component", "tier"))
    if not parts or (Price.Component.UNIT, "") in parts:
        return {}
    places = Price.Component.values
    component, tier = min(parts, key=lambda part: (part[1] != "", places.index(part[0]), part[1]))
    return {"component": component, "tier": tier}


def _of_what_if(said: Mapping[str, str]) -> dict[str, Any]:
    """The price and day that a what-if was asked about; nothing where they cannot be read."""
    try:
        start = datetime.date.fromisoformat(said.get("start", ""))
        return {"value": Decimal(said.get("price", "")), "start_date": start}
    except (InvalidOperation, ValueError):
        return {}


def _drafted(user: Any, form: ProposalForm, product: Any) -> int:
    said = form.cleaned_data
    price_list: PriceList = said["price_list"]
    ids: list[int] = []
    pasted = None
    if said["kind"] == "paste":
        pasted = _pasted(user, said["rows"])
    elif product is not None:
        ids = [product.pk]
    elif said["line"] is not None:
        below = line_tree().descendants(said["line"].pk)
        ids = list(products_visible(user).filter(line__in=below).values_list("pk", flat=True))
    made = proposal_draft(
        user=user,
        price_list=price_list,
        start_date=said["start_date"],
        reason=said["reason"],
        alternatives=said["alternatives"],
        exception=said["exception"],
        rule=form.rule,
        product_ids=ids,
        pasted=pasted,
    )
    return made.pk


def _pasted(user: Any, rows: dict[str, Any]) -> dict[int, Any]:
    """Prices by product id; codes that are not there are told."""
    known = {code.lower(): pk for code, pk in products_visible(user).values_list("code", "pk")}
    unknown = [code for code in rows if code not in known]
    if unknown:
        message = ngettext(
            "%(count)s code is not there: %(codes)s", "%(count)s codes are not there: %(codes)s", len(unknown)
        ) % {"count": len(unknown), "codes": ", ".join(unknown[:5])}
        raise DomainError("product_unknown", message, "pasted")
    return {known[code]: amount for code, amount in rows.items()}


@with_right("pricing.view")
@require_safe
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """What it does to every product, and what can be done with it."""
    return _page(request, proposal_get(request.user, pk))


def _page(request: HttpRequest, found: Proposal, error: DomainError | None = None) -> HttpResponse:
    user = request.user
    # A job writes all prices of a draft at once: with prices there is only its last word to fetch.
    filling = not found.price_count or "HX-Request" in request.headers
    job = proposal_job(found) if filling and found.state == State.DRAFT else None
    working = job is not None and job.state != job.State.DONE
    page = None if working else paginate(request, proposal_prices(found))
    rows = [_words(row, found) for row in proposal_rows(found, list(page))] if page else []
    own = found.author_id == user.pk
    context = {
        "proposal": found,
        "about": list_words(found.price_list),
        "rule": rule_words(found.rule),
        "job": job,
        "working": working,
        "page": page,
        "rows": rows,
        "has_reseller": any(item["reseller"] for item in rows),
        "error": error,
        "note": request.POST.get("note", ""),
        "exception": request.POST.get("exception", ""),
        "asks_exception": bool(error and error.code == "exception_needed"),
        "can_submit": own and found.state == State.DRAFT and user.has_perm("pricing.edit"),
        "can_decide": found.state == State.PROPOSED and user.has_perm("pricing.approve"),
        "can_withdraw": own
        and found.state in (State.DRAFT, State.PROPOSED)
        and user.has_perm("pricing.edit"),
        "can_recall": found.state == State.APPROVED
        and user.has_perm("pricing.approve")
        and found.prices.filter(state=State.APPROVED).exists(),
        "can_export": user.has_perm("exchange.export"),
    }
    return page_render(
        request,
        "pricing/proposal.html",
        context,
        fragment="pricing/_proposal_job.html" if job else None,
        status=error.status if error else 200,
    )


def _all_rows(found: Proposal) -> Iterator[ProposalRow]:
    ids = proposal_prices(found)
    for start in range(0, len(ids), 500):
        yield from proposal_rows(found, ids[start : start + 500])


def _words(row: ProposalRow, found: Proposal) -> dict[str, Any]:
    currency = found.price_list.currency
    amount = row.price.amount
    return {
        "row": row,
        "part": part_words(row.price.component, row.price.tier),
        "old": None if row.old is None else price_text(row.old, currency),
        "new": _("no price") if amount is None else price_text(amount, currency),
        "reseller": row.reseller and _reseller_words(row.reseller),
    }


def _reseller_words(row: Reseller) -> dict[str, str | None]:
    return {
        "price": price_text(row.then, row.currency, 2),
        "was": price_text(row.now, row.currency, 2),
        "margin": None if row.margin_then is None else formats.percent(row.margin_then, 2),
        "margin_was": None if row.margin_now is None else formats.percent(row.margin_now, 2),
    }


@with_right("pricing.view")
@require_POST
def proposal_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose, approve, reject or withdraw."""
    found = proposal_get(request.user, pk)
    act, note = request.POST.get("act", ""), request.POST.get("note", "")
    said = {
        "submit": _("Proposed: somebody else approves it."),
        "approve": _("Approved: these prices hold from their date."),
        "reject": _("Rejected; the author is told why."),
        "withdraw": _("Withdrawn."),
    }
    if act not in said:
        raise Http404(act)
    asked: dict[str, Any] = {"user": request.user, "proposal": found}
    try:
        if act == "submit":
            proposal_submit(**asked, exception=request.POST.get("exception", ""))
        elif act == "approve":
            proposal_approve(**asked)
        elif act == "reject":
            proposal_reject(**asked, note=note)
        else:
            proposal_withdraw(**asked, note=note)
    except DomainError as error:
        if error.status == 403 and error.code == "not_allowed":
            raise
        return _page(request, proposal_get(request.user, pk), error)
    messages.success(request, said[act])
    return redirect("pricing:proposal", pk=pk)


@with_right("pricing.view")
@require_safe
def proposal_export(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """Every row as a file; code and price in front, as a paste takes them."""
    require(request.user, "exchange.export")
    found = proposal_get(request.user, pk)
    if kind not in dict(FORMATS):
        raise Http404(kind)

    def rows() -> Iterator[list[Any]]:
        for row in _all_rows(found):
            product = row.product
            yield [
                *(
                    product.code,
                    row.price.amount,
                    product.name,
                    part_words(row.price.component, row.price.tier),
                ),
                *(row.old, row.change, row.volume, row.revenue),
            ]

    columns = [
        ExportColumn(_("Code")),
        ExportColumn(_("New price"), "number"),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("Which price")),
        ExportColumn(_("Old price"), "number"),
        ExportColumn(_("Change"), "rate"),
        ExportColumn(_("Volume, 12 months"), "number"),
        ExportColumn(_("Revenue, 12 months"), "amount"),
    ]
    return export_response(request, name=_("proposal"), columns=columns, rows=rows(), kind=kind)
