"""Unusual months as people may see them: over all channels, so only for who may see all channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from forecasting.models import Finding
from products.models import Family, Measure, Product, ProductLine
from products.selectors.access import forecasts_allowed, lines_visible, products_visible
from products.selectors.family import families_whole
from products.selectors.lines import line_tree

from .forecasts import of_subject

# One list of states, so that page and address say the same.
STATES = ("open", "confirmed", "refused", "all")


def findings_visible(user: Any) -> QuerySet[Finding]:
    """What was found or marked in the products and families a person may see; what is gone too."""
    if not forecasts_allowed(user):
        return Finding.objects.none()
    return Finding.objects.filter(Q(product__in=products_visible(user)) | Q(family__in=families_whole(user)))


def findings_of(user: Any, subject: Product | Family, measure: Measure) -> list[Finding]:
    """What waits to be judged, most money first, and behind it what was judged, newest first. One query; for
    callers that have asked whether the person may see the subject's forecast."""
    rows = Finding.objects.filter(**of_subject(subject), measure=measure, gone_at=None)
    found = list(rows.select_related("decided_by", "measure"))
    waits = [row for row in found if row.state == Finding.State.OPEN]
    judged = [row for row in found if row.state != Finding.State.OPEN]
    waits.sort(key=lambda row: (-(row.amount or 0), -row.first.toordinal()))
    return waits + sorted(judged, key=lambda row: row.decided_at, reverse=True)  # type: ignore[arg-type, return-value]


@dataclass(frozen=True)
class FindingFilter:
    """What the person asked for: ``?state=&kind=&line=``; what does not exist is ignored."""

    state: str
    kind: str
    line: ProductLine | None
    lines: list[ProductLine]

    @classmethod
    def read(cls, user: Any, asked: Mapping[str, str]) -> FindingFilter:
        lines = list(lines_visible(user))
        state, kind = asked.get("state", ""), asked.get("kind", "")
        return cls(
            state=state if state in STATES else "open",
            kind=kind if kind in Finding.Kind.values else "",
            line=next((line for line in lines if line.code == asked.get("line")), None),
            lines=lines,
        )

    @property
    def states(self) -> list[tuple[str, str]]:
        labels = {"open": _("To be judged"), "confirmed": _("Exceptional"), "refused": _("Right")}
        return [(state, labels.get(state, _("All"))) for state in STATES]

    @property
    def kinds(self) -> list[tuple[str, Any]]:
        return list(Finding.Kind.choices)


def findings_page(user: Any, chosen: FindingFilter) -> QuerySet[Finding]:
    """What was asked for: the most money first, of what was judged the newest first."""
    rows = findings_visible(user).filter(gone_at=None)
    if chosen.state != "all":
        rows = rows.filter(state=chosen.state)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.line is not None:
        below = line_tree().descendants(chosen.line.pk)
        rows = rows.filter(Q(product__line__in=below) | Q(family__line__in=below))
    order: list[Any] = (
        [F("decided_at").desc(), "-pk"]
        if chosen.state in ("confirmed", "refused")
        else [F("amount").desc(nulls_last=True), "-first", "pk"]
    )
    return rows.select_related("product__line", "family__line", "measure", "decided_by").order_by(*order)
