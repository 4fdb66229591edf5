"""The rules prices keep to and their reference customers, shared by all lines."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.errors import DomainError
from core.errors import form_refuse
from core.pages import page_render, with_right
from exchange.export import ExportColumn, export_asked, export_response
from pricing.forms.price_rules import (
    BoundForm,
    LevyForm,
    LineVatForm,
    NoticeForm,
    PassThroughForm,
    PerishableForm,
    ReferenceCustomerForm,
)
from pricing.selectors.levies import levies_by_date, levies_visible
from pricing.selectors.price_rules import (
    bounds_visible,
    limits_history,
    line_vat_visible,
    notices_visible,
    perishables_visible,
)
from pricing.selectors.resellers import pass_throughs_visible
from pricing.selectors.yearly import customers_visible
from pricing.services.levies import levy_set
from pricing.services.price_bounds import RIGHT as BOUNDS
from pricing.services.price_bounds import bound_set, bounds_refused, notice_refused, notice_set, vat_set
from pricing.services.price_lists import (
    pass_through_set,
    perishable_set,
    reference_customer_set,
)
from pricing.words.prices import part_words, price_text
from pricing.words.yearly import levy_words, use_words
from products.selectors.access import (
    channels_visible,
    is_limited,
)
from products.selectors.lines import lines_offered
from products.services.scope import unlimited

LIMITS: dict[str, Any] = {"bound": BoundForm, "notice": NoticeForm, "vat": LineVatForm}
LIMIT_SERVICES: dict[str, Any] = {"bound": bound_set, "notice": notice_set, "vat": vat_set}
FORMS: dict[str, Any] = {
    "pass_through": PassThroughForm,
    "perishable": PerishableForm,
    "levy": LevyForm,
}
SERVICES: dict[str, Any] = {
    "pass_through": pass_through_set,
    "perishable": perishable_set,
    "levy": levy_set,
}


@with_right("pricing.view")
@require_safe
def price_rules(request: HttpRequest) -> HttpResponse:
    """Bounds, days of notice, VAT, levies and reference customers, with a form to add to each."""
    return _page(request)


@with_right("pricing.edit")
@require_POST
def price_rule_set(request: HttpRequest, what: str) -> HttpResponse:
    """Add a rule, or say it anew from the same date."""
    if what not in FORMS:
        raise Http404(what)
    return _set(request, what, FORMS[what], SERVICES[what])


@with_right(BOUNDS)
@require_POST
def price_limit_set(request: HttpRequest, what: str) -> HttpResponse:
    """Add what prices are held against, or say it anew."""
    if what not in LIMITS:
        raise Http404(what)
    return _set(request, what, LIMITS[what], LIMIT_SERVICES[what])


@with_right("pricing.view")
@require_safe
def price_limits_history(request: HttpRequest) -> HttpResponse:
    """Who set bounds, days of notice and VAT, when, to what, and what they were."""
    unlimited(request.user, _("This is shared by all lines; you are limited to some of them."))
    context = {"history": limits_history()}
    return page_render(request, "pricing/price_limits_history.html", context)


@with_right("pricing.approve")
@require_POST
def reference_customer(request: HttpRequest) -> HttpResponse:
    """What a line's reference customer uses in a year."""
    return _set(request, "customer", ReferenceCustomerForm, reference_customer_set)


@with_right("pricing.view")
@require_safe
def levies_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The levies as a file that can be edited and read in again."""
    export_asked(request.user, kind)
    columns = [
        ExportColumn(_("Product line")),
        ExportColumn(_("Levy")),
        ExportColumn(_("Basis")),
        ExportColumn(_("Tier")),
        ExportColumn(_("From"), "date"),
        ExportColumn(_("From a use of"), "number"),
        ExportColumn(_("Amount"), "exact"),
        ExportColumn(_("Percentage"), "number"),
    ]
    rows = (
        [
            *(row.line.code, row.name, row.basis, row.tier, row.start_date, row.from_quantity, row.amount),
            None if row.rate is None else row.rate * 100,
        ]
        for row in levies_visible(request.user)
    )
    return export_response(request, name=_("levies"), columns=columns, rows=rows, kind=kind)


def _set(request: HttpRequest, name: str, form_class: Any, service: Any) -> HttpResponse:
    form = form_class(request.POST, user=request.user)
    if form.is_valid():
        try:
            service(user=request.user, **form.cleaned_data)
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("pricing:price_rules")
    return _page(request, {name: form}, status=422)


def _page(request: HttpRequest, bound: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    user = request.user
    asked = FORMS | LIMITS | {"customer": ReferenceCustomerForm}
    forms = {f"{name}_form": form(user=user) for name, form in asked.items()}
    forms |= {f"{name}_form": form for name, form in (bound or {}).items()}
    lines = {line.pk: line for line in lines_offered(user)}
    rows = {"line": list(lines.values()), "channel": list(channels_visible(user))}
    for form in forms.values():
        for name in rows.keys() & form.fields.keys():  # asked for once, not by each form
            field = form.fields[name]
            nothing = [] if field.empty_label is None else [("", field.empty_label)]
            field.choices = nothing + [(row.code, str(row)) for row in rows[name]]
    sees_all = not is_limited(user)
    can_bound = sees_all and user.has_perm(BOUNDS)
    refused = bounds_refused(user) if can_bound else ""
    no_notice = refused or (notice_refused(user) if can_bound else "")
    context = {
        "bounds": [
            {
                "row": row,
                "part": part_words(row.component, row.tier),
                "least": None if row.least is None else price_text(row.least, row.currency),
                "most": None if row.most is None else price_text(row.most, row.currency),
            }
            for row in bounds_visible(user)
        ],
        "notices": notices_visible(user),
        "perishables": perishables_visible(user),
        "pass_throughs": pass_throughs_visible(user),
        "vat": line_vat_visible(user),
        "levies": [
            {"row": steps[0], "words": levy_words(steps)} for steps in levies_by_date(levies_visible(user))
        ],
        "customers": [
            {"line": lines.get(customer.line_id), "name": customer.name, "uses": use_words(customer)}
            for customer in customers_visible(user)
        ],
        "sees_all": sees_all,
        "can_bound": can_bound and not refused,
        "bounds_refused": refused,
        "can_notice": can_bound and not no_notice,
        "notice_refused": no_notice,
        "can_edit": sees_all and user.has_perm("pricing.edit"),
        "can_export": user.has_perm("exchange.export"),
        "can_approve": sees_all and user.has_perm("pricing.approve"),
        **forms,
    }
    return page_render(request, "pricing/price_rules.html", context, status=status)
