"""Proposals: a draft that shows what it does, proposed, decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from collaboration.selectors.decisions import decisions_visible
from core import formats
from core.errors import form_refuse
from core.organisation import today
from core.pages import page_render, paginate, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.forms.prices import ProposalAgainForm, again_initial
from pricing.forms.proposal_rows import ProposalRowsForm
from pricing.models import Price, Proposal
from pricing.models.price import State
from pricing.selectors.bounds import Held, Passed
from pricing.selectors.planned_prices import never_expected
from pricing.selectors.prices import list_is_within
from pricing.selectors.proposal_effect import effect_allowed
from pricing.selectors.proposals import (
    ProposalRow,
    Reseller,
    nothing_left,
    prices_taken,
    proposal_get,
    proposal_held,
    proposal_job,
    proposal_prices,
    proposal_rows,
)
from pricing.services.price_decisions import KIND
from pricing.services.proposal_edits import proposal_leave_out
from pricing.services.proposals import (
    proposal_approve,
    proposal_reject,
    proposal_repeat,
    proposal_submit,
    proposal_waits_for_other,
    proposal_withdraw,
)
from pricing.words.prices import (
    bound_words,
    list_words,
    nothing_left_words,
    part_words,
    price_text,
    rule_words,
    unknown_words,
)

OVER = (State.REJECTED, State.WITHDRAWN)


@with_right("pricing.view")
@require_safe
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """What it does to every product, and what can be done with it."""
    return proposal_page(request, proposal_get(request.user, pk))


def _decision(user: Any, found: Proposal) -> int | None:
    """The decision it became, for who may read what came of it."""
    if found.state != State.APPROVED or not user.has_perm("collaboration.view"):
        return None
    rows = decisions_visible(user).filter(decision__kind=KIND, decision__reference=found.pk)
    return rows.values_list("decision", flat=True).first()


def proposal_page(
    request: HttpRequest,
    found: Proposal,
    error: DomainError | None = None,
    edit_form: ProposalRowsForm | None = None,
    again_form: ProposalAgainForm | None = None,
) -> HttpResponse:
    """With what went wrong: of an act on it, of the prices that were brought back, or of its repetition."""
    user = request.user
    status = 422 if edit_form is not None or again_form is not None else 200
    again_form = again_form or ProposalAgainForm(initial=again_initial(found))
    # A job writes all prices of a draft at once: with prices there is only its last word to fetch.
    filling = not found.price_count or "HX-Request" in request.headers
    job = proposal_job(found) if filling and found.state == State.DRAFT else None
    working = job is not None and job.state != job.State.DONE
    prices = [] if working else proposal_prices(user, found)
    held = proposal_held(found, prices)
    told, taken = _told(held), prices_taken(found, prices)
    asking = _asking(found, told)
    show, only = _only(request, told, taken)
    page = None if working else paginate(request, [row.pk for row in prices if not show or row.pk in only])
    rows = proposal_rows(user, found, list(page), held.rates) if page else []
    shown = [_words(row, found, told.get(row.price.pk, ()), taken.get(row.price.pk), asking) for row in rows]
    own = found.author_id == user.pk
    within = list_is_within(user, found.price_list)
    may_edit = within and user.has_perm("pricing.edit")
    may_decide = within and user.has_perm("pricing.approve")
    waits_for_other = proposal_waits_for_other(user, found)
    context = {
        "proposal": found,
        "about": list_words(found.price_list),
        "rule": rule_words(found.rule, found.price_list.currency),
        "decision": _decision(user, found),
        "job": job,
        "job_refused": nothing_left_words(refused) if job and (refused := nothing_left(job)) else "",
        "working": working,
        "page": page,
        "rows": shown,
        "unchecked": held.unchecked,
        "asks_notice": bool(prices) and found.state in (State.DRAFT, State.PROPOSED),
        "passed": len(held.passed),
        "later": len(held.later),
        "refused": sum(each.is_refused for each in held.passed),
        "taken": len(taken),
        "show": show,
        "no_effect": unknown_words(never_expected(found.price_list)) if prices else "",
        "shows_effect": bool(prices) and effect_allowed(user, found),
        "has_reseller": any(item["reseller"] for item in shown),
        "error": error,
        "note": request.POST.get("note", ""),
        "exception": request.POST.get("exception", ""),
        "asks_exception": bool(error and error.code == "exception_needed"),
        "can_submit": own and found.state == State.DRAFT and may_edit,
        "can_decide": found.state == State.PROPOSED and may_decide and not waits_for_other,
        "waits_for_other": waits_for_other,
        "again_form": again_form if found.state in OVER and may_edit else None,
        "can_withdraw": own
        and found.state in (State.DRAFT, State.PROPOSED)
        and user.has_perm("pricing.edit"),
        "can_recall": found.state == State.APPROVED
        and found.start_date > today()
        and may_decide
        and found.prices.filter(state=State.APPROVED).exists(),
        "can_export": user.has_perm("exchange.export"),
    }
    if context["can_submit"] and not working:
        context["edit_form"] = edit_form or ProposalRowsForm()
        context["can_leave_out"] = 0 < len(taken) < len(prices)
    return page_render(
        request,
        "pricing/proposal.html",
        context,
        fragment="pricing/_proposal_job.html" if job else None,
        status=error.status if error else status,
    )


def codes_unknown(codes: Sequence[str]) -> None:
    """Codes that are not there are told."""
    if codes:
        message = ngettext(
            "%(count)s code is not there: %(codes)s", "%(count)s codes are not there: %(codes)s", len(codes)
        ) % {"count": len(codes), "codes": ", ".join(codes[:5])}
        raise DomainError("product_unknown", message, "pasted")


def _all_rows(user: Any, found: Proposal, prices: Sequence[Price], held: Held) -> Iterator[ProposalRow]:
    ids = [price.pk for price in prices]
    for start in range(0, len(ids), 500):
        yield from proposal_rows(user, found, ids[start : start + 500], held.rates)


def _only(request: HttpRequest, told: Collection[int], taken: Collection[int]) -> tuple[str, Collection[int]]:
    """Which prices alone are asked for, of those that there are, and their ids; "": all."""
    show = request.GET.get("show", "")
    only = {"beyond": told, "taken": taken}.get(show, ())
    return (show, only) if only else ("", ())


def _told(held: Held) -> dict[int, list[Passed]]:
    """By price the bounds that it passes when it begins and later."""
    told: dict[int, list[Passed]] = defaultdict(list)
    for each in (*held.passed, *held.later):
        told[each.price.pk].append(each)
    return told


def _asking(found: Proposal, told: Mapping[int, Sequence[Passed]]) -> set[int]:
    """Bounds that its reason was not given for."""
    bounds = {each.bound.pk for own in told.values() for each in own}
    return bounds.intersection(found.later_bounds) if found.exception else bounds


def _beyond_words(passed: Passed, found: Proposal, asking: set[int]) -> tuple[str, str]:
    """What comes of a price beyond a bound, or from when it is, and which bound that is."""
    said = _("by the reason given")
    if passed.bound.pk in asking:
        said = pgettext("bound", "only with a reason")
    if passed.is_refused:
        said = pgettext("bound", "refused")
    if passed.bound.start_date > found.start_date:
        said = _("from %(day)s on") % {"day": formats.day(passed.bound.start_date)}
    return said, f"{passed.bound.source}: {bound_words(passed.bound)}"


def _taken_words(taken: Price, found: Proposal) -> tuple[str, str]:
    """That something else holds from that day, and what."""
    return _("decided already"), _price_words(taken.amount, found)


def _price_words(amount: Decimal | None, found: Proposal) -> str:
    return _("no price") if amount is None else price_text(amount, found.price_list.currency)


def _words(
    row: ProposalRow, found: Proposal, passed: Sequence[Passed], taken: Price | None, asking: set[int]
) -> dict[str, Any]:
    currency = found.price_list.currency
    return {
        "row": row,
        "part": part_words(row.price.component, row.price.tier),
        "old": None if row.old is None else price_text(row.old, currency),
        "new": _price_words(row.price.amount, found),
        "beyond": [_beyond_words(each, found, asking) for each in passed]
        + ([_taken_words(taken, found)] if taken else []),
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
    """Propose, leave out what was decided already, approve, reject or withdraw."""
    found = proposal_get(request.user, pk)
    act, note = request.POST.get("act", ""), request.POST.get("note", "")
    said = {
        "submit": _("Proposed: somebody else approves it."),
        "approve": _("Approved: these prices hold from their date."),
        "reject": _("Rejected; the author is told why."),
        "withdraw": _("Withdrawn."),
        "leave_out": _("Left out. Look at what remains, then propose it."),
    }
    if act not in said:
        raise Http404(act)
    asked: dict[str, Any] = {"user": request.user, "proposal": found}
    try:
        if act == "submit":
            proposal_submit(**asked, exception=request.POST.get("exception", ""))
        elif act == "approve":
            proposal_approve(**asked, exception=request.POST.get("exception", ""))
        elif act == "leave_out":
            proposal_leave_out(**asked)
        elif act == "reject":
            proposal_reject(**asked, note=note)
        else:
            proposal_withdraw(**asked, note=note)
    except DomainError as error:
        if error.status == 403 and error.code == "not_allowed":
            raise
        return proposal_page(request, proposal_get(request.user, pk), error)
    if act == "submit" and found.price_list.is_observed:
        said[act] = _("Recorded: what was observed is decided by nobody.")
    messages.success(request, said[act])
    return redirect("pricing:proposal", pk=pk)


@with_right("pricing.edit")
@require_POST
def proposal_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Its prices once more, as a draft of one's own."""
    found = proposal_get(request.user, pk)
    form = ProposalAgainForm(request.POST)
    if form.is_valid():
        try:
            made = proposal_repeat(user=request.user, proposal=found, **form.cleaned_data)
        except DomainError as error:
            if error.status in (403, 409):
                return proposal_page(request, found, error)
            form_refuse(form, error)
        else:
            messages.success(request, _("A draft with the same prices: look at it, then propose it."))
            return redirect("pricing:proposal", pk=made.pk)
    return proposal_page(request, found, again_form=form)


