"""The life of a proposal: draft, proposed, then approved or rejected by a second person, or withdrawn."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock
from collaboration.services.decisions import decision_withdraw
from core import formats
from core.jobs import job_enqueue
from core.models import Job
from core.organisation import organisation_get, today
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import State
from pricing.selectors.prices import Part
from pricing.selectors.proposals import (
    JOB,
    amounts_that_day,
    nothing_left,
    old_amounts,
    prices_taken,
    proposal_lines,
    proposal_volumes,
    would_change,
)
from pricing.words.prices import nothing_left_words
from products.models import Product
from products.selectors.four_eyes import waits_for_other
from products.services.four_eyes import decided

from .other_lists import other_list, prices_elsewhere
from .price_decisions import KIND, price_decision_record
from .price_limits import limits_check
from .price_lists import list_within
from .price_rules import EVERY, Rule, price_check
from .proposal_alerts import draft_tell, proposal_settle, proposal_tell

AT_ONCE = 500
"""More prices than this are worked out by a job, with its progress."""
CHUNK = 500


def _ahead(price_list: PriceList, day: datetime.date) -> None:
    """A price begins at midnight: what begins today has begun. What was observed may be of any day."""
    if day <= today() and not price_list.is_observed:
        raise DomainError(
            "date_past", _("A price begins at midnight: tomorrow at the earliest."), "start_date"
        )


@transaction.atomic
def proposal_draft(
    *,
    user: Any,
    price_list: PriceList,
    start_date: datetime.date,
    reason: str,
    rule: Rule,
    product_ids: Collection[int],
    pasted: Mapping[int, Decimal | Mapping[Part, Decimal]] | None = None,
    alternatives: str = "",
    exception: str = "",
) -> Proposal:
    """A draft with the new price of each product, to look at before it is proposed. ``pasted`` are the prices
    by product id where the rule is *paste*, one or one of each part. Products that the rule leaves as they
    are get no row; of many products a job works it out. The products must be ones the person may see."""
    right_require(user, "pricing.edit")
    list_within(user, price_list)
    _ahead(price_list, start_date)
    rule.check()
    if rule.kind == "list":
        other_list(user, price_list, rule.of)
    amounts = {str(pk): _as_json(said) for pk, said in (pasted or {}).items()}
    for said in amounts.values():
        for amount in _each(said):
            price_check(Decimal(amount))
    ids = sorted(pasted if pasted is not None else product_ids)
    if not ids:
        raise DomainError("no_products", _("Choose a product, a line, or paste prices."), "product")
    proposal = Proposal(
        price_list=price_list,
        start_date=start_date,
        reason=reason.strip(),
        alternatives=alternatives.strip(),
        exception=exception.strip(),
        rule=rule.as_json(),
        author=user,
    )
    check(proposal)
    proposal.save()
    if len(ids) <= AT_ONCE:
        Price.objects.bulk_create(_new_prices(proposal, ids, amounts))
        if not proposal.prices.exists():
            raise DomainError("nothing_changes", _("No price would change."), "value")
        return proposal
    job_enqueue(
        kind=JOB,
        key=f"{JOB}:{proposal.pk}",
        payload={"proposal": proposal.pk, "products": ids, "pasted": amounts},
        created_by=user,
    )
    return proposal


def proposal_fill(context: Any) -> Mapping[str, Any]:
    """The job: a draft's prices, worked out part by part and written at once."""
    proposal = Proposal.objects.select_related("price_list").get(pk=context.payload["proposal"])
    ids, pasted = context.payload["products"], context.payload["pasted"]
    prices: list[Price] = []
    context.progress(0, len(ids))
    for start in range(0, len(ids), CHUNK):
        prices += _new_prices(proposal, ids[start : start + CHUNK], pasted)
        context.progress(min(start + CHUNK, len(ids)), len(ids))
    result = {"prices": len(prices), "unchanged": len(ids) - len({price.product_id for price in prices})}
    with context.effect(lambda: result):
        if row_lock(proposal).state == State.DRAFT:
            Price.objects.bulk_create(prices, batch_size=1000)
            draft_tell(proposal, ready=True)
    return result


