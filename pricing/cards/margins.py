"""What is left of a product's sales: key figures, waterfall and statement by month, on the tab Costs."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable
from core.months import month_add
from core.organisation import organisation_get
from pricing.charts.waterfall import waterfall_spec
from pricing.engine.costs import LEVELS, Statement, claim_ratios
from pricing.models import CostLine
from pricing.selectors.costs import Rates
from pricing.selectors.margins import margins_read
from pricing.selectors.month_margin import MonthMargin, margins_total
from products.models import Product
from products.selectors.lines import line_tree
from products.selectors.months import product_complete_month

from .margins_ahead import MarginAheadCard, margin_ahead_card

MONTHS = 12
ZERO = Decimal(0)
SALES = ("gross", "deductions", "net")


@dataclass(frozen=True)
class StatementRow:
    """A line of the statement, in words; ``strong``: a total, ``kind``: the code of a kind of cost."""

    label: str
    cells: Sequence[str | None]
    total: str
    rate: str | None
    strong: bool
    kind: str = ""
    is_sales: bool = False


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class MarginCard:
    """``limited``: the person sees only some channels. Without ``rows`` there is no whole month of sales.
    ``sold``: in a month, on average."""

    limited: bool = False
    currency: str = ""
    about: str = ""
    months: Sequence[datetime.date] = ()
    figures: Sequence[Figure] = ()
    rows: Sequence[StatementRow] = ()
    chart: Chart | None = None
    unknown: Sequence[CostLine] = ()
    ahead: MarginAheadCard | None = None
    sold: Decimal | None = None

    @property
    def first(self) -> str:
        return f"{self.months[0]:%Y-%m}"

    @property
    def last(self) -> str:
        return f"{self.months[-1]:%Y-%m}"


@dataclass(frozen=True)
class _Line:
    """A line of the statement: how it reads and what it is of one statement; costs are taken off."""

    key: str
    label: str
    is_total: bool

    def of(self, found: Statement) -> Decimal:
        if self.key == "gross":
            return found.gross
        if self.key == "deductions":
            return found.net - found.gross
        if self.is_total:
            amount: Decimal = getattr(found, self.key)
            return amount
        return -sum((row.amount for row in found.rows if f"kind {row.key}" == self.key), ZERO)

    def of_month(self, month: MonthMargin) -> Decimal | None:
        """Of a month with costs alone its sales are missing, not nothing."""
        if month.statement is None or (self.key in SALES and not month.has_sales):
            return None
        return self.of(month.statement)


def margin_card(user: Any, product: Product, rates: Sequence[Rates]) -> MarginCard:
    lead = line_tree().lead_measure(product.line_id)
    last = product_complete_month(product, lead.pk)
    if last is None:
        return MarginCard()
    margins = margins_read(user, product, month_add(last, 1 - MONTHS), last, rates)
    if margins is None:
        return MarginCard(limited=True)
    months = _known(margins.of(product))
    total = margins_total(months)
    if total is None:
        return MarginCard()
    currency = organisation_get().currency
    lines = _lines(months, total)
    return MarginCard(
        currency=currency,
        about=_("standard costs: what was sold × the rates of the month; every total is the sum of its rows"),
        months=[each.month for each in months],
        figures=_figures(total, currency),
        rows=[_row(line, months, total) for line in lines],
        chart=margin_chart(months, total, currency),
        unknown=list(dict.fromkeys(line for each in months for line in each.unknown)),
        ahead=margin_ahead_card(user, product, margins, months, by_channel=True),
        sold=_average([each.sold for each in months if each.sold is not None]),
    )


def statement_lines(months: Sequence[MonthMargin], total: Statement) -> list[tuple[str, Decimal, bool]]:
    """Of each line of the statement its label, its amount (costs negative) and whether it is a total."""
    return [(line.label, line.of(total), line.is_total) for line in _lines(months, total)]


def _known(found: Sequence[MonthMargin]) -> list[MonthMargin]:
    """From the first month with sales or costs on; a gap within stays one."""
    first = next((place for place, each in enumerate(found) if each.statement is not None), len(found))
    return list(found[first:])


def _average(sold: Sequence[Decimal]) -> Decimal | None:
    return sum(sold, ZERO) / len(sold) if sold else None


def _lines(months: Sequence[MonthMargin], total: Statement) -> list[_Line]:
    """Sales, then each level's kinds and the margin they leave; also of a level without costs."""
    kinds = {line.kind.code: line.kind for month in months for line, _amount in month.costs}
    lines = []
    if total.gross != total.net:
        lines = [_Line("gross", _("Gross sales"), True), _Line("deductions", _("Deductions"), False)]
    lines.append(_Line("net", _("Net sales"), True))
    margins = {"cm1": "CM1", "cm2": "CM2", "cm3": "CM3", "below": _("Result")}
    for level in LEVELS:
        own = sorted((row.key for row in total.rows if row.level == level), key=lambda key: kinds[key].place)
        lines += [_Line(f"kind {key}", str(kinds[key]), False) for key in own]
        lines.append(_Line("result" if level == "below" else level, margins[level], True))
    return lines


def _figures(total: Statement, currency: str) -> list[Figure]:
    found = [
        Figure(
            label,
            _rate(total.rate(level)) or formats.MISSING,
            formats.money(getattr(total, level), currency, 0),
        )
        for level, label in (("cm1", "CM1"), ("cm2", "CM2"), ("cm3", "CM3"))
    ]
    claims = sum((row.amount for row in total.rows if row.key == "claims"), ZERO)
    others = sum((row.amount for row in total.rows if row.key != "claims"), ZERO)
    ratios = claim_ratios(total.net, claims, others) if claims else None
    if ratios is None:
        return [*found, Figure(_("Result"), formats.money(total.result, currency, 0))]
    note = _("claims %(claims)s, costs %(costs)s") % {
        "claims": formats.percent(ratios.claims),
        "costs": formats.percent(ratios.costs),
    }
    return [*found, Figure(_("Combined ratio"), formats.percent(ratios.combined), note)]


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else formats.percent(rate)


def _row(line: _Line, months: Sequence[MonthMargin], total: Statement) -> StatementRow:
    amounts = [line.of_month(each) for each in months]
    cells = [None if each is None else formats.number(each, 2) for each in amounts]
    said = formats.number(line.of(total), 2)
    kind = line.key.removeprefix("kind ") if line.key.startswith("kind ") else ""
    return StatementRow(
        line.label, cells, said, _share(line, total), line.is_total, kind, is_sales=line.key in SALES
    )


def _share(line: _Line, total: Statement) -> str | None:
    return _rate(line.of(total) / total.net) if total.net else None


def margin_chart(months: Sequence[MonthMargin], total: Statement, currency: str) -> Chart:
    """From sales down to the result, of one product or of several together; costs hang where the amount
    before them ended."""
    lines = _lines(months, total)
    points = [(line.label, line.of(total), line.is_total) for line in lines]
    first, last = formats.month(months[0].month), formats.month(months[-1].month)
    return Chart(
        id="margin-chart",
        title=_("What is left of sales?"),
        subtitle=_("%(first)s to %(last)s, standard costs") % {"first": first, "last": last},
        spec=waterfall_spec(points, lambda amount: formats.money(amount, currency, scale="auto")),
        table=ChartTable(
            [_("Line of the statement"), currency, _("of net sales")],
            [[line.label, formats.number(line.of(total), 2), _share(line, total)] for line in lines],
        ),
        description=_("From sales to the result: each kind of cost as a step; the figures are in the table"),
        css="h-fan" if len(points) > 9 else "h-mid",
    )
