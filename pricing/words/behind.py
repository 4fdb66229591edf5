"""Which lines' figures end before the others', in words."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping

from django.utils.translation import ngettext

from core import formats
from forecasting.words.totals import lines_named


def behind_words(behind: Mapping[int, datetime.date]) -> list[str]:
    """A sentence for each month that lines end at; ``behind``: the last month by line."""
    return [
        ngettext(
            "%(lines)s has sales up to %(month)s: its 12 months end there.",
            "%(lines)s have sales up to %(month)s: their 12 months end there.",
            number,
        )
        % said
        for number, said in lines_by_month(behind)
    ]


def lines_by_month(behind: Mapping[int, datetime.date]) -> Iterator[tuple[int, dict[str, str]]]:
    """For each month that lines end at how many do; the first ``lines`` by name and the ``month``."""
    for month in sorted(set(behind.values())):
        lines = [line for line, own in behind.items() if own == month]
        yield len(lines), {"lines": lines_named(lines), "month": formats.month(month)}
