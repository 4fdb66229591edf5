"""The sheet *positioning*: what products stand for, as the page Positionings gives it.

Its rows become drafts, which are proposed and decided as any other: no file approves anything. A row that
names a draft changes it; one that names a decided version begins the next where it says something else.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from core.organisation import today
from exchange.models import Import
from exchange.sheets import Counts, Field, Option
from pricing.models import Positioning, PositioningPoint
from pricing.selectors.offer import TEXTS
from pricing.services.offer import Point, State
from pricing.services.place import products_lock
from pricing.services.positioning_import import (
    points_held,
    positionings_import,
    positionings_import_undo,
)
from products.models import Segment
from products.sheets import sources
from products.sheets.known import Named
from products.sheets.planned import Plan, PlannedSheet, Refused, Row

REASONS: dict[str, Any] = {
    "product_unknown": _("no product has this code"),
    "product_ambiguous": _("several products have this code in different sources"),
    "product_not_in_source": _("no product has this code in the source “%(source)s”"),
    "segment_unknown": _("no segment has this code or name"),
    "version_unknown": _("the product has no such version for them; leave it empty for a new one"),
    "waits": _("this version waits for a decision and says something else; take it back first"),
    "why_stays": _("this version is decided: why it came and what was expected of it stay as they are"),
    "too_long": _("too long"),
    "point_twice": _("stands there twice"),
    "evidence_alone": _("evidence of what?"),
    "expected_unreadable": _("not between -99 and 500 per cent"),
    "positioning_duplicate": _("line %(other)s of the file is about the same version"),
}
WHY = ("why", "alternatives")
"""What is said of one version and not taken along to the next; nor is what was expected of it."""
KINDS = {"attributes": PositioningPoint.Kind.ATTRIBUTE, "claims": PositioningPoint.Kind.CLAIM}


def _label(name: str) -> Any:
    return capfirst(Positioning._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _length(model: Any, name: str) -> int:
    return int(model._meta.get_field(name).max_length)


_LENGTHS = {name: _length(Positioning, name) for name in (*TEXTS, *WHY)}
_VALUES = ("start_date", "expected_rate", *_LENGTHS)
_POINT = [_length(PositioningPoint, name) for name in ("text", "evidence")]
_MARK = re.compile(r"(?<!\|)\|(?!\|)")


def points_text(points: Iterable[Any], kind: str) -> str:
    """The points of a kind as the file has them: one a line, the evidence behind a ``|``; one that they have
    themselves is doubled."""
    return "\n".join(
        " | ".join(part.replace("|", "||") for part in (point.text, point.evidence) if part)
        for point in points
        if point.kind == kind
    )


def _points_read(name: str, text: str) -> list[Point]:
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        said, evidence = (
            part.strip().replace("||", "|") for part in [*_MARK.split(line, maxsplit=1), ""][:2]
        )
        if not said:
            raise Refused(name, "evidence_alone")
        if len(said) > _POINT[0] or len(evidence) > _POINT[1]:
            raise Refused(name, "too_long")
        found.append(Point(KINDS[name], said, evidence))
    if len({point.text for point in found}) < len(found):
        raise Refused(name, "point_twice")
    return found


@dataclass(frozen=True)
class _Row:
    line: int
    draft: Positioning
    points: list[Point]
    there: Positioning | None
    """The version it changes, or that says the same."""
    old: dict[str, Any]
    """The values that would change, as they are, with ``attributes`` and ``claims`` as the file has them."""

    @property
    def effect(self) -> str:
        return "new" if self.there is None else "changed" if self.old else "unchanged"


class _Plan(Plan):
    """What the rows of ``staging`` mean beside the versions there are."""

    def prepare(self, rows: Sequence[Row], options: Mapping[str, Any], user: Any) -> None:
        self._segments, self._today = Named(Segment.objects.all()), today()
        found = [product for row in rows if (product := self.products.find(row))]
        versions = Positioning.objects.filter(product__in={product.pk for product in found})
        self._versions: dict[tuple[int, int | None], dict[int, Positioning]] = defaultdict(dict)
        for each in versions.prefetch_related("points").order_by("number"):
            self._versions[each.product_id, each.segment_id][each.number] = each

    def read(self, row: Row) -> _Row:
        product, segment = self.product(row), None
        if row["segment"] is not None:
            segment = self._segments.find(row["segment"])
            if segment is None:
                raise Refused("segment", "segment_unknown")
        key = product.pk, segment and segment.pk
        versions = self._versions.get(key, {})
        named = versions.get(row["version"]) if row["version"] is not None else None
        if row["version"] is not None and named is None:
            raise Refused("version", "version_unknown")
        about: Hashable = (*key, named.number) if named else (*key, row["start_date"])
        self.once(about, row, "version" if named else "start_date", "positioning_duplicate")
        draft = Positioning(product=product, segment=segment, start_date=row["start_date"])
        draft.expected_rate = self._expected(row, named)
        for name, most in _LENGTHS.items():
            text = row[name] if row[name] is not None else getattr(named, name, "")
            if len(text) > most:
                raise Refused(name, "too_long")
            setattr(draft, name, text)
        points = [
            point
            for name, kind in KINDS.items()
            for point in (
                [each for each in (points_held(named) if named else ()) if each.kind == kind]
                if row[name] is None
                else _points_read(name, row[name])
            )
        ]
        old = _differences(named, draft, points) if named else {}
        if named is None or (old and named.state not in (State.DRAFT, State.PROPOSED)):
            return self._next(row["line"], draft, points, named, versions.values())
        if old and named.state == State.PROPOSED:
            raise Refused("version", "waits")
        return _Row(row["line"], draft, points, named, old)

    def _expected(self, row: Row, named: Positioning | None) -> Decimal | None:
        if row["expected"] is None:
            return named.expected_rate if named else None
        if not -99 <= row["expected"] <= 500:
            raise Refused("expected", "expected_unreadable")
        return round(row["expected"] / 100, 4)

    def _next(
        self,
        line: int,
        draft: Positioning,
        points: list[Point],
        named: Positioning | None,
        versions: Iterable[Positioning],
    ) -> _Row:
        """A new draft, unless a version of this day, or one whose approval moved it there, says the same."""
        if named is not None and _is_said(named, draft, points):
            raise Refused("why", "why_stays")
        for each in versions:
            moved = each.state == State.APPROVED and draft.start_date < min(each.start_date, self._today)
            if _is_said(each, draft, points, moved=moved):
                return _Row(line, draft, points, each, {})
        if named is not None:
            for name in WHY:
                if getattr(draft, name) == getattr(named, name):
                    setattr(draft, name, "")
            if draft.expected_rate == named.expected_rate:
                draft.expected_rate = None
        return _Row(line, draft, points, None, {})

    def shown(self, row: _Row) -> dict[str, Any]:
        found = {
            "product": row.draft.product.code,
            "segment": row.draft.segment and row.draft.segment.code,
            "version": row.there and row.there.number,
        }
        said = _said(row.draft, row.points)
        if row.old:
            return found | {name: said[name] for name in row.old} | {"old": row.old}
        return found | {name: value for name, value in said.items() if value}

    def day(self, row: _Row) -> datetime.date:
        return row.draft.start_date


def _is_said(
    version: Positioning, draft: Positioning, points: Sequence[Point], *, moved: bool = False
) -> bool:
    """Whether the version says this of the product, from this day unless it was ``moved``."""
    if not moved and version.start_date != draft.start_date:
        return False
    return not {*TEXTS, *KINDS}.intersection(_differences(version, draft, points))


def _said(row: Positioning, points: Sequence[Point]) -> dict[str, Any]:
    """The row in the file's own terms."""
    rate = row.expected_rate
    return {
        "start_date": row.start_date.isoformat(),
        **{name: getattr(row, name) for name in _LENGTHS},
        "expected": None if rate is None else f"{(rate * 100).normalize():f}",
        **{name: points_text(points, kind) for name, kind in KINDS.items()},
    }


