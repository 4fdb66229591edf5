"""Alerts: the list, later, close, and undo. A row answers htmx with itself; without it one is led back."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from collaboration.forms import CloseForm, SnoozeForm
from collaboration.models import Alert
from collaboration.selectors.alert_list import AlertFilter, alert_page
from collaboration.selectors.alerts import DEAL, AlertRow, alert_get, alert_rows, alerts_worded
from collaboration.services.alerts import LIVE, alert_close, alert_reopen, alert_snooze
from core.errors import form_refuse
from core.numbers import int_read
from core.organisation import today
from core.pages import page_render, paginate, with_right
from core.panels import panels_build


def later_choices() -> list[dict[str, str]]:
    """The usual days to be reminded on: tomorrow, in a week, in a month."""
    labels = {1: _("Tomorrow"), 7: _("In a week"), 30: _("In 30 days")}
    return [
        {"label": label, "iso": (today() + datetime.timedelta(days=days)).isoformat()}
        for days, label in labels.items()
    ]


@with_right("collaboration.view")
@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    """All alerts one may see, by state, kind, whose they are and line."""
    chosen = AlertFilter.read(request.user, request.GET)
    page = paginate(request, alert_page(request.user, chosen))
    context = {
        "chosen": chosen,
        "page": page,
        "rows": alert_rows(request.user, alerts_worded(page.object_list)),
        "later": later_choices(),
        "back": request.get_full_path(),
    }
    return page_render(
        request, "collaboration/alert_list.html", context, fragment="collaboration/_alert_list.html"
    )


@with_right("collaboration.view")
@require_safe
def alert_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _answer(request, alert_get(request.user, pk))


def _row(request: HttpRequest, alert: Alert) -> AlertRow:
    return alert_rows(request.user, [alert])[0]


def _answer(request: HttpRequest, alert: Alert, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "row": _row(request, alert),
        "later": later_choices(),
        "back": _back(request),
        "talk_panels": lambda: panels_build(request.user, alert, "talk"),
        **more,
    }
    return page_render(
        request,
        "collaboration/alert.html",
        context,
        fragment="collaboration/_alert_row.html",
        status=status,
    )


def _back(request: HttpRequest) -> str:
    """Where the person was, if that is a page of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_ours else reverse("collaboration:alerts")


def _ask(request: HttpRequest, alert: Alert, form: SnoozeForm | CloseForm, verb: str) -> HttpResponse:
    """The row with its question; without one when there is nothing left to do."""
    if alert.state not in LIVE:
        return _answer(request, alert)
    return _answer(request, alert, 422 if form.is_bound else 200, form=form, verb=verb)


def _done(request: HttpRequest, pk: int, said: str) -> HttpResponse:
    if request.htmx:
        return _answer(request, alert_get(request.user, pk))
    messages.success(request, said)
    return redirect(_back(request))


@with_right(DEAL)
@require_http_methods(["GET", "POST"])
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Out of sight until a day; GET asks for the day."""
    alert = alert_get(request.user, pk)
    form = SnoozeForm(request.POST or None, initial={"version": alert.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            alert_snooze(alert_id=alert.pk, version=data["version"], until=data["until"])
        except DomainError as error:
            if error.status == 409:
                raise
            form_refuse(form, error)
        else:
            return _done(request, pk, _("You will be reminded."))
    return _ask(request, alert, form, "later")


@with_right(DEAL)
@require_http_methods(["GET", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Dealt with, and why; GET asks for the reason."""
    alert = alert_get(request.user, pk)
    form = CloseForm(request.POST or None, initial={"version": alert.version})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            alert_close(alert_id=alert.pk, version=data["version"], reason=data["reason"], user=request.user)
        except DomainError as error:
            if error.status == 409:
                raise
            form_refuse(form, error)
        else:
            return _done(request, pk, _("Closed."))
    return _ask(request, alert, form, "close")


@with_right(DEAL)
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo of later and close."""
    alert = alert_get(request.user, pk)
    alert_reopen(alert_id=alert.pk, version=int_read(request.POST.get("version", "")) or 0)
    return _done(request, pk, _("Open again."))
