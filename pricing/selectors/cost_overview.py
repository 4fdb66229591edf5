"""The page Costs: cost lines across products, what each comes to now and next."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat, Lower

from core.lookups import ordered
from core.organisation import today
from core.search import Fold, with_words
from pricing.models import CostLine, CostRate
from products.models import ProductLine
from products.selectors.lines import line_tree

from .costs import cost_lines_visible

SORTS: dict[str, Any] = {
    "kind": F("kind__place"),
    "of": Lower(Coalesce("product__name", "line__name")),
    "since": F("now_since"),
    "next": F("next_date"),
}
_COLUMNS = (
    *("name", "cost_centre", "product__code", "product__name", "line__name"),
    *("supplier__name", "kind__name_nl", "kind__name_en"),
)
SEARCHED = [part for column in _COLUMNS for part in (F(column), Value(" "))]
SHOWN = ("now", "ahead", "all")


def cost_lines_listed(
    user: Any,
    *,
    text: str = "",
    kind: str = "",
    level: str = "",
    line: ProductLine | None = None,
    show: str = "now",
    sort: str = "kind",
    descending: bool = False,
) -> QuerySet[CostLine]:
    """Cost lines with ``now_amount``, ``now_since``, ``now_rate`` (its id), ``next_amount`` and ``next_date``
    of the lowest tier that has not ended. ``show``: those that come to something *now*, with a rate *ahead*,
    or *all*, ended ones too. ``line``: of the line and those below it, and of their products."""
    rows = _with_now_and_next(cost_lines_visible(user), today())
    rows = with_words(rows, Fold(Concat(*SEARCHED)), text)
    if kind:
        rows = rows.filter(kind__code=kind)
    if level:
        rows = rows.filter(kind__level=level)
    if line is not None:
        below = line_tree().descendants(line.pk)
        rows = rows.filter(Q(line__in=below) | Q(product__line__in=below))
    if show == "now":
        rows = rows.filter(now_amount__isnull=False)
    elif show == "ahead":
        rows = rows.filter(Exists(_rates().filter(start_date__gt=today())))
    order = ordered(SORTS[sort], descending)
    return rows.order_by(order, "kind__place", Lower("product__name"), "pk")


def _rates() -> QuerySet[CostRate]:
    return CostRate.objects.filter(cost_line=OuterRef("pk"), withdrawn_at=None)


def _with_now_and_next(rows: QuerySet[CostLine], day: datetime.date) -> QuerySet[Any]:
    of_tier = Q(cost_line=OuterRef("cost_line"), from_quantity=OuterRef("from_quantity"), withdrawn_at=None)
    newer = CostRate.objects.filter(of_tier, start_date__lte=day, start_date__gt=OuterRef("start_date"))
    held = _rates().filter(~Exists(newer), start_date__lte=day, amount__isnull=False)
    now = held.order_by("from_quantity")
    ahead = _rates().filter(start_date__gt=day).order_by("start_date", "from_quantity")
    return rows.annotate(
        now_amount=Subquery(now.values("amount")[:1]),
        now_since=Subquery(now.values("start_date")[:1]),
        now_rate=Subquery(now.values("pk")[:1]),
        next_amount=Subquery(ahead.values("amount")[:1]),
        next_date=Subquery(ahead.values("start_date")[:1]),
    )
