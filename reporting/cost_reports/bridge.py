"""The margin bridge as the page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import formats
from core.charts import Chart, ChartTable
from core.organisation import organisation_get
from pricing.charts.waterfall import waterfall_spec
from pricing.engine.bridge import TERMS, Bridge, Part
from reporting.cost_reports.page import amount_words, change_shown
from reporting.selectors.margin_bridge import margin_level
from reporting.selectors.report_names import Name
from reporting.selectors.report_query import NONE, ReportQuery
from reporting.words.cost_reports import PERIOD_WORDS, now_words, then_words

TERM_WORDS: dict[str, Any] = {
    "new": _("New products"),
    "lost": _("Products no longer sold"),
    "currency": _("Currency"),
    "price": _("Price"),
    "cost": pgettext_lazy("margin bridge", "Costs"),
    "volume": _("Volume"),
    "mix": _("Mix"),
    "other": _("Not by volume"),
}
PLANNED_WORDS = {"new": _("Not in the budget"), "lost": _("In the budget, not sold")}


@dataclass(frozen=True)
class ShownBridge:
    """``rows``: label, amount, whether it is a margin rather than a step."""

    rows: Sequence[tuple[str, str, bool]]
    chart: Chart


def bridge_shown(query: ReportQuery, found: Bridge) -> ShownBridge:
    level = margin_level(query)
    name = str(_("Result")) if level == "below" else level.upper()
    before, after = f"{name} {then_words(query)}", f"{name} {now_words(query)}"
    steps = [(term_words(query, term), getattr(found, term), False) for term in TERMS if getattr(found, term)]
    steps = [(before, found.before, True), *steps, (after, found.after, True)]
    currency = organisation_get().currency
    chart = Chart(
        id="bridge-chart",
        title=str(_("What changed the margin?")),
        subtitle=f"{PERIOD_WORDS[query.period]}: {now_words(query)}",
        spec=waterfall_spec(steps, lambda amount: formats.money(amount, currency, scale="auto")),
        table=ChartTable(
            [str(_("Step")), currency], [[label, formats.number(amount, 2)] for label, amount, _is in steps]
        ),
        description=str(
            _("From the margin of the budget to that of now, step by step; see the table")
            if query.against == "budget"
            else _("From the margin of the period before to that of now, step by step; see the table")
        ),
        css="h-mid",
    )
    return ShownBridge(
        [(label, amount_words(query, "", amount), is_margin) for label, amount, is_margin in steps], chart
    )


def term_words(query: ReportQuery, term: str) -> str:
    planned = PLANNED_WORDS if query.against == "budget" else {}
    return str(planned.get(term, TERM_WORDS[term]))


def part_amounts(part: Part) -> tuple[Decimal | None, ...]:
    """What currency, price, cost, volume with mix did, and the change; of what was on one side the change
    alone."""
    both = part.term == "both"
    amounts = (part.price, part.cost, part.moved) if both else (None, None, None)
    return (part.currency or None, *amounts, part.change)  # most have no other currency


def parts_total(parts: Iterable[Part]) -> tuple[Decimal, ...]:
    """The same of all parts together, which add up."""
    names = ("currency", "price", "cost", "moved", "change")
    found = list(parts)
    return tuple(sum((getattr(part, name) for part in found), Decimal(0)) for name in names)


def part_shown(query: ReportQuery, name: Name, part: Part) -> dict[str, Any]:
    return {
        "name": name.label,
        "code": name.code,
        "page": name.now,
        "opened": "" if name.code else _on_none(query),
        "term": "" if part.term == "both" else term_words(query, part.term),
        "cells": [change_shown(query, amount, "up") for amount in part_amounts(part)],
    }


def _on_none(query: ReportQuery) -> str:
    """The costs of both periods that are on no product."""
    filters = {key: own for key, own in query.filters.items() if key != "level"} | {"product": NONE}
    columns = tuple(f"{query.period}-{name}" for name in (query.of, query.against, "difference"))
    return query.address(layout="costs", filters=filters, by=("kind", "month"), columns=columns)
