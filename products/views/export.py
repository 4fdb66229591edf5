"""The product list as a file: exactly the rows, columns and order of the page, over all pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.charts.model import stage_word
from core.organisation import organisation_get
from core.pages import with_right
from exchange.export import ExportColumn, export_asked, export_response
from products.models import Product
from products.selectors.columns import Column
from products.selectors.lines import LineTree, line_tree
from products.selectors.list_query import ListQuery
from products.selectors.product_list import ListRow, list_queryset, list_rows, query_in_words, query_read

Cells = list[tuple[ExportColumn, Callable[[ListRow], Any]]]
AT_ONCE = 500


def _figure(name: str) -> Callable[[ListRow], Any]:
    return lambda row: getattr(row.figures, name)


def _field(name: str) -> Callable[[ListRow], Any]:
    return lambda row: getattr(row.product, name)


def _name(name: str) -> Callable[[ListRow], Any]:
    return lambda row: str(getattr(row.product, name) or "") or None


def _cells(column: Column, currency: str) -> Cells:
    """The file's columns for one of the list: a value and its band, or its unit, are columns of their own."""
    label = str(column.label)
    amount = f"{label} ({currency})"
    low, high = _("low (80%)"), _("high (80%)")
    plain: dict[str, Cells] = {
        "stage": [
            (ExportColumn(label), lambda row: str(stage_word(row.stage)) if row.stage else None),
            (ExportColumn(_("Stage since"), "month"), lambda row: row.stage_since),
        ],
        "trend": [],
        "revenue_12m": [(ExportColumn(amount, "amount"), _figure("revenue_12m"))],
        "growth": [(ExportColumn(label, "rate"), _figure("growth"))],
        "forecast_12m": [
            (ExportColumn(amount, "amount"), _figure("forecast_12m")),
            (ExportColumn(f"{amount} {low}", "amount"), _figure("forecast_12m_lo")),
            (ExportColumn(f"{amount} {high}", "amount"), _figure("forecast_12m_hi")),
        ],
        "volume_12m": [
            (ExportColumn(label, "number"), _figure("volume_12m")),
            # Not "Unit": that is the product's own, where the file comes in again.
            (ExportColumn(_("Unit of volume")), lambda row: row.figures.unit or None),
        ],
        "forecast_volume": [
            (ExportColumn(label, "number"), _figure("forecast_volume")),
            (ExportColumn(f"{label} {low}", "number"), _figure("forecast_volume_lo")),
            (ExportColumn(f"{label} {high}", "number"), _figure("forecast_volume_hi")),
        ],
        "line": [],
        "owner": [(ExportColumn(label), lambda row: row.owner.value.email if row.owner.value else None)],
        "status": [(ExportColumn(label), lambda row: str(row.status_label))],
        "kind": [(ExportColumn(label), lambda row: str(Product.Kind(row.product.kind).label))],
        "launched": [(ExportColumn(label, "date"), _field("launched"))],
        "ended": [(ExportColumn(label, "date"), _field("ended"))],
        "supplier": [(ExportColumn(label), _name("supplier"))],
        "segment": [(ExportColumn(label), _name("segment"))],
        "review": [(ExportColumn(label, "date"), lambda row: row.review)],
        "data_month": [(ExportColumn(label, "month"), _figure("data_month"))],
    }
    if column.added is not None:
        money = column.small == "money"
        head = ExportColumn(amount, "amount") if money else ExportColumn(label, "number")
        return [(head, lambda row: row.added.get(column.key))]
    return plain[column.key]


def _rows(user: Any, query: ListQuery, tree: LineTree, cells: Cells) -> Iterator[list[Any]]:
    products = list_queryset(user, query, tree).iterator(chunk_size=AT_ONCE)
    while chunk := list(islice(products, AT_ONCE)):
        for row in list_rows(user, chunk, tree, query):
            yield [value(row) for _column, value in cells]


@with_right("products.view")
@require_safe
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The list of this address as CSV or XLSX."""
    export_asked(request.user, kind)
    tree = line_tree()
    query = query_in_words(query_read(request.user, request.GET), tree)
    currency = organisation_get().currency
    # A file outlives the page it came from: each row says up to when its figures go.
    columns = [
        *query.columns,
        *(c for c in query.available if c.key == "data_month" and c not in query.columns),
    ]
    names = Counter(line.name.lower() for line in tree.lines.values())
    lines = {pk: line.name if names[line.name.lower()] == 1 else line.code for pk, line in tree.lines.items()}
    # What says which product it is stands in the list's first column, so it comes first here too.
    cells: Cells = [
        (ExportColumn(_("Code")), _field("code")),
        (ExportColumn(_("Name"), width=36), _field("name")),
        (ExportColumn(_("Line")), lambda row: lines[row.product.line_id]),
        *(cell for column in columns for cell in _cells(column, currency)),
    ]
    return export_response(
        request,
        name=_("products"),
        columns=[column for column, _value in cells],
        rows=_rows(request.user, query, tree, cells),
        kind=kind,
    )