def _differences(named: Positioning, draft: Positioning, points: Sequence[Point]) -> dict[str, Any]:
    """What of the version is not as the row says."""
    before, after = _said(named, points_held(named)), _said(draft, points)
    return {name: value for name, value in before.items() if value != after[name]}


_ALIASES = {
    "target_group": ("doelgroep",),
    "need": ("behoefte",),
    "category": ("categorie",),
    "benefit": ("main_benefit", "belangrijkste_voordeel"),
    "reasons": ("reasons_to_believe", "redenen_om_het_te_geloven"),
    "alternative": ("alternatief",),
    "difference": ("difference_with_the_alternative", "verschil_met_het_alternatief"),
    "tone": ("toon",),
    "why": ("why_this_version", "waarom_deze_versie"),
    "alternatives": ("alternatives_considered", "overwogen_alternatieven"),
}


class PositioningSheet(PlannedSheet[_Plan]):
    plan = _Plan
    key = "positioning"
    label = _("Positionings")
    help_text = _(
        "What products stand for, as the page Positionings gives it. Rows become drafts: they are proposed "
        "and decided as others are. An empty cell of a version that is named leaves what it says."
    )
    order = 57
    permission = "pricing.edit"
    reasons = REASONS
    one_of: tuple[tuple[str, ...], ...] = ((*TEXTS, "attributes", "claims"),)
    options: tuple[Option, ...] = (sources.OPTION,)
    fields = (
        replace(sources.PRODUCT, required=True),
        sources.FIELD,
        Field("segment", "code", _("Segment"), aliases=("klantsegment",), help_text=_("Empty: everybody.")),
        Field(
            "version",
            "number",
            _("Version"),
            aliases=("versie",),
            help_text=_("The one that the row changes, or begins a next one from; empty: a new one."),
        ),
        sources.START_DATE,
        *(Field(name, "text", _label(name), aliases=aliases) for name, aliases in _ALIASES.items()),
        Field(
            "expected",
            "number",
            _("Expected change in volume (%)"),
            aliases=("expected_change_in_volume", "verwachte_verandering_van_de_afzet"),
        ),
        Field(
            "attributes",
            "text",
            _("Attributes"),
            aliases=("eigenschappen",),
            help_text=_("One a line; the evidence behind a |."),
        ),
        Field(
            "claims",
            "text",
            _("Claims of the product"),
            aliases=("claims_of_the_product", "claims_van_het_product"),
            help_text=_("One a line; the evidence behind a |."),
        ),
    )

    def apply(self, cursor: Any, import_id: int, options: Mapping[str, Any]) -> Counts:
        products_lock({row.draft.product_id for row in self.checked(cursor, options).rows})
        plan = self.checked(cursor, options)
        counts = plan.counts()  # before the drafts that are there take their new values
        positionings_import(
            source_import=Import.objects.select_related("created_by", "applied_by").get(pk=import_id),
            new=[(row.draft, row.points) for row in plan.rows if row.there is None],
            changed=[
                (row.there, {name: getattr(row.draft, name) for name in _VALUES}, row.points)
                for row in plan.rows
                if row.there is not None and row.old
            ],
        )
        return counts

    def undo(self, cursor: Any, import_id: int) -> Counts:
        taken, restored = positionings_import_undo(source_import=Import.objects.get(pk=import_id))
        return Counts(new=taken, changed=restored)
