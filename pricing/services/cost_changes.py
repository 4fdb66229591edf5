"""Many rates changed at once: a draft that shows what it does, written as a whole, withdrawn."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock
from core.jobs import job_enqueue
from core.organisation import organisation_get, today
from forecasting.services.night import last_closed_month
from pricing.models import CostChange, CostChangeEffect, CostLine, CostRate, Price, PriceList, Proposal
from pricing.selectors.cost_changes import (
    AT_ONCE,
    JOB,
    RateChange,
    changes_said,
    chosen_lines,
    effects,
    rate_changes,
)
from pricing.selectors.costs import EDIT, RIGHT, margins_allowed
from pricing.selectors.margins_ahead import LEVEL
from pricing.selectors.prices import in_force
from pricing.selectors.standard_costs import products_bearing
from pricing.words.withdrawn import CHANGE_WITHDRAWN

from .cost_change_alerts import change_settle, draft_tell
from .cost_import import rates_undo
from .costs import cost_line_within, rates_write
from .price_rules import EVERY, Rule, price_step
from .proposals import proposal_draft

How, State = CostChange.How, CostChange.State


@transaction.atomic
def cost_change_draft(
    *,
    user: Any,
    chosen: Mapping[str, Any],
    how: str,
    value: Decimal,
    start_date: datetime.date,
    reason: str,
) -> CostChange:
    """A draft: which rates become what, and what that leaves of every product they reach."""
    right_require(user, EDIT)
    if not margins_allowed(user):
        message = _("Many costs at once are for who sees all channels: margins are of all of them.")
        raise DomainError("limited", message, status=403)
    _ahead(start_date)
    chosen = {name: said for name, said in chosen.items() if said}
    if not chosen:
        raise DomainError(
            "choose", _("Choose whose costs: a supplier, a kind, a line, a product …"), "supplier"
        )
    if how == How.PERCENTAGE and value < -1:
        raise DomainError("below_nothing", _("More than everything cannot go."), "value")
    change = CostChange(
        author=user, reason=reason.strip(), start_date=start_date, chosen=chosen, how=how, value=value
    )
    check(change)
    lines = chosen_lines(user, chosen)
    _one_currency(change, lines)
    found = rate_changes(change, lines)
    rows = _allowed(change, found)
    if not any(not row.problem for row in rows):
        problem = (
            rows[0].problem if rows else _("No cost that holds then is like this, or none would change.")
        )
        raise DomainError("nothing_changes", problem, "value" if found and found[0].problem else "")
    change.said = changes_said(rows)
    change.save()
    _work_out(change, rows)
    return change


def _ahead(day: datetime.date) -> None:
    if day <= today():
        message = _("Tomorrow at the earliest: what has begun stays, so it could not be taken back.")
        raise DomainError("date_past", message, "start_date")


def _one_currency(change: CostChange, lines: Sequence[CostLine]) -> None:
    ours, there = organisation_get().currency, {line.currency for line in lines}
    if change.how == How.EXCHANGE and (not change.chosen.get("currency") or ours in there):
        raise DomainError("currency", _("Choose the currency whose rate changes; not our own."), "currency")
    if change.how == How.AMOUNT and len(there) > 1:
        message = _("They are in several currencies (%(codes)s): choose one.")
        raise DomainError("currency", message % {"codes": ", ".join(sorted(there))}, "currency")


def _allowed(change: CostChange, rows: Sequence[RateChange]) -> list[RateChange]:
    """With the reason at those that the author may not change."""
    found = []
    for row in rows:
        try:
            cost_line_within(change.author, row.cost_line)
        except DomainError as error:
            row = replace(row, problem=str(error))
        except Http404:
            row = replace(row, problem=_("It is not within your lines."))
        found.append(row)
    return found


def change_rows(change: CostChange) -> list[RateChange]:
    """The rates of a draft as things are now."""
    return _allowed(change, rate_changes(change, chosen_lines(change.author, change.chosen)))


def _work_out(change: CostChange, rows: Sequence[RateChange]) -> None:
    products = products_bearing({row.cost_line.pk for row in rows if not row.problem})
    if len(products) <= AT_ONCE:
        CostChangeEffect.objects.bulk_create(effects(change, rows, products, last_closed_month(today())))
        return
    job_enqueue(
        kind=JOB,
        key=f"{JOB}:{change.pk}:{uuid.uuid4()}",
        payload={"change": change.pk, "products": products},
        created_by=change.author,
    )


def cost_change_fill(context: Any) -> Mapping[str, Any]:
    """The job: what the change leaves of each product, part by part, written at once."""
    change = CostChange.objects.select_related("author").get(pk=context.payload["change"])
    ids, rows, last = context.payload["products"], change_rows(change), last_closed_month(today())
    found = list(effects(change, rows, ids, last, context.progress))
    result = {"products": len(found)}
    with context.effect(lambda: result):
        if row_lock(change).said == changes_said(rows):
            change.effects.all().delete()
            CostChangeEffect.objects.bulk_create(found, batch_size=1000)
        draft_tell(change)
    return result


@transaction.atomic
def cost_change_again(*, user: Any, change: CostChange) -> CostChange:
    """Look again: rates may have changed since the draft was made."""
    current = _mine(user, change)
    rows = change_rows(current)
    current.said = changes_said(rows)
    current.save(update_fields=["said"])
    current.effects.all().delete()
    _work_out(current, rows)
    return current


@transaction.atomic
def cost_change_apply(*, user: Any, change: CostChange) -> CostChange:
    """Write every rate the draft showed, or none. Asked again it has been done already."""
    right_require(user, EDIT)
    if row_lock(change).state == State.APPLIED:
        return change
    current = _mine(user, change)
    _ahead(current.start_date)
    lines = chosen_lines(user, current.chosen)
    list(CostLine.objects.select_for_update().filter(pk__in=[line.pk for line in lines]).order_by("pk"))
    rows = change_rows(current)
    if changes_said(rows) != current.said:
        message = _("Rates changed since this was worked out, so nothing was written. Look again first.")
        raise DomainError("changed", message, status=409)
    made = rates_write(user=user, rows=[row.rate(current.start_date) for row in rows if not row.problem])
    current.rates.set(made)
    _decide(current, State.APPLIED)
    return current


@transaction.atomic
def cost_change_withdraw(*, user: Any, change: CostChange) -> tuple[int, int]:
    """Take its rates back, as an undone import does; where they held in closed months, from the first open
    day what would have held without. How many of each. Of a draft: it is discarded."""
    right_require(user, EDIT)
    current = row_lock(change)
    if current.state == State.WITHDRAWN:
        return 0, 0
    if current.state == State.DRAFT:
        current, counts = _mine(user, change), (0, 0)
    else:
        lines = CostLine.objects.filter(rates__in=current.rates.all()).distinct()
        for line in lines.select_related("product", "line"):
            cost_line_within(user, line)
        mine = CostRate.objects.filter(pk__in=current.rates.all(), withdrawn_at=None)
        withdrawn, due = rates_undo(mine, reason=CHANGE_WITHDRAWN, user=user)
        put_back = [
            CostRate(cost_line_id=line, start_date=start, **values._asdict())
            for (line, _from, start), values in due
        ]
        current.rates.add(*rates_write(user=user, rows=put_back))
        counts = withdrawn, len(due)
    _decide(current, State.WITHDRAWN)
    return counts


def _mine(user: Any, change: CostChange) -> CostChange:
    right_require(user, EDIT)
    current = row_lock(change)
    if current.state != State.DRAFT:
        raise DomainError("already_decided", _("This change is no draft any more."), status=409)
    if current.author_id != user.pk:
        raise DomainError("not_yours", _("Only who drafted it writes or discards it."), status=403)
    return current


def _decide(current: CostChange, state: str) -> None:
    current.state, current.decided_at = state, timezone.now()
    current.save(update_fields=["state", "decided_at"])
    change_settle(current)


class Proposed(NamedTuple):
    """A draft of prices, and how many of the products under their floor are not in it: ``unpriced`` without a
    price on the list, with ``several`` parts of one (or one that is paid once), and those that no price
    brings there, or not a higher one (``unreached``)."""

    proposal: Proposal
    unpriced: int
    several: int
    unreached: int


@transaction.atomic
def cost_change_propose(
    *, user: Any, change: CostChange, price_list: PriceList, keep: str, reason: str
) -> Proposed:
    """A draft of new prices for the products it brings under their floor: at the same volume they keep the
    margin as a share of net sales (``keep`` is *rate*), its amount, or just reach the floor. Of products with
    one price, per unit or per month."""
    right_require(user, RIGHT)
    current = row_lock(change)
    if current.state != State.APPLIED:
        raise DomainError("not_written", _("Write the change of costs first."), status=409)
    factors = dict(_factors(current, keep))
    held: dict[int, dict[tuple[str, str], Decimal]] = {pk: {} for pk in factors}
    for row in in_force([price_list.pk], list(factors), current.start_date):
        if row.amount is not None:
            held[row.product_id][row.component, row.tier] = row.amount
    pasted = {
        pk: {part: _up(amount * factors[pk], amount) for part, amount in own.items()}
        for pk, own in held.items()
        if len(own) == 1 and not any(component == Price.Component.ONCE for component, _tier in own)
    }
    if not pasted:
        message = _("None of the products under their floor has one price per unit or month on this list.")
        raise DomainError("no_price", message, "price_list")
    plain = all(part == (Price.Component.UNIT, "") for own in pasted.values() for part in own)
    unpriced = sum(not own for own in held.values())
    under = current.effects.filter(is_under=True).count()
    current.proposal = proposal_draft(
        user=user,
        price_list=price_list,
        start_date=current.start_date,
        reason=reason,
        # As prices that were pasted: who reads them is not told that they follow from costs.
        rule=Rule("paste", tier="") if plain else Rule("paste", component=EVERY),
        product_ids=(),
        pasted={pk: amount for pk, own in pasted.items() for amount in own.values()} if plain else pasted,
    )
    current.save(update_fields=["proposal"])
    several = len(held) - len(pasted) - unpriced
    return Proposed(current.proposal, unpriced, several, under - len(factors))


def _factors(change: CostChange, keep: str) -> Iterator[tuple[int, Decimal]]:
    """By product what its price has to be multiplied by; none where no price is enough, or a lower one would
    do. Costs that are a share of sales go up with the price."""
    for row in change.effects.filter(is_under=True):
        was, now = getattr(row, f"{LEVEL}_was"), getattr(row, LEVEL)
        left = 1 - row.tied / row.net  # of every euro that sales rise by
        fixed = row.net - now - row.tied
        share = {"rate": was / row.net, "amount": Decimal(0), "floor": row.floor or Decimal(0)}[keep]
        needed = fixed + was if keep == "amount" else fixed
        if left > share and needed > (left - share) * row.net:
            yield row.product_id, needed / ((left - share) * row.net)


def _up(amount: Decimal, old: Decimal) -> Decimal:
    """Up, so that what was asked is kept."""
    return amount.quantize(price_step(old), ROUND_CEILING)
