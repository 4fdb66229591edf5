"""Words about totals of lines and of everything."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.months import month_add
from forecasting.selectors.totals import LineTotal
from products.selectors.lines import line_tree

LINES_NAMED = 3


def late_words(shown: LineTotal) -> str:
    """Which lines count in its newest months with their forecast, and since when, or leave them without a
    value; empty where none does."""
    half, late = shown.half, defaultdict[datetime.date, set[int]](set)
    told: set[int] = set()
    for month, lines in sorted(shown.late.items()):
        begin = {*lines} - {*half.get(month, ())} - told
        late[month_add(month, -1)] |= begin
        told |= begin
    said = [
        _("%(month)s of %(lines)s seems loaded in part; what was expected of it counts.")
        % {"lines": lines_named(lines), "month": formats.month(month)}
        for month, lines in sorted(half.items())
    ]
    said += [
        _("%(month)s of %(lines)s seems loaded in part; nothing was expected of it yet.")
        % {"lines": lines_named(lines), "month": formats.month(month)}
        for month, lines in sorted(shown.unknown.items())
    ]
    for month, begin in sorted(late.items()):
        words = ngettext(
            "%(lines)s has data up to %(month)s; after that its forecast counts.",
            "%(lines)s have data up to %(month)s; after that their forecasts count.",
            len(begin),
        )
        said += [words % {"lines": lines_named(begin), "month": formats.month(month)}] if begin else []
    return " ".join(said)


def lines_named(lines: Collection[int]) -> str:
    """By name, the first few."""
    tree = line_tree()
    names = sorted((tree.lines[pk].name for pk in lines if pk in tree.lines), key=str.lower)
    named = names[:LINES_NAMED]
    if len(names) > LINES_NAMED:
        named.append(_("and %(count)s more") % {"count": formats.number(len(names) - LINES_NAMED, 0)})
    return ", ".join(named)
