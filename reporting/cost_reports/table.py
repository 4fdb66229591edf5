"""The table that a report becomes, on the page or as a file, and what stands beside it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from accounts.errors import DomainError
from core import formats
from core.charts import Chart
from core.organisation import organisation_get
from pricing.models import CostKind
from pricing.words.reconciliation import reconciliation_line, reconciliation_words
from reporting.cost_reports.page import amount_words
from reporting.cost_reports.units import unit_amount
from reporting.selectors.cost_report import CostReport
from reporting.selectors.margin_gaps import NO_GAPS, MarginGaps
from reporting.selectors.price_variance import VarianceRow
from reporting.selectors.report_query import ReportQuery
from reporting.selectors.unit_report import UnitRow
from reporting.words.cost_reports import (
    DIMENSION_WORDS,
    LAYOUT_WORDS,
    MEASURE_WORDS,
    PERIOD_WORDS,
    now_words,
    then_words,
)
from reporting.words.margin_gaps import booked_line, booked_words, gaps_line, gaps_words


@dataclass(frozen=True)
class Column:
    """``key``: its head where no language may change it. ``form``: amount, index, share, rate (of change),
    units sold, months or an amount of one unit. ``of``: which two columns, by their place, a share is the
    quotient of, and an index where both stand beside it."""

    key: str
    head: str
    form: str = "amount"
    of: tuple[int, int] | None = None


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
    """``rows``: made when they are asked for. ``report``: the costs in it; ``more``: what else is said about
    it, as label and text; ``gaps``: what a margin is without; ``chart``: what the page draws above it."""

    report: CostReport
    query: ReportQuery
    labels: Sequence[str]
    keys: Sequence[str]
    columns: Sequence[Column]
    size: int
    rows: Callable[[], Iterator[FileRow]]
    more: Sequence[tuple[str, str]] = ()
    gaps: MarginGaps = NO_GAPS
    chart: Chart | None = None

    @property
    def name(self) -> str:
        return str(LAYOUT_WORDS[self.query.layout])

    @property
    def booked_at(self) -> datetime.datetime | None:
        return self.report.booked_at

    @cached_property
    def note(self) -> str:
        """Whether all of it is there."""
        return reconciliation_words(self.report.reconciliation, organisation_get().currency)

    @property
    def warnings(self) -> list[str]:
        """What the reader has to know first."""
        return [*gaps_words(self.gaps, advise=self.query.of == "actual"), *booked_words(self.query)]

    @property
    def reconciled(self) -> str:
        """The same for another system."""
        said = booked_line(self.query) + gaps_line(self.gaps)
        if self.query.layout == "costs" and self.query.is_compared:
            said = f" compared_with={self.query.against}{said}"
        return reconciliation_line(self.report.reconciliation) + said

    @property
    def about(self) -> list[tuple[str, str]]:
        """What a file says of itself."""
        query = self.query
        is_costs = query.layout == "costs"
        period = f"{PERIOD_WORDS[query.period]}: {now_words(query)}"
        return [
            (_("Month"), formats.month(query.month)),
            *([] if is_costs else [(_("Period"), period)]),
            (_("Costs"), str(MEASURE_WORDS[query.of])),
            *([(_("Compared with"), then_words(query))] if query.is_compared else []),
            (_("Currency"), organisation_get().currency),
            *filters_said(query),
            *([(_("Search"), query.text)] if query.text else []),
            (_("Booked until"), formats.moment(self.booked_at)),
            *((_("Mind"), sentence) for sentence in self.warnings),
            (_("Reconciliation"), self.note),
            *self.more,
        ]

    def words(self, column: Column, amount: Decimal | None) -> str:
        if column.form in ("share", "rate"):
            return "" if amount is None else formats.percent(amount)
        if column.form == "months":
            return formats.number(amount) if amount is not None else ""
        if column.form in ("unit", "units"):
            return unit_amount(amount) if column.form == "unit" else formats.volume(amount)
        if column.form == "index" and self.query.layout == "trend":
            return formats.number(amount, 1)
        return amount_words(self.query, column.form, amount)


def filters_said(query: ReportQuery) -> list[tuple[str, str]]:
    """What it is only of, and which margin is looked at, as label and text."""
    levels = dict(CostKind.Level.choices)
    level = _("Margin after") if query.is_paired else _("Taken off before")
    return [
        (str(DIMENSION_WORDS.get(name, level)), str(levels.get(value, value)) if name == "level" else value)
        for name, value in query.filters.items()
    ]


def labels_of(by: Sequence[str]) -> list[str]:
    """The heads before the amounts: a product has its code beside its name."""
    found = []
    for name in by:
        found += [_("Product code"), _("Product")] if name == "product" else [str(DIMENSION_WORDS[name])]
    return found


def months_column(rows: Iterable[UnitRow | VarianceRow], *, whole: bool = False) -> list[Column]:
    """Of how many months what is sold is the average, where any of it is in force instead; ``whole``: also
    where none is."""
    shown = whole or any(row.months for row in rows)
    return [Column("months", _("Months in force"), "months")] if shown else []


def months_said(rows: Iterable[UnitRow | VarianceRow]) -> list[tuple[str, str]]:
    """What that makes of the other columns, as label and text."""
    if not months_column(rows):
        return []
    text = _(
        "Where months stand, sold is an average over so many; an amount a unit is of a contract and month."
    )
    return [(_("Months in force"), text)]


def limited_refuse(limited: bool) -> None:
    if limited:
        message = _("You see the sales of some channels only; a margin is of all of them.")
        raise DomainError("limited", message, status=403)
