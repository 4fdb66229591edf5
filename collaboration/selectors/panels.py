"""What collaboration adds to pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from collaboration.models import ActionItem
from core.organisation import today
from core.subjects import about
from products.models import Product

from .actions import actions_about
from .alerts import alert_rows, alerts_of_product, alerts_worded
from .talk import comments_of, is_following

PANEL_ROWS = 5


def _about_a_product(subject: Any) -> bool:
    return isinstance(subject, Product)


def follow_panel(user: Any, subject: Any) -> Mapping[str, Any] | None:
    """The button in the head."""
    if not _about_a_product(subject):
        return None
    return {"following": is_following(user, subject)}


def alerts_panel(user: Any, subject: Any) -> Mapping[str, Any] | None:
    """The product's open alerts; nothing when there are none."""
    if not _about_a_product(subject):
        return None
    rows = alert_rows(user, alerts_worded(alerts_of_product(user, subject)[:PANEL_ROWS]))
    return {"rows": rows, "back": subject.get_absolute_url()} if rows else None


def actions_panel(user: Any, subject: Any) -> Mapping[str, Any] | None:
    """The object's open action items, and a new one for who may."""
    items = list(actions_about(user, subject)[:PANEL_ROWS])
    can_act = user.has_perm("collaboration.act")
    if not items and not can_act:
        return None
    new_url = reverse("collaboration:action_new_about", args=[about(subject).kind.key, subject.pk])
    return {"items": items, "can_act": can_act, "new_url": new_url, "today": today()}


def actions_beside_talk(user: Any, subject: Any) -> Mapping[str, Any] | None:
    """The same above what was said, on pages without a place of their own for it; what has to be done about
    an alert is about its product."""
    has_place = _about_a_product(subject) or isinstance(subject, ActionItem)
    return None if has_place or getattr(subject, "product", None) else actions_panel(user, subject)


def comments_panel(user: Any, subject: Any) -> Mapping[str, Any] | None:
    """What was said about an object that the person sees."""
    comments = list(comments_of(subject).prefetch_related("mentions"))
    can_comment = user.has_perm("collaboration.comment")
    if not comments and not can_comment:
        return None
    add_url = reverse("collaboration:comment_add", args=[about(subject).kind.key, subject.pk])
    return {"comments": comments, "can_comment": can_comment, "add_url": add_url, "form": None}
