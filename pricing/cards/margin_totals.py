"""What margin is expected of a product line, or of everything: figures, months, and what brings it under its
floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.charts import Actual, Chart, Expected
from core.organisation import organisation_get
from pricing.selectors.margin_total_falls import Lacking, TotalFall, YearBefore, total_fall, year_before
from pricing.selectors.margin_totals import MarginsAhead, MarginTotal
from pricing.selectors.margins_ahead import LEVEL, MONTHS
from pricing.words.margins import kind_move_words

from .margins_ahead import SHOWN, AheadFigure, margin_chart_ahead

PRODUCTS = 5
LEAST_POINTS = Decimal("0.0005")  # what rounds to 0.1 percentage point


@dataclass(frozen=True)
class MarginTotalCard:
    """``lacking``: the products that are short of most in the month of the ``fall``, and how many ``others``
    are short; ``because``: what moved since the year before."""

    figures: Sequence[AheadFigure]
    chart: Chart
    fall: TotalFall | None
    because: Sequence[str]

    @property
    def lacking(self) -> Sequence[Lacking]:
        return self.fall.products[:PRODUCTS] if self.fall else ()

    @property
    def others(self) -> int:
        return len(self.fall.products[PRODUCTS:]) if self.fall else 0


def margin_total_card(ahead: MarginsAhead, total: MarginTotal) -> MarginTotalCard:
    """Three queries at most."""
    before = year_before(ahead, total)
    fall = total_fall(ahead, total, before)
    moves = [move for move in fall.moves if move[1] <= -LEAST_POINTS][:SHOWN] if fall else []
    because = [kind_move_words(kind, points) for kind, points in moves]
    return MarginTotalCard(_figures(total, fall), _chart(total, before, fall, because), fall, because)


def _figures(total: MarginTotal, fall: TotalFall | None) -> list[AheadFigure]:
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
        AheadFigure(_("Months to the margin floor"), *_to_floor(total, fall)),
    ]


def _to_floor(total: MarginTotal, fall: TotalFall | None) -> tuple[str, str]:
    if total.floor is None:
        return formats.MISSING, _("not every product has a floor")
    if fall is None:
        note = _("it is %(rate)s") % {"rate": formats.percent(total.floor)}
        return (_("over 12") if len(total.months) == MONTHS else formats.MISSING), note
    note = _("it is %(floor)s; %(month)s: %(rate)s, under it in %(n)s of the months") % {
        "floor": formats.percent(fall.month.floor),
        "month": formats.month(fall.month.month),
        "rate": formats.percent(fall.month.rate),
        "n": sum(month.is_under for month in total.months),
    }
    return formats.number(total.to_floor, 0), note


def _chart(total: MarginTotal, before: YearBefore, fall: TotalFall | None, because: Sequence[str]) -> Chart:
    return margin_chart_ahead(
        [Actual(month, margin) for month, margin in sorted(before.margins.items())],
        [Expected(month.month, month.margin, month.low, month.high) for month in total.months],
        under=fall.month.month if fall else None,
        why=because[:2],
    )
