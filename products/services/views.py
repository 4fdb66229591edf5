"""Saved views of the product list, and of other pages."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_save
from products.models import SavedView


def _shared_check(user: Any, shared: bool) -> None:
    if shared and not user.has_perm("products.share_views"):
        raise DomainError("may_not_share", _("You may not share views."), "shared", status=403)


def _name_check(user: Any, page: str, name: str, *, other_than: int = 0) -> None:
    if SavedView.objects.filter(user=user, page=page, name__iexact=name).exclude(pk=other_than).exists():
        raise DomainError("name_taken", _("You have a view of that name already."), "name")


@transaction.atomic
def view_create(
    *, user: Any, name: str, query: str, shared: bool = False, page: str = "products"
) -> SavedView:
    """Keep filters, sort and columns (``query``, as in the address) under a name."""
    _shared_check(user, shared)
    name = name.strip()
    _name_check(user, page, name)
    view = SavedView(user=user, page=page, name=name, query=query, shared=shared)
    check(view)
    view.save()
    return view


def _own(user: Any, view_id: int) -> SavedView:
    view = SavedView.objects.select_for_update().filter(user=user, pk=view_id).first()
    if view is None:
        raise Http404(view_id)
    return view


@transaction.atomic
def view_update(
    *,
    user: Any,
    view_id: int,
    name: str | None = None,
    query: str | None = None,
    shared: bool | None = None,
    version: int | None = None,
) -> SavedView:
    """Rename, share or keep other filters; only one's own views, others' are 404. ``version`` is the one that
    was on the screen."""
    view = _own(user, view_id)
    values = {"name": name and name.strip(), "query": query, "shared": shared}
    changed = {
        field: value for field, value in values.items() if value is not None and value != getattr(view, field)
    }
    if "name" in changed:
        _name_check(user, view.page, str(changed["name"]), other_than=view.pk)
    _shared_check(user, bool(changed.get("shared")))
    row_save(view, version=version, values=changed)
    return view


@transaction.atomic
def view_delete(*, user: Any, view_id: int) -> None:
    _own(user, view_id).delete()
