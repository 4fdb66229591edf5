"""What a proposal may not pass without saying why: bounds of prices, and days of notice."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from core import formats
from core.organisation import local_date
from pricing.models import Bound, Price, PriceList, Promotion, Proposal
from pricing.selectors.bounds import BoundsOn, Passed, prices_held
from pricing.selectors.notices import TooLate, told_too_late
from pricing.selectors.reasons import set_since
from pricing.words.prices import bound_words
from products.selectors.access import channels_visible
from products.selectors.lines import LineTree


def limits_check(
    proposal: Proposal, prices: Sequence[Price], *, said: str = "", decides: bool = False
) -> None:
    """``DomainError`` where the proposal passes a bound or begins too soon for who pays it. Those that only
    ask for a reason are let pass with what is ``said`` now, or with the proposal's ``exception``: bounds that
    were there when it was written and, for who ``decides``, notice that was too short on the day of the draft
    already; whoever lets a proposal wait until it is says why."""
    beyond = bounds_passed(proposal.price_list, proposal.start_date, prices)
    asking = bounds_asking(beyond)
    if said.strip():
        return
    given = bool(proposal.exception.strip())
    if given:
        asking = bounds_asking(set_later(beyond, proposal))
    known = notice_given(proposal, prices, decides=decides)
    exception_ask([] if known else notice_words(proposal, prices, proposal.author))
    exception_ask(asking, is_later=given)


def notice_given(proposal: Proposal, prices: Sequence[Price], *, decides: bool) -> bool:
    """Whether its reason says why notice may be too short: for who ``decides`` it was on the day of the draft
    already."""
    if not proposal.exception.strip():
        return False
    return not decides or _late(proposal, prices, local_date(proposal.created_at)) is not None


def set_later(beyond: Sequence[Passed], row: Promotion | Proposal) -> list[Passed]:
    """Those of bounds that were set after the row's ``exception`` was written."""
    since = set_since(Bound, {passed.bound.pk for passed in beyond}, row, "exception")
    return [passed for passed in beyond if passed.bound.pk in since]


def bounds_asking(beyond: Sequence[Passed]) -> list[str]:
    """What bounds say that let pass with a reason; ``DomainError`` of one that does not."""
    reasons = []
    for passed in beyond:
        text = _("%(product)s: %(source)s sets %(bound)s.")
        if passed.since:
            text = _("%(product)s from %(day)s on: %(source)s sets %(bound)s.")
        said = text % {
            "product": passed.price.product.name,
            "source": passed.bound.source,
            "bound": bound_words(passed.bound),
            "day": formats.day(passed.since) if passed.since else "",
        }
        if passed.is_refused:
            raise DomainError("beyond_bound", said, "value")
        reasons.append(said)
    return reasons


def exception_ask(reasons: Sequence[str], *, is_later: bool = False) -> None:
    """``DomainError`` with the first of what nobody gave a reason for; ``is_later``: one was given, before it
    was set."""
    if reasons:
        ask = later_words() if is_later else _("Say why it may.")
        raise DomainError("exception_needed", f"{reasons[0]} {ask}", "exception")


def later_words() -> str:
    """What to do where the reason is older than what it should be for."""
    return _("That was set after the reason was written: add to the reason why it may pass this too.")


def _late(proposal: Proposal, prices: Sequence[Price], on: datetime.date | None = None) -> TooLate | None:
    products = {price.product_id for price in prices}
    return told_too_late(proposal.price_list, proposal.start_date, products, on)


def notice_words(proposal: Proposal, prices: Sequence[Price], reader: Any) -> list[str]:
    """Who should have been told earlier than today, as far as the reader may know; nothing: nobody."""
    late = _late(proposal, prices)
    if late is None:
        return []
    said = {"count": late.days, "day": formats.day(late.earliest)}
    seen = channels_visible(reader)
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
