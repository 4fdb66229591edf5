from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core import registries
from core.errors import form_refuse
from core.organisation import organisation_get
from core.pages import with_right
from products.forms.access import FourEyesForm, rules_seen
from products.models import ProductLine
from products.selectors.four_eyes import four_eyes_rules
from products.services.four_eyes import four_eyes_set
from products.services.scope import unlimited


@with_right("core.settings")
@require_http_methods(["GET", "POST"])
def four_eyes_edit(request: HttpRequest) -> HttpResponse:
    """Which decisions need two people, by line and kind. When somebody set the same rule in between, the page
    shows both (409)."""
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    rules = four_eyes_rules()
    form = FourEyesForm(request.POST or None, initial={"seen": rules_seen(rules)})
    conflict, status = None, 200
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        pk = given.pop("line")
        try:
            four_eyes_set(by=request.user, line=pk and ProductLine.objects.get(pk=pk), **given)
        except VersionConflict as error:
            rules = four_eyes_rules()
            conflict, status = form_conflict(form, error, json.dumps(rules_seen(rules)), "seen"), error.status
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("products:four_eyes")
    labels = {kind.key: kind.label for kind in registries.decision_kinds}
    context = {
        "form": form,
        "conflict": conflict,
        "rules": [(rule, labels.get(rule.decision_kind, rule.decision_kind)) for rule in rules],
        "kinds": labels,
        "currency": organisation_get().currency,
    }
    return render(request, "products/four_eyes.html", context, status=422 if form.errors else status)
