"""Comments, follows and notifications, as one person sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404

from accounts.models import User
from accounts.selectors.people import people_active
from collaboration.kinds import notification_kinds
from collaboration.models import Comment, Follow, Notification
from core.registries import FrameRows
from products.models import Product
from products.selectors.access import products_visible

FOLLOWED_SHOWN = 12
MENTIONS_SHOWN = 6


def comments_of(user: Any, product: Product) -> QuerySet[Comment]:
    """What was said about a product the person may see, oldest first."""
    if not user.has_perm("collaboration.view"):
        return Comment.objects.none()
    kind = ContentType.objects.get_for_model(Product)
    return Comment.objects.filter(content_type=kind, object_id=product.pk).select_related("author")


def comment_get(user: Any, pk: int) -> tuple[Comment, Product]:
    """A comment about a product the person may see, with the product; or 404."""
    kind = ContentType.objects.get_for_model(Product)
    comment = Comment.objects.select_related("author").filter(pk=pk, content_type=kind).first()
    product = products_visible(user).filter(pk=comment.object_id).first() if comment else None
    if comment is None or product is None or not user.has_perm("collaboration.view"):
        raise Http404(pk)
    return comment, product


def people_mentionable(text: str, chosen: Iterable[int] = ()) -> tuple[list[User], list[User]]:
    """Those already chosen, and others whose name or e-mail holds ``text``; a few."""
    ids = list(chosen)
    picked = list(people_active().filter(pk__in=ids)) if ids else []
    text = text.strip()[:80]
    if not text:
        return picked, []
    found = people_active().exclude(pk__in=ids).filter(Q(name__icontains=text) | Q(email__icontains=text))
    return picked, list(found[:MENTIONS_SHOWN])


def is_following(user: Any, product: Product) -> bool:
    """As read with the product of a page (:func:`following`), else asked."""
    known = getattr(product, "followed", None)
    return Follow.objects.filter(user=user, product=product).exists() if known is None else bool(known)


def following(user: Any) -> Exists:
    """Whether the person follows the product of a page; read with it as ``followed``."""
    return Exists(Follow.objects.filter(user=user.pk, product=OuterRef("pk")))


@dataclass(frozen=True)
class Followed:
    name: str
    url: str
    stage: str


def followed(user: Any) -> FrameRows:
    """The followed products in the side menu, by name."""
    products = products_visible(user).filter(followers__user=user).order_by("name", "pk")
    row = JSONObject(name="name", code="code", stage="figures__stage")
    return FrameRows(products[:FOLLOWED_SHOWN], row, _followed)


def _followed(rows: list[Any]) -> list[Followed]:
    return [
        Followed(row["name"], Product(code=row["code"]).get_absolute_url(), row["stage"] or "")
        for row in sorted(rows, key=lambda row: row["name"].casefold())
    ]


@dataclass(frozen=True)
class NotificationRow:
    notification: Notification
    icon: str
    text: str


def notifications_of(user: Any) -> QuerySet[Notification]:
    """One's own, newest first; kinds of rooms that are gone are left out."""
    return Notification.objects.filter(user=user, kind__in=[kind.key for kind in notification_kinds])


def unread(user: Any) -> QuerySet[Notification]:
    return notifications_of(user).filter(read_at=None)


def notification_rows(rows: Iterable[Notification]) -> list[NotificationRow]:
    found = []
    for row in rows:
        kind = notification_kinds.get(row.kind)
        found.append(NotificationRow(row, kind.icon, kind.words(row.params)))
    return found
