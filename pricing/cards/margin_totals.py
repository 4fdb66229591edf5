"""What margin is expected of a product line, or of everything: the figures above its months."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.organisation import organisation_get
from pricing.selectors.margin_totals import MarginTotal
from pricing.selectors.margins_ahead import LEVEL, MONTHS

from .margins_ahead import AheadFigure


def total_figures(total: MarginTotal) -> Sequence[AheadFigure]:
    """What twelve months leave with their band, which share of net sales that is, and the floor."""
    currency, n = organisation_get().currency, len(total.months)
    label = ngettext("%(level)s in %(n)s month", "%(level)s in %(n)s months", n)
    ends = {
        name: formats.money(value, currency, scale="auto")
        for name, value in (("low", total.low), ("high", total.high))
    }
    return [
        AheadFigure(
            label % {"level": LEVEL.upper(), "n": n},
            formats.money(total.margin, currency, scale="auto"),
            _("80%% chance: %(low)s – %(high)s") % ends,
        ),
        AheadFigure(_("of net sales"), formats.percent(total.rate)),
        AheadFigure(_("Months to the margin floor"), *_to_floor(total)),
    ]


def _to_floor(total: MarginTotal) -> tuple[str, str]:
    if total.floor is None:
        return formats.MISSING, _("not every product has a floor")
    note = _("it is %(rate)s") % {"rate": formats.percent(total.floor)}
    if total.to_floor is None:
        return (_("over 12") if len(total.months) == MONTHS else formats.MISSING), note
    return formats.number(total.to_floor, 0), note
