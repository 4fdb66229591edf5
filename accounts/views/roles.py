from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import selectors, services
from accounts.errors import DomainError, VersionConflict
from accounts.forms import RoleForm
from accounts.versions import form_conflict

from .shared import managers, refuse


@managers
@require_GET
def role_list(request: HttpRequest) -> HttpResponse:
    return render(
        request, "accounts/roles.html", {"roles": selectors.role_list(request.user), "section": "roles"}
    )


@managers
@require_http_methods(["GET", "POST"])
def role_new(request: HttpRequest) -> HttpResponse:
    form = RoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("name_en", "name_nl", "rights")}
        try:
            role = services.role_create(by=request.user, **given)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:role", role.code)
    return render(request, "accounts/role.html", {"form": form, "section": "roles"})


@managers
@require_http_methods(["GET", "POST"])
def role_edit(request: HttpRequest, code: str) -> HttpResponse:
    role = selectors.role_get(request.user, code)
    form = RoleForm(request.POST or None, role=role)
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            services.role_update(by=request.user, role=role, **form.cleaned_data)
        except VersionConflict as error:
            conflict, status = form_conflict(form, error, role.version), error.status
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:role", code)
    context = {"section": "roles", "role": role, "form": form, "conflict": conflict}
    return render(request, "accounts/role.html", context, status=status)


@managers
@require_POST
def role_remove(request: HttpRequest, code: str) -> HttpResponse:
    role = selectors.role_get(request.user, code)
    try:
        services.role_delete(by=request.user, role=role)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("accounts:role", code)
    messages.success(request, _("The role %s is gone.") % role)
    return redirect("accounts:roles")
