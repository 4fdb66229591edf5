"""What the pages of this room share. It is the lowest room, so they use nothing of ``core``."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import services
from accounts.addresses import public_url
from accounts.errors import DomainError
from accounts.models import User
from accounts.services import Invited

View = Callable[..., HttpResponse]


def managers(view: View) -> View:
    """Sign-in page for guests, 403 for those who may not manage accounts."""
    return login_required(permission_required("accounts.manage", raise_exception=True)(view))


def refuse(form: BaseForm, error: DomainError) -> None:
    """Put a refusal at its field, so that the page comes back with what was entered."""
    form.add_error(error.field if error.field in form.fields else None, str(error.message))


def deputy_saved(request: HttpRequest, owner: User, deputy: User) -> None:
    """Say that it is so, and what the deputy will not receive."""
    messages.success(request, _("Saved."))
    for text in services.deputy_warnings(owner, deputy):
        messages.warning(request, text)


def invitation_link(token: str) -> str:
    """The address to open."""
    return public_url(reverse("accounts:invitation", args=[token]))


def invited_page(request: HttpRequest, invited: Invited) -> HttpResponse:
    """The link, shown this once and kept in no cache."""
    response = render(request, "accounts/invited.html", {"invited": invited, "section": "people"})
    response.headers["Cache-Control"] = "no-store"
    return response
