"""One's own notifications."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from collaboration.selectors.talk import notification_rows, notifications_of
from collaboration.services.notifications import notifications_read
from core.pages import page_render, paginate, with_right


@with_right("collaboration.view")
@require_safe
def notification_list(request: HttpRequest) -> HttpResponse:
    page = paginate(request, notifications_of(request.user))
    context = {"page": page, "rows": notification_rows(page.object_list)}
    return page_render(
        request,
        "collaboration/notification_list.html",
        context,
        fragment="collaboration/_notification_list.html",
    )


@with_right("collaboration.view")
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    notifications_read(user=request.user)
    return redirect("collaboration:notifications")


@with_right("collaboration.view")
@require_safe
def follow_through(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where the notification points; it is read by that."""
    row = notifications_of(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404(pk)
    notifications_read(user=request.user, ids=[row.pk])
    return redirect(row.url or "collaboration:notifications")
