from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import User
from collaboration.models import Comment, Follow
from products.models import Product
from products.selectors.access import products_visible

from .notifications import notify

TEXT_LENGTH = 4000
_MENTION = re.compile(r"@([\w.+-]+@[\w-]+\.[\w.-]*\w)")


@transaction.atomic
def comment_add(
    *, user: Any, target: models.Model, text: str, url: str, mention_ids: Iterable[int] = ()
) -> Comment:
    """Say something about an object. People in ``mention_ids``, and ``@name@company.example`` in the text,
    are told at ``url``, and so are followers of a product; whoever cannot see the object is not."""
    text = _checked(text)
    comment = Comment.objects.create(
        content_type=ContentType.objects.get_for_model(target), object_id=target.pk, author=user, text=text
    )
    mentioned = _mentioned(text, mention_ids, target)
    comment.mentions.set(mentioned)
    params = {"by": user.name, "about": str(target), "text": text[:120]}
    key = f"comment:{comment.pk}"
    notify(users=mentioned, kind="mentioned", key=key, params=params, url=url, but_not=user)
    if isinstance(target, Product):
        follows = Follow.objects.filter(product=target).exclude(user__in=mentioned).select_related("user")
        followers = [row.user for row in follows if _sees(row.user, target)]
        notify(users=followers, kind="commented", key=key, params=params, url=url, but_not=user)
    return comment


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise DomainError("comment_empty", _("The comment is empty."), "text")
    if len(text) > TEXT_LENGTH:
        raise DomainError("comment_long", _("At most 4,000 characters."), "text")
    return text


def _mentioned(text: str, ids: Iterable[int], target: models.Model) -> list[User]:
    emails = {match.lower() for match in _MENTION.findall(text)}
    people = User.objects.filter(Q(email__in=emails) | Q(pk__in=list(ids)), is_active=True)
    return [person for person in people if _sees(person, target)]


def _sees(person: User, target: models.Model) -> bool:
    if not person.has_perm("collaboration.view"):
        return False
    return not isinstance(target, Product) or products_visible(person).filter(pk=target.pk).exists()


@transaction.atomic
def comment_edit(*, user: Any, comment_id: int, text: str) -> Comment:
    """One's own comment only; what it said before stays in the history."""
    comment = _own(user, comment_id)
    if comment.withdrawn_at is not None:
        raise DomainError("comment_withdrawn", _("This comment was withdrawn."), status=409)
    text = _checked(text)
    if text != comment.text:
        comment.text, comment.edited_at = text, timezone.now()
        comment.save(update_fields=["text", "edited_at"])
    return comment


@transaction.atomic
def comment_withdraw(*, user: Any, comment_id: int) -> Comment:
    """The place stays with a note that it was withdrawn; the text only in the history."""
    comment = _own(user, comment_id)
    if comment.withdrawn_at is None:
        comment.withdrawn_at = timezone.now()
        comment.save(update_fields=["withdrawn_at"])
    return comment


def _own(user: Any, comment_id: int) -> Comment:
    comment = Comment.objects.select_for_update().get(pk=comment_id)
    if comment.author_id != user.pk:
        raise DomainError("not_your_comment", _("Only the author can change a comment."), status=403)
    return comment
