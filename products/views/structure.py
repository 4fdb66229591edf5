"""Lines, channels, suppliers, segments, families and measures: a page of each, and one form for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.errors import DomainError, VersionConflict
from core import registries
from core.errors import form_refuse
from core.history import history_of
from core.organisation import organisation_get
from core.pages import page_render, with_right
from core.panels import panels_build
from products.forms.structure import (
    ChannelForm,
    FamilyForm,
    LineForm,
    MeasureForm,
    NamedForm,
    initial_of,
)
from products.models import LineMeasure, Measure, Segment, Supplier
from products.selectors.access import channels_visible, visible_line_ids
from products.selectors.family_page import family_head, member_table
from products.selectors.lines import LineTree, line_tree
from products.selectors.structure import (
    channel_rows,
    family_get,
    family_rows,
    line_get,
    line_rows,
)
from products.services import line as line_services
from products.services import structure as services

from .conflict import conflict_show

VIEW, EDIT = "products.view", "products.edit_structure"


def _form_page(
    request: HttpRequest,
    *,
    form: Any,
    save: Callable[[dict[str, Any]], Any],
    back: str,
    heading: str,
    row: Any = None,
    delete: Callable[[], None] | None = None,
    template: str = "products/structure_form.html",
    saved: Callable[[], str] | None = None,
    head_panels: Sequence[Any] = (),
) -> HttpResponse:
    """Show the form, save it, or delete the row; a lost race shows both values (409). It leads ``back``, or
    once saved to the address that ``saved()`` gives. ``head_panels`` stand beside the title."""
    conflict, status = None, 200
    if request.method == "POST" and "delete" in request.POST and delete is not None:
        delete()
        messages.success(request, _("Removed. The history keeps it."))
        return redirect(back)
    if request.method == "POST" and form.is_valid():
        try:
            save(form.cleaned_data)
        except VersionConflict as error:
            conflict, status = conflict_show(form, error, row), 409
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(saved() if saved else back)
    if form.errors and not conflict:
        status = 422
    context = {
        "form": form,
        "heading": heading,
        "back": back,
        "row": row,
        "conflict": conflict,
        "can_delete": delete is not None,
        "history": history_of(row, 20, user=request.user) if row is not None else [],
        "head_panels": head_panels,
    }
    return page_render(request, template, context, status=status)


def _split(data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    values = dict(data)
    return values.pop("version", None) or 0, values


# -- lines --


@with_right(VIEW)
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """The tree of product lines with what each says and what it inherits."""
    rows = [(row, panels_build(request.user, row.line, "line")) for row in line_rows(request.user)]
    context = {
        "rows": rows,
        "can_act": any(panels for _row, panels in rows),
        "can_edit": request.user.has_perm(EDIT),
    }
    return page_render(request, "products/lines.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def line_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """A new line, or this one."""
    user, tree = request.user, LineTree()
    line = line_get(user, code) if code else None
    initial: dict[str, Any] = {}
    if line is not None:
        own = list(LineMeasure.objects.filter(line=line))
        initial = initial_of(line, list(LineForm.base_fields))
        initial["measures"] = [row.measure_id for row in own]
        initial["lead"] = next((row.measure_id for row in own if row.leads), None)
    form = LineForm(request.POST or None, user=user, tree=tree, line=line, initial=initial)

    def save(data: dict[str, Any]) -> None:
        version, values = _split(data)
        measures = values.pop("ordered_measures")
        kept = {name: value for name, value in values.items() if not name.startswith("threshold_")}
        kept.pop("measures")
        kept.pop("lead")
        kept["alert_settings"] = form.alert_settings(line)
        if line is None:
            line_services.line_create(user=user, measures=measures, **kept)
        else:
            line_services.line_update(user=user, line=line, version=version, measures=measures, **kept)

    return _form_page(
        request,
        form=form,
        save=save,
        back="products:lines",
        heading=line.name if line else _("New product line"),
        row=line,
        delete=(lambda: line_services.line_delete(user=user, line=line)) if line else None,
        template="products/line_form.html",
        head_panels=panels_build(user, line, "line_head") if line else (),
    )


# -- channels --


@with_right(VIEW)
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    context = {"rows": channel_rows(request.user), "can_edit": request.user.has_perm(EDIT)}
    return page_render(request, "products/channels.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def channel_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new channel, or this one."""
    user = request.user
    channel = get_object_or_404(channels_visible(user), pk=pk) if pk is not None else None
    initial = initial_of(channel, list(ChannelForm.base_fields)) if channel else {}
    form = ChannelForm(request.POST or None, user=user, initial=initial)

    def save(data: dict[str, Any]) -> None:
        version, values = _split(data)
        if channel is None:
            services.channel_create(user=user, **values)
        else:
            services.channel_update(user=user, channel=channel, version=version, **values)

    return _form_page(
        request,
        form=form,
        save=save,
        back="products:channels",
        heading=channel.name if channel else _("New channel"),
        row=channel,
        delete=(lambda: services.channel_delete(user=user, channel=channel)) if channel else None,
    )


# -- suppliers and segments --

NAMED: dict[str, type[Supplier] | type[Segment]] = {"suppliers": Supplier, "segments": Segment}


