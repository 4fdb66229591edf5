"""Prices from a file: what has begun is loaded with one approval, what lies ahead is proposed; and taking
that back."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from collaboration.services.decisions import decision_withdraw
from core.organisation import local_date, today
from exchange.models import Import
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import State
from products.services.closing import figures_writing

from .price_decisions import KIND, price_decision_record
from .proposals import proposal_submit, proposal_take_back

Key = tuple[int, int, str, str, datetime.date]
"""List, product, component, tier, from when."""


@dataclass(frozen=True)
class Ahead:
    """A price of the file that is proposed, or decided with it; ``reason`` and ``exception`` as its proposal
    has them."""

    key: Key
    amount: Decimal | None
    reason: str
    exception: str

    @property
    def together(self) -> tuple[int, datetime.date, str, str]:
        """What rows of one proposal share."""
        return self.key[0], self.key[4], self.reason, self.exception


def prices_import(
    *, source_import: Import, rows: Sequence[tuple[Key, Decimal | None]], by: User | None = None
) -> None:
    """Write the rows as approved by whoever applied the file, if not ``by``. None of them may be there. A
    month that is being closed is waited for: its reports have the prices approved before."""
    figures_writing()
    by, now = by or source_import.applied_by or source_import.created_by, timezone.now()
    Price.objects.bulk_create(
        (
            _price(source_import, key, amount, state=State.APPROVED, approved_by=by, approved_at=now)
            for key, amount in rows
        ),
        batch_size=2000,
    )


def prices_decide(*, source_import: Import, rows: Sequence[Ahead]) -> None:
    """Write rows that have begun and change what holds today as proposed by who brought the file and approved
    by who applied it: a decision a list, date and reason."""
    author = source_import.created_by or source_import.applied_by
    by, now = source_import.applied_by, timezone.now()
    for proposal, own in _proposals(author, rows, state=State.APPROVED, decided_by=by, decided_at=now):
        said = {"state": State.APPROVED, "approved_by": by, "approved_at": now, "proposal": proposal}
        Price.objects.bulk_create(
            (_price(source_import, row.key, row.amount, **said) for row in own), batch_size=2000
        )
        price_decision_record(proposal=proposal)


def _proposals(
    author: User | None, rows: Sequence[Ahead], **said: object
) -> Iterator[tuple[Proposal, list[Ahead]]]:
    """A proposal for what comes together, and its rows."""
    assert author is not None or not rows, "the sheet refuses what nobody proposes"
    groups: dict[tuple[int, datetime.date, str, str], list[Ahead]] = defaultdict(list)
    for row in rows:
        groups[row.together].append(row)
    lists = PriceList.objects.select_related("channel").in_bulk({key[0] for key in groups})
    for (price_list, start, reason, exception), own in groups.items():
        values = {"price_list": lists[price_list], "start_date": start, "reason": reason, "author": author}
        proposal = Proposal.objects.create(**values, exception=exception, rule={"kind": "file"}, **said)
        yield proposal, own


def prices_propose(*, source_import: Import, rows: Sequence[Ahead]) -> None:
    """Propose the rows in the name of who brought the file, else of who applied it: a proposal a list, date
    and reason. ``DomainError`` as :func:`~pricing.services.proposals.proposal_submit` has it."""
    author = source_import.created_by or source_import.applied_by
    for proposal, own in _proposals(author, rows):
        Price.objects.bulk_create(
            (_price(source_import, row.key, row.amount, state=State.DRAFT, proposal=proposal) for row in own),
            batch_size=2000,
        )
        proposal_submit(user=author, proposal=proposal)


def _price(source_import: Import, key: Key, amount: Decimal | None, **more: object) -> Price:
    price_list, product, component, tier, start = key
    said = {"component": component, "tier": tier, "start_date": start, "amount": amount}
    return Price(price_list_id=price_list, product_id=product, source_import=source_import, **said, **more)


def prices_import_undo(*, source_import: Import) -> tuple[int, int]:
    """Withdraw the file's prices that lie ahead, with the proposals they are in. Those that were in force
    stay as history, and where a loaded one still holds a row from tomorrow puts back what would have held
    without the file; one that a proposal brought was decided by itself and stays. How many of each."""
    day = today()
    withdrawn = _withdraw_proposals(source_import)
    mine = Price.objects.filter(source_import=source_import, state=State.APPROVED)
    withdrawn += mine.filter(proposal=None, start_date__gt=day).update(state=State.WITHDRAWN)
    loaded = [price for price in mine if _loaded_by(source_import, price)]
    for proposal in {price.proposal_id for price in loaded if price.proposal_id}:
        decision_withdraw(kind=KIND, reference=proposal)
    keys = {(price.price_list_id, price.product_id, price.component, price.tier) for price in loaded}
    tomorrow = day + datetime.timedelta(days=1)
    near = Price.objects.filter(
        product__in={key[1] for key in keys}, state=State.APPROVED, start_date__lte=tomorrow
    ).order_by("start_date")
    holds: dict[tuple[int, int, str, str], Price] = {}
    without: dict[tuple[int, int, str, str], Price] = {}
    for price in near:
        key = (price.price_list_id, price.product_id, price.component, price.tier)
        holds[key] = price
        if not _loaded_by(source_import, price):
            without[key] = price
    restored = []
    for key in sorted(keys):
        before = without[key].amount if key in without else None
        if _loaded_by(source_import, holds[key]) and holds[key].amount != before:
            restored.append(((*key, tomorrow), before))
    prices_import(source_import=source_import, rows=restored, by=source_import.undone_by)
    return withdrawn, len(restored)


def _loaded_by(source_import: Import, price: Price) -> bool:
    """It had begun when the file was applied: what a proposal brought ahead was decided before it held."""
    if price.source_import_id != source_import.pk or price.approved_at is None:
        return False
    return price.proposal_id is None or price.start_date <= local_date(price.approved_at)


def _withdraw_proposals(source_import: Import) -> int:
    """Take back what the file proposed and has not begun; how many prices."""
    ahead = Proposal.objects.filter(
        pk__in=Price.objects.filter(source_import=source_import).values("proposal"),
        state__in=[State.DRAFT, State.PROPOSED, State.APPROVED],
        start_date__gt=today(),
    )
    by: User | None = source_import.undone_by
    return sum(
        proposal_take_back(by=by or proposal.author, proposal=proposal, note=source_import.file_name)
        for proposal in ahead
    )
