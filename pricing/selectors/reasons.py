"""What a reason was given for: the bounds and forbidden periods that were there when it was written."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Min, OuterRef, Subquery

from pricing.models import Bound, ForbiddenPeriod, Promotion, Proposal


def made_at(
    model: type[Bound] | type[ForbiddenPeriod], ids: Collection[int]
) -> dict[int, datetime.datetime | None]:
    """When each was set. One query, where there are any."""
    if not ids:
        return {}
    rows = model._default_manager.filter(pk__in=ids).annotate(made=Min("events__pgh_created_at"))
    return dict(rows.values_list("pk", "made"))


def set_since(
    model: type[Bound] | type[ForbiddenPeriod], ids: Collection[int], row: Promotion | Proposal, field: str
) -> set[int]:
    """Those that were set after the row came to say in the field what it says; none where that is not stored
    yet. One query, where there are any."""
    if not ids or row.pk is None:
        return set()
    events = type(row).pgh_event_model.objects  # type: ignore[union-attr]
    said = events.filter(pgh_obj=row.pk, **{field: getattr(row, field)}).order_by("pgh_created_at")
    written = Subquery(said.values("pgh_created_at")[:1])
    made = model._default_manager.annotate(made=Min("events__pgh_created_at"))
    return set(made.filter(pk__in=ids, made__gt=written).values_list("pk", flat=True))


def bounds_since() -> ArraySubquery:
    """The same of bounds and the ``exception`` of each proposal of a query."""
    row = OuterRef(OuterRef("pk"))
    said = Proposal.pgh_event_model.objects.filter(  # type: ignore[attr-defined]
        pgh_obj=row, exception=OuterRef(OuterRef("exception"))
    ).order_by("pgh_created_at")
    made = Bound.objects.annotate(made=Min("events__pgh_created_at"))
    return ArraySubquery(made.filter(made__gt=Subquery(said.values("pgh_created_at")[:1])).values("pk"))
