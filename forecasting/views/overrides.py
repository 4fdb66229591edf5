"""Forecasts changed by hand: of a product, its months, a line or a channel; and all that hold."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core import formats
from core.errors import form_refuse
from core.formats import volume_decimals
from core.numbers import int_read
from core.pages import page_render, paginate, with_right
from forecasting.forms import OverrideForm, OverrideMonthsForm
from forecasting.models import Forecast, ForecastMonth, Override
from forecasting.selectors.channels import channel_split, channels_sold
from forecasting.selectors.forecasts import forecast_current
from forecasting.selectors.judgement import (
    last_judgement,
    overrides_now,
    overrides_visible,
)
from forecasting.services.override_preview import SMALL_RATE, override_preview
from forecasting.services.overrides import (
    override_renew,
    override_set,
    override_set_months,
    override_withdraw,
)
from products.models import Measure, Product
from products.selectors.access import forecasts_allowed, is_limited, lines_visible, product_get
from products.selectors.lines import line_tree

from .subject import forecast_frame, forecast_tab, product_and_measure


@with_right("forecasting.override")
@require_http_methods(["GET", "POST"])
def override(request: HttpRequest, code: str) -> HttpResponse:
    """Change a product's forecast by hand; with the fields filled in, GET shows what that would do."""
    product, measure = product_and_measure(request, code)
    now = forecast_current(request.user, product, measure)
    months = now.sold_months if now else []
    channels = [part.channel for part in channel_split(product, measure, now)] if now else []
    asked = {"product": product, "measure": measure}
    form = _form(request, months=[m.month for m in months], channels=channels if len(channels) > 1 else [])
    context = forecast_frame(request.user, product, measure, now) | {
        "base": "products/product_base.html",
        "seen": request.POST.get("seen") or last_judgement(**asked),
        "has_forecast": bool(months),
    }
    return _override(request, form, asked, context)


@with_right("forecasting.override")
@require_http_methods(["GET", "POST"])
def override_months(request: HttpRequest, code: str) -> HttpResponse:
    """A figure for each of the months ahead, typed or pasted."""
    product, measure = product_and_measure(request, code)
    now = forecast_current(request.user, product, measure)
    months = now.sold_months if now else []
    form = OverrideMonthsForm(request.POST or None, months=[month.month for month in months])
    seen = int_read(request.POST.get("seen", ""))
    if seen is None:
        seen = last_judgement(product=product, measure=measure)
    status, conflict = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            said = {name: form.cleaned_data[name] for name in ("reason", "note", "evidence")}
            try:
                override_set_months(
                    user=request.user,
                    product=product,
                    measure=measure,
                    values=form.values(),
                    seen=seen,
                    **said,
                )
            except VersionConflict as error:
                conflict, status = error, 409
                seen = last_judgement(product=product, measure=measure)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("The forecast was changed. The statistics stay beside it."))
                return redirect(forecast_tab(product, measure))
    context = forecast_frame(request.user, product, measure, now) | {
        "form": form,
        "seen": seen,
        "conflict": conflict,
        "rows": [{"month": month, "field": form[f"{month.month:%Y-%m}"]} for month in months],
        "decimals": volume_decimals(v for month in months for v in (month.mean, month.unagreed)),
    }
    return page_render(request, "forecasting/override_months.html", context, status=status)


@with_right("forecasting.override")
@require_http_methods(["GET", "POST"])
def override_line(request: HttpRequest, code: str) -> HttpResponse:
    """Change the forecasts of all products of a line, split by what is expected of each."""
    if not forecasts_allowed(request.user):
        raise PermissionDenied("forecasting.view")
    line = get_object_or_404(lines_visible(request.user), code=code)
    measure = line_tree().lead_measure(line.pk)
    below = line_tree().descendants(line.pk)
    form = _form(
        request,
        months=_months_of(measure, forecast__product__line__in=below),
        channels=channels_sold(measure, Product.objects.filter(line__in=below)),
    )
    context = {
        "base": "base.html",
        "line": line,
        "back": f"{reverse('forecasting:totals')}?line={line.code}",
        "unit": "",
        "measure": measure,
        "seen": request.POST.get("seen") or last_judgement(line=line, measure=measure),
        "has_forecast": bool(form.fields["first_month"].choices),  # type: ignore[attr-defined]
    }
    return _override(request, form, {"line": line, "measure": measure}, context)


