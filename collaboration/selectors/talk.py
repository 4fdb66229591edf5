"""Comments, follows and notifications, as one person sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, Model, OuterRef, QuerySet, Value
from django.db.models.functions import JSONObject
from django.http import Http404

from accounts.models import User
from accounts.selectors.people import people_active
from collaboration.kinds import notification_kinds
from collaboration.models import Comment, Follow, Notification
from core import registries
from core.registries import FrameRows
from core.search import folded, with_words
from core.subjects import About
from products.models import Product
from products.selectors.access import forecasts_allowed, products_visible

FOLLOWED_SHOWN = 12
MENTIONS_SHOWN = 6


def about_get(user: Any, key: str, pk: int) -> About:
    """An object the person may see and talk about, or 404."""
    if key not in registries.subjects or not user.has_perm("collaboration.view"):
        raise Http404(key)
    kind = registries.subjects.get(key)
    row = kind.visible(user).filter(pk=pk).first()
    if row is None:
        raise Http404(pk)
    return About(kind, row)


def comments_of(row: Model) -> QuerySet[Comment]:
    """What was said about an object, oldest first."""
    kind = ContentType.objects.get_for_model(row)
    return Comment.objects.filter(content_type=kind, object_id=row.pk).select_related("author")


def comment_get(user: Any, pk: int) -> tuple[Comment, About]:
    """A comment about an object the person may see, with the object; or 404."""
    comment = Comment.objects.select_related("author", "content_type").filter(pk=pk).first()
    model = comment.content_type.model_class() if comment else None
    kinds = [kind for kind in registries.subjects if kind.model is model]
    if comment is None or not kinds:
        raise Http404(pk)
    return comment, about_get(user, kinds[0].key, comment.object_id)


def people_mentionable(text: str, chosen: Iterable[int] = ()) -> tuple[list[User], list[User]]:
    """Those already chosen, and others whose name and e-mail hold every word; a few."""
    ids = list(chosen)
    picked = list(people_active().filter(pk__in=ids)) if ids else []
    text = text.strip()[:80]
    if not text:
        return picked, []
    found = with_words(people_active().exclude(pk__in=ids), folded("name", "email"), text)
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
    stage = "figures__stage" if forecasts_allowed(user) else Value("")
    row = JSONObject(name="name", code="code", stage=stage)
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