def proposal_fill_failed(job: Job) -> None:
    """The job was given up; the draft stays empty."""
    proposal = Proposal.objects.select_related("author").get(pk=job.payload["proposal"])
    draft_tell(proposal, ready=False, nothing_left=nothing_left(job))


Said = str | Mapping[str, str]
"""The price that was given of a product, or of each of its parts ("component:tier") one; as JSON."""


def _as_json(said: Decimal | Mapping[Part, Decimal]) -> Said:
    if isinstance(said, Decimal):
        return str(said)
    return {":".join(part): str(amount) for part, amount in said.items()}


def _each(said: Said) -> Collection[str]:
    return [said] if isinstance(said, str) else said.values()


def _new_prices(proposal: Proposal, ids: Collection[int], pasted: Mapping[str, Said]) -> list[Price]:
    """What the proposal's rule says of these products, where that would change something: of what holds the
    day before, or where there is nothing of what begins on that very day."""
    rule = Rule.from_json(proposal.rule)
    which = {} if rule.component == EVERY else {"component": rule.component}
    held, that_day = old_amounts(proposal, ids, **which), amounts_that_day(proposal, ids, **which)
    first = {key: amount for key, amount in that_day.items() if held.get(key) is None}
    others = prices_elsewhere(proposal, rule, ids) if rule.kind == "list" else {}
    parts: dict[int, dict[Part, Decimal | None]] = {pk: {} for pk in ids}
    if rule.component == EVERY:
        for pk, component, tier in others:
            parts[pk][component, tier] = None
        for pk in ids:
            parts[pk] |= dict.fromkeys(_parts_given(pasted.get(str(pk), {})))
    for (pk, component, tier), amount in (held | first).items():
        if rule.tier in (None, tier):
            parts[pk][component, tier] = amount
    prices = []
    for pk, own in parts.items():
        usual = {} if rule.component == EVERY else {(rule.component, rule.tier or ""): None}
        for (component, tier), old in (own or usual).items():
            if rule.kind == "paste":
                said = pasted[str(pk)]
                given = said if isinstance(said, str) else said.get(f"{component}:{tier}")
                new = None if given is None else Decimal(given)
            else:
                new = _made(rule, pk, old, others.get((pk, component, tier)))
            ends = rule.kind == "end" and old is not None
            changes = would_change((pk, component, tier), new, held, that_day)
            if ends or (new is not None and changes):
                prices.append(
                    Price(
                        price_list_id=proposal.price_list_id,
                        product_id=pk,
                        component=component,
                        tier=tier,
                        start_date=proposal.start_date,
                        amount=None if ends else new,
                        state=State.DRAFT,
                        proposal=proposal,
                    )
                )
    return prices


