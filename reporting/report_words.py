"""A cost report in words: heads of its columns, dimensions, choices."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import formats

from .selectors.report_query import AGAINST, BRIDGED_FROM, MARGIN_BY, MEASURES, NONE, PERIODS, ReportQuery

MEASURE_WORDS: dict[str, Any] = {
    "actual": pgettext_lazy("costs", "actual"),
    "standard": pgettext_lazy("costs", "standard"),
    "budget": pgettext_lazy("costs", "budget"),
    "last_year": pgettext_lazy("costs", "last year"),
    "estimate": pgettext_lazy("costs", "latest estimate"),
    "difference": pgettext_lazy("costs", "difference"),
    "index": pgettext_lazy("costs", "index"),
}
PERIOD_WORDS: dict[str, Any] = {
    "month": _("month"),
    "ytd": _("year to date"),
    "year": _("full year"),
}
LAYOUT_WORDS: dict[str, Any] = {
    "costs": _("Costs"),
    "margin": _("Margin"),
    "bridge": _("Margin bridge"),
    "units": _("Per unit"),
}
DIMENSION_WORDS: dict[str, Any] = {
    "line": _("Product line"),
    "product": _("Product"),
    "kind": _("Kind of cost"),
    "channel": _("Channel"),
    "supplier": _("Supplier"),
    "cost_centre": _("Cost centre"),
    "month": _("Month"),
    "family": _("Family"),
}
LAYOUTS = (
    "product,kind",
    "product",
    "line,kind",
    "kind",
    "kind,supplier",
    "cost_centre,kind",
    "month,kind",
    "product,kind,channel",
    "product,kind,supplier",
    "product,kind,channel,supplier,cost_centre",
)
"""What rows can be of, as the page offers it; the address takes any."""


def measure_words(code: str) -> str:
    return str(MEASURE_WORDS[code.split("-")[1]])


def period_words(query: ReportQuery, code: str) -> str:
    """ "Nov 2026", "year to date"."""
    period = code.split("-")[0]
    return formats.month(query.month) if period == "month" else str(PERIOD_WORDS[period])


def column_words(query: ReportQuery, code: str) -> str:
    """The head of a column in a file."""
    return f"{measure_words(code)} {period_words(query, code)}"


def by_words(by: str) -> str:
    return " × ".join(str(DIMENSION_WORDS[name]) for name in by.split(","))


def choices(query: ReportQuery) -> dict[str, list[tuple[str, str, bool]]]:
    """What the form offers: value, label, whether it is chosen."""
    own = ",".join(query.by)
    layouts = list(MARGIN_BY) if query.layout != "costs" else list(dict.fromkeys((*LAYOUTS, own)))
    return {
        "by": [(by, by_words(by), by == own) for by in layouts],
        "of": [(of, str(MEASURE_WORDS[of]), of == query.of) for of in ("actual", "standard")],
        "against": [
            (name, str(MEASURE_WORDS[name]), name == query.against)
            for name in (BRIDGED_FROM if query.is_paired else AGAINST)
            if name != query.of
        ],
        "period": [(name, str(PERIOD_WORDS[name]), name == query.period) for name in PERIODS],
        "columns": [
            (f"{period}-{measure}", f"{PERIOD_WORDS[period]}: {MEASURE_WORDS[measure]}", chosen)
            for period in PERIODS
            for measure in MEASURES
            if measure != "estimate" or period == "year"
            for chosen in [f"{period}-{measure}" in query.columns]
        ],
    }


def dimensions(query: ReportQuery) -> list[str]:
    return [str(DIMENSION_WORDS[name]) for name in query.by]


def filter_words(name: str, value: str) -> str:
    """What a report is only of."""
    head = str(DIMENSION_WORDS.get(name, ""))
    if value == NONE:
        return str(_("%(dimension)s: none")) % {"dimension": head}
    if value.startswith("="):
        return str(_("%(name)s itself")) % {"name": value[1:]}
    return value
