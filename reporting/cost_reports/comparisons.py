"""Costs set beside each other, as tables for the page and for files: price variance and cost trend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core import formats
from core.charts import Chart, ChartTable, Spec
from core.charts.model import months_spec
from core.organisation import organisation_get
from reporting.cost_reports.page import exactly
from reporting.cost_reports.table import (
    Column,
    FileRow,
    Table,
    labels_of,
    limited_refuse,
    months_column,
    months_said,
)
from reporting.cost_reports.units import unit_amount
from reporting.cost_reports.volume_steps import volume_chart, volume_steps
from reporting.selectors.cost_report import CostReport
from reporting.selectors.cost_trend import CostTrend, TrendRow
from reporting.selectors.price_variance import VarianceReport, VarianceRow
from reporting.selectors.report_names import Name
from reporting.selectors.report_query import ReportQuery
from reporting.words.cost_reports import now_words

CHANGES = {"variance": "money", "volume": "money", "rate": "percent", "change": "percent"}
"""Columns that are changes of a cost, and how they are written."""


@dataclass(frozen=True)
class ShownCells:
    """``cells``: text, and of a change how it is shown instead."""

    name: str
    code: str
    opened: str
    cells: Sequence[tuple[str, formats.Delta | None]]


def variance_table(user: Any, query: ReportQuery, found: VarianceReport, *, whole: bool = False) -> Table:
    """Standard beside actual, by what the rows are of; products by the unit as well."""
    by = query.by[0]
    columns = []
    if found.plan is not None:
        columns = [
            Column("planned", _("Standard at planned volume")),
            Column("volume", _("By volume and mix")),
        ]
    first = len(columns)
    columns += [
        Column("standard", pgettext("costs", "Standard")),
        Column("actual", pgettext("costs", "Actual")),
        Column("variance", _("By price")),
        Column("rate", _("Of the standard"), "share", (first + 2, first)),
    ]
    if by == "product":
        columns += [
            Column("units", _("Sold"), "units"),
            *months_column(found.rows, whole=whole),
            Column("standard_unit", _("Standard a unit"), "unit"),
            Column("actual_unit", _("Actual a unit"), "unit"),
        ]

    def amounts(row: VarianceRow) -> list[Decimal | None]:
        return [getattr(row, column.key) for column in columns]

    def rows() -> Iterator[FileRow]:
        for row in found.rows:
            yield _row(by, row.name, amounts(row))
        if found.total is not None:
            yield _total(by, amounts(found.total), len(found.rows))

    size = len(found.rows) + (found.total is not None)
    keys, asked = [by, f"{by}_name"], replace(query, of="actual")
    said = [(label, formats.number(amount, 2)) for label, amount, _is_total in volume_steps(found)]
    said += months_said(found.rows)
    chart, costs = volume_chart(query, found), _costs(user, asked)
    return Table(costs, asked, labels_of([by]), keys, columns, size, rows, said, chart=chart)


def trend_table(user: Any, query: ReportQuery, found: CostTrend) -> Table:
    """A column a month, and what changed from the first to the last."""
    limited_refuse(found.limited)
    by = query.by[0]
    form = "index" if found.is_index else "unit"
    columns = [Column(f"{month:%Y-%m}", formats.month(month), form) for month in found.months]
    columns.append(Column("change", _("Change"), "rate"))

    def rows() -> Iterator[FileRow]:
        for row in found.rows:
            yield _row(by, row.name, [*row.cells, row.change])
        if found.total is not None:
            yield _total(by, [*found.total.cells, found.total.change], len(found.rows))

    size = len(found.rows) + (found.total is not None)
    keys, asked = [by, f"{by}_name"], replace(query, scale="")
    said = [(_("Figures"), figures_words(found))]
    chart, costs = trend_chart(query, found), _costs(user, asked)
    return Table(costs, asked, labels_of([by]), keys, columns, size, rows, said, chart=chart)


def _costs(user: Any, query: ReportQuery) -> CostReport:
    return CostReport(user, replace(query, columns=(f"{query.period}-{query.of}",)))


def _row(by: str, name: Name, amounts: Sequence[Decimal | None]) -> FileRow:
    names = [name.code, name.label]
    return FileRow(names if by == "product" else [name.label], names, amounts)


def _total(by: str, amounts: Sequence[Decimal | None], size: int) -> FileRow:
    return FileRow(["", _("Total")] if by == "product" else [_("Total")], [], amounts, 3, (0, size))


def figures_words(found: CostTrend) -> str:
    if found.is_index:
        return _(
            "Index of costs a unit: 100 is what the same sales would have cost at each product's average of"
            " these months."
        )
    if found.unit:
        said = {"currency": organisation_get().currency, "unit": found.unit}
        return _("Costs in %(currency)s per unit (%(unit)s).") % said
    return _("Costs per unit of each product.")


def variance_notes(query: ReportQuery, found: VarianceReport) -> list[str]:
    """What the rows compare, and what is in none of them."""
    said = [
        _(
            "Standard costs of what was sold beside what is booked, of the months in which a product has"
            " actual costs."
        )
    ]
    if found.plan is not None:
        said.append(
            ngettext(
                "What the volume did is known of %(count)s product; of all others what was sold counts as"
                " planned.",
                "What the volume did is known of %(count)s products; of all others what was sold counts as"
                " planned.",
                found.plan.products,
            )
            % {"count": formats.number(found.plan.products)}
        )
    elif query.against == "budget":
        said.append(_("No volume is planned for these months, or not by what the rows are of: price alone."))
    if found.unbooked:
        amount = formats.money(found.unbooked, organisation_get().currency)
        said.append(
            _("Left out, as nothing actual is booked of it yet: %(amount)s of standard costs.")
            % {"amount": amount}
        )
    said += [sentence for _label, sentence in months_said(found.rows)]
    return said


def comparison_shown(table: Table, row: FileRow) -> ShownCells:
    """A row of the page; its name opens what is booked of it."""
    cells = [
        (table.words(column, amount), _change(table.query, column, amount))
        for column, amount in zip(table.columns, row.amounts, strict=True)
    ]
    by = table.query.by[0]
    code, label = row.names or ("", _("Total"))
    opened = _opened(table.query, None if row.depth else code)
    return ShownCells(label, code if by == "product" else "", opened, cells)


def _change(query: ReportQuery, column: Column, amount: Decimal | None) -> formats.Delta | None:
    kind = CHANGES.get(column.key)
    if kind is None:
        return None
    if kind == "money" and query.scale:
        return formats.delta(None if amount is None else amount / 1000, "number", "down", 1)
    return formats.delta(amount, kind, "down", unit=organisation_get().currency if kind == "money" else "")


def _opened(query: ReportQuery, code: str | None) -> str:
    """Where a row is opened: the same figures by what it is not of yet (no ``code``: the sum of all); in the
    end the costs that are booked, of the trend of a kind. Of the price variance those of a product's kind in
    a month, of all suppliers: the actual ones may name none, and other months may have no actual ones."""
    by = query.by[0]
    if code is None:
        inner = next(name for name in ("product", "kind") if name != by)
        return "" if inner in query.filters else query.address(by=(inner,))
    if by == "month":
        if not {"product", "kind"} <= query.filters.keys():
            return ""
        return query.month_only(code).address(
            layout="costs",
            filters={name: value for name, value in query.filters.items() if name != "supplier"},
            by=("supplier", "channel", "cost_centre"),
            columns=tuple(f"month-{each}" for each in ("actual", "standard", "difference", "index")),
            against="standard",
        )
    filters = {**query.filters, by: exactly(by, code)}
    if query.layout == "trend" and by == "kind":
        columns = (f"{query.period}-{query.of}",)
        return query.address(
            layout="costs", filters=filters, by=("product", "month"), columns=columns, against="last_year"
        )
    inner = next((name for name in ("product", "kind") if name not in filters), "month")
    return "" if query.layout == "trend" and inner == "month" else query.address(by=(inner,), filters=filters)


def trend_chart(query: ReportQuery, found: CostTrend) -> Chart | None:
    """What a unit of all of it cost by month, or its index; ``None`` without two months to compare."""
    row = found.whole
    if row is None or sum(cell is not None for cell in row.cells) < 2:
        return None
    currency = organisation_get().currency
    said = _("%(currency)s per unit (%(unit)s)") % {"currency": currency, "unit": found.unit}
    label = said if found.unit else _("index, average = 100")
    return Chart(
        id="trend-chart",
        title=_("What does a unit cost, month by month?") if found.unit else _("Do units get dearer?"),
        subtitle=now_words(query) if found.unit else "",
        spec=_spec(found, row, label),
        table=ChartTable(
            [_("Month"), label],
            [
                [formats.month(month), _cell(found, cell)]
                for month, cell in zip(found.months, row.cells, strict=True)
            ],
        ),
        description=_("%(what)s by month; the figures are in the table") % {"what": label},
        css="h-small",
    )


def _cell(found: CostTrend, cell: Decimal | None) -> str:
    return unit_amount(cell) if found.unit else formats.number(cell, 1)


def _spec(found: CostTrend, row: TrendRow, label: str) -> Spec:
    points: list[Spec] = [
        {
            "month": month.isoformat(),
            "label": formats.month(month),
            "cost": None if cell is None else float(cell),
            "text": _cell(found, cell),
        }
        for month, cell in zip(found.months, row.cells, strict=True)
    ]
    y: Spec = {"field": "cost", "type": "quantitative", "scale": {"zero": False}}
    y["axis"] = {"title": label, "tickCount": 4}
    tooltip = [{"field": "label", "title": _("month")}, {"field": "text", "title": label}]
    layers: list[Spec] = [
        {"mark": {"type": "line", "style": "history"}, "encoding": {"y": y}},
        {"mark": {"type": "point", "filled": True, "style": "history-point"}, "encoding": {"y": y}},
        {"mark": {"type": "rule", "style": "hit"}, "encoding": {"tooltip": tooltip}},
    ]
    return months_spec(
        points, layers, height=180, top=14, axis={"tickCount": {"interval": "month", "step": 2}}
    )
