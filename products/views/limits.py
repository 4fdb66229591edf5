from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import VersionConflict
from accounts.selectors import person_get
from accounts.versions import form_conflict
from core.pages import with_right
from products.forms.access import LimitsForm
from products.services.limits import LIMITED, limits_set
from products.services.scope import unlimited


@with_right("accounts.manage")
@require_http_methods(["GET", "POST"])
def limits_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Which lines and channels a person sees; only for who sees all of them."""
    unlimited(request.user, LIMITED)
    person = person_get(request.user, pk)
    form = LimitsForm(request.POST or None, person=person)
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        try:
            limits_set(by=request.user, user=person, **form.cleaned_data)
        except VersionConflict as error:
            conflict, status = form_conflict(form, error, person.version), error.status
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:person", pk)
    context = {"section": "people", "person": person, "form": form, "conflict": conflict}
    return render(request, "products/limits.html", context, status=status)
