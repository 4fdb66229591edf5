"""From the costs of what was planned to those that are booked: volume, mix and price as steps."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import formats
from core.charts import Chart, ChartTable
from core.organisation import organisation_get
from pricing.charts.waterfall import waterfall_spec
from reporting.selectors.price_variance import VarianceReport
from reporting.selectors.report_query import ReportQuery
from reporting.words.cost_reports import now_words

Step = tuple[str, Decimal, bool]
"""Label, amount, whether it is a total rather than a step."""


def volume_steps(found: VarianceReport) -> list[Step]:
    """They add up to the actual costs; none where no volume is planned."""
    if found.plan is None or found.total is None:
        return []
    total = found.total
    return [
        (_("Standard at planned volume"), total.planned, True),
        (_("Volume"), found.plan.volume, False),
        (_("Mix"), found.plan.mix, False),
        (pgettext("costs", "Standard"), total.standard, True),
        (_("Price"), total.variance, False),
        (pgettext("costs", "Actual"), total.actual, True),
    ]


def volume_chart(query: ReportQuery, found: VarianceReport) -> Chart | None:
    steps, currency = volume_steps(found), organisation_get().currency
    if not steps:
        return None
    return Chart(
        id="variance-chart",
        title=_("Why do costs differ from what was planned?"),
        subtitle=now_words(query),
        spec=waterfall_spec(steps, lambda amount: formats.money(amount, currency, scale="auto")),
        table=ChartTable(
            [_("Step"), currency], [[label, formats.number(amount, 2)] for label, amount, _is in steps]
        ),
        description=_("From the standard costs of the planned volume to the actual ones; see the table"),
        css="h-mid",
    )
