from __future__ import annotations

import re
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import User
from collaboration.models import Comment
from products.models import Product
from products.selectors.access import products_visible

from .notifications import notify

_MENTION = re.compile(r"@([\w.+-]+@[\w-]+\.[\w.-]*\w)")


@transaction.atomic
def comment_add(*, user: Any, target: models.Model, text: str, url: str) -> Comment:
    """Say something about an object. ``@name@company.example`` mentions a person, who is told at ``url``;
    whoever cannot see the object is not."""
    if not text.strip():
        raise DomainError("comment_empty", _("The comment is empty."), "text")
    comment = Comment.objects.create(
        content_type=ContentType.objects.get_for_model(target),
        object_id=target.pk,
        author=user,
        text=text.strip(),
    )
    mentioned = _mentioned(comment.text, target)
    comment.mentions.set(mentioned)
    notify(
        users=mentioned,
        kind="mentioned",
        key=f"comment:{comment.pk}",
        params={"by": user.name, "about": str(target), "text": comment.text[:120]},
        url=url,
        but_not=user,
    )
    return comment


def _mentioned(text: str, target: models.Model) -> list[User]:
    emails = {match.lower() for match in _MENTION.findall(text)}
    people = list(User.objects.filter(email__in=emails, is_active=True))
    if isinstance(target, Product):
        people = [person for person in people if products_visible(person).filter(pk=target.pk).exists()]
    return people


@transaction.atomic
def comment_edit(*, user: Any, comment_id: int, text: str) -> Comment:
    """One's own comment only; what it said before stays in the history."""
    comment = _own(user, comment_id)
    if not text.strip():
        raise DomainError("comment_empty", _("The comment is empty."), "text")
    if text.strip() != comment.text:
        comment.text, comment.edited_at = text.strip(), timezone.now()
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
