"""What is said of a budget beside what is compared with it."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import ngettext

from core import formats
from products.models import Measure


def lines_words(sold: Collection[int], planned: Collection[int]) -> str:
    """ "budget of 3 of 4 lines", where not each of those that sold has one; else nothing. A total is not
    compared with such a budget."""
    told = len(set(sold).intersection(planned))
    if told == len(sold):
        return ""
    words = ngettext(
        "budget of %(planned)s of %(lines)s line", "budget of %(planned)s of %(lines)s lines", len(sold)
    )
    return words % {"planned": formats.number(told, 0), "lines": formats.number(len(sold), 0)}


def others_words(measures: Collection[int]) -> str:
    """Which measures are planned too and not in it, as they do not lead. A query where there are any."""
    if not measures:
        return ""
    names = ", ".join(map(str, Measure.objects.filter(pk__in=measures).order_by("pk")))
    words = ngettext(
        "without what is budgeted in %(measures)s, which does not lead",
        "without what is budgeted in %(measures)s, which do not lead",
        len(measures),
    )
    return words % {"measures": names}