@with_right("forecasting.override")
@require_http_methods(["GET", "POST"])
def override_channel(request: HttpRequest) -> HttpResponse:
    """Change the forecasts of all products in one channel, of each its part there."""
    if is_limited(request.user):
        raise PermissionDenied("forecasting.view")
    current = Forecast.objects.filter(current=True, product__isnull=False)
    measures = list(Measure.objects.filter(pk__in=current.values("measure")).order_by("pk"))
    measure = next((m for m in measures if m.code == request.GET.get("measure")), None) or (
        measures[0] if measures else Measure.objects.order_by("pk")[0]
    )
    channels = channels_sold(measure, Product.objects.all())
    form = _form(request, months=_months_of(measure), channels=channels, channel_only=True)
    channel = next((c for c in channels if c.code == form["channel"].value()), None) if channels else None
    context = {
        "base": "base.html",
        "back": reverse("forecasting:overrides"),
        "unit": "",
        "measure": measure,
        "switches": measures if len(measures) > 1 else [],
        "seen": request.POST.get("seen") or last_judgement(channel=channel, measure=measure),
        "has_forecast": bool(channels),
    }
    return _override(request, form, {"measure": measure}, context)


def _months_of(measure: Measure, **of: Any) -> list[datetime.date]:
    """The months that some forecast of these products is about."""
    months = ForecastMonth.objects.filter(
        forecast__current=True, forecast__product__isnull=False, forecast__measure=measure, **of
    )
    return sorted(set(months.order_by().values_list("month", flat=True).distinct()))


def _form(request: HttpRequest, **options: Any) -> OverrideForm:
    if request.method == "POST":
        return OverrideForm(request.POST, **options)
    return OverrideForm(request.GET, **options) if "value" in request.GET else OverrideForm(**options)


def _override(
    request: HttpRequest, form: OverrideForm, asked: Mapping[str, Any], context: dict[str, Any]
) -> HttpResponse:
    status = 200
    if form.is_bound and form.is_valid():
        values = dict(form.cleaned_data)
        plain = {key: values[key] for key in ("operation", "value", "first_month", "last_month")}
        channel = {"channel": values["channel"]} if values.get("channel") else {}
        try:
            preview = override_preview(**asked, **plain, **channel)
            many = "product" not in asked
            parts = (*preview.by_month, *(preview.by_product if many else ()))
            context |= {
                "preview": preview,
                "many": many,
                "decimals": volume_decimals(v for part in parts for v in (part.before, part.after)),
            }
            if request.method == "POST":
                seen = context["seen"]
                override_set(user=request.user, **asked, **values, seen=int_read(str(seen)))
        except VersionConflict as error:
            context["conflict"], status = error, 409
            context["seen"] = last_judgement(**asked, **channel)  # sent once more it is meant
        except DomainError as error:
            form_refuse(form, error)
            status = 422
        else:
            if request.method == "POST":
                messages.success(request, _("The forecast was changed. The statistics stay beside it."))
                return redirect(context["back"])
    elif form.is_bound:
        status = 422
    context |= {"form": form, "small_rate": SMALL_RATE}
    if request.method == "GET":
        status = 200
    return page_render(
        request,
        "forecasting/override_form.html",
        context,
        fragment="forecasting/_override_preview.html",
        status=status,
    )


@with_right("forecasting.view")
@require_safe
def overrides(request: HttpRequest) -> HttpResponse:
    """Every override that holds, those that run out first; ``?over=1`` for those that are over."""
    found = overrides_visible(request.user)
    over = request.GET.get("over") == "1"
    if over:
        found = found.exclude(months__active=True, withdrawn_at=None)
    else:
        found = found.filter(months__active=True, withdrawn_at=None).order_by("until", "-pk").distinct()
    show = request.GET.get("show", "")
    if over or show not in {"ending", "moved"}:
        page = paginate(request, found)
        rows = overrides_now(list(page))
    else:
        page = paginate(request, [row for row in overrides_now(list(found)) if getattr(row, show)])
        rows = list(page)
    context = {
        "page": page,
        "rows": rows,
        "over": over,
        "show": "" if over else show,
        "can_edit": request.user.has_perm("forecasting.override"),
        "limited": is_limited(request.user),
    }
    return page_render(request, "forecasting/overrides.html", context)


@with_right("forecasting.override")
@require_POST
def override_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an override."""
    found = _override_get(request, pk)
    override_withdraw(user=request.user, override=found)
    messages.success(request, _("The override was withdrawn. Under “Over” you can let it hold again."))
    return redirect(_back(request))


@with_right("forecasting.override")
@require_POST
def override_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an override hold on, or again."""
    found = _override_get(request, pk)
    try:
        renewed = override_renew(user=request.user, override=found)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(
            request, _("The override holds until %(day)s.") % {"day": formats.day(renewed.until)}
        )
    return redirect(_back(request))


def _override_get(request: HttpRequest, pk: int) -> Override:
    if not forecasts_allowed(request.user):
        raise PermissionDenied("forecasting.view")
    return get_object_or_404(overrides_visible(request.user), pk=pk)


def _back(request: HttpRequest) -> str:
    code = request.POST.get("product", "")
    if code:
        return reverse("forecasting:product", args=[product_get(request.user, code).code])
    return reverse("forecasting:overrides")
