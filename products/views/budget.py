"""One budget: its rows as a grid, filling it in, its history, its file; and two budgets beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import VersionConflict
from accounts.versions import form_conflict
from core import formats
from core.history import history_of
from core.organisation import organisation_get
from core.pages import page_render, paginate, with_right
from exchange.export import FORMATS, ExportColumn, export_asked, export_response
from products.forms.budget import BudgetNameForm, PasteGrid
from products.models import BudgetVersion, Channel, Measure
from products.selectors.access import channels_visible, visible_channel_ids
from products.selectors.budget import budget_of_years, budget_rows, budget_versions
from products.selectors.budget_compare import compare_rows, compare_sums, compare_total
from products.selectors.budget_grid import (
    ALL_TOGETHER,
    BudgetQuery,
    budget_choices,
    budget_filtered,
    budget_months_of,
    grid_keys,
    grid_rows,
    grid_totals,
    kind_usual,
    subject_unit,
    subjects_to_plan,
)
from products.selectors.budget_history import budget_cell_changes, budget_changes, cell_change
from products.selectors.lines import LineTree, line_tree
from products.services.budget import budget_rename
from products.services.budget_cells import Cell, budget_cells_set, budget_change_undo, rows_of

VIEW, EDIT = "products.view", "products.edit_budget"
PLANNED_AT_ONCE = 50
"""Rows of the grid to fill in: with twelve months, as many fields as a request may have."""


def _version(request: HttpRequest, pk: int) -> BudgetVersion:
    return get_object_or_404(budget_versions(request.user), pk=pk)


def _query(request: HttpRequest, version: BudgetVersion) -> BudgetQuery:
    kind = "" if request.GET.get("kind") else kind_usual(budget_rows(request.user, version))
    return BudgetQuery.read(request.GET, kind or "product")


def _common(
    request: HttpRequest, version: BudgetVersion, query: BudgetQuery, tree: LineTree
) -> dict[str, Any]:
    return {
        "version": version,
        "query": query,
        "choices": budget_choices(request.user, tree),
        "all_together": ALL_TOGETHER,
        "months": budget_months_of(version.year),
        "currency": organisation_get().currency,
        "can_edit": request.user.has_perm(EDIT) and version.frozen_at is None,
    }


@with_right(VIEW)
@require_safe
def budget(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows of a budget by month, with totals; filters in the address."""
    versions, tree = list(budget_versions(request.user)), line_tree()
    version = next((each for each in versions if each.pk == pk), None)
    if version is None:
        raise Http404(pk)
    query = _query(request, version)
    rows = budget_filtered(request.user, version, query, tree)
    context = _common(request, version, query, tree)
    page = paginate(request, grid_keys(rows, query.kind))
    found = grid_rows(rows, list(page), query, context["months"], tree)
    totals = grid_totals(rows, query, context["months"], tree)
    figures = [value for row in found for value in (*row.months, row.total)] + totals.months
    context |= {
        "page": page,
        "rows": found,
        "totals": totals,
        "decimals": formats.volume_decimals(figures) if query.show == "volume" else 0,
        "in_use": budget_of_years([version.year])[version.year].pk == version.pk,
        "can_export": request.user.has_perm("exchange.export"),
        "others": [each for each in versions if each.pk != pk],
        "formats": FORMATS,
    }
    return page_render(request, "products/budget.html", context, fragment="products/_budget_grid.html")


