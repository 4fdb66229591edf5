"""What people change of forecasts: overrides of a product, a channel or a line, and the agreed forecast."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.formats import localize_input
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from core import formats
from core.errors import form_refuse
from core.formats import volume_decimals
from core.months import month_add
from core.numbers import int_read
from core.pages import page_render, paginate, with_right
from forecasting.charts.forecasts import ends_words
from forecasting.forms import ConsensusForm, OverrideForm, OverrideMonthsForm
from forecasting.models import Forecast, ForecastMonth, Override
from forecasting.models.judgement import Party
from forecasting.selectors.channels import channel_split, channels_sold
from forecasting.selectors.forecasts import forecast_current, forecasts_allowed
from forecasting.selectors.judgement import (
    consensus_rows,
    last_judgement,
    last_judgement_of_channel,
    last_judgement_of_line,
    overrides_now,
    overrides_visible,
)
from forecasting.selectors.subjects import subject_allowed, subject_sales
from forecasting.services.judgement import (
    consensus_agree,
    consensus_contribute,
    override_renew,
    override_set,
    override_set_months,
    override_withdraw,
)
from forecasting.services.override_preview import SMALL_RATE, override_preview
from products.models import Measure, Product
from products.selectors.access import is_limited, lines_visible, product_get
from products.selectors.head import product_head
from products.selectors.lines import line_tree
from products.selectors.units import unit_of


@with_right("forecasting.override")
@require_http_methods(["GET", "POST"])
def override(request: HttpRequest, code: str) -> HttpResponse:
    """Change a product's forecast by hand; with the fields filled in, GET shows what that would do."""
    product, measure = _subject(request, code)
    now = forecast_current(request.user, product, measure)
    months = now.sold_months if now else []
    channels = [part.channel for part in channel_split(product, measure, now)] if now else []
    asked = {"product": product, "measure": measure}
    form = _form(request, months=[m.month for m in months], channels=channels if len(channels) > 1 else [])
    context = {
        "base": "products/product_base.html",
        "product": product,
        "head": product_head(request.user, product, "forecast", tree=line_tree()),
        "back": f"{reverse('forecasting:product', args=[product.code])}?measure={measure.code}",
        "unit": unit_of(line_tree(), product, measure),
        "measure": measure,
        "seen": request.POST.get("seen") or last_judgement(product, measure),
        "has_forecast": bool(months),
        "ends": ends_words(now.ended) if now and now.ended else "",
    }
    return _override(request, form, asked, context)


