from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import row_save
from collaboration.models import ActionItem
from products.models import Product

from .notifications import notify

EDITABLE = ("title", "owner", "due_date")
TITLE_LENGTH = 200


@transaction.atomic
def action_create(
    *, user: Any, title: str, owner: Any, due_date: datetime.date | None, target: Model | None = None
) -> ActionItem:
    """A new action item, about an object of a registered subject or nothing; its owner is told, and must be
    able to see the object."""
    item = ActionItem(title=_checked(title), owner=owner, due_date=due_date, created_by=user)
    if isinstance(target, Product):
        item.product = target
    else:
        item.target = target
    _owner_can_see(owner, item)
    item.save()
    _tell_owner(item, user)
    return item


@transaction.atomic
def action_update(*, user: Any, action_id: int, version: int, **changes: Any) -> ActionItem:
    """Change title, owner or date; a save that changes nothing writes nothing. ``VersionConflict`` shows both
    values."""
    item = ActionItem.objects.select_for_update().get(pk=action_id)
    changes = {name: changes[name] for name in EDITABLE if name in changes}
    if "title" in changes:
        changes["title"] = _checked(changes["title"])
    if changes.get("owner", item.owner) != item.owner:
        _owner_can_see(changes["owner"], item)
    if "owner" in row_save(item, version=version, values=changes):
        _tell_owner(item, user)
    return item


@transaction.atomic
def action_set_done(*, user: Any, action_id: int, done: bool) -> ActionItem:
    """Tick it off, or take the tick away again; who gave it is told that it is done."""
    item = ActionItem.objects.select_for_update().get(pk=action_id)
    if done == (item.done_at is not None):
        return item
    item.done_at = timezone.now() if done else None
    item.version += 1
    item.save(update_fields=["done_at", "version"])
    if done:
        _tell(item, [item.created_by], "action_done", user)
    return item


@transaction.atomic
def action_delete(*, user: Any, action_id: int) -> None:
    """Take it away; only who gave it may. The history keeps it."""
    item = ActionItem.objects.select_for_update().get(pk=action_id)
    if item.created_by_id != user.pk:
        raise DomainError("not_your_action", _("Only who gave an action item can take it away."), status=403)
    item.delete()


def _checked(title: str) -> str:
    title = title.strip()
    if not title:
        raise DomainError("title_missing", _("Say what has to be done."), "title")
    if len(title) > TITLE_LENGTH:
        raise DomainError("title_long", _("At most 200 characters."), "title")
    return title


def _owner_can_see(owner: Any, item: ActionItem) -> None:
    if item.about is not None and not item.about.is_seen_by(owner):
        raise DomainError("owner_cannot_see", _("This person cannot see what it is about."), "owner")


def _tell_owner(item: ActionItem, user: Any) -> None:
    _tell(item, [item.owner], "action_given", user)


def _tell(item: ActionItem, users: list[Any], kind: str, user: Any) -> None:
    notify(
        users=users,
        kind=kind,
        key=f"{kind}:{item.pk}:{item.version}",
        params={"title": item.title, "by": user.name},
        url=_page(item),
        but_not=user,
        deputy_sees=lambda deputy: item.about is None or item.about.is_seen_by(deputy),
    )


def _page(item: ActionItem) -> str:
    if item.product is not None:
        return item.product.get_absolute_url()
    return item.about.url if item.about is not None else reverse("collaboration:actions")
