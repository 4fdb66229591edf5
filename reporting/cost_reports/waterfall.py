"""A margin as a waterfall: from sales down to the result, of all that a report shows or of one row of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from core import formats
from core.charts import Chart, ChartTable
from core.organisation import organisation_get
from pricing.charts.waterfall import waterfall_spec
from pricing.engine.costs import LEVELS
from pricing.models import CostKind
from reporting.selectors.margin_report import MarginReport, MarginRow
from reporting.selectors.report_query import ReportQuery
from reporting.words.cost_reports import now_words

Step = tuple[str, Decimal, bool]


def waterfall_row(query: ReportQuery, found: MarginReport) -> MarginRow | None:
    """The row asked for, else all together; of a margin that sales are not known of there is none."""
    asked = (row for row in found.rows if query.row and row.name.code.upper() == query.row.upper())
    row = next(asked, found.total)
    return row if row and row.sold else None


def waterfall_steps(row: MarginRow, kinds: Mapping[int, CostKind]) -> list[Step]:
    """Sales, then each level's kinds of cost and the margin they leave; they add up to the result."""
    steps = [(_("Net sales"), row.net, True)]
    if row.deductions:
        before = [(_("Gross sales"), row.gross, True), (_("Deductions"), row.deductions, False)]
        steps = [*before, *steps]
    own = sorted((kinds[pk] for pk in row.kinds), key=lambda kind: (kind.place, kind.code))
    for level in LEVELS:
        costs = [kind for kind in own if kind.level == level]
        steps += [(str(kind), -row.kinds[kind.pk], False) for kind in costs]
        name = "result" if level == "below" else level
        if costs or level == "below":
            steps.append((_("Result") if level == "below" else level.upper(), getattr(row, name), True))
    return steps


def waterfall_chart(query: ReportQuery, row: MarginRow, kinds: Sequence[CostKind]) -> Chart:
    steps = waterfall_steps(row, {kind.pk: kind for kind in kinds})
    currency = organisation_get().currency
    return Chart(
        id="margin-chart",
        title=_("What is left of sales?"),
        subtitle=" · ".join([row.name.label or _("all together"), now_words(query)]),
        spec=waterfall_spec(steps, lambda amount: formats.money(amount, currency, scale="auto")),
        table=ChartTable(
            [_("Line of the statement"), currency, _("of net sales")],
            [
                [label, formats.number(amount, 2), formats.percent(share) if share is not None else None]
                for label, amount, _is_margin in steps
                for share in [row.share(amount)]
            ],
        ),
        description=_("From sales to the result: each kind of cost as a step; the figures are in the table"),
        css="h-fan" if len(steps) > 9 else "h-mid",
    )
