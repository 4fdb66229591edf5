"""Today: what happened tonight, what needs me, how the portfolio stands."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from collaboration.selectors.actions import actions_open
from collaboration.selectors.alerts import alert_rows, alerts_mixed, alerts_worded, open_now
from collaboration.views.alerts import later_choices
from core import formats
from core.organisation import organisation_get, today
from core.pages import page_render
from forecasting.selectors.runs import night_last
from products.selectors.access import is_limited
from products.selectors.budget import budget_year
from reporting.charts import stages_chart
from reporting.selectors.today import (
    Course,
    Portfolio,
    Scope,
    alert_counts,
    alerts_of_scope,
    course,
    movers,
    portfolio,
    scope_read,
)
from reporting.selectors.today_budget import Planned, planned
from reporting.words.budgets import covered_words, others_words
from reporting.words.today import alerts_sentence, closed_words, night_sentence, why_words

ALERTS_SHOWN = 20
# The rest of them unfolds, so that the figures stay in sight.
ALERTS_OPEN = 8
SHORT_LIST = 3
ACTIONS_SHOWN = 5
ACTIONS_COUNTED = 100


@login_required
@require_safe
def today_page(request: HttpRequest) -> HttpResponse:
    """For everybody who signed in; each part for who has the right to it."""
    user = request.user
    scope = scope_read(user, request.GET)
    figures = portfolio(user, scope)
    sees_nights = user.has_perm("forecasting.view")
    night, step = (night_last() if sees_nights else None) or (None, None)
    deals, views = scope.owns, user.has_perm("collaboration.view")
    alerts = alerts_of_scope(user, scope)
    counts = alert_counts(user, alerts, night)
    first = alerts_mixed(user, alerts.filter(open_now()), (ALERTS_OPEN, ALERTS_SHOWN))[:ALERTS_SHOWN]
    shown = alert_rows(user, alerts_worded(first)) if counts.open else []
    items = list(actions_open(user)[:ACTIONS_COUNTED]) if views else []
    sees_all = not is_limited(user)
    context: dict[str, Any] = {
        "scope": scope,
        "figures": figures,
        "tiles": _tiles(
            figures,
            course(user, scope) if figures.products else None,
            planned(user, scope, figures.data_month) if figures.data_month and figures.ytd.amount else None,
        ),
        # Under a short list they fill the column that actions and stages make long.
        "tiles_beside": views and bool(figures.stages) and len(shown) <= SHORT_LIST,
        "stage_bar": _stage_bar(figures),
        "night": night,
        "sees_nights": sees_nights,
        "night_sentence": night_sentence(night, step, sees_all=sees_all) if night else "",
        "alerts_sentence": alerts_sentence(counts, deals=deals),
        "counts": counts,
        "rows": shown[:ALERTS_OPEN],
        "more_rows": shown[ALERTS_OPEN:],
        "left": counts.open - len(shown),
        "deals": deals,
        "views": views,
        "later": later_choices(),
        "back": request.get_full_path(),
        "items": items[:ACTIONS_SHOWN],
        "open_count": len(items),
        "reviews_of": _of_scope(scope),
        "can_act": user.has_perm("collaboration.act"),
        "movers": [(row, why_words(row.news.why_code, row.news.why_params)) for row in movers(user, scope)],
        "today": today(),
        "currency": organisation_get().currency,
        "can_import": user.has_perm("exchange.import"),
        "can_run": user.has_perm("forecasting.run"),
    }
    return page_render(request, "reporting/today.html", context, fragment="reporting/_today_page.html")


def _of_scope(scope: Scope) -> str:
    """The filter of the product list for the same products."""
    if scope.line is not None:
        return urlencode({"line": scope.line.code})
    return "owner=me" if scope.show == "mine" else ""


def _stage_bar(figures: Portfolio) -> dict[str, Any]:
    """The stages as a bar, one wide a product."""
    total = sum(row.count for row in figures.stages)
    gap, x, parts = total * 0.002, 0, []
    for row in figures.stages:
        if row.count:
            parts.append({"stage": row.stage, "x": round(x + gap, 3), "width": round(row.count - 2 * gap, 3)})
        x += row.count
    return {"total": total, "parts": parts, "chart": stages_chart(figures.stages)}


def _tiles(figures: Portfolio, months: Course | None, budget: Planned | None) -> list[dict[str, Any]]:
    """The portfolio's key figures that are known, with their course."""
    currency = organisation_get().currency
    said = others_words(budget.others) if budget else ""
    tiles: list[dict[str, Any]] = []
    for label, span, plan in (
        (_("Revenue, %(month)s") % {"month": formats.month(figures.data_month)}, figures.month, "month"),
        (_("Revenue, year to date"), figures.ytd, "ytd"),
    ):
        if span.amount is not None:
            tiles.append(
                _tile(label, span.amount, currency, span.rate, _indexed(_("on last year"), span.rate))
                | _on_budget(span.amount, budget, plan, said)
            )
            if plan == "month" and budget and budget.closed:
                tiles[-1]["note"] = _noted(closed_words(budget.closed), tiles[-1].get("note", ""))
    if figures.revenue is not None:
        rate = figures.revenue_rate
        tiles.append(
            _tile(
                _("Revenue, 12 months"),
                figures.revenue,
                currency,
                rate,
                _indexed(_("on the year before"), rate),
            )
            | _on_budget(figures.revenue, budget, "last_year", said)
            | ({"spark": Course(months.past, [], [], [])} if months else {})
        )
    if figures.forecast is not None:
        rate = figures.forecast_rate
        tiles.append(
            _tile(_("Forecast, 12 months"), figures.forecast, currency, rate, _("on last month's forecast"))
            | {"note": _band_words(figures, currency), "spark": months if months and months.means else None}
        )
    tiles += _full_year(figures, budget, said, currency)
    if figures.wape is not None:
        before = figures.wape_before
        change = None if before is None else formats.delta(figures.wape - before, "points", good="down")
        value = formats.percent(figures.wape)
        tiles.append(
            {
                "label": _("Forecast error, 3 months"),
                "value": value,
                "unit": "WAPE",
                "change": change,
                "compared": _("on the quarter before") if change else "",
            }
        )
    return tiles


