"""What goes into a file: a cost report, the margins or the margin bridge, as one kind of table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from pricing.selectors.own_prices import UNIT
from reporting.cost_reports.bridge import bridge_shown, parts_total, term_words
from reporting.cost_reports.comparisons import trend_table, variance_table
from reporting.cost_reports.page import MARGIN_COLUMNS, margin_heads
from reporting.cost_reports.table import (
    Column,
    FileRow,
    Table,
    labels_of,
    limited_refuse,
    months_column,
    months_said,
)
from reporting.cost_reports.units import price_of
from reporting.cost_reports.waterfall import waterfall_chart, waterfall_row
from reporting.selectors.cost_report import CostReport, ReportRow, margin_costs
from reporting.selectors.cost_trend import cost_trend
from reporting.selectors.margin_bridge import margin_bridge, margin_level
from reporting.selectors.margin_report import MarginRow, margin_report
from reporting.selectors.price_variance import price_variance
from reporting.selectors.report_query import ReportQuery
from reporting.selectors.unit_report import UnitRow, unit_report
from reporting.words.cost_reports import (
    column_words,
)


def report_table(user: Any, query: ReportQuery, *, whole: bool = False) -> Table:
    """What the page of the address shows, as the person may see it now; ``whole``: with the columns that it
    has only where something stands in them."""
    return {
        "costs": _costs,
        "margin": _margins,
        "units": lambda user, query: _units(user, query, whole=whole),
        "bridge": lambda user, query: _bridge(user, query, whole=whole),
        "variance": lambda user, query: variance_table(user, query, price_variance(user, query), whole=whole),
        "trend": lambda user, query: trend_table(user, query, cost_trend(user, query)),
    }[query.layout](user, query)


def table_size(user: Any, query: ReportQuery) -> tuple[int, int]:
    """How many rows it has at most, and cells in each; of costs without adding up."""
    if query.layout == "costs":
        return CostReport(user, query).size(), len(labels_of(query.by)) + len(query.columns)
    table = report_table(user, query)
    return table.size, len(table.labels) + len(table.columns)


def _costs(user: Any, query: ReportQuery) -> Table:
    report = CostReport(user, query)
    columns = [_cost_column(query, code) for code in query.columns]
    keys = [head for name in query.by for head in (name, f"{name}_name")]

    def rows() -> Iterator[FileRow]:
        for row in report.rows:
            names = [part for name in row.names for part in (name.code, name.label)]
            yield FileRow(_cells(query, row), names, row.amounts, row.depth, row.span)

    return Table(report, query, labels_of(query.by), keys, columns, len(report.rows), rows)


def _cost_column(query: ReportQuery, code: str) -> Column:
    key, head = code.replace("-", "_"), column_words(query, code)
    period, measure = code.split("-")
    if measure != "index":
        return Column(key, head)
    pair = [f"{period}-{name}" for name in (query.compared(period), query.against)]
    if not all(each in query.columns for each in pair):
        return Column(key, head, "index")
    one, other = map(query.columns.index, pair)
    return Column(key, head, "index", (one, other))


def _cells(query: ReportQuery, row: ReportRow) -> list[str]:
    cells = []
    for place, (dimension, name) in enumerate(zip(query.by, row.names, strict=True)):
        label = name.label
        if not place and row.depth == 3:
            label = _("Total")
        elif not place and row.depth:
            label = _("%(name)s together") % {"name": label}
        cells += [name.code if row.depth < 2 else "", label] if dimension == "product" else [label]
    return cells


def _margins(user: Any, query: ReportQuery) -> Table:
    found = margin_report(user, query)
    limited_refuse(found.limited)
    columns: list[Column] = []
    for name, head in zip(MARGIN_COLUMNS, margin_heads(claims=False), strict=True):
        columns.append(Column(name, head))
        if name in ("cm1", "cm2", "cm3"):
            share = _("%(margin)s of net sales") % {"margin": head}
            columns.append(Column(f"{name}_rate", share, "share", (len(columns) - 1, 2)))
    if found.total and found.total.claims:
        last = len(columns)
        columns += [
            Column("claims", _("Claims")),
            Column("all_costs", _("All costs")),
            Column("combined_ratio", _("Combined ratio"), "share", (last + 1, 2)),
        ]
    by = query.by[0]

    def amount(row: MarginRow, key: str) -> Decimal | None:
        if key == "combined_ratio":
            return row.ratios.combined if row.ratios else None
        if key.endswith("_rate"):
            return row.rate(key.removesuffix("_rate"))
        if key == "all_costs":
            return row.net - row.result
        value: Decimal = getattr(row, key)
        return value if row.sold or key not in ("gross", "deductions", "net") else None

    def amounts(row: MarginRow) -> list[Decimal | None]:
        return [amount(row, column.key) for column in columns]

    def rows() -> Iterator[FileRow]:
        for row in found.rows:
            code, label = row.name.code, row.name.label
            yield FileRow([code, label] if by == "product" else [label], [code, label], amounts(row))
        if found.total is not None:
            before = [_("Total")] if by != "product" else ["", _("Total")]
            yield FileRow(before, [], amounts(found.total), 3, (0, len(found.rows)))

    size = len(found.rows) + (found.total is not None)
    costs, keys = margin_costs(user, query), [by, f"{by}_name"]
    drawn = waterfall_row(query, found)
    chart = waterfall_chart(query, drawn, found.kinds) if drawn else None
    return Table(costs, query, labels_of([by]), keys, columns, size, rows, gaps=found.gaps, chart=chart)


def _units(user: Any, query: ReportQuery, *, whole: bool) -> Table:
    found = unit_report(user, query)
    limited_refuse(found.limited)
    level = margin_level(query)
    columns = [
        Column("units", _("Sold"), "units"),
        *months_column(found.rows, whole=whole),
        Column("price", _("Price"), "unit"),
        Column("net", _("Net sales a unit"), "unit"),
        Column("cost", _("Costs a unit"), "unit"),
        Column("cost_before", _("Costs a unit then"), "unit"),
        Column("margin", _("%(margin)s a unit") % {"margin": level.upper()}, "unit"),
    ]

    def rows() -> Iterator[FileRow]:
        for row in found.rows:
            amounts = [getattr(row, column.key) for column in columns]
            names = [row.name.code, row.name.label, row.unit, price_of(row)]
            codes = [*names[:3], _price_code(row)]
            yield FileRow(names, codes, amounts)

    asked = replace(query, scale="", filters={**query.filters, "level": level})
    keys = ["product", "product_name", "unit", "price_of"]
    labels = [*labels_of(["product"]), _("Unit"), _("Price of")]
    costs, size = margin_costs(user, query), len(found.rows)
    said = months_said(found.rows)
    return Table(costs, asked, labels, keys, columns, size, rows, said, found.gaps)


def _price_code(row: UnitRow) -> str:
    """Where no language may change it: "month+1"."""
    if row.own_price is None or (row.own_price.part == UNIT and row.own_price.parts == 1):
        return ""
    more = f"+{row.own_price.parts - 1}" if row.own_price.parts > 1 else ""
    return ":".join(row.own_price.part).rstrip(":") + more


def _bridge(user: Any, query: ReportQuery, *, whole: bool) -> Table:
    found = margin_bridge(user, query)
    limited_refuse(found.limited)
    columns = [
        *([Column("currency", _("Currency"))] if whole or found.has_currency else []),
        Column("price", _("Price")),
        Column("cost", pgettext("margin bridge", "Costs")),
        Column("moved", _("Volume and mix")),
        Column("change", _("Change")),
    ]

    def rows() -> Iterator[FileRow]:
        for name, part in found.parts:
            both = part.term == "both"
            own = [
                part.currency,
                *((part.price, part.cost, part.moved) if both else (None,) * 3),
                part.change,
            ]
            word = "" if both else term_words(query, part.term)
            codes = [name.code, name.label, part.term]
            yield FileRow([name.code, name.label, word], codes, own[-len(columns) :])
        if found.parts:
            total = parts_total(part for _name, part in found.parts)[-len(columns) :]
            yield FileRow(["", _("Total"), ""], [], total, 3, (0, len(found.parts)))

    labels = [*labels_of(["product"]), _("Step")]
    size = len(found.parts) + bool(found.parts)
    keys = ["product", "product_name", "term"]
    asked = replace(query, filters={**query.filters, "level": margin_level(query)})
    steps = bridge_shown(query, found.found) if found.found else None
    said = [(label, amount) for label, amount, _is_margin in steps.rows] if steps else []
    chart, costs = steps.chart if steps else None, margin_costs(user, query)
    return Table(costs, asked, labels, keys, columns, size, rows, said, found.gaps, chart)
