"""What customers get off the list price, and what is settled of bonuses."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from core.charts import Switch
from core.errors import form_refuse
from core.idempotency import once
from core.organisation import organisation_get, today
from core.pages import page_render, with_right
from pricing.forms.terms import SettlementForm, TermForm
from pricing.models import Term
from pricing.selectors.bonuses import bonuses
from pricing.selectors.terms import place_seen, terms_visible
from pricing.services.terms import bonus_settle, term_set, term_withdraw, withdrawable
from pricing.term_words import bonus_line, place_words, term_words, years_open

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
        if error.status == 403:
            raise
        form_refuse(form, error)
        return None
    messages.success(request, _("Saved."))
    return redirect(address)


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """The terms within one's sight that hold now or lie ahead, or the past ones; POST says one."""
    user, day = request.user, today()
    form = TermForm(request.POST or None, user=user)
    if request.method == "POST":
        answer = _posted(request, form, "term", term_set, reverse("pricing:terms"))
        if answer is not None:
            return answer
    past = request.GET.get("show") == "past"
    can_edit, newest, rows = user.has_perm("pricing.edit"), set[Any](), []
    for term in terms_visible(user):
        key = (term.kind, term.channel_id, term.line_id)
        state = "ahead" if term.start_date > day else "past" if key in newest else "now"
        if state != "ahead":
            newest.add(key)
        mine = can_edit and place_seen(user, term.channel_id, term.line_id)
        if (state == "past") != past:
            continue
        rows.append(
            {
                "term": term,
                "place": place_words(term),
                "words": term_words(term),
                "state": state,
                "can_withdraw": mine and withdrawable(term),
            }
        )
    order = {"now": 0, "ahead": 1, "past": 2}
    rows.sort(
        key=lambda row: (order[row["state"]], row["place"].lower(), Term.Kind.values.index(row["term"].kind))
    )
    context = {
        "rows": rows,
        "past": past,
        "form": form,
        "nonce": request.POST.get("nonce") or uuid.uuid4().hex,
        "can_edit": can_edit,
    }
    return page_render(
        request, "pricing/terms.html", context, status=422 if request.method == "POST" else 200
    )


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
