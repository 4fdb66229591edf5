"""What a proposal may not pass without saying why: bounds of prices, and days of notice."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from core import formats
from core.organisation import today
from pricing.models import Bound, NoticeDays, Price, PriceList, Proposal
from pricing.selectors.bounds import BoundsOn, end_passed
from pricing.selectors.prices import channels_above, vat_rates
from pricing.words.prices import part_words, price_text
from products.models import Product
from products.selectors.lines import LineTree


@dataclass(frozen=True)
class Passed:
    """A price beyond a bound; ``end`` is the one it passes, *least* or *most*."""

    price: Price
    bound: Bound
    end: str


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
            "bound": _bound_words(passed.bound),
        }
        if passed.bound.beyond == Bound.Beyond.REFUSE:
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
    if price_list.kind == PriceList.Kind.OBSERVED or start_date >= earliest:
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


def bounds_passed(price_list: PriceList, start_date: datetime.date, prices: Sequence[Price]) -> list[Passed]:
    """Those of these prices of the list from the date that pass a bound in force then, in its currency."""
    if price_list.kind == PriceList.Kind.OBSERVED:
        return []
    bounds = BoundsOn(start_date, LineTree())
    if price_list.currency not in bounds.currencies:
        return []
    products: list[Product] = [price.product for price in prices]
    rates = vat_rates(products, start_date)
    found = []
    for price in prices:
        bound = bounds.of(price.product, price.component, price.tier, currency=price_list.currency)
        if bound is None or price.amount is None:
            continue
        end = end_passed(bound, price.amount, price_list, rates[price.product_id])
        if end:
            found.append(Passed(price, bound, end))
    return found


def _bound_words(bound: Bound) -> str:
    vat = _("with VAT") if bound.with_vat else _("without VAT")
    if bound.least is None:
        said = _("at most %(most)s")
    elif bound.most is None:
        said = _("at least %(least)s")
    else:
        said = _("%(least)s to %(most)s")
    ends = {name: price_text(getattr(bound, name), bound.currency) for name in ("least", "most")}
    return " ".join(filter(None, [said % ends, part_words(bound.component, bound.tier), vat]))
