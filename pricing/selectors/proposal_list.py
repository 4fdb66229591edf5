"""Which proposals a list shows."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Lower

from accounts.models import User
from core.search import folded, with_words
from pricing.models import Price, Proposal
from pricing.models.price import State
from products.models import ProductLine
from products.selectors.lines import line_tree

from .listed import sorted_by
from .proposals import proposals_visible

WAITING = "waiting"
SORTS: dict[str, Any] = {
    WAITING: None,
    "reason": Lower("reason"),
    "list": Lower("price_list__code"),
    "prices": F("price_count"),
    "start": F("start_date"),
    "made": F("created_at"),
}
"""*waiting*: those that wait first, then the newest."""
SHOWN = ("all", *State.values)
SEARCHED = ("reason", "price_list__code", "price_list__name_nl", "price_list__name_en")


def proposals_listed(
    user: Any,
    *,
    line: ProductLine | None = None,
    author: str = "",
    since: datetime.date | None = None,
    text: str = "",
    show: str = "all",
    sort: str = WAITING,
    descending: bool = False,
) -> QuerySet[Proposal]:
    """With a price of the ``line`` or below it, by the ``author`` (an id), that begin on ``since`` or later,
    with every word in their reason or price list. ``show`` is a state, or *all*."""
    rows = proposals_visible(user)
    if line is not None:
        below = line_tree().descendants(line.pk)
        rows = rows.filter(Exists(Price.objects.filter(proposal=OuterRef("pk"), product__line__in=below)))
    if author:
        rows = rows.filter(author=int(author)) if author.isdecimal() else rows.none()
    if since is not None:
        rows = rows.filter(start_date__gte=since)
    rows = with_words(rows, folded(*SEARCHED), text)
    if show in State.values:
        rows = rows.filter(state=show)
    by = SORTS[sort]
    return rows if by is None else sorted_by(rows, by, descending)


def proposal_authors(user: Any) -> QuerySet[User]:
    """Who wrote a proposal that the person may see, by name."""
    return User.objects.filter(pk__in=proposals_visible(user).order_by().values("author")).order_by("name")
