from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import selectors, services
from accounts.errors import DomainError, VersionConflict
from accounts.forms import DeputyForm, InviteForm, PersonForm
from accounts.models import User
from accounts.versions import form_conflict

from .shared import deputy_saved, invitation_link, invited_page, managers, refuse


@managers
@require_GET
def person_list(request: HttpRequest) -> HttpResponse:
    text, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    inactive = bool(request.GET.get("inactive"))
    people = selectors.person_list(request.user, text=text, role=role, inactive=inactive)
    size = 200 if request.GET.get("size") == "200" else 50
    context = {
        "page": Paginator(people, size).get_page(request.GET.get("page")),
        "roles": selectors.role_list(request.user),
        "text": text,
        "role": role,
        "inactive": inactive,
        "section": "people",
    }
    return render(request, "accounts/people.html", context)


@managers
@require_http_methods(["GET", "POST"])
def person_invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None, initial={"language": request.user.language})
    if request.method == "POST" and form.is_valid():
        try:
            invited = services.user_invite(by=request.user, link=invitation_link, **form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            return invited_page(request, invited)
    return render(request, "accounts/invite.html", {"form": form, "section": "people"})


@managers
@require_http_methods(["GET", "POST"])
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    person = selectors.person_get(request.user, pk)
    form = PersonForm(request.POST or None, person=person)
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            services.user_update(by=request.user, user=person, **form.cleaned_data)
        except VersionConflict as error:
            conflict, status = form_conflict(form, error, person.version), error.status
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:person", pk)
    return _person_page(request, person, status=status, form=form, conflict=conflict)


def _person_page(request: HttpRequest, person: User, *, status: int = 200, **given: Any) -> HttpResponse:
    """The page with both its forms; ``given`` puts the one that was refused in its place."""
    day = timezone.localdate()
    context = {
        "section": "people",
        "person": person,
        "form": PersonForm(None, person=person),
        "deputies": selectors.person_deputies(person, day),
        "deputy_form": DeputyForm(owner=person, initial={"start_date": day}, prefix="deputy"),
        "today": day,
    }
    return render(request, "accounts/person.html", context | given, status=status)


@managers
@require_POST
def person_deputy_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Name a deputy for somebody who cannot, being away already."""
    person = selectors.person_get(request.user, pk)
    form = DeputyForm(request.POST, owner=person, prefix="deputy")
    if form.is_valid():
        try:
            services.deputy_set(by=request.user, owner=person, **form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            deputy_saved(request, person, form.cleaned_data["deputy"])
            return redirect("accounts:person", pk)
    return _person_page(request, person, deputy_form=form)


@managers
@require_POST
def person_deputy_end(request: HttpRequest, pk: int, deputy: int) -> HttpResponse:
    person = selectors.person_get(request.user, pk)
    found = get_object_or_404(selectors.person_deputies(person, timezone.localdate()), pk=deputy)
    services.deputy_end(by=request.user, deputy=found, today=timezone.localdate())
    messages.success(request, _("%s receives everything themselves again.") % person.name)
    return redirect("accounts:person", pk)


@managers
@require_POST
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = selectors.person_get(request.user, pk)
    try:
        services.user_deactivate(by=request.user, user=person)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%s can no longer sign in.") % person.name)
    return redirect("accounts:person", pk)


@managers
@require_POST
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    person = selectors.person_get(request.user, pk)
    invited = services.user_reactivate(by=request.user, user=person, link=invitation_link)
    return invited_page(request, invited) if invited else redirect("accounts:person", pk)


@managers
@require_POST
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    person = selectors.person_get(request.user, pk)
    try:
        invited = services.invitation_link_renew(by=request.user, user=person, link=invitation_link)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("accounts:person", pk)
    return invited_page(request, invited)
