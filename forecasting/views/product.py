"""The forecast tab of a product or family, and its stage set by hand."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from core import formats
from core.charts import Switch
from core.errors import form_refuse
from core.formats import volume_decimals
from core.months import month_add, month_end, month_start
from core.organisation import today
from core.pages import page_render, with_right
from forecasting.cards.channels import channels_card
from forecasting.cards.findings import findings_card
from forecasting.cards.launches import launch_card
from forecasting.cards.product import StageCard, stage_card, stage_spans
from forecasting.cards.weeks import step_words, weeks_chart, weeks_shown, with_steps
from forecasting.charts.forecasts import ends_words, forecast_chart, revenue_chart
from forecasting.events import subject_events
from forecasting.explanation import explanation
from forecasting.forms import StageForm
from forecasting.models import ForecastMonth
from forecasting.selectors.forecasts import ForecastNow, Vintage, forecast_current, forecast_vintages
from forecasting.selectors.judgement import product_overrides
from forecasting.selectors.stages import settings_of
from forecasting.selectors.subjects import Subject, of_subject, subject_allowed, subject_sales
from forecasting.services.stages import stage_set, stage_withdraw
from forecasting.words.drivers import driver_card
from forecasting.words.findings import finding_marks
from forecasting.words.forecasts import method_words, reason_words
from products.models import Family, Measure, Product
from products.selectors.access import product_get
from products.selectors.family_page import family_head
from products.selectors.head import product_head
from products.selectors.lines import line_tree
from products.selectors.sales import MonthSales
from products.selectors.structure import family_get

from .accuracy import product_card

HISTORY_MONTHS = 60


def frame(request: HttpRequest, subject: Subject) -> dict[str, Any]:
    """What the page around it needs: its head, and the template of the product's or family's pages."""
    if isinstance(subject, Family):
        head = family_head(request.user, subject, "forecast")
        found = {"base": "products/family_base.html", "family": subject}
    else:
        head = product_head(request.user, subject, "forecast", tree=line_tree())
        found = {"base": "products/product_base.html", "product": subject}
    return {**found, "head": head, "subject": subject, "back": _address(subject)}


def _address(subject: Subject, page: str = "") -> str:
    """The forecast tab, or what belongs to it."""
    name = "forecasting:family" if isinstance(subject, Family) else "forecasting:product"
    return reverse(f"{name}{page}", args=[subject.code])


def subject_get(user: Any, of: str, code: str) -> Subject:
    """The product or family with this code, for who may see it."""
    return family_get(user, code) if of == "family" else product_get(user, code)


@with_right("forecasting.view")
@require_safe
def forecast(request: HttpRequest, of: str, code: str) -> HttpResponse:
    """History, the next 18 months, how that was made, how good it was, and the stage."""
    subject = subject_get(request.user, of, code)
    context = frame(request, subject) | {
        "allowed": subject_allowed(request.user, subject),
        "tab_actions": "forecasting/_recompute.html",
    }
    if context["allowed"]:
        measures = line_tree().measures(subject.line_id)
        measure = next((m for m in measures if m.code == request.GET.get("measure")), measures[0])
        context |= _context(request, subject, measure, measures)
    return page_render(request, "forecasting/forecast.html", context)


def _context(
    request: HttpRequest, subject: Subject, measure: Measure, measures: list[Measure]
) -> dict[str, Any]:
    now = forecast_current(request.user, subject, measure)
    running = month_start(today())
    last = month_add(now.forecast.as_of, 1) if now else running
    first = month_add(last, -HISTORY_MONTHS)
    sold = subject_sales(request.user, subject, measure, first, max(last, month_add(running, -1)))
    card = stage_card(request.user, subject)
    leads = measure == measures[0]
    switches = [
        Switch(capfirst(str(m)), f"?measure={m.code}", m == measure) for m in measures if len(measures) > 1
    ]
    unusual = findings_card(request.user, subject, measure, sold.unit, now)
    events = subject_events(request.user, subject, first, month_add(last, 18))
    chart = (
        forecast_chart(
            sales=sold.months,
            now=now,
            measure=measure,
            unit=sold.unit,
            events=events,
            stages=stage_spans(card) if leads else (),
            switches=switches,
            rings=finding_marks(unusual.rows),
        )
        if sold.addable
        else revenue_chart(sales=sold.months, events=events, switches=switches)
    )
    weeks = weeks_shown(request.user, subject, measure, now, request.GET.get("step"))
    if weeks:
        chart = weeks_chart(
            shown=weeks,
            measure=measure,
            unit=sold.unit,
            events=events,
            stages=stage_spans(card) if leads else (),
            switches=switches,
        )
    months = _months(now, sold.months)
    decimals = volume_decimals(
        v for row in months for v in (row["before"], row["month"].mean, *row["month"].final_band)
    )
    vintages = _vintages(forecast_vintages(request.user, subject, measure, now.correlation)) if now else []
    return {
        "measure": measure,
        "unit": sold.unit,
        "now": now,
        "chart": with_steps(chart, now, measure, weeks is not None),
        "weeks": weeks,
        "step_words": step_words(now.forecast if now else None),
        "card": card,
        "method": method_words(now.forecast.method) if now else "",
        "reason": reason_words(now.forecast.reason_code, now.forecast.reason_params) if now else "",
        "explanation": explanation(now, sold.months, measure, sold.unit) if sold.addable else "",
        "channels": channels_card(subject, measure, now, request.GET.get("channel")),
        "accuracy": product_card(now, subject),
        "has_agreed": any(month.agreed is not None for month in now.months) if now else False,
        "has_final": any(
            formats.number(row["month"].final, decimals) != formats.number(row["month"].mean, decimals)
            for row in months
        ),
        "changes": product_overrides(subject, measure, now.months)
        if now and isinstance(subject, Product)
        else [],
        "unusual": unusual,
        "months": months,
        "decimals": decimals,
        "vintages": vintages,
        "vintage_decimals": volume_decimals(
            v for row in vintages for v in (row["vintage"].year, row["vintage"].lo80, row["vintage"].hi80)
        ),
        "ends": ends_words(now.ended) if now and now.ended and len(now.sold_months) < len(now.months) else "",
        "is_level": measure.kind == Measure.Kind.LEVEL,
        "can_override": request.user.has_perm("forecasting.override") and isinstance(subject, Product),
        "can_run": request.user.has_perm("forecasting.run"),
        "run_url": _address(subject, "_run"),
        "drivers": driver_card(now.forecast if now else None),
        "launch": launch_card(request.user, subject, measure, now),
        "unsettled": now is None
        and all(month.provisional for month in sold.months if month.volume is not None),
        "nonce": uuid.uuid4(),
    }


def _months(now: ForecastNow | None, sales: list[MonthSales]) -> list[dict[str, Any]]:
    """The 18 months, each beside the same month a year before."""
    if now is None:
        return []
    known = {month.month: month.volume for month in sales if month.complete}

    def row(month: ForecastMonth) -> dict[str, Any]:
        before = known.get(month_add(month.month, -12))
        index = month.final / float(before) * 100 if before is not None and before > 0 else None
        return {"month": month, "before": before, "index": index}

    return [row(month) for month in now.sold_months]


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
def stage(request: HttpRequest, of: str, code: str) -> HttpResponse:
    """Set the stage by hand, with a reason and until when."""
    subject = seen(request, of, code)
    card = stage_card(request.user, subject)
    form = StageForm(request.POST or None, initial=_initial(card))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                stage_set(user=request.user, **of_subject(subject), **form.cleaned_data)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("The stage was set."))
                return redirect(_address(subject))
    context = frame(request, subject) | {
        "form": form,
        "card": card,
        "earlier": settings_of(request.user, subject),
        "today": today(),
    }
    return page_render(request, "forecasting/stage_form.html", context, status=status)


def _initial(card: StageCard | None) -> dict[str, Any]:
    """What was set by hand while that holds; otherwise what is shown, for half a year."""
    if card is not None and card.now.setting is not None:
        held = card.now.setting
        return {"stage": held.stage, "until": held.until, "reason": held.reason}
    return {"stage": card.now.stage if card else None, "until": month_end(month_add(today(), 6))}


@with_right("forecasting.edit")
@require_POST
def stage_take_back(request: HttpRequest, of: str, code: str) -> HttpResponse:
    """Back to the night's own estimate."""
    subject = seen(request, of, code)
    if stage_withdraw(user=request.user, **of_subject(subject)):
        messages.success(request, _("The stage is the night's own again."))
    else:
        messages.info(request, _("No stage was set by hand any more; the night's own is shown."))
    return redirect(_address(subject))


def seen(request: HttpRequest, of: str, code: str) -> Subject:
    """The product or family, for who may see its forecast."""
    subject = subject_get(request.user, of, code)
    if not subject_allowed(request.user, subject):
        raise PermissionDenied("forecasting.view")
    return subject
