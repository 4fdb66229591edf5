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
from collaboration.models import Comment
from collaboration.selectors.talk import comments_of
from core.subjects import About, about
from products.models import Product

from .notifications import notifications_change, notifications_withdraw, notify

TEXT_LENGTH = 4000
TOLD = 120
"""So many letters of it are told to others."""
_MENTION = re.compile(r"@([\w.+-]+@[\w-]+\.[\w.-]*\w)")


@transaction.atomic
def comment_add(*, user: Any, target: models.Model, text: str, mention_ids: Iterable[int] = ()) -> Comment:
    """Say something about an object of a registered subject. Told are the people in ``mention_ids``, those
    named as ``@name@company.example`` in the text, who spoke before, whom the object concerns, and followers
    of a product; whoever cannot see the object is not."""
    text, subject = _checked(text), about(target)
    spoke = User.objects.filter(pk__in=comments_of(target).values("author"), is_active=True)
    concerned = {*spoke, *filter(None, subject.kind.people(target))}
    comment = Comment.objects.create(
        content_type=ContentType.objects.get_for_model(target), object_id=target.pk, author=user, text=text
    )
    mentioned = _mentioned(text, mention_ids, subject)
    comment.mentions.set(mentioned)
    if isinstance(target, Product):
        concerned |= set(User.objects.filter(follows__product=target, is_active=True))
    _tell(comment, subject, "mentioned", mentioned)
    listeners = [person for person in concerned.difference(mentioned) if _reads(person, subject)]
    _tell(comment, subject, "commented", listeners)
    return comment


def _tell(comment: Comment, subject: About, kind: str, people: Iterable[User]) -> None:
    notify(
        users=people,
        kind=kind,
        key=_key(comment),
        url=subject.url,
        but_not=comment.author,
        params={"by": comment.author.name, "about": subject.title, "text": comment.text[:TOLD]},
        deputy_sees=lambda deputy: _reads(deputy, subject),
    )


def _key(comment: Comment) -> str:
    return f"comment:{comment.pk}"


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise DomainError("comment_empty", _("The comment is empty."), "text")
    if len(text) > TEXT_LENGTH:
        raise DomainError("comment_long", _("At most 4,000 characters."), "text")
    return text


def _mentioned(text: str, ids: Iterable[int], subject: About) -> list[User]:
    emails = {match.lower() for match in _MENTION.findall(text)}
    people = User.objects.filter(Q(email__in=emails) | Q(pk__in=list(ids)), is_active=True)
    return [person for person in people if _reads(person, subject)]


def _reads(person: User, subject: About) -> bool:
    return bool(person.has_perm("collaboration.view")) and subject.is_seen_by(person)


@transaction.atomic
def comment_edit(*, user: Any, comment_id: int, text: str) -> Comment:
    """One's own comment only; what it said before stays in the history. Whoever the text names only now is
    told as well."""
    comment = _own(user, comment_id)
    if comment.withdrawn_at is not None:
        raise DomainError("comment_withdrawn", _("This comment was withdrawn."), status=409)
    text = _checked(text)
    if text != comment.text:
        comment.text, comment.edited_at = text, timezone.now()
        comment.save(update_fields=["text", "edited_at"])
        notifications_change(key=_key(comment), params={"text": text[:TOLD]})
        target: Any = comment.target
        subject, known = about(target), set(comment.mentions.all())
        mentioned = [person for person in _mentioned(text, (), subject) if person not in known]
        comment.mentions.add(*mentioned)
        _tell(comment, subject, "mentioned", mentioned)
    return comment


@transaction.atomic
def comment_withdraw(*, user: Any, comment_id: int) -> Comment:
    """The place stays with a note that it was withdrawn; the text only in the history, and nobody's list of
    news quotes it."""
    comment = _own(user, comment_id)
    if comment.withdrawn_at is None:
        comment.withdrawn_at = timezone.now()
        comment.save(update_fields=["withdrawn_at"])
        notifications_withdraw(key=_key(comment))
    return comment


def _own(user: Any, comment_id: int) -> Comment:
    comment = Comment.objects.select_for_update().get(pk=comment_id)
    if comment.author_id != user.pk:
        raise DomainError("not_your_comment", _("Only the author can change a comment."), status=403)
    return comment
