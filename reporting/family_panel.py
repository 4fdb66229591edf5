"""What a family's page shows beside its forecast: the spans against last year and budget, as of a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import ngettext

from core import formats
from forecasting.cards.families import family_now
from products.models import Family
from reporting.selectors.key_figures import family_figures
from reporting.words.key_figures import comparison_tables


def family_compared(user: Any, family: Any) -> Mapping[str, Any] | None:
    """The tables; ``None`` where nothing was sold yet."""
    if not isinstance(family, Family):
        return None
    now = family_now(user, family)
    found = family_figures(user, now.sold, now.measure, now.forecast)
    tables = comparison_tables(found[0], now.measure, now.sold.unit) if found else []
    if not found or not tables:
        return None
    members, planned = len(now.sold.stays), found[1].planned
    note = ""
    if 0 < planned < members:
        said = ngettext(
            "budget of %(planned)s of %(members)s member",
            "budget of %(planned)s of %(members)s members",
            members,
        )
        note = said % {"planned": formats.number(planned, 0), "members": formats.number(members, 0)}
    return {"tables": tables, "note": note}
