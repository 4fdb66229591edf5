"""A bound that has overtaken a price, on the page Today."""

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
from pricing.models import Bound
from pricing.services.bound_alerts import ALERT

from .prices import bound_words, price_text


def _told(alert: Any) -> Words:
    said = alert.evidence
    ends = {end: None if said[end] is None else Decimal(said[end]) for end in ("least", "most")}
    names = ("currency", "component", "tier", "with_vat")
    text = format_html(
        _("It costs <b>{amount}</b>. From {day} on {source} sets {bound}."),
        amount=price_text(Decimal(said["amount"]), said["currency"]),
        day=formats.day(datetime.date.fromisoformat(said["day"])),
        source=said["source"],
        bound=bound_words(Bound(**ends, **{name: said[name] for name in names})),
    )
    return Words(_("price beyond a bound"), text)


def _tally(count: int) -> str:
    return ngettext(
        "%(count)s product has a price beyond a bound",
        "%(count)s products have a price beyond a bound",
        count,
    ) % {"count": count_word(count)}


OVERTAKEN = AlertKind(
    ALERT,
    gettext_lazy("Price beyond a bound"),
    "tag",
    "warn",
    words=_told,
    url=lambda alert: reverse("pricing:product_prices", args=[alert.product.code]),
    action=gettext_lazy("Look"),
    order=46,
    tally=_tally,
    permission="pricing.view",
    spark=False,
)
