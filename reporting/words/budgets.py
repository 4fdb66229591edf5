"""What is said of a budget beside what is compared with it."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import ngettext

from core import formats
from products.models import Measure
from products.selectors.budget_cover import Covered


def covered_words(found: Covered) -> str:
    """ "budget of 3 of 4 lines", or of products where a line is planned in part, where not all that sold has
    one; else nothing. A total is not compared with such a budget."""
    if found.is_whole:
        return ""
    whole = [planned == sold for planned, sold in found.lines.values()]
    if any(0 < planned < sold for planned, sold in found.lines.values()) or len(whole) == 1:
        words = ngettext(
            "budget of %(planned)s of %(products)s product",
            "budget of %(planned)s of %(products)s products",
            found.sold,
        )
        told = {"planned": found.planned, "products": found.sold}
    else:
        words = ngettext(
            "budget of %(planned)s of %(lines)s line", "budget of %(planned)s of %(lines)s lines", len(whole)
        )
        told = {"planned": sum(whole), "lines": len(whole)}
    return words % {name: formats.number(count, 0) for name, count in told.items()}


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
