"""The product list: rows, tabs with their counts, and totals that equal the rows."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Lower
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import User
from core.organisation import today, year_start
from core.texts import query_of
from products.models import Product, ProductFigures, SavedView

from .access import forecasts_allowed, products_visible, visible_channel_ids
from .columns import Column, columns_for
from .limited_figures import limited_figures, limited_totals
from .line_words import line_word
from .lines import Inherited, LineTree
from .list_query import ListQuery, list_query
from .months import is_long_before
from .product_filter import annotated, products_filtered
from .reviews import review_date
from .row_figures import RowFigures
from .units import own_unit, unit_of
from .volume_total import volume_total

MINE = "view=mine&owner=me&status=current"
ALL = "view=all"
MOST_VIEWS = 12
_DATA, _AHEAD = "figures__data_month", "figures__forecast_as_of"
SUMS = ("revenue_12m", "forecast_12m", "growth", "volume_12m", "forecast_volume")
"""The columns of the list's own that have a total."""


@dataclass
class ListRow:
    """One product of the list. ``added`` are the values of other rooms' columns by key; the owner that comes
    from the line is only looked up where the column is shown."""

    product: Product
    figures: RowFigures
    unit: str
    owner: Inherited
    status: str
    status_label: Any
    stage: str
    stage_since: datetime.date | None
    review: datetime.date | None
    added: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class ListTotals:
    """Over all filtered rows, by column key; a column that does not add up is not in ``values``. ``older``:
    how many have data too old for one of them."""

    count: int
    data_month: datetime.date | None
    values: dict[str, Any] = field(default_factory=dict)
    volume_unit: str = ""
    older: int = 0


@dataclass(frozen=True)
class Tab:
    """A view above the list; ``view`` is the saved one, if it is one."""

    key: str
    label: str
    query: str
    count: int
    view: SavedView | None = None


def query_read(user: Any, query: QueryDict) -> ListQuery:
    """What the address asks, as far as the person may."""
    return list_query(query, columns_for(user), limited=visible_channel_ids(user) is not None)


def query_in_words(query: ListQuery, tree: LineTree) -> ListQuery:
    """The same with what a single line calls its volume in the heads of the columns."""
    codes = query.filters.get("line", ())
    line = next((line for line in tree.lines.values() if [line.code] == list(codes)), None)
    if line is None or tree.inherited(line.pk, "volume_word").value is None:
        return query
    word = capfirst(line_word(tree, line.pk, "volume_word"))
    labels = {
        "volume_12m": _("%(volume)s 12 months") % {"volume": word},
        "forecast_volume": _("Forecast %(volume)s") % {"volume": word.lower()},
    }

    def named(columns: Iterable[Column]) -> tuple[Column, ...]:
        return tuple(replace(each, label=labels.get(each.key, each.label)) for each in columns)

    return replace(query, columns=named(query.columns), available=named(query.available))


def list_tabs(user: Any, tree: LineTree) -> list[Tab]:
    """*Mine*, *all*, one's own views and the shared ones, each with its count; two queries."""
    views = list(
        SavedView.objects.filter(Q(user=user) | Q(shared=True), page="products")
        .select_related("user")
        .order_by("shared", "pk")[:MOST_VIEWS]
    )
    asked = {"mine": MINE, "all": ALL, **{str(view.pk): view.query for view in views}}
    counts = [
        products_filtered(user, query_read(user, query_of(query)), tree)
        .values(tab=Value(key))
        .annotate(found=Count("pk"))
        for key, query in asked.items()
    ]
    found = {row["tab"]: row["found"] for row in counts[0].union(*counts[1:], all=True)}
    user._products_count = found.get("all", 0)
    tabs = [Tab("mine", "", MINE, found.get("mine", 0)), Tab("all", "", ALL, found.get("all", 0))]
    for view in views:
        address = f"view={view.pk}" + (f"&{view.query}" if view.query else "")
        tabs.append(Tab(str(view.pk), view.name, address, found.get(str(view.pk), 0), view))
    return tabs


def products_to_count(user: Any) -> QuerySet[Product] | int:
    """The products the person may see, for the menu's number; the number where the tabs counted them."""
    return getattr(user, "_products_count", None) or products_visible(user)


def list_queryset(user: Any, query: ListQuery, tree: LineTree) -> QuerySet[Product]:
    """The filtered products in the asked order, each with its figures, line and owner; lazily."""
    return _dressed(user, products_filtered(user, query, tree), query)


