"""Lines whose expected full year is off the budget that was made for them as wholes."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from collaboration.selectors.recipients import Recipients
from collaboration.services.alerts import Candidate
from core.months import month_add
from core.organisation import year_start
from forecasting.models import TotalForecast
from forecasting.selectors.totals import LineTotal
from products.models import BudgetRow
from products.selectors.budget import budget_year, versions_in_use
from products.selectors.budget_lines import budget_revenue

from .rules import YearExpected, off_budget
from .thresholds import thresholds_of


def lines_off_budget(recipients: Recipients) -> list[Candidate]:
    """In revenue, of the lines with rows of their own in the budget of their year; products have alerts of
    their own. As of the totals of this night."""
    own: dict[int, set[int]] = defaultdict(set)
    rows = BudgetRow.objects.filter(
        line__isnull=False, revenue__isnull=False, version__in=versions_in_use().values("pk")
    )
    for line_id, year in rows.order_by().values_list("line_id", "version__year").distinct():
        own[line_id or 0].add(year)
    if not own:
        return []
    tree, found = recipients.tree, list[Candidate]()
    for total in TotalForecast.objects.filter(current=True, measure=None, line__in=own).order_by("line_id"):
        line_id = total.line_id or 0
        start = year_start(month_add(total.as_of, 1))
        end, year = month_add(start, 11), budget_year(start)
        if year not in own[line_id]:
            continue
        below = tree.descendants(line_id)
        plan = budget_revenue(None, tree, below, start, end).over(start, end)
        expected = LineTotal(total, None).year_of(start, end)
        if plan is None or expected is None:
            continue
        compared = YearExpected(expected, float(plan), True)
        limits = thresholds_of(tree, line_id)
        off = off_budget(compared, year, None, limits)
        if off is not None:
            found.append(
                Candidate(
                    subject=f"line:{line_id}",
                    fingerprint=off.fingerprint,
                    stake_amount=None if off.stake is None else Decimal(str(round(off.stake, 2))),
                    evidence=off.evidence,
                    line_id=line_id,
                    recipient_id=recipients.of("line_budget", line_id),
                    min_amount=limits.min_amount,
                )
            )
    return found
