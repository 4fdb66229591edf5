"""Changes of many costs in words, on pages, on Today and in notifications."""

from __future__ import annotations

import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from collaboration.kinds import AlertKind, NotificationKind, Words
from collaboration.sentences import count_word
from core import formats
from core.organisation import organisation_get
from pricing.models import CostChange, CostKind
from pricing.selectors.cost_changes import RateChange
from pricing.selectors.costs import RIGHT
from pricing.services.cost_change_alerts import ALERT, WORKED_OUT
from pricing.services.cost_changes import Proposed
from products.models import Channel, Product, ProductLine, Supplier

from .costs import amount_words, rate_notes
from .prices import price_text

MODELS: dict[str, Any] = {
    "supplier": Supplier,
    "kind": CostKind,
    "line": ProductLine,
    "product": Product,
    "channel": Channel,
}


def left_out_words(proposed: Proposed) -> str:
    """Which products under their floor are not in the draft, and why; empty: all of them are."""
    reasons = (
        (proposed.unpriced, _("%(n)s without a price on this list")),
        (proposed.several, _("%(n)s whose price has several parts or is paid once")),
        (proposed.unreached, _("%(n)s that no higher price brings there")),
    )
    said = [words % {"n": formats.number(count)} for count, words in reasons if count]
    if not said:
        return ""
    return _("Under their floor and not in this draft: %(reasons)s.") % {"reasons": "; ".join(said)}


def chosen_words(change: CostChange) -> str:
    """Whose costs: "Mill, Purchase, USD"."""
    found = [
        str(row)
        for name, model in MODELS.items()
        if change.chosen.get(name)
        for row in model.objects.filter(pk=change.chosen[name])
    ]
    return ", ".join([*found, *filter(None, [change.chosen.get("currency")])])


def how_words(change: CostChange) -> str:
    """ "+4%", "+0.05 USD" or "1 USD = € 0.95"."""
    currency = change.chosen.get("currency") or organisation_get().currency
    if change.how == CostChange.How.PERCENTAGE:
        return formats.delta(change.value, "percent", decimals=_decimals(change)).text
    if change.how == CostChange.How.AMOUNT:
        return ("+" if change.value > 0 else "") + price_text(change.value, currency)
    ours = price_text(change.value, organisation_get().currency)
    return _("1 %(theirs)s = %(ours)s") % {"theirs": currency, "ours": ours}


def _decimals(change: CostChange) -> int:
    return max(0, -int((change.value * 100).normalize().as_tuple().exponent))


def rate_words(row: RateChange, change: CostChange) -> dict[str, Any]:
    """A rate as it was and becomes, and what is to be said of it."""
    line, new = row.cost_line, row.rate(change.start_date)
    notes = rate_notes(line, new)
    if row.until is not None:
        notes.append(_("until %(day)s: a rate from then is there") % {"day": formats.day(row.until)})
    return {
        "row": row,
        "old": amount_words(line, row.old.amount),
        "new": amount_words(line, new.amount),
        "share": _share(row),
        "old_notes": rate_notes(line, row.old),
        "notes": notes,
    }


def _share(row: RateChange) -> float | None:
    """How much more it costs in our currency."""
    old = (row.old.amount or 0) * row.old.exchange_rate
    return float(row.amount * row.exchange_rate / old - 1) if old else None


def _told(alert: Any) -> Words:
    said, count = alert.evidence, int(alert.evidence["count"])
    what = said["product"]
    if count > 1:
        what = ngettext("%(n)s product", "%(n)s products", count) % {"n": formats.number(count, 0)}
    text = format_html(
        _("{reason}, from {day}: the margin of <b>{what}</b> falls under its floor. Prices can be proposed."),
        reason=said["reason"],
        day=formats.day(datetime.date.fromisoformat(said["start_date"])),
        what=what,
    )
    return Words(_("a change of costs brings margins under their floor"), text)


def _tally(count: int) -> str:
    return ngettext(
        "%(count)s change of costs asks for prices", "%(count)s changes of costs ask for prices", count
    ) % {"count": count_word(count)}


UNDER = AlertKind(
    ALERT,
    gettext_lazy("Change of costs"),
    "calculator",
    "warn",
    words=_told,
    url=lambda alert: reverse("pricing:cost_change", args=[alert.evidence["change"]]) + "?under=1",
    action=gettext_lazy("Look"),
    order=46,
    tally=_tally,
    permission=RIGHT,
    spark=False,
)
READY = NotificationKind(
    WORKED_OUT,
    lambda said: _("What your change of costs does is worked out: %(reason)s") % said,
    "calculator",
)
