"""What the page Cost reports shows: cells as they are read, links that open a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from core import formats
from pricing.selectors.ledger_entries import EntriesAsked
from reporting.selectors.cost_report import CostReport, ReportRow
from reporting.selectors.margin_report import MarginRow
from reporting.selectors.report_query import FILTERS, NONE, ReportQuery
from reporting.words.cost_reports import measure_words, period_words

DETAIL = ("month", "kind", "channel", "supplier", "cost_centre")
NO_LINES: Mapping[tuple[Any, ...], int] = {}
LEDGER_FILTERS = ("product", "kind", "channel", "supplier", "cost_centre")
MARGIN_COLUMNS = ("gross", "deductions", "net", "cm1", "cm2", "cm3", "overhead", "result")


@dataclass(frozen=True)
class ShownRow:
    """``names``: label, code and the address that shows what the row is made of; ``changes``: of a cell that
    is a difference how it is shown instead; ``same``: its first name is that of the row before it on the
    page."""

    names: Sequence[tuple[str, str, str]]
    cells: Sequence[str]
    changes: Sequence[formats.Delta | None]
    depth: int = 0
    same: bool = False

    @property
    def told(self) -> Iterator[tuple[str, formats.Delta | None]]:
        return zip(self.cells, self.changes, strict=True)


def heads(query: ReportQuery) -> list[tuple[str, str]]:
    return [(measure_words(query, code), period_words(query, code)) for code in query.columns]


def amount_words(query: ReportQuery, code: str, amount: Decimal | None) -> str:
    if code.endswith("index"):
        return formats.index(amount)
    if query.scale and amount is not None:
        return formats.number(amount / 1000, 1)
    return formats.number(amount, 2)


def change_shown(query: ReportQuery, amount: Decimal | None, good: str) -> formats.Delta:
    """A difference, with its sign, colour and arrow; ``good``: up or down."""
    if query.scale:
        return formats.delta(None if amount is None else amount / 1000, "number", good, 1)
    return formats.delta(amount, "number", good, 2)


def shown(query: ReportQuery, row: ReportRow, lines: Mapping[tuple[Any, ...], int] = NO_LINES) -> ShownRow:
    """``lines``: the cost line that a row comes from, at the end of standard costs."""
    cells = [
        amount_words(query, code, amount) for code, amount in zip(query.columns, row.amounts, strict=True)
    ]
    changes = [
        change_shown(query, amount, "down") if code.endswith("difference") else None
        for code, amount in zip(query.columns, row.amounts, strict=True)
    ]
    opened = _opened(query, row)
    if not opened and not row.depth and row.key in lines:
        opened = reverse("pricing:cost_line", args=[lines[row.key]])
    names = []
    for place, name in enumerate(row.names):
        label = name.label or (_("Total") if row.depth == 3 and not place else "")
        if row.depth in (1, 2) and not place:
            label = _("%(name)s together") % {"name": label}
        names.append((label, name.code if query.by[place] == "product" else "", "" if place else opened))
    return ShownRow(names, cells, changes, row.depth)


def shown_page(report: CostReport, rows: Sequence[ReportRow]) -> list[ShownRow]:
    query = report.query
    is_end = query.of == "standard" and any(not row.depth and not _opened(query, row) for row in rows)
    lines = report.cost_lines() if is_end else NO_LINES
    found = [shown(query, row, lines) for row in rows]
    return [
        replace(row, same=place > 0 and row.names[0][:2] == found[place - 1].names[0][:2])
        for place, row in enumerate(found)
    ]


def _opened(query: ReportQuery, row: ReportRow) -> str:
    """Where a row is opened: what it is made of, by the dimensions it does not have yet; at last the entries
    of the ledger that were booked so; nothing where that is not of actual costs."""
    own, month = {}, ""
    for dimension, name in zip(query.by, row.names, strict=True):
        key = "line" if row.depth == 2 and dimension == query.by[0] else dimension
        if name.label and key == "month":
            month = name.code
        elif name.label and key in FILTERS:
            own[key] = exactly(key, name.code)
    inner = query.month_only(month) if month else query
    inner = replace(inner, filters={**query.filters, **own})
    rest = tuple(name for name in DETAIL if name not in own and not (name == "month" and month))
    if row.depth > 1:
        rest = ("product", *rest)
    if set(rest) <= set(query.by) - set(own):
        return ledger_address(inner)
    return f"?{inner.address(by=rest)}"


def exactly(dimension: str, code: str) -> str:
    """As a filter: without what is below it; without a code what is of none."""
    return NONE if not code else f"={code}" if dimension in ("line", "channel") else code


def ledger_address(query: ReportQuery) -> str:
    """The ledger's entries of what the report adds up, where it is of them; else nothing. These go by the
    codes of now."""
    filters = {
        key: query.called.code_now(key, value)
        for key, value in query.filters.items()
        if key in LEDGER_FILTERS
    }
    if query.of != "actual" or query.text or len(filters) < len(query.filters):
        return ""
    [span] = query.spans(query.longest, "actual")
    asked = EntriesAsked(span.first, span.last, filters)
    return f"{reverse('pricing:ledger_entries')}?{asked.encoded}"


def margin_heads(*, claims: bool) -> list[str]:
    words = {
        "gross": _("Gross sales"),
        "deductions": _("Deductions"),
        "net": _("Net sales"),
        "overhead": _("Overhead"),
        "result": _("Result"),
    }
    heads = [words.get(name, name.upper()) for name in MARGIN_COLUMNS]
    return [*heads, _("Claims"), _("Combined ratio")] if claims else heads


def margin_shown(
    query: ReportQuery, row: MarginRow, letter: str = "", *, total: bool = False, claims: bool = False
) -> dict[str, Any]:
    """One row of the margins, with the shares of net sales below CM1 to CM3; ``letter``: A, B or C by CM3;
    ``claims``: with them, and claims and other costs together as a share of net sales."""
    cells = []
    for name in MARGIN_COLUMNS:
        rate = row.rate(name) if name in ("cm1", "cm2", "cm3") else None
        known = row.sold or name not in ("gross", "deductions", "net")
        text = amount_words(query, "", getattr(row, name) if known else None)
        cells.append((text, "" if rate is None else formats.percent(rate)))
    if claims:
        found = row.ratios
        amount = amount_words(query, "", row.claims if found else None)
        cells.append((amount, formats.percent(found.claims) if found else ""))
        cells.append((formats.percent(found.combined) if found else formats.MISSING, ""))
    opened = f"?{_margin_opened(query, row, total=total)}"
    return {
        "name": _("Total") if total else row.name.label,
        "cells": cells,
        "opened": opened,
        "drawn": query.address(row=row.name.code) if row.name.code and row.sold else "",
        "letter": letter,
        "sales": sales_address(_of_row(query, row, total=total)) if row.sold else "",
    }


def sales_address(query: ReportQuery) -> str:
    """The rows of sales that the sales of a margin are the sum of."""
    return f"{reverse('reporting:sales_rows')}?{query.address(layout='margin', row='', scale='')}"


def _of_row(query: ReportQuery, row: MarginRow, *, total: bool) -> ReportQuery:
    """The same report of one of its rows alone."""
    by = query.by[0]
    if total:
        return query
    if by == "month":
        return query.month_only(row.name.code)
    return replace(query, filters={**query.filters, by: exactly(by, row.name.code)})


def _margin_opened(query: ReportQuery, row: MarginRow, *, total: bool) -> str:
    """A month, line, channel and family open to products, all together to lines or products; products, and
    what is in no family, to their costs."""
    by, own = query.by[0], _of_row(query, row, total=total)
    if total and by != "product":
        return own.address(by=("product" if by == "line" else "line",))
    if not total and (by in ("line", "channel", "month") or (by == "family" and row.name.code)):
        return own.address(by=("product",))
    return own.address(
        layout="costs",
        by=("kind", "month"),
        columns=(f"{query.period}-{query.of}",),
        against="last_year",
    )