def _made(rule: Rule, pk: int, old: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The rule's new price; where it refuses, the product is named."""
    try:
        return rule.new_amount(old, other)
    except DomainError as error:
        details = {**error.details, "product": Product.objects.get(pk=pk).code}
        message = nothing_left_words(details)
        raise DomainError(error.code, message, error.field, details=details) from error


def _parts_given(said: Said) -> list[Part]:
    if isinstance(said, str):
        return []
    return [(component, tier) for component, _sign, tier in (key.partition(":") for key in said)]


@transaction.atomic
def proposal_submit(*, user: Any, proposal: Proposal, exception: str = "") -> Proposal:
    """From one's own draft to proposed: whoever approves is asked. Refused where a price passes a bound,
    begins too soon for its channel, or is decided already for that day. What was observed is recorded at
    once: nobody decides what others ask."""
    right_require(user, "pricing.edit")
    list_within(user, proposal.price_list)
    current = proposal_lock(proposal, State.DRAFT)
    if current.author_id != user.pk:
        raise DomainError("not_yours", _("Only its author proposes a draft."), status=403)
    _ahead(current.price_list, current.start_date)
    prices = list(current.prices.prefetch_related("product"))
    if not prices:
        raise DomainError("nothing_changes", _("There are no prices in it."))
    limits_check(current, prices, said=exception)
    current.exception = exception.strip() or current.exception
    _free(current, prices)
    if current.price_list.is_observed:
        _hold(current, user)
        return current
    current.state = State.PROPOSED
    check(current)
    current.save(update_fields=["state", "exception"])
    current.prices.update(state=State.PROPOSED)
    proposal_settle(current)
    return current


@transaction.atomic
def proposal_approve(*, user: Any, proposal: Proposal, exception: str = "") -> Proposal:
    """Its prices hold from their date on. One person cannot propose and approve where two are needed. Refused
    as well where they pass a bound that was set since, or where it has become too late to tell who pays them;
    with ``exception``, why that may be, what only asks for a reason passes."""
    _may_decide(user, proposal)
    current = proposal_lock(proposal, State.PROPOSED)
    _ahead(current.price_list, current.start_date)
    row_lock(current.price_list)  # of two proposals for the same day one is first
    prices = list(current.prices.prefetch_related("product"))
    limits_check(current, prices, said=exception, decides=True)
    current.exception = "; ".join(filter(None, [current.exception, exception.strip()]))
    _free(current, prices)
    if current.price_list.is_observed:
        _hold(current, user)
        return current
    with ExitStack() as stack:
        amount = _worth(current)
        for line in proposal_lines(current):
            stack.enter_context(
                decided(proposer=current.author, decider=user, line=line, kind=KIND, amount=amount)
            )
        _hold(current, user)
        price_decision_record(proposal=current)
    return current


def proposal_waits_for_other(user: Any, proposal: Proposal) -> bool:
    """Whether this person may not approve it, having proposed it."""
    if proposal.state != State.PROPOSED or proposal.price_list.is_observed:
        return False
    lines, worth = partial(proposal_lines, proposal), partial(_worth, proposal)
    always = getattr(proposal, "always_two", None)  # read with it by proposal_get
    return waits_for_other(user, proposal.author_id, lines, KIND, worth, always)


def _may_decide(user: Any, proposal: Proposal) -> None:
    right_require(user, "pricing.approve")
    list_within(user, proposal.price_list)


def _hold(current: Proposal, user: Any) -> None:
    """Its prices hold from their date on."""
    now = timezone.now()
    _decide(current, user, State.APPROVED, now)
    current.prices.update(state=State.APPROVED, approved_by=user, approved_at=now)


@transaction.atomic
def proposal_reject(*, user: Any, proposal: Proposal, note: str) -> Proposal:
    """None of its prices will hold; the author is told why."""
    _may_decide(user, proposal)
    current = proposal_lock(proposal, State.PROPOSED)
    if not note.strip():
        raise DomainError("note_missing", _("Say why, so that the author can do it better."), "note")
    _decide(current, user, State.REJECTED, timezone.now(), note.strip())
    current.prices.update(state=State.REJECTED)
    return current


@transaction.atomic
def proposal_repeat(*, user: Any, proposal: Proposal, start_date: datetime.date, reason: str) -> Proposal:
    """A draft of one's own with the prices of one that was rejected or withdrawn, from another date or with
    another reason; those that would change nothing then are left out."""
    right_require(user, "pricing.edit")
    list_within(user, proposal.price_list)
    if proposal.state not in (State.REJECTED, State.WITHDRAWN):
        raise DomainError("not_over", _("Only what was rejected or withdrawn is proposed again."), status=409)
    _ahead(proposal.price_list, start_date)
    draft = Proposal(
        price_list=proposal.price_list,
        start_date=start_date,
        reason=reason.strip(),
        alternatives=proposal.alternatives,
        rule=proposal.rule,
        author=user,
    )
    check(draft)
    prices = list(proposal.prices.order_by("pk"))
    products = {price.product_id for price in prices}
    held, that_day = old_amounts(draft, products), amounts_that_day(draft, products)
    wanted = [
        price
        for price in prices
        if would_change((price.product_id, price.component, price.tier), price.amount, held, that_day)
    ]
    if not wanted:
        raise DomainError("nothing_changes", _("No price would change."), "start_date")
    draft.save()
    Price.objects.bulk_create(
        (
            Price(
                price_list_id=draft.price_list_id,
                product_id=price.product_id,
                component=price.component,
                tier=price.tier,
                start_date=start_date,
                amount=price.amount,
                state=State.DRAFT,
                proposal=draft,
            )
            for price in wanted
        ),
        batch_size=1000,
    )
    return draft


@transaction.atomic
def proposal_withdraw(*, user: Any, proposal: Proposal, note: str = "") -> Proposal:
    """Take back one's own draft or proposal. Approved prices that lie ahead are withdrawn by who may approve,
    with a reason; then what held before holds on."""
    current = row_lock(proposal)
    if current.state == State.APPROVED:
        _may_decide(user, current)
        if current.start_date <= today():
            raise DomainError(
                "in_force", _("These prices have begun and stay: propose new ones."), status=409
            )
        if not note.strip():
            raise DomainError("note_missing", _("Say why these prices are withdrawn."), "note")
    elif current.state in (State.DRAFT, State.PROPOSED):
        right_require(user, "pricing.edit")
        if current.author_id != user.pk:
            raise DomainError("not_yours", _("Only who proposed it takes it back."))
    else:
        raise _told(current)
    _take_back(current, user, note.strip())
    return current


@transaction.atomic
def proposal_take_back(*, by: Any, proposal: Proposal, note: str) -> int:
    """Withdraw what has not begun, for a service that has asked for the right; how many prices."""
    return _take_back(row_lock(proposal), by, note)


def _take_back(current: Proposal, by: Any, note: str) -> int:
    _decide(current, by, State.WITHDRAWN, timezone.now(), note)
    count: int = current.prices.update(state=State.WITHDRAWN)
    decision_withdraw(kind=KIND, reference=current.pk)
    return count


def _decide(current: Proposal, user: Any, state: str, at: datetime.datetime, note: str = "") -> None:
    current.state, current.decided_by, current.decided_at, current.note = state, user, at, note
    check(current)
    current.save(update_fields=["state", "exception", "decided_by", "decided_at", "note"])
    proposal_settle(current)
    proposal_tell(current, by=user)


def proposal_lock(proposal: Proposal, state: str) -> Proposal:
    """The row locked, in the state that is expected; who comes second is told who was first."""
    current = row_lock(proposal)
    if current.state != state:
        raise _told(current)
    return current


def _told(current: Proposal) -> DomainError:
    said = {"state": current.get_state_display(), "who": current.decided_by or current.author}
    message = _("%(who)s was first: this proposal is %(state)s now.") % said
    return DomainError("already_decided", message, status=409, details={"state": current.state})


def _free(current: Proposal, prices: Sequence[Price]) -> None:
    """Refuse where an approved price of the same list, product and day is there."""
    taken = prices_taken(current, prices)
    for price in prices:
        if price.pk in taken:
            message = (
                _(
                    "%(product)s has an approved price from %(day)s already: withdraw that, or reject this "
                    "proposal. Proposed again, it can be left out."
                )
                if current.state == State.PROPOSED
                else _(
                    "%(product)s has an approved price from %(day)s already: withdraw that, or leave it out "
                    "here."
                )
            )
            said = {"product": price.product.name, "day": formats.day(current.start_date)}
            raise DomainError("price_there", message % said, "start_date", status=409)


def _worth(current: Proposal) -> Decimal | None:
    """What the change comes to over the volume of the last 12 months, in our currency; ``None``: not known of
    all of it, nor of a list in another currency."""
    if current.price_list.currency != organisation_get().currency:
        return None
    old = old_amounts(current, {pk for (pk,) in current.prices.values_list("product_id")})
    volumes = proposal_volumes(current)
    total = Decimal(0)
    for price in current.prices.all():
        before = old.get((price.product_id, price.component, price.tier))
        volume = volumes.get(price.product_id)
        if price.component != Price.Component.UNIT:
            return None
        if before is None or price.amount is None or volume is None:
            return None
        total += abs(price.amount - before) * volume
    return total
