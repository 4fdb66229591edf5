"""What VAT comes to from a date on: past rates stay, one ahead is added by who closes months."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import DomainError
from core.errors import form_refuse
from core.history import history_of_all
from core.pages import page_render, with_right
from pricing.forms.price_rules import VatRateForm
from pricing.models import VatRate
from pricing.selectors.price_rules import vat_rates_listed
from pricing.services.price_lists import vat_rate_remove, vat_rate_set
from products.selectors.closing import CLOSE


@with_right("pricing.view")
@require_http_methods(["GET", "HEAD", "POST"])
def vat_rates(request: HttpRequest) -> HttpResponse:
    """The rates with who added them; POST adds one, or says one ahead anew."""
    form, status = VatRateForm(request.POST or None), 200
    if request.method == "POST":
        if not request.user.has_perm(CLOSE):
            raise PermissionDenied(CLOSE)
        status = 422
        if form.is_valid():
            try:
                vat_rate_set(user=request.user, **form.cleaned_data)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("pricing:vat_rates")
    context = {
        "rates": vat_rates_listed(),
        "form": form,
        "history": history_of_all(VatRate),
        "can_edit": request.user.has_perm(CLOSE),
    }
    return page_render(request, "pricing/vat_rates.html", context, status=status)


@with_right(CLOSE)
@require_POST
def vat_rate_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a rate ahead."""
    try:
        vat_rate_remove(user=request.user, vat_rate=get_object_or_404(VatRate, pk=pk))
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back."))
    return redirect("pricing:vat_rates")
