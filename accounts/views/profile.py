from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors, services
from accounts.errors import DomainError, VersionConflict
from accounts.forms import DeputyForm, ProfileForm, TokenForm
from accounts.models import Deputy
from accounts.versions import form_conflict

from .shared import deputy_saved, refuse


def _page(request: HttpRequest, *, status: int = 200, **given: Any) -> HttpResponse:
    """The page with all its forms; ``given`` puts the one that was refused in its place."""
    user, today = request.user, timezone.localdate()
    forms: dict[str, BaseForm] = {
        "form": ProfileForm(
            initial={
                "name": user.name,
                "language": user.language,
                "time_zone": user.time_zone,
                "version": user.version,
            }
        ),
        "deputy_form": DeputyForm(owner=user, initial={"start_date": today}),
        "token_form": TokenForm(),
    }
    context = {
        "deputies": selectors.person_deputies(user, today),
        "deputy_for": Deputy.objects.filter(deputy=user, end_date__gte=today).select_related("owner"),
        "tokens": selectors.person_tokens(user),
        "now": timezone.now(),
        "today": today,
    }
    return render(request, "accounts/profile.html", context | forms | given, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def profile_edit(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return _page(request)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form)
    try:
        user = services.profile_update(user=request.user, **form.cleaned_data)
    except VersionConflict as error:
        conflict = form_conflict(form, error, request.user.version)
        return _page(request, form=form, conflict=conflict, status=error.status)
    except DomainError as error:
        refuse(form, error)
        return _page(request, form=form)
    with translation.override(user.language):
        messages.success(request, _("Saved."))
    return redirect("accounts:profile")


@login_required
@require_POST
def deputy_add(request: HttpRequest) -> HttpResponse:
    form = DeputyForm(request.POST, owner=request.user)
    if form.is_valid():
        try:
            services.deputy_set(by=request.user, owner=request.user, **form.cleaned_data)
        except DomainError as error:
            refuse(form, error)
        else:
            deputy_saved(request, request.user, form.cleaned_data["deputy"])
            return redirect("accounts:profile")
    return _page(request, deputy_form=form)


@login_required
@require_POST
def deputy_stop(request: HttpRequest, pk: int) -> HttpResponse:
    deputy = get_object_or_404(Deputy, pk=pk, owner=request.user)
    services.deputy_end(by=request.user, deputy=deputy, today=timezone.localdate())
    messages.success(request, _("You receive everything yourself again."))
    return redirect("accounts:profile")


@login_required
@require_POST
def token_add(request: HttpRequest) -> HttpResponse:
    """Shows the secret in the answer itself: this once, kept in no cache and no session."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form)
    try:
        token, secret = services.token_create(user=request.user, **form.cleaned_data)
    except DomainError as error:
        if error.status == 403:
            raise
        refuse(form, error)
        return _page(request, token_form=form)
    response = _page(request, new_token=token, secret=secret)
    response.headers["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def token_end(request: HttpRequest, digest: str) -> HttpResponse:
    token = get_object_or_404(selectors.person_tokens(request.user), pk=digest)
    services.token_revoke(by=request.user, token=token)
    messages.success(request, _("The token %s no longer works.") % token.name)
    return redirect("accounts:profile")
