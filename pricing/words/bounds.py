"""A bound that has overtaken a price, or what a promotion leaves of it, on the page Today."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from collaboration.kinds import AlertKind, Words
from collaboration.sentences import count_word
from core import formats
from pricing.selectors.promotions import BOUND_ALERT

from .prices import price_text, told_bound


def _told(alert: Any) -> Words:
    said = alert.evidence
    text = _("It costs <b>{amount}</b>. From {day} on {source} sets {bound}.")
    if "promotion" in said:
        text = _("In {name} it costs <b>{amount}</b>. From {day} on {source} sets {bound}.")
    text = format_html(
        text,
        amount=price_text(Decimal(said["amount"]), said["currency"]),
        name=said.get("name"),
        day=formats.day(datetime.date.fromisoformat(said["day"])),
        source=said["source"],
        bound=told_bound(said),
    )
    return Words(_("price beyond a bound"), text)


def _url(alert: Any) -> str:
    if "promotion" in alert.evidence:
        return reverse("pricing:promotion", args=[alert.evidence["promotion"]])
    return reverse("pricing:product_prices", args=[alert.product.code])


def _tally(count: int) -> str:
    text = ngettext("%(shown)s price is beyond a bound", "%(shown)s prices are beyond a bound", count)
    return text % {"shown": count_word(count)}


OVERTAKEN = AlertKind(
    BOUND_ALERT,
    gettext_lazy("Price beyond a bound"),
    "tag",
    "warn",
    words=_told,
    url=_url,
    action=gettext_lazy("Look"),
    order=46,
    tally=_tally,
    permission="pricing.view",
    spark=False,
)