@with_right("forecasting.override")
@require_http_methods(["GET", "POST"])
def override_months(request: HttpRequest, code: str) -> HttpResponse:
    """A figure for each of the months ahead, typed or pasted."""
    product, measure = _subject(request, code)
    now = forecast_current(request.user, product, measure)
    months = now.sold_months if now else []
    form = OverrideMonthsForm(request.POST or None, months=[month.month for month in months])
    seen = int_read(request.POST.get("seen", ""))
    if seen is None:
        seen = last_judgement(product, measure)
    back = f"{reverse('forecasting:product', args=[product.code])}?measure={measure.code}"
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
                conflict, status, seen = error, 409, last_judgement(product, measure)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("The forecast was changed. The statistics stay beside it."))
                return redirect(back)
    context = {
        "product": product,
        "head": product_head(request.user, product, "forecast", tree=line_tree()),
        "back": back,
        "measure": measure,
        "unit": unit_of(line_tree(), product, measure),
        "ends": ends_words(now.ended) if now and now.ended else "",
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
        "seen": request.POST.get("seen") or last_judgement_of_line(below, measure),
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
        "seen": request.POST.get("seen") or last_judgement_of_channel(channel, measure),
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
            context["seen"] = _seen_now(asked | channel)
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


def _seen_now(asked: Mapping[str, Any]) -> int:
    """After a lost race: sent once more it is meant."""
    if "product" in asked:
        return last_judgement(asked["product"], asked["measure"])
    if "line" not in asked:
        return last_judgement_of_channel(asked["channel"], asked["measure"])
    return last_judgement_of_line(line_tree().descendants(asked["line"].pk), asked["measure"])


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


@with_right("forecasting.view")
@require_http_methods(["GET", "POST"])
def consensus(request: HttpRequest, code: str) -> HttpResponse:
    """The grid on the way to an agreed forecast: a row a month, a column a voice. To read for everybody who
    sees forecasts, to fill in for whom it concerns."""
    product, measure = _subject(request, code)
    now = forecast_current(request.user, product, measure)
    months = now.sold_months if now else []
    columns = _columns(request)
    if request.method == "POST" and not request.user.has_perm("forecasting.contribute"):
        raise PermissionDenied("forecasting.contribute")
    first = months[0].month if months else None
    sold = subject_sales(request.user, product, measure, month_add(first, -12), first) if first else None
    rows = consensus_rows(
        product, measure, months, {row.month: row.volume for row in sold.months} if sold else {}
    )
    initial = {
        ConsensusForm.name(column, row.month): _typed(
            row.agreed if column == "agreed" else row.inputs.get(column)
        )
        for row in rows
        for column in columns
    }
    form = ConsensusForm(
        request.POST or None,
        initial=initial,
        months=[row.month for row in rows],
        columns=columns,
    )
    status, conflict = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                _save(request, product, measure, form)
            except VersionConflict as error:
                conflict, status = error, 409
                form.data = form.data.copy()  # type: ignore[attr-defined]
                for name, value in initial.items():
                    shown = "" if value is None else localize_input(value)
                    form.data[form.add_initial_prefix(name)] = shown  # type: ignore[index]
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("The figures were saved."))
                return redirect(f"{reverse('forecasting:consensus', args=[code])}?measure={measure.code}")
    context = {
        "product": product,
        "head": product_head(request.user, product, "forecast", tree=line_tree()),
        "back": f"{reverse('forecasting:product', args=[product.code])}?measure={measure.code}",
        "measure": measure,
        "unit": unit_of(line_tree(), product, measure),
        "ends": ends_words(now.ended) if now and now.ended else "",
        "form": form,
        "conflict": conflict,
        "columns": [(c, dict(Party.choices).get(c, _("Agreed"))) for c in (*Party.values, "agreed")],
        "rows": [_grid_row(row, form, columns) for row in rows],
        "decimals": volume_decimals(
            v for row in rows for v in (row.year_before, row.statistical, row.overridden)
        ),
    }
    return page_render(request, "forecasting/consensus.html", context, status=status)


def _typed(value: Decimal | None) -> Decimal | None:
    """As somebody would type it: 120 and not 120.0000."""
    return None if value is None else Decimal(f"{value.normalize():f}")


def _columns(request: HttpRequest) -> list[str]:
    """Whom the person may speak for: the parties, and, with that right, all of them together."""
    if not request.user.has_perm("forecasting.contribute"):
        return []
    return [*Party.values, *(["agreed"] if request.user.has_perm("forecasting.agree") else [])]


def _grid_row(row: Any, form: ConsensusForm, columns: list[str]) -> dict[str, Any]:
    cells = []
    for column in (*Party.values, "agreed"):
        value = row.agreed if column == "agreed" else row.inputs.get(column)
        field = form[ConsensusForm.name(column, row.month)] if column in columns else None
        if field is not None and field.errors:
            field.field.widget.attrs["class"] += " is-invalid"
        cells.append({"field": field, "value": value})
    return {"row": row, "cells": cells}


def _save(request: HttpRequest, product: Product, measure: Measure, form: ConsensusForm) -> None:
    common = {"user": request.user, "product": product, "measure": measure}
    with transaction.atomic():
        for column in form.columns:
            both = {"values": form.column(column), "seen": form.seen_column(column)}
            if column == "agreed":
                consensus_agree(**common, **both, note=form.cleaned_data["note"])
            else:
                consensus_contribute(**common, **both, party=column)


def _subject(request: HttpRequest, code: str) -> tuple[Product, Measure]:
    """The product, for who may see its forecast, and the measure asked for."""
    product = product_get(request.user, code)
    if not subject_allowed(request.user, product):
        raise PermissionDenied("forecasting.view")
    measures = line_tree().measures(product.line_id)
    wanted = request.GET.get("measure")
    return product, next((m for m in measures if m.code == wanted), measures[0])
