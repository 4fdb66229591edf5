"""A product's forecast tab, and its stage set by hand."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core.charts import Switch
from core.errors import form_refuse
from core.months import month_add, month_start
from core.organisation import today
from core.pages import page_render, with_right
from forecasting.cards import stage_card, stage_spans
from forecasting.charts import forecast_chart
from forecasting.events import product_events
from forecasting.forms import StageForm
from forecasting.models import ForecastMonth
from forecasting.selectors.forecasts import (
    ForecastNow,
    Vintage,
    forecast_current,
    forecast_vintages,
    forecasts_allowed,
)
from forecasting.services.stages import stage_set, stage_withdraw
from forecasting.words import method_words, reason_words
from products.models import Measure, Product
from products.selectors.access import product_get
from products.selectors.head import product_head
from products.selectors.lines import line_tree
from products.selectors.sales import MonthSales, sales_months

HISTORY_MONTHS = 60


@with_right("forecasting.view")
@require_safe
def forecast(request: HttpRequest, code: str) -> HttpResponse:
    """History, the next 18 months, how that was made, how good it was, and the stage."""
    product = product_get(request.user, code)
    tree = line_tree()
    head = product_head(request.user, product, "forecast", tree=tree)
    context: dict[str, Any] = {"head": head, "product": product, "allowed": forecasts_allowed(request.user)}
    if context["allowed"]:
        measures = tree.measures(product.line_id)
        measure = next((m for m in measures if m.code == request.GET.get("measure")), measures[0])
        unit = head.unit if measure.code == "units" else measure.unit
        context |= _context(request, product, measure, measures, unit)
    return page_render(request, "forecasting/product_forecast.html", context)


def _context(
    request: HttpRequest, product: Product, measure: Measure, measures: list[Measure], unit: str
) -> dict[str, Any]:
    now = forecast_current(request.user, product, measure)
    running = month_start(today())
    last = month_add(now.forecast.as_of, 1) if now else running
    first = month_add(last, -HISTORY_MONTHS)
    sales = sales_months(request.user, product, measure, first, max(last, month_add(running, -1)))
    card = stage_card(request.user, product)
    leads = measure == measures[0]
    switches = [
        Switch(capfirst(str(m)), f"?measure={m.code}", m == measure) for m in measures if len(measures) > 1
    ]
    chart = forecast_chart(
        sales=sales,
        now=now,
        measure=measure,
        unit=unit,
        events=product_events(request.user, product, first, month_add(last, 18)),
        stages=stage_spans(card) if leads else (),
        switches=switches,
    )
    return {
        "measure": measure,
        "unit": unit,
        "now": now,
        "chart": chart,
        "card": card,
        "method": method_words(now.forecast.method) if now else "",
        "reason": reason_words(now.forecast.reason_code, now.forecast.reason_params) if now else "",
        "months": _months(now, sales),
        "vintages": _vintages(forecast_vintages(request.user, product, measure)),
        "is_level": measure.kind == Measure.Kind.LEVEL,
        "can_run": request.user.has_perm("forecasting.run"),
        "nonce": uuid.uuid4(),
    }


def _months(now: ForecastNow | None, sales: list[MonthSales]) -> list[dict[str, Any]]:
    """The 18 months, each beside the same month a year before."""
    if now is None:
        return []
    known = {month.month: month.volume for month in sales if month.complete}

    def row(month: ForecastMonth) -> dict[str, Any]:
        before = known.get(month_add(month.month, -12))
        index = month.mean / float(before) * 100 if before is not None and before > 0 else None
        return {"month": month, "before": before, "index": index}

    return [row(month) for month in now.months]


def _vintages(found: list[Vintage]) -> list[dict[str, Any]]:
    """Newest first, each with its change against the one before it."""
    rows = []
    for place, vintage in enumerate(found):
        older = found[place + 1] if place + 1 < len(found) else None
        change = None
        if older is not None and older.year and vintage.year is not None:
            change = vintage.year / older.year - 1
        rows.append({"vintage": vintage, "change": change})
    return rows


@with_right("forecasting.edit")
@require_http_methods(["GET", "POST"])
def stage(request: HttpRequest, code: str) -> HttpResponse:
    """Set the stage by hand, with a reason and until when."""
    product = _product(request, code)
    card = stage_card(request.user, product)
    initial = {"stage": card.now.stage if card else None, "until": month_add(month_start(today()), 7)}
    form = StageForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                stage_set(user=request.user, product=product, **form.cleaned_data)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("The stage was set."))
                return redirect("forecasting:product", code=product.code)
    context = {
        "head": product_head(request.user, product, "forecast"),
        "product": product,
        "form": form,
        "card": card,
    }
    return page_render(request, "forecasting/stage_form.html", context, status=status)


@with_right("forecasting.edit")
@require_POST
def stage_take_back(request: HttpRequest, code: str) -> HttpResponse:
    """Back to the night's own estimate."""
    product = _product(request, code)
    stage_withdraw(user=request.user, product=product)
    messages.success(request, _("The stage is the night's own again."))
    return redirect("forecasting:product", code=product.code)


def _product(request: HttpRequest, code: str) -> Product:
    """The product, for who may see its forecast."""
    product = product_get(request.user, code)
    if not forecasts_allowed(request.user):
        raise PermissionDenied("forecasting.view")
    return product
