from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import services
from accounts.errors import DomainError
from accounts.forms import PasswordForm

from .shared import refuse


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def invitation_open(request: HttpRequest, token: str) -> HttpResponse:
    """An invited person chooses a password, in their own language; no account needed, the link is the key."""
    try:
        person = services.invitation_person(token)
    except DomainError as error:
        return render(request, "accounts/invitation_gone.html", {"error": error}, status=error.status)
    with translation.override(person.language):
        form = PasswordForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                services.invitation_accept(token=token, password=form.cleaned_data["password"])
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, _("Your password is set. Sign in with it."))
                return redirect("account_login")
        return render(request, "accounts/invitation.html", {"form": form, "person": person})
