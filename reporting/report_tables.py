"""What goes into a file: a cost report, the margins or the margin bridge, as one kind of table."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.errors import DomainError
from core import formats
from core.organisation import organisation_get

from .cost_report_page import MARGIN_COLUMNS, amount_words, margin_heads
from .margin_bridge_page import bridge_shown, term_words
from .report_words import (
    DIMENSION_WORDS,
    LAYOUT_WORDS,
    MEASURE_WORDS,
    PERIOD_WORDS,
    column_words,
    now_words,
    reconciliation_words,
    then_words,
)
from .selectors.cost_report import CostReport, ReportRow
from .selectors.margin_bridge import margin_bridge, margin_level
from .selectors.margin_report import MarginRow, margin_report
from .selectors.report_query import ReportQuery
from .selectors.unit_report import unit_report
from .unit_report_page import unit_amount


@dataclass(frozen=True)
class Column:
    """``key``: its head where no language may change it. ``form``: amount, index, share, units sold or an
    amount of one unit; ``of``: which two columns, by their place, a share is the quotient of."""

    key: str
    head: str
    form: str = "amount"
    of: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class FileRow:
    """``cells``: what stands before the amounts; ``names``: the same with codes, for another system. A row of
    a ``depth`` is the sum of the rows of ``span`` without one."""

    cells: Sequence[str]
    names: Sequence[str]
    amounts: Sequence[Decimal | None]
    depth: int = 0
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Table:
    query: ReportQuery
    labels: Sequence[str]
    keys: Sequence[str]
    columns: Sequence[Column]
    size: int
    rows: Callable[[], Iterator[FileRow]]
    about: Sequence[tuple[str, str]]
    booked_at: datetime.datetime | None
    note: str

    @property
    def name(self) -> str:
        return str(LAYOUT_WORDS[self.query.layout])

    def words(self, column: Column, amount: Decimal | None) -> str:
        if column.form == "share":
            return "" if amount is None else formats.percent(amount)
        if column.form in ("unit", "units"):
            return unit_amount(amount) if column.form == "unit" else formats.volume(amount)
        return amount_words(self.query, column.form, amount)


def report_table(user: Any, query: ReportQuery) -> Table:
    """What the page of the address shows, as the person may see it now."""
    return {"costs": _costs, "margin": _margins, "units": _units, "bridge": _bridge}[query.layout](
        user, query
    )


def table_size(user: Any, query: ReportQuery) -> int:
    """How many rows it has at most; of costs without adding up."""
    return CostReport(user, query).size() if query.layout == "costs" else report_table(user, query).size


def _costs(user: Any, query: ReportQuery) -> Table:
    report = CostReport(user, query)
    columns = [
        Column(
            code.replace("-", "_"), column_words(query, code), "index" if code.endswith("index") else "amount"
        )
        for code in query.columns
    ]
    keys = [head for name in query.by for head in (name, f"{name}_name")]

    def rows() -> Iterator[FileRow]:
        for row in report.rows:
            names = [part for name in row.names for part in (name.code, name.label)]
            yield FileRow(_cells(query, row), names, row.amounts, row.depth, row.span)

    return _table(report, query, _labels(query.by), keys, columns, len(report.rows), rows)


def _labels(by: Sequence[str]) -> list[str]:
    """The heads before the amounts: a product has its code beside its name."""
    found = []
    for name in by:
        found += [_("Product code"), _("Product")] if name == "product" else [str(DIMENSION_WORDS[name])]
    return found


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
    _limited_refuse(found.limited)
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
    return _table(_booked(user, query), query, _labels([by]), [by, f"{by}_name"], columns, size, rows)


def _units(user: Any, query: ReportQuery) -> Table:
    found = unit_report(user, query)
    _limited_refuse(found.limited)
    level = margin_level(query)
    columns = [
        Column("units", _("Sold"), "units"),
        Column("price", _("Price"), "unit"),
        Column("net", _("Net sales a unit"), "unit"),
        Column("cost", _("Costs a unit"), "unit"),
        Column("cost_before", _("Costs a unit then"), "unit"),
        Column("margin", _("%(margin)s a unit") % {"margin": level.upper()}, "unit"),
    ]

    def rows() -> Iterator[FileRow]:
        for row in found.rows:
            amounts = [getattr(row, column.key) for column in columns]
            yield FileRow(names := [row.name.code, row.name.label], names, amounts)

    asked = replace(query, scale="", filters={**query.filters, "level": level})
    keys, labels = ["product", "product_name"], _labels(["product"])
    return _table(_booked(user, query), asked, labels, keys, columns, len(found.rows), rows)


def _bridge(user: Any, query: ReportQuery) -> Table:
    found = margin_bridge(user, query)
    _limited_refuse(found.limited)
    columns = [
        Column("currency", _("Currency")),
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
            yield FileRow([name.code, name.label, word], [name.code, name.label, part.term], own)
        if found.parts:
            parts = [part for _name, part in found.parts]
            whole = [sum((getattr(part, each.key) for part in parts), Decimal(0)) for each in columns]
            yield FileRow(["", _("Total"), ""], [], whole, 3, (0, len(parts)))

    labels = [*_labels(["product"]), _("Step")]
    size = len(found.parts) + bool(found.parts)
    keys = ["product", "product_name", "term"]
    asked = replace(query, filters={**query.filters, "level": margin_level(query)})
    table = _table(_booked(user, query), asked, labels, keys, columns, size, rows)
    steps = bridge_shown(query, found.found).rows if found.found else ()
    return replace(table, about=[*table.about, *((label, amount) for label, amount, _is in steps)])


def _limited_refuse(limited: bool) -> None:
    if limited:
        message = _("You see the sales of some channels only; a margin is of all of them.")
        raise DomainError("limited", message, status=403)


def _booked(user: Any, query: ReportQuery) -> CostReport:
    """The costs of a margin: when they were booked, and whether all of it is there."""
    filters = {name: value for name, value in query.filters.items() if name != "level"}
    return CostReport(user, replace(query, columns=(f"{query.period}-{query.of}",), filters=filters))


def _period(query: ReportQuery) -> str:
    return f"{PERIOD_WORDS[query.period]}: {now_words(query)}"


def _table(
    report: CostReport,
    query: ReportQuery,
    labels: Sequence[str],
    keys: Sequence[str],
    columns: Sequence[Column],
    size: int,
    rows: Callable[[], Iterator[FileRow]],
) -> Table:
    currency = organisation_get().currency
    note = reconciliation_words(report.reconciliation, currency)
    about = [
        (_("Month"), formats.month(query.month)),
        *([(_("Period"), _period(query))] if query.layout != "costs" else []),
        (_("Costs"), str(MEASURE_WORDS[query.of])),
        *([(_("Compared with"), then_words(query))] if query.is_paired else []),
        (_("Currency"), currency),
        *(
            (str(DIMENSION_WORDS.get(name, _("Taken off before"))), value)
            for name, value in query.filters.items()
        ),
        *([(_("Search"), query.text)] if query.text else []),
        (_("Booked until"), formats.moment(report.booked_at)),
        (_("Reconciliation"), note),
    ]
    return Table(query, labels, keys, columns, size, rows, about, report.booked_at, note)
