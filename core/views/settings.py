from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.forms import OrganisationForm
from core.history import history_of
from core.organisation import organisation_get
from core.pages import with_right
from core.services import organisation_update


@with_right("core.settings")
@require_http_methods(["GET", "POST"])
def settings_edit(request: HttpRequest) -> HttpResponse:
    organisation = organisation_get()
    form = OrganisationForm(request.POST or None, organisation=organisation)
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            organisation_update(by=request.user, **form.cleaned_data)
        except VersionConflict as error:
            conflict, status = form_conflict(form, error, organisation.version), error.status
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("core:settings")
    context = {"form": form, "conflict": conflict, "history": history_of(organisation)}
    return render(request, "core/settings.html", context, status=status)
