"""Action items a person sees: their own, those they gave, and those about products they may see."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Model, Q, QuerySet
from django.http import Http404

from accounts.models import User
from accounts.selectors.people import people_active, stands_for
from collaboration.models import ActionItem
from core.organisation import today
from products.models import Product
from products.selectors.access import visible_line_ids


def actions_visible(user: Any) -> QuerySet[ActionItem]:
    """Those about a product one may see; others only for who gave or got them, or is deputy of one."""
    if not user.has_perm("collaboration.view"):
        return ActionItem.objects.none()
    lines = visible_line_ids(user)
    about = Q(product__isnull=False) if lines is None else Q(product__line__in=lines)
    if not user.has_perm("products.view"):
        about = Q(pk__in=[])
    people = list(stands_for(user, today()))
    own = Q(product=None) & (Q(owner__in=people) | Q(created_by__in=people))
    rows = ActionItem.objects.filter(about | own).select_related("owner", "product", "created_by")
    rows = rows.prefetch_related("target")
    return rows.order_by(F("due_date").asc(nulls_last=True), "pk")


def actions_mine(user: Any) -> QuerySet[ActionItem]:
    """One's own, and those of people one is deputy for today."""
    return actions_visible(user).filter(owner__in=list(stands_for(user, today())))


def actions_open(user: Any) -> QuerySet[ActionItem]:
    """What the person still has to do, the most urgent first."""
    return actions_mine(user).filter(done_at=None)


def action_get(user: Any, pk: int) -> ActionItem:
    """One action item, or 404."""
    item = actions_visible(user).filter(pk=pk).first()
    if item is None:
        raise Http404(pk)
    return item


def actions_about(user: Any, row: Model) -> QuerySet[ActionItem]:
    """The open action items about an object."""
    rows = actions_visible(user).filter(done_at=None)
    if isinstance(row, Product):
        return rows.filter(product=row)
    return rows.filter(content_type=ContentType.objects.get_for_model(row), object_id=row.pk)


def owners_possible() -> QuerySet[User]:
    """Whom an action item can be given to."""
    return people_active()
