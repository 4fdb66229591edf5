"""How good forecasts were, as people may see it: over all channels, so only for who may see all channels.

Pages read sums that the night has made (``AccuracySum``, ``AccuracyWindow``); only what people changed is
read row by row, since it is little.
"""

# ruff: noqa: S608  statements are put together from constants

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, FloatField, Q, QuerySet
from django.db.models.functions import NullIf

from core.lookups import ordered
from core.organisation import organisation_get
from core.sql import rows_of
from forecasting.models import AccuracyRow, AccuracyWindow
from forecasting.models.accuracy import WINDOW_LAYERS
from forecasting.value_added import Pairs
from products.models import Product
from products.selectors.access import forecasts_allowed, products_visible, visible_line_ids
from products.selectors.lines import LineTree
from products.selectors.units import unit_of

from .accuracy_sums import FINAL, WIDTH, Sums, pair_columns, sums_columns, sums_read

LAG, MONTHS = 1, 12
"""What is shown unless somebody asks for another: forecasts of a month ahead, over a year."""


def accuracy_visible(user: Any) -> QuerySet[AccuracyRow]:
    """Every row of the products a person may see."""
    if not forecasts_allowed(user):
        return AccuracyRow.objects.none()
    return AccuracyRow.objects.filter(product__in=products_visible(user))


def judged_by(user: Any) -> int | None:
    """Whose changes a person sees the effect of, by reason and person: their own (the id), or everybody's
    (None) where the organisation has switched that on."""
    return None if organisation_get().show_everyones_accuracy else user.pk


def money_allowed(user: Any) -> bool:
    """Value added in money is for who may see costs."""
    return bool(user.has_perm("pricing.view_costs"))


@dataclass(frozen=True)
class Held:
    """What there is of some lines over a period: its months, how many forecasts of one lag, how many of them
    cannot be weighed, and how many were computed when their month was over. ``in_money``: products count in
    unlike units, so errors are weighed by revenue per unit; else all are in ``unit`` of ``measure_id``."""

    first: datetime.date
    last: datetime.date
    rows: int
    unpriced: int
    afterwards: int
    in_money: bool
    measure_id: int | None
    unit: str
    lines: list[int] | None = field(default=None)

    @property
    def column(self) -> str:
        return "priced" if self.in_money else "plain"

    @property
    def counted(self) -> int:
        return self.rows - self.unpriced if self.in_money else self.rows


def _roots(user: Any, tree: LineTree, line_id: int | None) -> list[int] | None:
    """The lines whose sums make up what is asked for: the one, or the highest a person may see. None:
    everything. A limit holds below a line too."""
    if line_id is not None:
        return [line_id]
    seen = visible_line_ids(user)
    if seen is None:
        return None
    return [pk for pk in seen if tree.lines[pk].parent_id not in seen]


_OF = "(%(lines)s::bigint[] IS NULL AND line_id IS NULL OR line_id = ANY(%(lines)s))"


def accuracy_held(user: Any, tree: LineTree, *, line_id: int | None, lag: int, months: int) -> Held | None:
    """What there is of a line the person may see (None: of all) over the last months; ``None``: nothing.
    One query."""
    if not forecasts_allowed(user):
        return None
    lines = _roots(user, tree, line_id)
    statement = f"""
        WITH own AS (SELECT * FROM forecasting_accuracysum WHERE {_OF}),
             newest AS (SELECT max(month) AS month FROM own)
        SELECT min(own.month), newest.month, coalesce(sum(rows) FILTER (WHERE lag = %(lag)s), 0),
               coalesce(sum(unpriced) FILTER (WHERE lag = %(lag)s), 0),
               coalesce(sum(afterwards) FILTER (WHERE lag = %(lag)s), 0),
               count(DISTINCT (measure_id, unit)) <> 1 OR bool_or(measure_id IS NULL),
               max(measure_id), max(unit)
        FROM own, newest
        WHERE own.month > (newest.month - make_interval(months => %(months)s))::date
        GROUP BY newest.month
    """
    params = {"lines": lines, "lag": lag, "months": months}
    found = rows_of(statement, params)
    if not found:
        return None
    first, last, rows, unpriced, afterwards, in_money, measure_id, unit = found[0]
    return Held(
        first,
        last,
        int(rows),
        int(unpriced),
        int(afterwards),
        in_money,
        None if in_money else measure_id,
        "" if in_money else unit,
        lines,
    )


