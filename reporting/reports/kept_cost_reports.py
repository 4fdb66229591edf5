"""A cost report that is kept under a name, as a section: its chart and table, of the report's products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.errors import DomainError
from core import formats
from core.months import month_add
from core.reports.blocks import Cell
from core.reports.build import Builder, ReportContext, words
from core.reports.build import Column as Told
from core.texts import query_of
from pricing.selectors.cost_months import channels_booked, suppliers_booked
from products.selectors.months import products_complete_month
from reporting.cost_reports.tables import Column, FileRow, Table, report_table
from reporting.cost_reports.units import SMALL
from reporting.selectors.report_query import report_query
from reporting.words.cost_reports import LAYOUT_WORDS, MEASURE_WORDS, PERIOD_WORDS
from reporting.words.margin_gaps import booked_words, gaps_words

FIELD = "cost_report"
WHOLE = "costs"
"""What else is booked on the products, beside what the table shows of it: for who may be told all costs."""
MOST = 300
"""Rows of a table that somebody reads; of longer ones the sums are told."""
DRAWN = frozenset({"margin", "bridge", "variance", "trend"})
"""The layouts that have a chart."""
MARGINS = frozenset({"margin", "bridge", "units"})
"""Those that tell what is left after all costs."""
DECIMALS = {"index": 0, "share": 1, "units": 0, "months": 0}


def cost_report_section(builder: Builder, context: ReportContext) -> None:
    """What the page of the address shows, of the products of the report and the last month of its period that
    all sales are there of: a report that goes out each month moves along. A margin is not told of some
    channels. By supplier, or of one, it is of those that the report names, where it names some."""
    known = products_complete_month(context.scope.all)
    span = None if known is None else context.scope.period.of(known)
    if not context.query or span is None or not builder.may(FIELD):
        return
    _first, month = span
    only = frozenset(product.pk for product in context.scope.all)
    asked = query_of(context.query).copy()
    asked["month"] = f"{month:%Y-%m}"
    query = replace(report_query(asked), only=only)
    viewer, apart = context.cost_viewer, context.cost_viewer is not context.viewer
    of_suppliers = apart or "supplier" in query.by or "supplier" in query.filters
    if apart and query.layout in MARGINS:
        return
    if of_suppliers and context.scope.suppliers:
        query = replace(query, suppliers=frozenset(each.pk for each in context.scope.suppliers))
    try:
        table = report_table(viewer, query)
    except DomainError:
        return
    gaps, chart = [*gaps_words(table.gaps), *booked_words(query)], table.chart
    if chart is not None and builder.only == "chart":  # else the table's note says what a margin is without
        chart = replace(chart, subtitle=". ".join([chart.subtitle, *gaps]))
    # Of the months that it can be of, and be compared with.
    months = (month_add(month, -23), month)
    channels = channels_booked(viewer, only, *months)
    suppliers = suppliers_booked(viewer, only, *months) if of_suppliers else set()
    if query.suppliers is not None:
        suppliers &= query.suppliers
    builder.chart(chart, [FIELD], channels=channels, suppliers=suppliers)
    rows = [row for row in table.rows() if table.size <= MOST or row.depth]
    columns = [
        *(Told(FIELD, label, _name_at(place), numeric=False) for place, label in enumerate(table.labels)),
        *(Told(FIELD, column.head, _cell_at(table, place)) for place, column in enumerate(table.columns)),
    ]
    note = ". ".join([_note(table), *gaps])
    if builder.may(WHOLE) and query.suppliers is None:  # what others booked is theirs
        note = f"{note.rstrip('.')}. {table.note}"
    builder.table(
        str(LAYOUT_WORDS[query.layout]),
        columns,
        rows,
        note=note,
        strong=lambda row: bool(row.depth),
        channels=channels,
        suppliers=suppliers,
    )


def _note(table: Table) -> str:
    query = table.query
    said = [formats.month(query.month), str(MEASURE_WORDS[query.of])]
    if query.layout != "costs":
        said.insert(1, str(PERIOD_WORDS[query.period]))
    if query.scale:
        said.append(_("in thousands"))
    said.append(_("the products of this report"))
    if table.size > MOST:
        said.append(_("sums only"))
    return ", ".join(said)


def _name_at(place: int) -> Callable[[FileRow], Cell]:
    return lambda row: words(row.cells[place])


def _cell_at(table: Table, place: int) -> Callable[[FileRow], Cell]:
    return lambda row: _cell(table, table.columns[place], row.amounts[place])


def _cell(table: Table, column: Column, amount: Decimal | None) -> Cell:
    """The text of the page, with the number that a spreadsheet shows as that text does."""
    text = table.words(column, amount)
    if amount is None or not text:
        return Cell(text or formats.MISSING)
    decimals = DECIMALS.get(column.form, 2)
    if column.form == "amount" and table.query.scale:
        amount, decimals = amount / 1000, 1
    if column.form == "unit" and abs(amount) < SMALL:
        decimals = 4
    return Cell(text, str(amount), decimals, percent=column.form == "share")
