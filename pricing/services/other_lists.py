"""Prices that follow those of another list."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.errors import DomainError
from pricing.models import PriceList, Proposal
from pricing.selectors.prices import in_force, lists_visible, vat_rates, with_and_without
from products.models import Product

from .price_rules import EVERY, Rule


def other_list(user: Any, price_list: PriceList, code: str) -> PriceList:
    """The list with this code, in the person's sight; refused where its amounts are no base for this one."""
    found = lists_visible(user).filter(code__iexact=code).first()
    if found is None or found == price_list:
        raise DomainError("list_unknown", _("Choose another price list than the one that changes."), "of")
    if found.currency != price_list.currency:
        raise DomainError("list_currency", _("That list is in another currency."), "of")
    return found


def prices_elsewhere(
    proposal: Proposal, rule: Rule, product_ids: Collection[int]
) -> dict[tuple[int, str, str], Decimal]:
    """What holds on the other list on the day the proposal begins, by product, component and tier; with VAT
    where the proposal's list has it, without where it has not. In at most four queries."""
    other = PriceList.objects.get(code__iexact=rule.of)
    which = {} if rule.component == EVERY else {"component": rule.component}
    rows = in_force([other.pk], product_ids, proposal.start_date, **which)
    amounts = {
        (row.product_id, row.component, row.tier): row.amount for row in rows if row.amount is not None
    }
    if other.with_vat == proposal.price_list.with_vat:
        return amounts
    products = list(Product.objects.filter(pk__in={key[0] for key in amounts}))
    rates = vat_rates(products, proposal.start_date)
    side = 0 if proposal.price_list.with_vat else 1
    return {
        key: with_and_without(amount, other.with_vat, rates[key[0]])[side] for key, amount in amounts.items()
    }
