"""What customers get off the list price, and what is settled of bonuses."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core.charts import Switch
from core.errors import form_refuse
from core.idempotency import once
from core.organisation import organisation_get, today
from core.pages import page_render, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.forms.terms import SettlementForm, TermForm
from pricing.models import Term
from pricing.selectors.bonuses import bonuses
from pricing.selectors.terms import ended, place_seen, steps_of, terms_visible
from pricing.services.terms import bonus_settle, term_set, term_withdraw, withdrawable
from pricing.sheets.terms import steps_text
from pricing.words.cost_sheet import ALL
from pricing.words.terms import bonus_line, place_words, term_words, years_open

YEARS = 3


def _posted(
    request: HttpRequest, form: forms.Form, scope: str, save: Any, address: str
) -> HttpResponse | None:
    """The way on when it is saved; ``None``: the page comes back with what is wrong."""
    if not request.user.has_perm("pricing.edit"):
        raise PermissionDenied("pricing.edit")
    if not form.is_valid():
        return None
    try:
        save_once = lambda: save(user=request.user, **form.cleaned_data).pk  # noqa: E731
        once(request.user, scope, request.POST.get("nonce", ""), save_once)
    except DomainError as error:
        form_refuse(form, error)
        return None
    messages.success(request, _("Saved."))
    return redirect(address)


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """The terms within one's sight that hold now or lie ahead, or the past ones; POST says one."""
    user = request.user
    form = TermForm(request.POST or None, user=user)
    if request.method == "POST":
        answer = _posted(request, form, "term", term_set, reverse("pricing:terms"))
        if answer is not None:
            return answer
    past, can_edit = request.GET.get("show") == "past", user.has_perm("pricing.edit")
    rows = [
        {
            "term": term,
            "place": place_words(term),
            "words": term_words(term),
            "state": state,
            "can_withdraw": can_edit
            and place_seen(user, term.channel_id, term.line_id)
            and withdrawable(term),
        }
        for state, term in _states(user, past)
    ]
    context = {
        "rows": rows,
        "past": past,
        "can_export": user.has_perm("exchange.export"),
        "form": form,
        "nonce": request.POST.get("nonce") or uuid.uuid4().hex,
        "can_edit": can_edit,
    }
    return page_render(
        request, "pricing/terms.html", context, status=422 if request.method == "POST" else 200
    )


def _states(user: Any, past: bool) -> list[tuple[str, Term]]:
    """The terms within one's sight that are past, or else those that hold now and after them those ahead."""
    found, newest, day = [], set[Any](), today()
    for term in terms_visible(user):
        key = (term.kind, term.channel_id, term.line_id)
        state = "ahead" if term.start_date > day else "past" if key in newest else "now"
        if state != "ahead":
            newest.add(key)
        if (state == "past") == past:
            found.append((state, term))
    kinds = Term.Kind.values
    return sorted(
        found, key=lambda row: (row[0] == "ahead", place_words(row[1]).lower(), kinds.index(row[1].kind))
    )


@with_right("pricing.view")
@require_safe
def terms_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The page Terms as a file that can be edited and read in again."""
    export_asked(request.user, kind)
    columns = [
        ExportColumn(_("Kind")),
        ExportColumn(_("Channel")),
        ExportColumn(_("Product line")),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("Percentage"), "number"),
        ExportColumn(_("Amount a unit"), "number"),
        ExportColumn(_("Paid within days"), "number"),
        ExportColumn(_("Scale by")),
        ExportColumn(_("Steps of the bonus"), width=36),
        ExportColumn(_("Ends")),
    ]
    rows = (
        [
            *(term.kind, term.channel.code if term.channel else ALL, term.line.code if term.line else ALL),
            *(term.start_date, None if term.rate is None else term.rate * 100, term.amount, term.days),
            *(term.basis, steps_text(steps_of(term)), ended(term)),
        ]
        for _state, term in _states(request.user, request.GET.get("show") == "past")
    )
    return export_response(request, name=pgettext("file", "terms"), columns=columns, rows=rows, kind=kind)


@with_right("pricing.edit")
@require_POST
def term_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a term that lies ahead, or a slip of today."""
    term_withdraw(user=request.user, term=get_object_or_404(terms_visible(request.user), pk=pk))
    messages.success(request, _("Withdrawn: the term before it goes on."))
    return redirect("pricing:terms")


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def bonus_year(request: HttpRequest) -> HttpResponse:
    """What bonuses of a year (``?year=``) have accrued beside what was settled; POST settles."""
    user, this = request.user, today().year
    years = [this - ago for ago in range(YEARS)]
    asked = request.GET.get("year", "")
    year = int(asked) if asked in map(str, years) else this
    form = SettlementForm(request.POST or None, user=user, years=years, initial={"year": year})
    if request.method == "POST":
        address = f"{reverse('pricing:bonuses')}?year={request.POST.get('year', '')[:4]}"
        answer = _posted(request, form, "bonus settlement", bonus_settle, address)
        if answer is not None:
            return answer
    found, currency = bonuses(user, years), organisation_get().currency
    shown = [bonus for bonus in found if bonus.year == year]
    context = {
        "year": year,
        "years": [Switch(str(each), f"?year={each}", each == year) for each in years],
        "open": [(each, left) for each, left in years_open(found, currency) if each != str(year)],
        "rows": [bonus_line(bonus, currency) for bonus in shown],
        "settlements": sorted(
            (row for bonus in shown for row in bonus.settlements),
            key=lambda row: (row.settled_date, row.pk),
            reverse=True,
        ),
        "currency": currency,
        "form": form,
        "nonce": request.POST.get("nonce") or uuid.uuid4().hex,
        "can_edit": user.has_perm("pricing.edit"),
    }
    return page_render(
        request, "pricing/bonuses.html", context, status=422 if request.method == "POST" else 200
    )
