"""The grid on the way to an agreed forecast."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import localize_input
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.errors import DomainError, VersionConflict
from core.errors import form_refuse
from core.formats import volume_decimals
from core.months import month_add
from core.numbers import typed
from core.pages import page_render, with_right
from forecasting.forms import ConsensusForm
from forecasting.models.judgement import Party
from forecasting.selectors.forecasts import forecast_current
from forecasting.selectors.judgement import (
    consensus_rows,
)
from forecasting.selectors.subjects import subject_sales
from forecasting.services.consensus import consensus_agree, consensus_contribute
from products.models import Measure, Product

from .subject import forecast_frame, product_and_measure


@with_right("forecasting.view")
@require_http_methods(["GET", "POST"])
def consensus(request: HttpRequest, code: str) -> HttpResponse:
    """The grid on the way to an agreed forecast: a row a month, a column a voice. To read for everybody who
    sees forecasts, to fill in for whom it concerns."""
    product, measure = product_and_measure(request, code)
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
    context = forecast_frame(request.user, product, measure, now) | {
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
    return None if value is None else typed(value)


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