def list_page(user: Any, query: ListQuery, tree: LineTree, start: int, stop: int) -> QuerySet[Product]:
    """A part of :func:`list_queryset`. Which products those are is found on narrow rows, so that not all the
    wide ones (sparklines, descriptions) are sorted to show fifty."""
    column = _sort_column(query)
    narrow = annotated(
        user, products_filtered(user, query, tree), [column.added] if column and column.added else []
    )
    ids = narrow.order_by(*_order(query.sort, column), "pk").values("pk")[start:stop]
    return _dressed(user, Product.objects.filter(pk__in=ids), query)


def _sort_column(query: ListQuery) -> Column | None:
    key = query.sort.removeprefix("-")
    return next((column for column in query.available if column.key == key), None)


def _dressed(user: Any, rows: QuerySet[Product], query: ListQuery) -> QuerySet[Product]:
    column = _sort_column(query)
    shown = {column.key: column for column in query.columns}
    added = {c.added.key: c.added for c in (*shown.values(), *([column] if column else [])) if c.added}
    related = ["figures__measure", "line", "owner", *({"supplier", "segment"} & shown.keys())]
    rows = annotated(user, rows, list(added.values())).select_related(*related)
    return rows.order_by(*_order(query.sort, column), "pk")


def _order(sort: str, column: Column | None) -> list[OrderBy]:
    expression: Any = F(column.sort) if column else F("code" if sort.endswith("code") else "name")
    if column is None or not (column.numeric or column.key in ("launched", "ended", "status", "data_month")):
        expression = Lower(expression)
    # Missing comes last, whichever way: what is not known is neither the most nor the least.
    return [OrderBy(expression, descending=sort.startswith("-"), nulls_last=True), OrderBy(Lower("name"))]


def list_rows(user: Any, products: Iterable[Product], tree: LineTree, query: ListQuery) -> list[ListRow]:
    """One page of :func:`list_queryset` put into rows, without a query for each."""
    products = list(products)
    channels = visible_channel_ids(user)
    limited = None if channels is None else limited_figures(products, channels)
    ahead = forecasts_allowed(user)
    day = today()
    keys = [column.key for column in query.columns if column.added]
    owners = _line_owners(tree, products) if any(c.key == "owner" for c in query.columns) else {}
    rows = []
    for product in products:
        found: ProductFigures | None = getattr(product, "figures", None)
        if limited is not None:
            figures = limited.get(product.pk, RowFigures())
        else:
            figures = _figures(found, ahead=ahead) if found else RowFigures()
        if found is not None and figures.data_month is not None:
            figures.unit = unit_of(tree, product, found.measure)
        status = Product.Status(product.status_on(day))
        rows.append(
            ListRow(
                product=product,
                figures=figures,
                unit=own_unit(tree, product) or tree.lead_measure(product.line_id).unit,
                owner=Inherited(product.owner, None)
                if product.owner
                else owners.get(product.line_id, Inherited(None, None)),
                status=status.value,
                status_label=status.label,
                stage=found.stage if found and ahead else "",
                stage_since=found.stage_since if found and ahead else None,
                review=review_date(tree, product),
                added={key: getattr(product, f"added_{key}") for key in keys},
            )
        )
    return rows


def _line_owners(tree: LineTree, products: Sequence[Product]) -> dict[int, Inherited]:
    """The owner each line gives its products; the people behind them in one query."""
    found = {line: tree.inherited(line, "owner_id") for line in {product.line_id for product in products}}
    people = User.objects.in_bulk({owner.value for owner in found.values() if owner.value})
    return {line: Inherited(people.get(owner.value), owner.line) for line, owner in found.items()}


def _figures(row: ProductFigures, *, ahead: bool) -> RowFigures:
    """``ahead``: with its forecast."""
    sold = RowFigures(
        data_month=row.data_month,
        revenue_12m=row.revenue_12m,
        volume_12m=row.volume_12m,
        growth=row.growth_rate,
        spark=row.spark_volumes,
    )
    if not ahead:
        return sold
    amount, mean = row.forecast_12m_amount, row.forecast_12m
    price = amount / mean if amount is not None and mean else None
    low, high = row.forecast_12m_lo80, row.forecast_12m_hi80
    return replace(
        sold,
        spark_forecast=row.spark_forecast[:12],
        spark_low=row.spark_lo80[:12],
        spark_high=row.spark_hi80[:12],
        forecast_volume=mean,
        forecast_volume_lo=low,
        forecast_volume_hi=high,
        forecast_12m=amount,
        forecast_12m_lo=low * price if price is not None and low is not None else None,
        forecast_12m_hi=high * price if price is not None and high is not None else None,
        forecast_stale=row.forecast_stale,
    )


