"""What a proposal may not pass without saying why: bounds of prices, and days of notice."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from core import formats
from core.organisation import today
from pricing.models import NoticeDays, Price, PriceList, Proposal
from pricing.selectors.bounds import BoundsOn, Passed, prices_held
from pricing.selectors.prices import channels_above
from pricing.words.prices import bound_words
from products.selectors.lines import LineTree


def limits_check(proposal: Proposal, prices: Sequence[Price], *, with_notice: bool = True) -> None:
    """``DomainError`` where the proposal passes a bound or (``with_notice``) begins too soon for its channel.
    Those that only ask for a reason are let pass with the proposal's ``exception``."""
    price_list, start = proposal.price_list, proposal.start_date
    asks = with_notice and not proposal.exception.strip()
    reasons = _notice(price_list, start) if asks else []
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


def notice_days(price_list: PriceList) -> int:
    """How many days ahead the list's channel must be told: its own rule, else that of the nearest above it,
    else everybody's."""
    rules = {rule.channel_id: rule.days for rule in NoticeDays.objects.all()}
    near: list[int | None] = [*channels_above(price_list.channel), None]
    return next((rules[pk] for pk in near if pk in rules), 0)


def told_too_late(price_list: PriceList, start_date: datetime.date) -> tuple[int, datetime.date] | None:
    """The days of notice and the earliest day they leave, where a price from the date is told later."""
    days = notice_days(price_list)
    earliest = today() + datetime.timedelta(days=days)
    if price_list.is_observed or start_date >= earliest:
        return None
    return days, earliest


def _notice(price_list: PriceList, start_date: datetime.date) -> list[str]:
    late = told_too_late(price_list, start_date)
    if late is None:
        return []
    said = ngettext(
        "Here a price is told %(count)s day ahead: from %(day)s.",
        "Here a price is told %(count)s days ahead: from %(day)s.",
        late[0],
    )
    return [said % {"count": late[0], "day": formats.day(late[1])}]


def bounds_passed(
    price_list: PriceList, start_date: datetime.date, prices: Sequence[Price]
) -> Sequence[Passed]:
    """Those of these prices of the list from the date that pass a bound in force then, in its currency."""
    return prices_held(price_list, prices, BoundsOn(start_date, LineTree()), start_date).passed