Months = dict[datetime.date, Sums]


def sums_by_lag(held: Held) -> dict[int, Months]:
    """The sums of every month, by lag. One query."""
    found: dict[int, Months] = {}
    for lag, month, *row in _sums(held, "lag, month", _OF, {"lines": held.lines, "lag": None}):
        found.setdefault(lag, {})[month] = sums_read(row)
    return found


def sums_added(months: Months) -> Sums:
    """A lag's months together."""
    first, *others = months.values()
    return sum(others, first)


def sums_by_line(held: Held, lines: Sequence[int], *, lag: int) -> dict[int, Sums]:
    """The sums of each of these lines with its sub-lines, at one lag. One query."""
    rows = _sums(held, "line_id", "line_id = ANY(%(lines)s)", {"lines": list(lines), "lag": lag})
    return {line_id: sums_read(row) for line_id, *row in rows}


def _sums(held: Held, by: str, of: str, params: Mapping[str, Any]) -> list[Any]:
    columns = ", ".join(f"sum({held.column}[{place}])" for place in range(1, WIDTH + 1))
    statement = f"""
        SELECT {by}, {columns} FROM forecasting_accuracysum
        WHERE {of} AND month BETWEEN %(first)s AND %(last)s AND (%(lag)s::int IS NULL OR lag = %(lag)s)
        GROUP BY {by} ORDER BY {by}
    """
    return rows_of(statement, {**params, "first": held.first, "last": held.last})


# -- what people changed --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """One person's changes of one product for one reason: what they did to the error."""

    reason_code: str
    author_id: int | None
    author: str
    line_id: int
    product_id: int
    pairs: Pairs


def accuracy_judged(user: Any, tree: LineTree, held: Held, *, line_id: int | None, lag: int) -> list[Judged]:
    """What people changed in products of a line (None: of all the person may see), by reason, person and
    product: the person's own, or everybody's where the organisation has switched that on. One query."""
    leads = _leads(user, tree, line_id)
    author = judged_by(user)
    statement = f"""
        SELECT r.reason_code, r.author_id, coalesce(u.name, ''), p.line_id, r.product_id,
               {pair_columns("overridden", "r.price" if held.in_money else "1.0")}
        FROM forecasting_accuracyrow r
        JOIN products_product p ON p.id = r.product_id
        JOIN unnest(%(lines)s::bigint[], %(measures)s::bigint[]) AS lead(line_id, measure_id)
          ON lead.line_id = p.line_id AND lead.measure_id = r.measure_id
        LEFT JOIN accounts_user u ON u.id = r.author_id
        WHERE r.overridden IS NOT NULL AND r.lag = %(lag)s AND r.month BETWEEN %(first)s AND %(last)s
          {"" if author is None else "AND r.author_id = %(author)s"}
          {"AND r.price IS NOT NULL" if held.in_money else ""}
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
    """
    params = {
        "lines": list(leads),
        "measures": list(leads.values()),
        "lag": lag,
        "first": held.first,
        "last": held.last,
        "author": author,
    }
    return [
        Judged(reason, author_id, name, line, product, Pairs(*(float(value or 0) for value in sums)))
        for reason, author_id, name, line, product, *sums in rows_of(statement, params)
    ]


def _leads(user: Any, tree: LineTree, line_id: int | None) -> dict[int, int]:
    """The leading measure of each line that is asked for and may be seen."""
    lines = set(tree.lines) if line_id is None else tree.descendants(line_id)
    seen = visible_line_ids(user)
    return {pk: tree.lead_measure(pk).pk for pk in sorted(lines) if seen is None or pk in seen}


# -- by product -----------------------------------------------------------------------------------------

SORTS = {
    "error": "error",
    "wape": "wape",
    "change": "change",
    "bias": "bias",
    "naive": "added",
}


