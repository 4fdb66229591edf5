"""Other prices for a draft than its rule made, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from pricing.models import Price, Proposal
from pricing.models.price import State
from pricing.selectors.proposals import amounts_that_day, old_amounts, prices_taken, would_change

from .price_lists import list_within
from .price_rules import Rule, price_check
from .proposals import proposal_lock

Part = tuple[int, str, str]
"""A product's id, component and tier."""


@dataclass(frozen=True)
class Edited:
    changed: int = 0
    added: int = 0
    removed: int = 0

    def __bool__(self) -> bool:
        return bool(self.changed or self.added or self.removed)


@transaction.atomic
def proposal_edit(*, user: Any, proposal: Proposal, amounts: Mapping[Part, Decimal]) -> Edited:
    """Of one's own draft. Prices that are not named stay; one that is what holds already goes out, one that
    the draft does not have comes in. The products must be ones the person may see."""
    current = _own_draft(user, proposal)
    for amount in amounts.values():
        price_check(amount)
    rows = {(row.product_id, row.component, row.tier): row for row in current.prices.all()}
    products = {pk for pk, _component, _tier in amounts}
    old, that_day = old_amounts(current, products), amounts_that_day(current, products)
    wanted = {key: amount for key, amount in amounts.items() if would_change(key, amount, old, that_day)}
    gone = [rows[key].pk for key in amounts if key in rows and key not in wanted]
    changed = []
    for key, amount in wanted.items():
        if key in rows and rows[key].amount != amount:
            rows[key].amount = amount
            changed.append(rows[key])
    added = [_new(current, key, amount) for key, amount in wanted.items() if key not in rows]
    if len(rows) - len(gone) + len(added) == 0:
        raise DomainError("nothing_changes", _("No price would change."), "pasted")
    current.prices.filter(pk__in=gone).delete()
    Price.objects.bulk_update(changed, ["amount"], batch_size=1000)
    Price.objects.bulk_create(added, batch_size=1000)
    found = Edited(len(changed), len(added), len(gone))
    rule = Rule.from_json(current.rule)
    if found and rule.kind != "paste":
        current.rule = replace(rule, edited=True).as_json()
        current.save(update_fields=["rule"])
    return found


@transaction.atomic
def proposal_leave_out(*, user: Any, proposal: Proposal) -> int:
    """Take out of one's own draft what was decided already for its day; how many prices."""
    current = _own_draft(user, proposal)
    prices = list(current.prices.all())
    taken = prices_taken(current, prices)
    if len(taken) == len(prices):
        raise DomainError("nothing_changes", _("All of its prices were decided already for that day."))
    current.prices.filter(pk__in=taken).delete()
    return len(taken)


def _own_draft(user: Any, proposal: Proposal) -> Proposal:
    right_require(user, "pricing.edit")
    list_within(user, proposal.price_list)
    current = proposal_lock(proposal, State.DRAFT)
    if current.author_id != user.pk:
        raise DomainError("not_yours", _("Only its author changes a draft."), status=403)
    return current


def _new(current: Proposal, key: Part, amount: Decimal) -> Price:
    product_id, component, tier = key
    return Price(
        price_list_id=current.price_list_id,
        product_id=product_id,
        component=component,
        tier=tier,
        start_date=current.start_date,
        amount=amount,
        state=State.DRAFT,
        proposal=current,
    )
