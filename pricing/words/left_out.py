"""Cost lines that totals lack, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pricing.selectors.costs_left_out import LeftOutCosts, LeftOutLine


def left_out_words(found: LeftOutCosts | None) -> str:
    """One sentence, for who may see costs; empty where nothing is left out."""
    if found is None:
        return ""
    lines = ", ".join(map(_line, found.lines))
    said = (
        _("Left out, as what they count by is not known: %(lines)s, and other cost lines.")
        if found.more
        else _("Left out, as what they count by is not known: %(lines)s.")
    )
    return said % {"lines": lines}


def _line(row: LeftOutLine) -> str:
    said = {"line": f"{row.kind} ({row.name})" if row.name else str(row.kind), "product": row.product}
    if not row.others:
        return _("%(line)s of %(product)s") % said
    words = ngettext(
        "%(line)s of %(product)s and %(n)s other product",
        "%(line)s of %(product)s and %(n)s other products",
        row.others,
    )
    return words % {**said, "n": row.others}