@with_right("pricing.view")
@require_safe
def proposal_export(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """Every row as a file; code and price in front, as a paste takes them."""
    export_asked(request.user, kind)
    found = proposal_get(request.user, pk)

    prices = proposal_prices(request.user, found)
    held, taken = proposal_held(found, prices), prices_taken(found, prices)
    told = _told(held)
    asking = _asking(found, told)
    show, only = _only(request, told, taken)
    if show:
        prices = [price for price in prices if price.pk in only]

    def rows() -> Iterator[list[Any]]:
        for row in _all_rows(request.user, found, prices, held):
            product = row.product
            beyond = [_beyond_words(each, found, asking) for each in told.get(row.price.pk, ())]
            other = taken.get(row.price.pk)
            yield [
                *(
                    product.code,
                    row.price.amount,
                    product.name,
                    part_words(row.price.component, row.price.tier),
                ),
                *(row.old, row.change, row.volume, row.revenue),
                _price_words(other.amount, found) if other else None,
                *(map("; ".join, zip(*beyond, strict=True)) if beyond else (None, None)),
            ]

    columns = [
        ExportColumn(_("Code")),
        ExportColumn(_("New price"), "exact"),
        ExportColumn(_("Name"), width=36),
        ExportColumn(_("Which price")),
        ExportColumn(_("Old price"), "exact"),
        ExportColumn(_("Change"), "rate"),
        ExportColumn(_("Volume, 12 months"), "number"),
        ExportColumn(_("Revenue, 12 months"), "amount"),
        ExportColumn(_("Decided already")),
        ExportColumn(_("Beyond a bound")),
        ExportColumn(_("Which bound"), width=36),
    ]
    return export_response(request, name=_("proposal"), columns=columns, rows=rows(), kind=kind)