def _full_year(figures: Portfolio, budget: Planned | None, said: str, currency: str) -> list[dict[str, Any]]:
    """What is expected of the financial year: against the budget of all where some is made for lines, else
    that of the products that have a budget against theirs; and against last year."""
    full = figures.full_year
    label = _("Expected full year")
    if figures.data_month is not None:
        label = _("Expected full year %(year)s") % {"year": budget_year(figures.data_month)}
    last_year = {} if full.rate is None else _compared(_("on last year"), full.rate)
    if budget and budget.of_lines and budget.full_year and full.amount is not None:
        covered = budget.covered["full_year"]
        known = budget.full_year > 0 and covered.is_mostly
        rate = full.amount / float(budget.full_year) - 1 if known else None
        tile = _tile(label, full.amount, currency, rate, _indexed(_("on budget"), rate))
        tile["note"] = _noted(covered_words(covered), said)
    elif full.amount is not None:
        # After the last month of a year, what is said of budgets is of the next one already.
        is_same = figures.data_month is not None and figures.year == budget_year(figures.data_month)
        rate = figures.budget_rate if is_same else None
        tile = _tile(label, full.amount, currency, rate, _indexed(_budgeted(figures), rate))
    else:
        return []
    return [tile | ({"comparisons": [last_year]} if last_year else {})]


def _budgeted(figures: Portfolio) -> str:
    if not figures.unbudgeted:
        return _("on budget")
    return ngettext(
        "on budget of the %(count)s product that has one",
        "on budget of the %(count)s products that have one",
        figures.budgeted,
    ) % {"count": formats.number(figures.budgeted, 0)}


def _on_budget(amount: float, budget: Planned | None, span: str, said: str) -> dict[str, Any]:
    """Nothing is compared where too little of what sold has a budget; ``said``: what else is to be known."""
    if budget is None:
        return {}
    plan, covered = getattr(budget, span), budget.covered[span]
    some = covered_words(covered)
    if plan is None or plan <= 0:
        return {"note": some} if some else {}
    against = [_compared(_("on budget"), amount / float(plan) - 1)] if covered.is_mostly else []
    return {"comparisons": against, "note": _noted(some, said)}


def _noted(*said: str) -> str:
    return ", ".join(filter(None, said))


def _compared(label: str, rate: float) -> dict[str, Any]:
    return {"label": _indexed(label, rate), "delta": formats.delta(rate)}


def _indexed(label: str, rate: float | None) -> str:
    """With the index, as the table of a product says it: 104 is 4 % more."""
    if rate is None:
        return label
    return _("%(compared)s, index %(index)s") % {"compared": label, "index": formats.index(100 * (1 + rate))}


def _band_words(figures: Portfolio, currency: str) -> str:
    if figures.forecast_band is None:
        return ""
    low, high = (formats.money(edge, currency, scale="auto") for edge in figures.forecast_band)
    return _("80%% chance: %(low)s – %(high)s") % {"low": low, "high": high}


def _tile(label: str, amount: float, currency: str, rate: float | None, compared: str) -> dict[str, Any]:
    change = None if rate is None else formats.delta(rate)
    return {
        "label": label,
        "value": formats.money(amount, currency, scale="auto"),
        "unit": "",
        "change": change,
        "compared": compared if change else "",
    }