@with_right(VIEW)
@require_safe
def budget_export(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """All rows that are asked for, over all pages, as a file that comes in again."""
    export_asked(request.user, kind)
    version, tree = _version(request, pk), line_tree()
    rows = budget_filtered(request.user, version, _query(request, version), tree)
    heads = [
        *((_("Product"), "text"), (_("Product line"), "text"), (_("Channel"), "text"), (_("Month"), "month")),
        *((_("Measure"), "text"), (_("Budget"), "text"), (_("Volume"), "number"), (_("Revenue"), "amount")),
    ]

    def cells() -> Iterator[list[Any]]:
        names = (
            "product__code",
            "line__code",
            "channel__code",
            "month",
            "measure__code",
            "volume",
            "revenue",
        )
        found = rows.order_by("product__name", "line__name", "channel__name", "month", "pk").values_list(
            *names
        )
        for product, line, channel, month, measure, volume, revenue in found.iterator(chunk_size=2000):
            yield [product, line, channel, month, measure, version.code, volume, revenue]

    return export_response(
        request,
        name=version.code,
        columns=[ExportColumn(str(head), shape) for head, shape in heads],
        rows=cells(),
        kind=kind,
    )


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def budget_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in the months of products or lines, for one channel, measure and figure; takes a paste."""
    version, tree = _version(request, pk), line_tree()
    if version.frozen_at is not None:
        return redirect("products:budget", pk=pk)
    query = _query(request, version)
    context = _common(request, version, query, tree)
    measure, channel = _measure(query, context["choices"].measures), _channel(request, query)
    planned = Paginator(subjects_to_plan(request.user, version, query, measure, tree), PLANNED_AT_ONCE)
    subjects = planned.get_page(request.GET.get("page"))
    counted = {
        subject: measure or tree.lead_measure(subject.pk if query.kind == "line" else subject.line_id)
        for subject in subjects
    }
    cells = {
        f"c-{subject.pk}-{month:%Y-%m}": Cell(subject, channel, counted[subject], month, query.show)
        for subject in subjects
        for month in context["months"]
    }
    there = rows_of(version, cells.values())
    now = {name: getattr(there.get(cell.row_key), query.show, None) for name, cell in cells.items()}
    grid = PasteGrid(now, request.POST if request.method == "POST" else None)
    status, conflict = 200, None
    if request.method == "POST":
        status = 422
        if not grid.errors:
            try:
                count = budget_cells_set(
                    user=request.user,
                    version=version,
                    values={cells[name]: value for name, value in grid.values.items()},
                    seen={cells[name]: value for name, value in grid.seen.items()},
                )
            except VersionConflict as error:
                conflict, status = error, 409
                grid.take_theirs()
            else:
                _say_saved(request, count)
                return redirect(request.get_full_path())
    context |= {
        "measure": measure,
        "channel": channel,
        "page": subjects,
        "grid": grid,
        "conflict": conflict,
        "rows": [
            (
                subject,
                subject_unit(tree, subject, counted[subject]),
                [(month, grid.cell(f"c-{subject.pk}-{month:%Y-%m}")) for month in context["months"]],
            )
            for subject in subjects
        ],
    }
    return page_render(request, "products/budget_edit.html", context, status=status)


def _say_saved(request: HttpRequest, count: int) -> None:
    if not count:
        messages.info(request, _("Nothing was changed."))
        return
    text = ngettext("%(count)s figure was saved.", "%(count)s figures were saved.", count)
    messages.success(
        request, text % {"count": formats.number(count)} + " " + _("Under History you can put it back.")
    )


def _measure(query: BudgetQuery, measures: list[Measure]) -> Measure | None:
    """The one asked for; none: the leading one of each product or line."""
    found = [measure for measure in measures if measure.code.casefold() == query.measure.casefold()]
    if query.measure and not found:
        raise Http404(query.measure)
    return found[0] if found else None


def _channel(request: HttpRequest, query: BudgetQuery) -> Channel | None:
    """The one asked for; none: all together, or for who is limited to channels their first."""
    rows = channels_visible(request.user).order_by("name")
    if query.channel not in ("", ALL_TOGETHER):
        return get_object_or_404(rows, code__iexact=query.channel)
    return None if visible_channel_ids(request.user) is None else rows.first()


@with_right(VIEW)
@require_safe
def budget_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Who made, filled in, read in and froze it; ``?change=`` shows the figures of one save."""
    version = _version(request, pk)
    context = {
        "version": version,
        "history": history_of(version),
        "changes": budget_changes(request.user, version),
        "can_edit": request.user.has_perm(EDIT) and version.frozen_at is None,
    }
    if opened := request.GET.get("change"):
        try:
            page = paginate(request, budget_cell_changes(request.user, version, opened))
            context |= {"opened": opened, "page": page, "cells": [cell_change(event) for event in page]}
        except ValidationError:  # no identifier
            raise Http404(opened) from None
    return page_render(request, "products/budget_history.html", context)


@with_right(EDIT)
@require_POST
def budget_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put back what one save changed."""
    version = _version(request, pk)
    try:
        done = budget_change_undo(
            user=request.user, version=version, context_id=request.POST.get("change", "")
        )
    except ValidationError:  # no identifier
        raise Http404(request.POST.get("change", "")) from None
    text = ngettext("%(count)s figure was put back.", "%(count)s figures were put back.", done.restored)
    said = [text % {"count": formats.number(done.restored)}]
    if done.left:
        left = ngettext(
            "%(count)s stays: it was changed again since.",
            "%(count)s stay: they were changed again since.",
            done.left,
        )
        said.append(left % {"count": formats.number(done.left)})
    messages.success(request, " ".join(said))
    return redirect("products:budget_history", pk=pk)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def budget_name(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a draft another name. When somebody did so in between, the page shows both (409)."""
    version = _version(request, pk)
    form = BudgetNameForm(request.POST or None, initial={"name": version.name, "seen": version.name})
    conflict, status = None, 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            budget_rename(user=request.user, version=version, **form.cleaned_data)
        except VersionConflict as error:
            theirs = error.details["fields"]["name"]["theirs"]
            conflict, status = form_conflict(form, error, theirs, "seen"), error.status
        else:
            messages.success(request, _("Saved."))
            return redirect("products:budget", pk=pk)
    context = {"version": version, "form": form, "conflict": conflict}
    return page_render(request, "products/budget_name.html", context, status=status)


@with_right(VIEW)
@require_safe
def budget_compare(request: HttpRequest) -> HttpResponse:
    """Two budgets beside each other, what differs most first; ``?a=`` and ``?b=`` are their codes."""
    versions = list(budget_versions(request.user))
    by_code = {version.code.casefold(): version for version in versions}
    pair = [by_code.get(request.GET.get(side, "").casefold()) for side in ("a", "b")]
    query, tree = BudgetQuery.read(request.GET), line_tree()
    context: dict[str, Any] = {
        "versions": versions,
        "query": query,
        "choices": budget_choices(request.user, tree),
        "all_together": ALL_TOGETHER,
        "currency": organisation_get().currency,
        "a": pair[0],
        "b": pair[1],
    }
    if pair[0] is not None and pair[1] is not None:
        rows = [budget_filtered(request.user, version, query, tree) for version in pair if version]
        context["pair"] = {"a": pair[0].code, "b": pair[1].code}
        page = paginate(request, compare_sums(*rows, query))
        found = compare_rows(list(page), query, tree)
        context |= {"page": page, "rows": found, "total": compare_total(*rows, query, tree)}
        figures = [value for row in found for value in (row.a, row.b)]
        context["decimals"] = formats.volume_decimals(figures) if query.show == "volume" else 0
    return page_render(request, "products/budget_compare.html", context)
