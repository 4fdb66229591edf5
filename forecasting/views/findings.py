"""Unusual months: across products, on the forecast tab, and marking one by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core import formats
from core.errors import form_refuse
from core.numbers import int_read
from core.pages import page_render, paginate, with_right
from forecasting.forms import FlagForm
from forecasting.models import Finding
from forecasting.selectors.findings import FindingFilter, findings_page, findings_visible
from forecasting.selectors.forecasts import of_subject
from forecasting.services.findings import findings_decide, month_flag
from forecasting.words.findings import finding_rows
from products.selectors.access import forecasts_allowed
from products.selectors.lines import line_tree

from .product import frame, seen


@with_right("forecasting.view")
@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """Across products: what waits to be judged, the most money first."""
    chosen = FindingFilter.read(request.user, request.GET)
    page = paginate(request, findings_page(request.user, chosen))
    context = {
        "chosen": chosen,
        "page": page,
        "rows": finding_rows(list(page.object_list)),
        "can_judge": request.user.has_perm("forecasting.edit"),
        "limited": not forecasts_allowed(request.user),
        "back": request.get_full_path(),
    }
    return page_render(
        request, "forecasting/findings.html", context, fragment="forecasting/_finding_list.html"
    )


@with_right("forecasting.edit")
@require_POST
def findings_judge(request: HttpRequest) -> HttpResponse:
    """Judge the chosen ones at once, or take back what was said of them."""
    _may_judge(request)
    chosen = [pk for pk in map(int_read, request.POST.getlist("finding")) if pk is not None]
    rows = findings_visible(request.user).filter(pk__in=chosen)
    changed = _decide(request, rows)
    if not changed:
        messages.info(request, _("Nothing was chosen that could be changed."))
    return redirect(_back(request, reverse("forecasting:findings")))


@with_right("forecasting.edit")
@require_POST
def finding_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """One answer: exceptional, right, or what was said is taken back."""
    _may_judge(request)
    rows = findings_visible(request.user).filter(pk=pk)
    if not rows.exists():
        raise Http404
    _decide(request, rows)
    return redirect(_back(request, reverse("forecasting:findings")))


def _may_judge(request: HttpRequest) -> None:
    if not forecasts_allowed(request.user):
        raise PermissionDenied("forecasting.view")


def _decide(request: HttpRequest, rows: Any) -> list[Finding]:
    state = request.POST.get("state", "")
    changed = findings_decide(
        user=request.user, findings=rows, state=state, note=request.POST.get("note", "")
    )
    if changed:
        count = len(changed)
        said = {
            "confirmed": ngettext(
                "%(count)s finding was confirmed; the forecast takes it in the next night.",
                "%(count)s findings were confirmed; the forecast takes them in the next night.",
                count,
            ),
            "refused": ngettext(
                "%(count)s finding counts as right from the next night on.",
                "%(count)s findings count as right from the next night on.",
                count,
            ),
        }.get(state) or ngettext(
            "What was said of %(count)s finding was taken back.",
            "What was said of %(count)s findings was taken back.",
            count,
        )
        messages.success(request, said % {"count": formats.number(count)})
    return changed


def _back(request: HttpRequest, otherwise: str) -> str:
    """Where the person was, if that is a page of ours."""
    asked = request.POST.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if is_ours else otherwise


@with_right("forecasting.edit")
@require_http_methods(["GET", "POST"])
def flag(request: HttpRequest, of: str, code: str) -> HttpResponse:
    """Mark months as exceptional by hand, with what happened."""
    subject = seen(request, of, code)
    measures = line_tree().measures(subject.line_id)
    asked = request.POST.get("measure") or request.GET.get("measure")
    initial = {"measure": asked if asked in {m.code for m in measures} else None}
    form = FlagForm(request.POST or None, initial=initial, measures=measures)
    status = 200
    context = frame(request, subject)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            measure = next(m for m in measures if m.code == data["measure"])
            try:
                month_flag(
                    user=request.user,
                    measure=measure,
                    first=data["first"],
                    last=data["last"] or data["first"],
                    note=data["note"],
                    **of_subject(subject),
                )
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(
                    request, _("These months are left out of the forecast from the next night on.")
                )
                return redirect(f"{context['back']}?measure={measure.code}")
    context |= {"form": form}
    return page_render(request, "forecasting/flag_form.html", context, status=status)
