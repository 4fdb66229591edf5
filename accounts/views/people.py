from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import selectors, services
from accounts.errors import DomainError, VersionConflict
from accounts.forms import InviteForm, PersonForm
from accounts.versions import form_conflict

from .shared import invitation_link, invited_page, managers, refuse


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
            invited = services.user_invite(
                by=request.user, link=invitation_link(request), **form.cleaned_data
            )
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
    context = {"section": "people", "person": person, "form": form, "conflict": conflict}
    return render(request, "accounts/person.html", context, status=status)


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
    if person.is_active:
        return redirect("accounts:person", pk)
    return invited_page(
        request,
        services.user_reactivate(by=request.user, user=person, link=invitation_link(request)),
    )


@managers
@require_POST
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    person = selectors.person_get(request.user, pk)
    try:
        invited = services.invitation_link_renew(by=request.user, user=person, link=invitation_link(request))
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("accounts:person", pk)
    return invited_page(request, invited)
