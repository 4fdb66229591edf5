"""Positionings within a person's limits: which holds, which wait, what differs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, JSONField, OuterRef, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import JSONObject
from django.http import Http404

from accounts.models import User
from accounts.rows import from_row, row_of, sql_of
from core import formats
from core.organisation import today
from pricing.models import Positioning, PositioningPoint
from pricing.word_diff import Piece, word_diff
from products.models import Product, Segment
from products.selectors.access import products_visible, visible_line_ids

PEOPLE = ("author", "proposed_by", "decided_by")
TEXTS = ("target_group", "need", "category", "benefit", "reasons", "alternative", "difference", "tone")


READING = "positionings_now"
"""What a product that was read for a page has its positionings under."""


def _point_rows() -> ArraySubquery:
    points = PositioningPoint.objects.filter(positioning=OuterRef("pk"))
    return ArraySubquery(points.values_list(row_of(PositioningPoint)))


def positionings_visible(user: Any) -> QuerySet[Positioning]:
    """The positionings of the products the person may see, with their points as ``point_rows``, in one
    query."""
    rows = Positioning.objects.select_related(
        "product", "segment", "author", "proposed_by", "decided_by"
    ).annotate(point_rows=_point_rows())
    if not user.has_perm("pricing.view"):
        return rows.none()
    lines = visible_line_ids(user)
    return rows if lines is None else rows.filter(product__in=products_visible(user).order_by())


def positionings_reading(user: Any) -> Any:
    """The positionings of the product of a page but for rejected ones, read with it; of who may not see them
    NULL."""
    return _positionings_read() if user.has_perm("pricing.view") else Value(None, JSONField())


@cache
def _positionings_read() -> RawSQL:
    rows = Positioning.objects.filter(product=OuterRef("pk")).exclude(state=Positioning.State.REJECTED)
    row = JSONObject(
        row=row_of(Positioning),
        points=_point_rows(),
        segment=F("segment__name"),
        **{person: F(f"{person}__name") for person in PEOPLE},
    )
    return sql_of(Product, ArraySubquery(rows.values_list(row)))


def positionings_now(product: Product) -> list[Positioning]:
    """What :func:`positionings_reading` read; of people and segments only the names."""
    found = []
    for said in getattr(product, READING) or ():  # NULL for who may not see them
        row = from_row(Positioning, said["row"])
        if said["segment"] is not None:
            row.segment = Segment(pk=row.segment_id, name=said["segment"])
        for person in PEOPLE:
            if said[person] is not None:
                setattr(row, person, User(pk=getattr(row, f"{person}_id"), name=said[person]))
        row.point_rows = said["points"]  # type: ignore[attr-defined]
        found.append(row)
    return found


def approved_of(user: Any, *products: Product) -> QuerySet[Positioning]:
    """The products' approved positionings, the oldest first."""
    rows = positionings_visible(user).filter(product__in=products, state=Positioning.State.APPROVED)
    return rows.order_by("start_date", "number")


def points_of(row: Any) -> list[PositioningPoint]:
    """The points read with a row of :func:`positionings_visible`."""
    return [from_row(PositioningPoint, each) for each in row.point_rows]


def positioning_get(user: Any, product: Product, pk: int) -> Positioning:
    """This version of the product's positioning, or 404."""
    row = positionings_visible(user).filter(product=product, pk=pk).first()
    if row is None:
        raise Http404(pk)
    return row


@dataclass(frozen=True)
class Version:
    """A version with whether it holds today, and until when (its last day) an approved one holds or held."""

    row: Positioning
    holds: bool = False
    until: datetime.date | None = None
    points: list[PositioningPoint] = field(default_factory=list)


def versions(rows: Iterable[Positioning]) -> list[Version]:
    """The versions of one product, newest first."""
    day = today()
    next_start: dict[int | None, datetime.date] = {}
    found = []
    for row in sorted(rows, key=lambda row: (row.start_date, row.number), reverse=True):
        holds, until = False, None
        if row.state == Positioning.State.APPROVED:
            after = next_start.get(row.segment_id)
            until = after - datetime.timedelta(days=1) if after else None
            holds = row.start_date <= day and (until is None or until >= day)
            next_start[row.segment_id] = row.start_date
        found.append(Version(row, holds, until, points_of(row)))
    return sorted(found, key=lambda each: (each.row.created_at, each.row.number), reverse=True)


def in_force(found: Sequence[Version]) -> list[Version]:
    """What holds today: for everybody first, then by segment."""
    held = [each for each in found if each.holds]
    return sorted(held, key=lambda each: (each.row.segment is not None, str(each.row.segment or "")))


@dataclass(frozen=True)
class Compared:
    """One field of two versions, in pieces."""

    label: str
    old: list[Piece]
    new: list[Piece]

    @property
    def differs(self) -> bool:
        return any(piece.differs for piece in (*self.old, *self.new))


def compared(old: Version, new: Version) -> list[Compared]:
    """Field by field, where either says something; the points at the end."""
    found = []
    for name in (*TEXTS, "why", "alternatives"):
        label = str(Positioning._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
        before, after = getattr(old.row, name), getattr(new.row, name)
        if before or after:
            found.append(Compared(label, *word_diff(before, after)))
    rates = [version.row.expected_rate for version in (old, new)]
    if rates != [None, None]:
        label = str(Positioning._meta.get_field("expected_rate").verbose_name)  # type: ignore[union-attr]
        # A rate is another one as a whole.
        before, after = (
            [Piece(formats.delta(rate).text, rates[0] != rates[1])] if rate is not None else []
            for rate in rates
        )
        found.append(Compared(label, before, after))
    for kind, said in PositioningPoint.Kind.choices:
        before, after = (_lines(version.points, kind) for version in (old, new))
        if before or after:
            found.append(Compared(str(said), *word_diff(before, after)))
    return found


def _lines(points: Sequence[PositioningPoint], kind: str) -> str:
    return "\n".join(
        f"{point.text}: {point.evidence}" if point.evidence else point.text
        for point in points
        if point.kind == kind
    )
