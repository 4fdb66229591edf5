"""Words about totals of lines and of everything."""

from __future__ import annotations

import datetime
from collections import defaultdict

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.months import month_add
from forecasting.selectors.totals import LineTotal
from products.selectors.lines import line_tree

LINES_NAMED = 3


def late_words(shown: LineTotal) -> str:
    """Which lines count in its newest months with their forecast, and since when; empty where none does."""
    ends: dict[int, datetime.date] = {}
    for month, lines in sorted(shown.late.items()):
        for line in lines:
            ends.setdefault(line, month_add(month, -1))
    by_month: dict[datetime.date, list[str]] = defaultdict(list)
    tree = line_tree()
    for line in sorted(ends.keys() & tree.lines.keys(), key=lambda pk: tree.lines[pk].name.lower()):
        by_month[ends[line]].append(tree.lines[line].name)
    return " ".join(_sentence(by_month[month], month) for month in sorted(by_month))


def _sentence(names: list[str], month: datetime.date) -> str:
    named = names[:LINES_NAMED]
    if len(names) > LINES_NAMED:
        named.append(_("and %(count)s more") % {"count": formats.number(len(names) - LINES_NAMED, 0)})
    words = ngettext(
        "%(lines)s has data up to %(month)s; after that its forecast counts.",
        "%(lines)s have data up to %(month)s; after that their forecasts count.",
        len(names),
    )
    return words % {"lines": ", ".join(named), "month": formats.month(month)}
