"""What a proposal may not pass without saying why: bounds of prices, and days of notice."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from core import formats
from pricing.models import Price, PriceList, Proposal
from pricing.selectors.bounds import BoundsOn, Passed, prices_held
from pricing.selectors.notices import told_too_late
from pricing.words.prices import bound_words
from products.selectors.access import channels_visible
from products.selectors.lines import LineTree


def limits_check(proposal: Proposal, prices: Sequence[Price], *, with_notice: bool = True) -> None:
    """``DomainError`` where the proposal passes a bound or (``with_notice``) begins too soon for who pays it.
    Those that only ask for a reason are let pass with the proposal's ``exception``."""
    price_list, start = proposal.price_list, proposal.start_date
    asks = with_notice and not proposal.exception.strip()
    reasons = _notice(proposal, prices) if asks else []
    reasons += bounds_asking(bounds_passed(price_list, start, prices))
    if not proposal.exception.strip():
        exception_ask(reasons)


def bounds_asking(beyond: Sequence[Passed]) -> list[str]:
    """What bounds say that let pass with a reason; ``DomainError`` of one that does not."""
    reasons = []
    for passed in beyond:
        said = _("%(product)s: %(source)s sets %(bound)s.") % {
            "product": passed.price.product.name,
            "source": passed.bound.source,
            "bound": bound_words(passed.bound),
        }
        if passed.is_refused:
            raise DomainError("beyond_bound", said, "value")
        reasons.append(said)
    return reasons


def exception_ask(reasons: Sequence[str]) -> None:
    """``DomainError`` with the first of what nobody gave a reason for."""
    if reasons:
        raise DomainError("exception_needed", " ".join([reasons[0], _("Say why it may.")]), "exception")


def _notice(proposal: Proposal, prices: Sequence[Price]) -> list[str]:
    late = told_too_late(proposal.price_list, proposal.start_date, {price.product_id for price in prices})
    if late is None:
        return []
    said = {"count": late.days, "day": formats.day(late.earliest)}
    seen = channels_visible(proposal.author)
    channel = seen.filter(pk=late.channel.pk).first() if late.channel else None
    if channel is None or channel == proposal.price_list.channel:
        text = ngettext(
            "Here a price is told %(count)s day ahead: from %(day)s.",
            "Here a price is told %(count)s days ahead: from %(day)s.",
            late.days,
        )
        return [text % said]
    text = ngettext(
        "%(channel)s is told %(count)s day ahead: from %(day)s.",
        "%(channel)s is told %(count)s days ahead: from %(day)s.",
        late.days,
    )
    return [text % {**said, "channel": channel}]


def bounds_passed(
    price_list: PriceList, start_date: datetime.date, prices: Sequence[Price]
) -> Sequence[Passed]:
    """Those of these prices of the list from the date that pass a bound in force then, in its currency."""
    return prices_held(price_list, prices, BoundsOn(start_date, LineTree()), start_date).passed