def list_totals(user: Any, query: ListQuery, tree: LineTree, *, volumes: bool = True) -> ListTotals:
    """Sums over all filtered rows. Money adds, of the same months: what is older than the newest data counts
    as on Today (:func:`_counts`). Growth is of the products that have one; a volume only in one unit; the
    forecast's band does not add: products offset each other, so the band of a total is narrower than the sum
    of the bands, and only a forecast of the whole can say by how much. Without ``volumes`` those are left
    out."""
    rows = products_filtered(user, query, tree)
    channels = visible_channel_ids(user)
    added = [c.added for c in query.columns if c.added and c.added.adds]
    comparable = Q(figures__growth_rate__isnull=False)
    sums: dict[str, Any] = {"count": Count("pk")}
    if channels is None:
        sums |= {
            "revenue_12m": Sum("figures__revenue_12m"),
            "forecast_12m": Sum("figures__forecast_12m_amount"),
            "now": Sum(
                "figures__revenue_12m", filter=comparable & Q(figures__revenue_12m_before__isnull=False)
            ),
            "before": Sum(
                "figures__revenue_12m_before", filter=comparable & Q(figures__revenue_12m__isnull=False)
            ),
            "lines": ArrayAgg("line_id", distinct=True, default=Value([])),
        }
    sums |= {f"sum_{entry.key}": Sum(f"added_{entry.key}") for entry in added}
    grouped: Any = annotated(user, rows, added).order_by().values(_DATA, _AHEAD)
    by_month: list[dict[str, Any]] = list(grouped.annotate(**sums))
    newest = max((row[_DATA] for row in by_month if row[_DATA]), default=None)

    def in_time(*keys: str) -> list[dict[str, Any]]:
        """What is in the totals of all these columns."""
        return [row for row in by_month if all(_counts(key, row, newest) for key in keys)]

    def total(name: str, key: str) -> Any:
        known = [row[name] for row in in_time(key) if row[name] is not None]
        return sum(known) if known else None

    totals = ListTotals(sum(row["count"] for row in by_month), newest)
    adding = [column.key for column in query.columns if column.key in SUMS or column.added in added]
    totals.older = totals.count - sum(row["count"] for row in in_time(*adding))
    totals.values = {entry.key: total(f"sum_{entry.key}", entry.key) for entry in added}
    if channels is not None:
        totals.values |= limited_totals(rows.filter(_data_of(in_time("revenue_12m"))), channels)
        return totals
    totals.values |= {name: total(name, name) for name in ("revenue_12m", "forecast_12m")}
    if before := total("before", "growth"):
        totals.values["growth"] = float(total("now", "growth") / before) - 1
    if volumes and any(column.key in ("volume_12m", "forecast_volume") for column in query.columns):
        recent = in_time("volume_12m")
        lines = sorted({line for row in recent for line in row["lines"]})
        added_up = volume_total(rows.filter(_data_of(recent)), lines, tree)
        if added_up is not None:
            totals.values |= {"volume_12m": added_up.sold, "forecast_volume": added_up.forecast}
            totals.volume_unit = added_up.unit
    return totals


def _data_of(rows: Iterable[Mapping[str, Any]]) -> Q:
    """Products whose data end where those of the rows do."""
    months = {row[_DATA] for row in rows}
    known = Q(figures__data_month__in=months - {None})
    return known | Q(figures__data_month=None) if None in months else known


def _counts(key: str, row: Mapping[str, Any], newest: datetime.date | None) -> bool:
    """Whether products whose data and forecasts are of the row's months are in the total of a column: of a
    month that is the newest one, of a year the same financial year, of 12 months less than a year old."""
    month = row[_AHEAD if key == "forecast_12m" else _DATA]
    if month is None or newest is None:
        return True
    if key.endswith("_month"):
        return month == newest
    if key.endswith(("_ytd", "_year")):
        return year_start(month) == year_start(newest)
    return not is_long_before(month, newest)
