"""Comments on any object, mentions, and following a product."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import DomainError
from collaboration.forms import CommentForm
from collaboration.selectors.panels import comments_panel
from collaboration.selectors.talk import about_get, comment_get, is_following, people_mentionable
from collaboration.services.comments import comment_add, comment_edit, comment_withdraw
from collaboration.services.follows import follow_set
from core.errors import form_refuse
from core.numbers import int_read
from core.pages import page_render, with_right
from core.subjects import About
from products.selectors.access import product_get


@with_right("collaboration.view")
@require_POST
def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Follow (``on=1``) or stop."""
    product = product_get(request.user, code)
    follow_set(user=request.user, product=product, on=request.POST.get("on") == "1")
    if not request.htmx:
        return redirect(product.get_absolute_url())
    context = {"product": product, "panel": {"following": is_following(request.user, product)}}
    return page_render(
        request, "collaboration/comment.html", context, fragment="collaboration/_follow_button.html"
    )


def _panel(request: HttpRequest, about: About, form: CommentForm | None = None) -> HttpResponse:
    status = 422 if form is not None else 200
    panel = {**(comments_panel(request.user, about.row) or {}), "form": form}
    return page_render(
        request,
        "collaboration/comment.html",
        {"about": about, "panel": panel, "form": form},
        fragment="collaboration/_comments.html",
        status=status,
    )


@with_right("collaboration.comment")
@require_POST
def add(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Say something about an object."""
    about = about_get(request.user, kind, pk)
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            comment_add(
                user=request.user,
                target=about.row,
                text=form.cleaned_data["text"],
                mention_ids=form.cleaned_data["mention"],
            )
        except DomainError as error:
            form_refuse(form, error)
        else:
            return _panel(request, about) if request.htmx else redirect(about.url)
    return _panel(request, about, form)


@with_right("collaboration.comment")
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's own comment; what it said before stays in the history."""
    comment, about = comment_get(request.user, pk)
    if comment.author_id != request.user.pk:
        raise PermissionDenied
    form = CommentForm(request.POST or None, initial={"text": comment.text})
    if request.method == "POST" and form.is_valid():
        try:
            comment_edit(user=request.user, comment_id=comment.pk, text=form.cleaned_data["text"])
        except DomainError as error:
            if error.status != 400:
                raise
            form_refuse(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect(about.url)
    context = {"form": form, "comment": comment, "about": about}
    return page_render(request, "collaboration/comment.html", context, status=422 if form.is_bound else 200)


@with_right("collaboration.comment")
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    comment, about = comment_get(request.user, pk)
    comment_withdraw(user=request.user, comment_id=comment.pk)
    if request.htmx:
        return _panel(request, about)
    messages.success(request, _("The comment was withdrawn."))
    return redirect(about.url)


@with_right("collaboration.comment")
@require_safe
def mention(request: HttpRequest) -> HttpResponse:
    """People to mention: those chosen, and those whose name holds ``?q=``. A fragment only."""
    chosen = [pk for pk in map(int_read, request.GET.getlist("mention")) if pk is not None][:50]
    picked, found = people_mentionable(request.GET.get("q", ""), chosen)
    return page_render(request, "collaboration/_mentions.html", {"picked": picked, "found": found})