def accuracy_worst(
    user: Any,
    tree: LineTree,
    held: Held,
    *,
    line_id: int | None,
    lag: int,
    months: int,
    layer: str,
    sort: str,
) -> QuerySet[AccuracyWindow]:
    """Products with their errors over the last months, sorted by a key of ``SORTS`` (``-`` before it: largest
    first): annotated with ``wape``, ``bias``, ``before`` (the WAPE of as many months before), ``change``
    since then, ``naive`` (the WAPE of repeating the year before), ``added`` against that, and ``error`` in
    money or in the unit."""
    place = WINDOW_LAYERS.index(layer)
    wanted = Q()
    by_measure: dict[int, list[int]] = {}
    for line, measure in _leads(user, tree, line_id).items():
        by_measure.setdefault(measure, []).append(line)
    for measure, lines in by_measure.items():
        wanted |= Q(measure_id=measure, product__line_id__in=lines)
    if not by_measure or not forecasts_allowed(user) or not user.has_perm("products.view"):
        return AccuracyWindow.objects.none()
    found = _with_errors(AccuracyWindow.objects.filter(wanted, lag=lag, months=months), place).annotate(
        error=F(f"amount__{place}") if held.in_money else F(f"off__{place}"),
        change=F("wape") - F("before"),
        added=F("naive") - F("wape"),
    )
    order = ordered(F(SORTS[sort.lstrip("-")]), sort.startswith("-"))
    return found.select_related("product").order_by(order, "product__code")


def _with_errors(rows: QuerySet[AccuracyWindow], place: int) -> Any:
    """With ``wape``, ``bias`` and ``before`` of the layer at this place, and ``naive``."""

    def share(over: str, under: str, at: int) -> Any:
        return F(f"{over}__{at}") / NullIf(F(f"{under}__{at}"), 0.0, output_field=FloatField())

    return rows.annotate(
        wape=share("off", "size", place),
        bias=share("over", "net", place),
        before=share("before_off", "before_size", place),
        naive=share("off", "size", 0),
    )


def accuracy_of(user: Any, tree: LineTree, products: Collection[Product]) -> list[Any]:
    """The errors of the final forecasts of these products, which the person may see, by the leading measure:
    by name, annotated as :func:`accuracy_worst` has them. One query."""
    if not forecasts_allowed(user):
        return []
    rows = AccuracyWindow.objects.filter(
        product__in=[product.pk for product in products], lag=LAG, months=MONTHS
    )
    found = _with_errors(rows, WINDOW_LAYERS.index(FINAL)).select_related("product")
    return [
        row
        for row in found.order_by("product__name", "product__code")
        if row.measure_id == tree.lead_measure(row.product.line_id).pk
    ]


def accuracy_months(user: Any, tree: LineTree, products: Collection[Product]) -> Months:
    """The sums of the forecasts of a month ahead of these products, which the person may see, by the leading
    measure: each month of the last year. Unlike units are weighed by revenue per unit. One query."""
    if not forecasts_allowed(user) or not products:
        return {}
    leads = [(product, tree.lead_measure(product.line_id)) for product in products]
    in_money = len({(measure.pk, unit_of(tree, product, measure).lower()) for product, measure in leads}) > 1
    statement = f"""
        WITH own AS (
            SELECT r.* FROM forecasting_accuracyrow r
            JOIN unnest(%(products)s::bigint[], %(measures)s::bigint[]) AS lead(product_id, measure_id)
              ON lead.product_id = r.product_id AND lead.measure_id = r.measure_id
            WHERE r.lag = %(lag)s {"AND r.price IS NOT NULL" if in_money else ""}
        )
        SELECT r.month, {sums_columns("r.price" if in_money else "1.0")} FROM own r
        WHERE r.month > (SELECT max(month) FROM own) - make_interval(months => %(months)s)
        GROUP BY r.month ORDER BY r.month
    """
    params = {
        "products": [product.pk for product, _measure in leads],
        "measures": [measure.pk for _product, measure in leads],
        "lag": LAG,
        "months": MONTHS,
    }
    return {month: sums_read(row) for month, *row in rows_of(statement, params)}