def _words(what: str) -> dict[str, str]:
    if what == "suppliers":
        return {
            "heading": _("Suppliers"),
            "new": _("New supplier"),
            "empty_title": _("No suppliers yet"),
            "empty_text": _("Who makes or delivers what you sell. Products refer to them."),
        }
    return {
        "heading": _("Customer segments"),
        "new": _("New segment"),
        "empty_title": _("No customer segments yet"),
        "empty_text": _("The groups of customers you serve. Products refer to them."),
    }


@with_right(VIEW)
@require_safe
def named(request: HttpRequest, what: str) -> HttpResponse:
    """Suppliers or customer segments, with how many products each has."""
    lines_seen = visible_line_ids(request.user)
    seen = Q() if lines_seen is None else Q(products__line__in=lines_seen)
    context = {
        "rows": NAMED[what]._default_manager.annotate(used=Count("products", filter=seen)),
        "what": what,
        "words": _words(what),
        "edit_url": f"products:{what}_edit",
        "new_url": f"products:{what}_new",
        "can_edit": request.user.has_perm(EDIT),
    }
    return page_render(request, "products/named.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def named_edit(request: HttpRequest, what: str, pk: int | None = None) -> HttpResponse:
    """A new supplier or segment, or this one."""
    user, model = request.user, NAMED[what]
    row: Any = get_object_or_404(model, pk=pk) if pk is not None else None
    form = NamedForm(
        request.POST or None, initial=initial_of(row, list(NamedForm.base_fields)) if row else {}
    )

    def save(data: dict[str, Any]) -> None:
        version, values = _split(data)
        if row is None:
            services.named_create(user=user, model=model, **values)  # type: ignore[type-var]
        else:
            services.named_update(user=user, row=row, version=version, **values)

    return _form_page(
        request,
        form=form,
        save=save,
        back=f"products:{what}",
        heading=row.name if row else _words(what)["new"],
        row=row,
        delete=(lambda: services.named_delete(user=user, row=row)) if row else None,
    )


# -- families --


@with_right(VIEW)
@require_safe
def families(request: HttpRequest) -> HttpResponse:
    found = list(family_rows(request.user))
    columns = [(column, column.read(request.user, found)) for column in registries.family_columns]
    context = {
        "rows": [(row, [(column.template, cells.get(row.pk)) for column, cells in columns]) for row in found],
        "columns": [column for column, _cells in columns],
        "can_edit": request.user.has_perm(EDIT),
    }
    return page_render(request, "products/families.html", context)


@with_right(VIEW)
@require_safe
def family(request: HttpRequest, code: str) -> HttpResponse:
    """A family: what rooms show of it as a whole, and who is and was in it."""
    found = family_get(request.user, code)
    context = {
        "family": found,
        "head": family_head(request.user, found, "overview"),
        "members": member_table(request.user, found, line_tree()),
        "head_panels": panels_build(request.user, found, "family_head"),
        "main_panels": panels_build(request.user, found, "family"),
        "side_panels": panels_build(request.user, found, "family_side"),
        "talk_panels": panels_build(request.user, found, "talk"),
        "history": history_of(found, 20, user=request.user),
        "currency": organisation_get().currency,
        "can_edit": request.user.has_perm(EDIT),
    }
    return page_render(request, "products/family.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def family_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """A new family, or this one."""
    user = request.user
    row = family_get(user, code) if code else None
    initial = initial_of(row, list(FamilyForm.base_fields)) if row else {}
    form = FamilyForm(request.POST or None, user=user, tree=LineTree(), initial=initial)

    def save(data: dict[str, Any]) -> None:
        version, values = _split(data)
        if row is None:
            services.family_create(user=user, **values)
        else:
            services.family_update(user=user, family=row, version=version, **values)

    return _form_page(
        request,
        form=form,
        save=save,
        back="products:families",
        heading=row.name if row else _("New family"),
        row=row,
        saved=lambda: reverse("products:family", args=[form.cleaned_data["code"].strip()]),
        delete=(lambda: services.family_delete(user=user, family=row)) if row else None,
    )


# -- measures --


@with_right(VIEW)
@require_safe
def measures(request: HttpRequest) -> HttpResponse:
    context = {"rows": Measure.objects.all(), "can_edit": request.user.has_perm(EDIT)}
    return page_render(request, "products/measures.html", context)


@with_right(EDIT)
@require_http_methods(["GET", "POST"])
def measure_edit(request: HttpRequest, code: str = "") -> HttpResponse:
    """A new measure, or this one; flow or level is fixed once there are figures."""
    user = request.user
    row = Measure.objects.filter(code=code).first() if code else None
    if code and row is None:
        raise Http404(code)
    initial = initial_of(row, list(MeasureForm.base_fields)) if row else {}
    form = MeasureForm(request.POST or None, initial=initial)
    if row is not None and services.measure_has_facts(row):
        form.fields["kind"].disabled = True

    def save(data: dict[str, Any]) -> None:
        version, values = _split(data)
        if row is None:
            services.measure_create(user=user, **values)
        else:
            services.measure_update(user=user, measure=row, version=version, **values)

    return _form_page(
        request,
        form=form,
        save=save,
        back="products:measures",
        heading=str(row) if row else _("New measure"),
        row=row,
        delete=(lambda: services.measure_delete(user=user, measure=row)) if row else None,
    )
