"""Shared links: in which state they are, and whose token opens one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from core.organisation import organisation_get, today
from reporting.models import Report, Share, ShareAddress, Snapshot

SHARE = "reporting.share"
STATES: Mapping[str, Any] = {
    "live": pgettext_lazy("shared link", "live"),
    "paused": pgettext_lazy("shared link", "paused"),
    "resting": pgettext_lazy("shared link", "resting"),
    "expired": pgettext_lazy("shared link", "expired"),
    "revoked": pgettext_lazy("shared link", "revoked"),
}


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def share_state() -> Case:
    """What of a link somebody reads: only what is live. Links rest while their author is deactivated or may
    not share, or the report has left the list."""
    sharing = Role.objects.filter(users=OuterRef("author"), rights__contains=[SHARE])
    rests = Q(author__is_active=False) | ~Q(Exists(sharing)) | Q(report__ended_at__isnull=False)
    return Case(
        When(revoked_at__isnull=False, then=Value("revoked")),
        When(expires_on__lt=today(), then=Value("expired")),
        When(paused_at__isnull=False, then=Value("paused")),
        When(rests, then=Value("resting")),
        default=Value("live"),
        output_field=CharField(),
    )


def shares_live_of(report: Any) -> QuerySet[Share]:
    """The live links of the report with this key."""
    return Share.objects.filter(report=report).annotate(state=share_state()).filter(state="live")


def shares_live() -> Coalesce:
    """How many live links a report has, in a query of reports."""
    return count_of(Share.objects.annotate(state=share_state()).filter(state="live"), "report")


def live_labels() -> ArraySubquery:
    """The names of a report's live links, in a query of reports."""
    return ArraySubquery(shares_live_of(OuterRef("pk")).order_by("label", "pk").values("label"))


def count_of(rows: QuerySet, key: str) -> Coalesce:
    """How many of these point to each row of another query by their ``key``."""
    counted = rows.filter(**{key: OuterRef("pk")}).order_by().values(key)
    return Coalesce(Subquery(counted.annotate(count=Count("pk")).values("count")), 0)


def shares_following(report: Report, states: Collection[str] = ("live",)) -> QuerySet[Share]:
    """The links in these states that follow the newest version; none while sharing is off."""
    found = Share.objects.annotate(state=share_state()).filter(state__in=states, report=report, snapshot=None)
    rows = found.order_by("label", "pk").select_related("author", "report", "granted")
    rows = rows.defer("granted__sections")
    return rows if organisation_get().sharing else rows.none()


def shareable(report: Any) -> QuerySet[Snapshot]:
    """What a link can show of it, newest first: only what was published for the outside."""
    return Snapshot.objects.filter(report=report, audience=Report.Audience.EXTERNAL).order_by("-number")


def share_find(token: str) -> Share | None:
    """The link of this token, or of one that was mailed since, if it may be read now. As many statements
    whatever the token is."""
    sharing = organisation_get().sharing
    rows = Share.objects.select_related("report", "author", "granted").defer("granted__sections")
    rows = rows.annotate(state=share_state())
    hashed = token_hash(token)
    mailed = ShareAddress.objects.filter(token_hash=hashed).values("share")[:1]
    share = rows.filter(Q(token_hash=hashed) | Q(pk=Subquery(mailed))).first()
    return share if share is not None and sharing and share.state == "live" else None  # type: ignore[attr-defined]
