"""A cost report in words: heads of its columns, dimensions, choices."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import formats
from reporting.selectors.report_names import Name
from reporting.selectors.report_query import (
    AGAINST,
    MEASURES,
    NONE,
    ONE_BY,
    PAIRED,
    PAIRED_WITH,
    PERIODS,
    SPANS,
    VARIANCE_FROM,
    ReportQuery,
    bounds,
)

MEASURE_WORDS: dict[str, Any] = {
    "actual": pgettext_lazy("costs", "actual"),
    "standard": pgettext_lazy("costs", "standard"),
    "budget": pgettext_lazy("costs", "budget"),
    "last_year": pgettext_lazy("costs", "last year"),
    "estimate": pgettext_lazy("costs", "latest estimate"),
    "period": pgettext_lazy("costs", "another period"),
    "difference": pgettext_lazy("costs", "difference"),
    "index": pgettext_lazy("costs", "index"),
}
COMPARING: dict[str, Any] = {
    "difference": pgettext_lazy("costs", "difference with %(against)s"),
    "index": pgettext_lazy("costs", "index to %(against)s"),
}
PERIOD_WORDS: dict[str, Any] = {
    "month": _("month"),
    "quarter": _("quarter"),
    "ytd": _("year to date"),
    "year": _("full year"),
    "range": _("from month to month"),
}
LAYOUT_WORDS: dict[str, Any] = {
    "costs": _("Costs"),
    "margin": _("Margin"),
    "bridge": _("Margin bridge"),
    "units": _("Per unit"),
    "variance": _("Price variance"),
    "trend": _("Cost trend"),
}
HEADING_WORDS: dict[str, Any] = {
    **LAYOUT_WORDS,
    "costs": _("Cost report"),
    "margin": _("Margin report"),
    "units": _("Costs and margin a unit"),
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


def measure_words(query: ReportQuery, code: str) -> str:
    """ "actual", "difference with budget"; of the latest estimate, that it is."""
    period, measure = code.split("-")
    if measure not in COMPARING:
        return str(MEASURE_WORDS[measure])
    words = str(COMPARING[measure]) % {"against": MEASURE_WORDS[query.against]}
    return f"{words}, {MEASURE_WORDS['estimate']}" if query.compared(period) == "estimate" else words


def period_words(query: ReportQuery, code: str) -> str:
    """ "Nov 2026", "year to date"; of a quarter and a range its months."""
    period = code.split("-")[0]
    if period in ("ytd", "year"):
        return str(PERIOD_WORDS[period])
    return span_words(*bounds(period, query.month, query.first))


def span_words(first: datetime.date, last: datetime.date) -> str:
    """ "Nov 2026", "Jan 2026 – Nov 2026"."""
    return formats.month(last) if first == last else f"{formats.month(first)} – {formats.month(last)}"


def now_words(query: ReportQuery) -> str:
    """The months of a layout's period."""
    if query.layout == "bridge":
        _then, now = query.sides
        return span_words(now.first, now.last)
    return span_words(*bounds(query.period, query.month, query.first))


def then_words(query: ReportQuery) -> str:
    """What costs are compared with: the budget, or the months that a layout compares its period with."""
    if query.against == "budget" or not query.is_paired:
        return str(MEASURE_WORDS[query.against])
    then, _now = query.sides
    return span_words(then.first, then.last)


def column_words(query: ReportQuery, code: str) -> str:
    """The head of a column in a file."""
    return f"{measure_words(query, code)}, {period_words(query, code)}"


def by_words(by: str) -> str:
    return " × ".join(str(DIMENSION_WORDS[name]) for name in by.split(","))


def compared_with(layout: str) -> Sequence[str]:
    return PAIRED_WITH if layout in PAIRED else VARIANCE_FROM if layout == "variance" else AGAINST


def choices(query: ReportQuery) -> dict[str, list[tuple[str, str, bool]]]:
    """What the form offers: value, label, whether it is chosen."""
    own = ",".join(query.by)
    layouts = ONE_BY.get(query.layout) or tuple(dict.fromkeys((*LAYOUTS, own)))
    return {
        "by": [(by, by_words(by), by == own) for by in layouts],
        "of": [(of, str(MEASURE_WORDS[of]), of == query.of) for of in ("actual", "standard")],
        "against": [
            (name, str(MEASURE_WORDS[name]), name == query.against)
            for name in compared_with(query.layout)
            if name != query.of or query.layout == "variance"
        ],
        "period": [(name, str(PERIOD_WORDS[name]), name == query.period) for name in SPANS],
    }


def columns_offered(query: ReportQuery) -> list[list[tuple[str, str, bool]]]:
    """Of each period those that can be shown, as :func:`choices`; of quarters and ranges those that are."""
    found = [
        [
            (f"{period}-{measure}", f"{PERIOD_WORDS[period]}: {MEASURE_WORDS[measure]}", chosen)
            for measure in MEASURES
            for chosen in [f"{period}-{measure}" in query.columns]
            if chosen or period in PERIODS
        ]
        for period in SPANS
    ]
    return [own for own in found if own]


def narrowings(
    query: ReportQuery, offered: Mapping[str, Sequence[Name]]
) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
    """What a report can be narrowed to: parameter, label, and as :func:`choices` value, label, whether it is
    chosen; what is chosen stays to be seen though nothing is booked on it."""
    found = []
    for name, rows in offered.items():
        own = query.filters.get(name, "")
        known = [(row.code, row.label, row.code.upper() == own.upper()) for row in rows]
        if own and not any(chosen for _code, _label, chosen in known):
            known.append((own, filter_words(name, own), True))
        if known:
            found.append((name, str(DIMENSION_WORDS[name]), known))
    return found


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
