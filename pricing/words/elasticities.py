"""Price sensitivity in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import formats
from core.numbers import Z80
from pricing.models import Elasticity, PriceList
from pricing.selectors.elasticities import BORROWED, LINE, PUBLISHED, PUBLISHED_SD, source_of


def effect_words(row: Elasticity | None) -> str:
    """ "1% dearer ≈ 2.5% less volume (80%: 2.1 to 2.9)"; "" where nothing is estimated."""
    low, value, high = PUBLISHED + Z80 * PUBLISHED_SD, PUBLISHED, PUBLISHED - Z80 * PUBLISHED_SD
    if row is not None:
        if row.estimate is None or row.lo80 is None or row.hi80 is None:
            return ""
        low, value, high = row.hi80, row.estimate, row.lo80
    said = {name: formats.number(-number, 1) for name, number in (("low", low), ("e", value), ("high", high))}
    return _("1%% dearer ≈ %(e)s%% less volume (80%%: %(low)s to %(high)s)") % said


def from_words(row: Elasticity | None) -> str:
    """What it rests on: "from 148 weeks", or whose value it is and why."""
    if row is None:
        return _("the mean of 1,851 published estimates: no night has measured this product yet")
    if row.estimate is None:
        return reason_words(row)
    if row.method == "channels":
        return _("from its channels with prices of their own")
    if row.method in BORROWED:
        return f"{_whose(row)}: {reason_words(row)}"
    return observations_words(row)


def _whose(row: Elasticity) -> str:
    if row.method == "product":
        return _("the value of its product")
    return _("the value of its line") if source_of(row) == LINE else _("the value of all products")


def observations_words(row: Elasticity) -> str:
    if row.frequency == Elasticity.Frequency.WEEKS:
        return ngettext("from %(count)s week", "from %(count)s weeks", row.observations) % {
            "count": formats.number(row.observations)
        }
    return ngettext("from %(count)s month", "from %(count)s months", row.observations) % {
        "count": formats.number(row.observations)
    }


_PRICES = {
    PriceList.Kind.OWN: lambda: _("our price"),
    PriceList.Kind.ADVISED: lambda: _("the advised consumer price"),
    PriceList.Kind.OBSERVED: lambda: _("the observed consumer price"),
}


def measured_words(row: Elasticity | None) -> str:
    """Which measure at which price, and what was corrected for besides season, trend and promotions:
    "sell-out against the observed consumer price, corrected for distribution (known for 80% of the volume)";
    "" where it did not speak for itself."""
    if row is None or row.estimate is None or row.method in (*BORROWED, "channels"):
        return ""
    said = _("%(measure)s against %(price)s") % {
        "measure": str(row.measure),
        "price": _PRICES[PriceList.Kind(row.price_kind)](),
    }
    known = row.reason_params.get("distribution_pct")
    if known is None:
        return said
    share = formats.share(known / 100)
    return _("%(measured)s, corrected for distribution (known for %(share)s of the volume)") % {
        "measured": said,
        "share": share,
    }


def reason_words(row: Elasticity) -> str:
    """Why it had to be borrowed or is not estimated, and what to bear in mind; "" where nothing is to say."""
    params = {name: formats.number(value, 0) for name, value in row.reason_params.items()}
    if "spread_pct" in row.reason_params:
        params["spread"] = formats.number(row.reason_params["spread_pct"], 1)
    seen = int(row.reason_params.get("weeks", 0))
    words = {
        "own_weeks": "",
        "own_months": "",
        "answered": _("prices seem to have answered demand: probably larger than shown"),
        "no_sales": _("nothing was sold at a known price"),
        "sell_in": _("only what resellers order (sell-in) is known, but not our price to them"),
        "no_price": _("it has no price on a list, or one in parts of which nobody says what is used"),
        "few_weeks": ngettext(
            "%(weeks)s week seen, %(needed)s needed", "%(weeks)s weeks seen, %(needed)s needed", seen
        ),
        "few_months": ngettext(
            "%(weeks)s month seen, %(needed)s needed", "%(weeks)s months seen, %(needed)s needed", seen
        ),
        "few_changes": _("too few changes of price: %(changes)s of the 3 needed"),
        "price_still": _("its price moved too little to learn from (%(spread)s%%)"),
        "level": _("it counts a state: a price moves what comes in and what leaves"),
    }
    return words.get(row.reason_code, row.reason_code) % params


def sensitivity_words(row: Elasticity | None) -> str:
    """The whole of it, and on what it was measured."""
    effect, basis = effect_words(row), from_words(row)
    said = f"{effect}, {basis}" if effect else basis
    if row is not None and row.reason_code == "answered":
        said = f"{said}; {reason_words(row)}"
    measured = measured_words(row)
    return f"{said}. {measured}." if measured else said
