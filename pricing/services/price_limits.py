"""What a proposal may not pass without saying why: bounds of prices, and days of notice."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import DomainError
from core import formats
from core.organisation import organisation_get, today
from pricing.models import Bound, NoticeDays, Price, PriceList, Proposal
from pricing.selectors.bounds import amount_beyond, bounds_on
from pricing.selectors.prices import channels_above, vat_rates
from products.models import Product
from products.selectors.lines import LineTree


def limits_check(proposal: Proposal, prices: Sequence[Price]) -> None:
    """``DomainError`` where the proposal passes a bound or begins too soon for its channel. Those that only
    ask for a reason are let pass with the proposal's ``exception``."""
    reasons = [] if proposal.exception.strip() else _notice(proposal)
    for bound, price in _beyond(proposal, prices):
        said = _("%(product)s: %(source)s sets %(bound)s.") % {
            "product": price.product.name,
            "source": bound.source,
            "bound": _bound_words(bound),
        }
        if bound.beyond == Bound.Beyond.REFUSE:
            raise DomainError("beyond_bound", said, "value")
        if not proposal.exception.strip():
            reasons.append(said)
    if reasons:
        raise DomainError("exception_needed", " ".join([reasons[0], _("Say why it may.")]), "exception")


def notice_days(price_list: PriceList) -> int:
    """How many days ahead the list's channel must be told: its own rule, else that of the nearest above it,
    else everybody's."""
    rules = {rule.channel_id: rule.days for rule in NoticeDays.objects.all()}
    near: list[int | None] = [*channels_above(price_list.channel), None]
    return next((rules[pk] for pk in near if pk in rules), 0)


def _notice(proposal: Proposal) -> list[str]:
    days = notice_days(proposal.price_list)
    earliest = today() + datetime.timedelta(days=days)
    if proposal.price_list.kind == PriceList.Kind.OBSERVED or proposal.start_date >= earliest:
        return []
    said = ngettext(
        "Here a price is told %(count)s day ahead: from %(day)s.",
        "Here a price is told %(count)s days ahead: from %(day)s.",
        days,
    )
    return [said % {"count": days, "day": formats.day(earliest)}]


def _beyond(proposal: Proposal, prices: Sequence[Price]) -> list[tuple[Bound, Price]]:
    """The prices per unit that pass a bound in force when they begin."""
    price_list = proposal.price_list
    if price_list.kind == PriceList.Kind.OBSERVED or price_list.currency != organisation_get().currency:
        return []
    products: list[Product] = [price.product for price in prices]
    bounds = bounds_on(products, proposal.start_date, LineTree())
    if not bounds:
        return []
    rates = vat_rates(products, proposal.start_date)
    found = []
    for price in prices:
        bound = bounds.get(price.product_id)
        if bound is None or price.component != Price.Component.UNIT or price.amount is None:
            continue
        if amount_beyond(bound, price.amount, price_list, rates[price.product_id]):
            found.append((bound, price))
    return found


def _bound_words(bound: Bound) -> str:
    currency = organisation_get().currency
    vat = _("with VAT") if bound.with_vat else _("without VAT")
    if bound.least is None:
        said = _("at most %(most)s")
    elif bound.most is None:
        said = _("at least %(least)s")
    else:
        said = _("%(least)s to %(most)s")
    ends = {name: formats.money(getattr(bound, name), currency) for name in ("least", "most")}
    return f"{said % ends} {vat}"
