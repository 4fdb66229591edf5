"""Drivers: which there are, one of them, changing it, and calendars that pmtool computes."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from core.errors import form_refuse
from core.months import month_add, month_start
from core.organisation import today
from core.pages import page_render, paginate, with_right
from forecasting.charts.drivers import SHOWN, driver_chart
from forecasting.forms import CalendarForm, DriverForm
from forecasting.models import Driver
from forecasting.selectors.drivers import (
    DriverFilter,
    DriverUse,
    driver_forecasts,
    driver_months,
    drivers_page,
    drivers_use,
    drivers_visible,
    with_span,
)
from forecasting.services.drivers import driver_calendar_use, driver_change
from forecasting.words.drivers import driver_line
from products.selectors.access import is_limited, lines_visible, visible_line_ids

# How far ahead a calendar is shown.
AHEAD = 18
# So many forecasts are listed on a driver's page.
LISTED = 100


@with_right("forecasting.view")
@require_safe
def drivers(request: HttpRequest) -> HttpResponse:
    """Every driver: where it holds, until when it is known, in how many forecasts it works."""
    chosen = DriverFilter.read(request.GET)
    page = paginate(request, drivers_page(request.user, chosen))
    found = list(page.object_list)
    use = drivers_use(request.user, [driver.pk for driver in found])
    context = {
        "chosen": chosen,
        "page": page,
        "rows": [{"driver": driver, "use": use.get(driver.pk, DriverUse())} for driver in found],
        "can_edit": request.user.has_perm("forecasting.edit"),
        "can_import": request.user.has_perm("forecasting.edit") and request.user.has_perm("exchange.import"),
    }
    return page_render(request, "forecasting/drivers.html", context, fragment="forecasting/_driver_list.html")


def _driver(request: HttpRequest, pk: int) -> Driver:
    found: Driver | None = (
        with_span(drivers_visible(request.user)).select_related("product", "line").filter(pk=pk).first()
    )
    if found is None:
        raise Http404
    return found


@with_right("forecasting.view")
@require_safe
def driver(request: HttpRequest, pk: int) -> HttpResponse:
    """Its values, past and known ahead, and the forecasts it moves."""
    row = _driver(request, pk)
    now = month_start(today())
    months = driver_months([row], month_add(now, -SHOWN), month_add(now, AHEAD))[row.pk]
    tried = driver_forecasts(request.user, row)
    context = {
        "driver": row,
        "chart": driver_chart(row, months, today()),
        "known_until": max(months, default=None),
        "is_ahead": _reaches(months, now),
        "used": [(row, driver_line(entry)) for row, entry, works in tried if works][:LISTED],
        "refused": [(row, driver_line(entry)) for row, entry, works in tried if not works][:LISTED],
        "tried_count": len(tried),
        "used_count": sum(works for _row, _entry, works in tried),
        "can_edit": request.user.has_perm("forecasting.edit") and _may_change(request.user, row),
    }
    return page_render(request, "forecasting/driver.html", context)


def _reaches(months: Any, now: datetime.date) -> bool:
    return any(month > now for month in months)


def _may_change(user: Any, row: Driver) -> bool:
    shared = row.product_id is None and row.line_id is None
    if shared:
        return not is_limited(user)
    lines = visible_line_ids(user)
    return row.line_id is None or lines is None or row.line_id in lines


@with_right("forecasting.edit")
@require_http_methods(["GET", "POST"])
def driver_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, unit, kind, and whether the night tries it."""
    row = _driver(request, pk)
    form = DriverForm(request.POST or None, instance=row)
    status, conflict = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in form.fields if name != "version"}
            try:
                driver_change(user=request.user, driver=row, version=form.cleaned_data["version"], **values)
            except VersionConflict as error:
                conflict, status = form_conflict(form, error, Driver.objects.get(pk=pk).version), 409
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("Saved. Forecasts take it in the next night."))
                return redirect("forecasting:driver", pk=pk)
    context = {"form": form, "driver": Driver.objects.get(pk=pk), "conflict": conflict}
    return page_render(request, "forecasting/driver_form.html", context, status=status)


@with_right("forecasting.edit")
@require_http_methods(["GET", "POST"])
def driver_calendar(request: HttpRequest) -> HttpResponse:
    """Let the night try public holidays or trading days."""
    can_all = not is_limited(request.user)
    form = CalendarForm(request.POST or None, lines=lines_visible(request.user), can_all=can_all)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = driver_calendar_use(user=request.user, **form.cleaned_data)
            except DomainError as error:
                form_refuse(form, error)
            else:
                messages.success(request, _("The next night tries it."))
                return redirect("forecasting:driver", pk=made.pk)
    return page_render(request, "forecasting/driver_calendar.html", {"form": form}, status=status)
