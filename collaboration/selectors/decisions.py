"""Kept decisions in a person's sight, with what they turned out to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Lower

from collaboration.models import DecisionOutcome, DecisionProduct
from core import registries
from core.lookups import ordered
from core.numbers import int_read
from core.organisation import today
from core.search import folded, with_words
from products.models import Product, ProductLine
from products.selectors.access import products_visible, visible_channel_ids
from products.selectors.lines import line_tree

_OUTCOME = ("months", "baseline", "actual", "effect", "lo80", "hi80")
SORTS: dict[str, Any] = {
    "date": F("decision__effective_date"),
    "product": Lower("product__name"),
    "expected": F("expected"),
    "effect": F("effect"),
}
SORTS_OPEN = ("date", "product")
"""Those for who sees no effects: the order of what is hidden would tell of it."""
SHOWN: Mapping[str, Q] = {
    "all": Q(),
    "missed": Q(lo80__gt=F("expected")) | Q(hi80__lt=F("expected")),
    "met": Q(lo80__lte=F("expected"), hi80__gte=F("expected")),
    "waiting": Q(effect=None, unmeasured="", decision__withdrawn_at=None),
    "unmeasured": Q(effect=None, decision__withdrawn_at=None) & ~Q(unmeasured=""),
    "withdrawn": Q(decision__withdrawn_at__isnull=False),
}
SHOWN_OPEN = ("all", "withdrawn")
"""Those for who sees no effects."""


def effects_seen(user: Any) -> bool:
    """What was expected and sold is over all channels: nobody limited to some sees it."""
    return visible_channel_ids(user) is None


def decisions_visible(user: Any) -> QuerySet[DecisionProduct]:
    """A row for each product of each decision, on what the person may see; ``opened`` says whether they may
    open its page. With the longest span measured (``months``, ``effect``, ``lo80``, ``hi80`` …) where
    :func:`effects_seen`."""
    shown, opened = Q(pk__in=()), []
    for kind in registries.decision_kinds:
        if kind.reading is not None:
            there = kind.reading.visible(user).order_by().values("pk")
            shown |= Q(decision__kind=kind.key, decision__reference__in=there)
            page = kind.reading.opened(user).order_by().filter(pk=OuterRef("decision__reference"))
            opened.append(When(decision__kind=kind.key, then=Exists(page)))
    newest = DecisionOutcome.objects.filter(row=OuterRef("pk")).order_by("-months")
    if not effects_seen(user):
        newest = newest.none()
    rows = DecisionProduct.objects.filter(shown, product__in=products_visible(user).order_by())
    return rows.select_related("decision__proposed_by", "decision__decided_by", "product__line").annotate(
        opened=Case(*opened, default=Value(False)),
        **{name: Subquery(newest.values(name)[:1]) for name in _OUTCOME},
    )


def decisions_whole(user: Any, rows: QuerySet[DecisionProduct]) -> QuerySet[DecisionProduct]:
    """Of these without those that are also about channels beyond the person's: to one of two customers
    nothing is told of what was decided about both."""
    for kind in registries.decision_kinds:
        if kind.reading is not None and kind.reading.partly is not None:
            partly = kind.reading.partly(user).order_by().values("pk")
            rows = rows.exclude(decision__kind=kind.key, decision__reference__in=partly)
    return rows


@dataclass(frozen=True)
class DecisionQuery:
    """What the address asks for; what does not exist is ignored."""

    kind: str = ""
    show: str = "all"
    text: str = ""
    line: ProductLine | None = None
    decision: int | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str], lines: QuerySet[ProductLine]) -> DecisionQuery:
        kind, show, decision = asked.get("kind", ""), asked.get("show", ""), asked.get("decision", "")
        code = asked.get("line", "")
        return cls(
            kind=kind if kind in registries.decision_kinds else "",
            show=show if show in SHOWN else "all",
            text=asked.get("q", "").strip()[:200],
            line=lines.filter(code=code).first() if code else None,
            decision=int_read(decision),
        )

    @property
    def narrowed(self) -> bool:
        return self != DecisionQuery()


def decisions_listed(
    user: Any, query: DecisionQuery, *, sort: str = "date", descending: bool = True
) -> QuerySet[DecisionProduct]:
    """What asks for effects of who sees none is ignored: the order is by date then, and nothing left out."""
    seen = effects_seen(user)
    rows = decisions_visible(user).filter(SHOWN[query.show if seen or query.show in SHOWN_OPEN else "all"])
    if query.kind:
        rows = rows.filter(decision__kind=query.kind)
    if query.decision is not None:
        rows = rows.filter(decision=query.decision)
    if query.line is not None:
        rows = rows.filter(product__line__in=line_tree().descendants(query.line.pk))
    rows = with_words(rows, folded("product__code", "product__name", "decision__why"), query.text)
    by = SORTS[sort if seen or sort in SORTS_OPEN else "date"]
    return rows.order_by(ordered(by, descending), "-pk")


def decisions_of(user: Any, product: Product) -> QuerySet[DecisionProduct]:
    """Of one product those that have begun, the newest first."""
    return decisions_begun(user, [product])


def decisions_begun(user: Any, products: Collection[Product]) -> QuerySet[DecisionProduct]:
    """Of these products those that have begun and hold, the newest first."""
    rows = decisions_visible(user).filter(product__in=products, decision__withdrawn_at=None)
    return rows.filter(decision__effective_date__lte=today()).order_by("-decision__effective_date", "-pk")
