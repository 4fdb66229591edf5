"""Action items: the list, new, change, tick off."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError, VersionConflict
from accounts.versions import form_conflict
from collaboration.forms import ActionForm
from collaboration.selectors.actions import action_get, actions_mine, actions_open, actions_visible
from collaboration.selectors.talk import about_get
from collaboration.services.actions import action_create, action_delete, action_set_done, action_update
from core.errors import form_refuse
from core.organisation import today
from core.pages import page_render, paginate, with_right
from core.panels import panels_build
from core.subjects import About
from products.models import Product


@with_right("collaboration.view")
@require_safe
def action_list(request: HttpRequest) -> HttpResponse:
    """``?whose=mine|given|all`` and ``?state=open|done``."""
    whose = request.GET.get("whose", "mine")
    state = request.GET.get("state", "open")
    rows = actions_visible(request.user)
    if whose == "given":
        rows = rows.filter(created_by=request.user).exclude(owner=request.user)
    elif whose != "all":
        whose, rows = "mine", actions_mine(request.user)
    if state == "done":
        rows = rows.filter(done_at__isnull=False).order_by("-done_at", "-pk")
    else:
        state, rows = "open", rows.filter(done_at=None)
    context = {
        "page": paginate(request, rows),
        "whose": whose,
        "state": state,
        "today": today(),
        "can_act": request.user.has_perm("collaboration.act"),
    }
    return page_render(
        request, "collaboration/action_list.html", context, fragment="collaboration/_action_page.html"
    )


def _form(request: HttpRequest, **initial: Any) -> ActionForm:
    return ActionForm(request.POST or None, initial={"owner": request.user.pk, **initial})


def _create(request: HttpRequest, about: About | None) -> HttpResponse:
    form = _form(request)
    back = reverse("collaboration:actions")
    if about is not None:
        back = about.row.get_absolute_url() if isinstance(about.row, Product) else about.url
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            action_create(
                user=request.user,
                title=data["title"],
                owner=data["owner"],
                due_date=data["due_date"],
                target=about.row if about else None,
            )
        except DomainError as error:
            form_refuse(form, error)
        else:
            if request.htmx:
                return todo(request)
            messages.success(request, _("Action item added."))
            return redirect(back)
    context = {"form": form, "about": about, "back": back}
    return page_render(
        request,
        "collaboration/action_new.html",
        context,
        fragment="collaboration/_action_form.html",
        status=422 if form.is_bound else 200,
    )


@with_right("collaboration.act")
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new action item about nothing in particular."""
    return _create(request, None)


@with_right("collaboration.act")
@require_http_methods(["GET", "POST"])
def create_about(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """A new action item about an object."""
    return _create(request, about_get(request.user, kind, pk))


@with_right("collaboration.act")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one; when somebody saved in between, the page shows both values (409)."""
    item = action_get(request.user, pk)
    form = _form(request, title=item.title, owner=item.owner_id, due_date=item.due_date, version=item.version)
    conflict, status = None, 422 if form.is_bound else 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            action_update(
                user=request.user,
                action_id=item.pk,
                version=data["version"] or 0,
                title=data["title"],
                owner=data["owner"],
                due_date=data["due_date"],
            )
        except VersionConflict as error:
            conflict, status = form_conflict(form, error, error.details["version"]), error.status
        except DomainError as error:
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("collaboration:actions")
    context = {
        "form": form,
        "item": item,
        "conflict": conflict,
        "talk_panels": panels_build(request.user, item, "talk"),
    }
    return page_render(request, "collaboration/action.html", context, status=status)


@with_right("collaboration.act")
@require_POST
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """Tick off (``done=1``), or take the tick away."""
    item = action_get(request.user, pk)
    item = action_set_done(user=request.user, action_id=item.pk, done=request.POST.get("done") == "1")
    if request.htmx:
        item = action_get(request.user, pk)
        context = {"item": item, "today": today(), "can_act": True}
        return page_render(
            request, "collaboration/action_list.html", context, fragment="collaboration/_action_row.html"
        )
    messages.success(request, _("Done.") if item.done_at else _("Open again."))
    return redirect("collaboration:actions")


@with_right("collaboration.act")
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away what one gave."""
    item = action_get(request.user, pk)
    action_delete(user=request.user, action_id=item.pk)
    messages.success(request, _("Removed. The history keeps it."))
    return redirect("collaboration:actions")


def todo(request: HttpRequest) -> HttpResponse:
    """The short list of one's own, as a fragment."""
    rows = actions_open(request.user)
    context = {"items": rows[:5], "open_count": rows.count(), "today": today(), "can_act": True}
    return page_render(
        request, "collaboration/action_list.html", context, fragment="collaboration/_todo.html"
    )
