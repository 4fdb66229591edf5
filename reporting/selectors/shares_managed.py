"""Which shared links a person manages, and what is asked by them."""

from __future__ import annotations

from typing import Any

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Concat

from accounts.selectors.people import stands_for
from core.organisation import today
from reporting.models import Share, ShareQuestion

from .reports import snapshots_visible
from .shares import SHARE, share_state

ALL = "core.settings"
"""The right of who turns sharing on and off: sees and manages the links of everybody."""
SUBJECT = "question:"
"""What the alert of a question is about: this and its key."""


def shares_visible(user: Any) -> QuerySet[Share]:
    """One's own links, and of whom one is deputy for those to what one may read oneself; of everybody for who
    may turn sharing off. Each with its ``state``."""
    if not user.has_perm(SHARE):
        return Share.objects.none()
    rows = Share.objects.select_related("report", "author", "snapshot", "granted")
    rows = rows.annotate(state=share_state()).defer("snapshot__sections", "granted__sections")
    if user.has_perm(ALL):
        return rows
    mine = Q(author=user.pk)
    if owners := stands_for(user, today()) - {user.pk}:
        mine |= Q(author__in=owners, granted__in=snapshots_visible(user).values("pk"))
    return rows.filter(mine)


def questions_visible(user: Any) -> Q:
    """The alerts of questions that were asked by links which the person manages."""
    asked = ShareQuestion.objects.filter(share__in=shares_visible(user).values("pk")).order_by()
    subject = Concat(Value(SUBJECT), "pk", output_field=CharField())
    return Q(subject__in=asked.annotate(subject=subject).values("subject"))


def links_unseen(owner: Any, deputy: Any) -> int:
    """How many links of the owner that are open, or may be again, their deputy does not find."""
    links = Share.objects.annotate(state=share_state()).filter(author=owner)
    links = links.exclude(state__in=("expired", "revoked"))
    if not deputy.has_perm(SHARE):
        return links.count()
    if deputy.has_perm(ALL):
        return 0
    return links.exclude(granted__in=snapshots_visible(deputy).values("pk")).count()
