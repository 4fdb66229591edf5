"""Prices from a file: what has begun is loaded with one approval, what lies ahead is proposed; and taking
that back."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.errors import DomainError
from accounts.models import User
from collaboration.services.decisions import decision_withdraw
from core.organisation import today
from exchange.models import Import
from pricing.models import Price, PriceList, Proposal
from pricing.models.price import State
from products.models import Product
from products.services.closing import figures_writing

from .price_decisions import KIND, price_decision_record
from .price_limits import bounds_passed
from .proposals import proposal_submit, proposal_take_back

Key = tuple[int, int, str, str, datetime.date]
"""List, product, component, tier, from when."""
_Key = tuple[int, int, str, str]

UNDO_REASONS: dict[str, Any] = {
    "undo_least": _(
        "%(product)s would be %(amount)s %(currency)s again from tomorrow, and %(source)s sets at least "
        "%(bound)s: have another price approved for it first."
    ),
    "undo_most": _(
        "%(product)s would be %(amount)s %(currency)s again from tomorrow, and %(source)s sets at most "
        "%(bound)s: have another price approved for it first."
    ),
}
"""Why a file is not undone."""


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
    stay as history, and where one still holds a row from tomorrow puts back what would have held without the
    file, and without files undone before; ``DomainError`` where that is beyond a bound. How many of each."""
    tomorrow = today() + datetime.timedelta(days=1)
    withdrawn = _withdraw_proposals(source_import)
    mine = Price.objects.filter(source_import=source_import, state=State.APPROVED)
    withdrawn += mine.filter(proposal=None, start_date__gte=tomorrow).update(state=State.WITHDRAWN)
    begun = list(mine)
    for proposal in {price.proposal_id for price in begun if price.proposal_id}:
        decision_withdraw(kind=KIND, reference=proposal)
    undone = Import.objects.filter(sheet=source_import.sheet, state=Import.State.UNDONE)
    gone = {source_import.pk, *undone.values_list("pk", flat=True)}
    keys = {_key(price) for price in begun}
    near = Price.objects.filter(
        product__in={key[1] for key in keys}, state=State.APPROVED, start_date__lte=tomorrow
    ).order_by("start_date")
    holds: dict[_Key, Price] = {}
    without: dict[_Key, Decimal | None] = {}
    for price in near:
        holds[_key(price)] = price
        if price.source_import_id not in gone:
            without[_key(price)] = price.amount
    put_back = [
        key
        for key in sorted(keys)
        if holds[key].source_import_id in gone and holds[key].amount != without.get(key)
    ]
    # What an earlier undo of today puts back tomorrow gives way to this.
    Price.objects.filter(pk__in=[holds[key].pk for key in put_back], start_date=tomorrow).update(
        state=State.WITHDRAWN
    )
    rows = [((*key, tomorrow), without.get(key)) for key in put_back]
    _within_bounds(rows, tomorrow)
    prices_import(source_import=source_import, rows=rows, by=source_import.undone_by)
    return withdrawn, len(rows)


def _key(price: Price) -> _Key:
    return price.price_list_id, price.product_id, price.component, price.tier


def _within_bounds(rows: Sequence[tuple[Key, Decimal | None]], day: datetime.date) -> None:
    """Nobody gives a reason where something is undone, so no bound lets pass what comes back."""
    products = Product.objects.in_bulk({key[1] for key, _amount in rows})
    by_list: dict[int, list[Price]] = defaultdict(list)
    for (price_list, product, component, tier, _day), amount in rows:
        said = {"product": products[product], "component": component, "tier": tier, "amount": amount}
        by_list[price_list].append(Price(**said))
    for held in PriceList.objects.filter(pk__in=by_list):
        for passed in bounds_passed(held, day, by_list[held.pk]):
            code, limit = f"undo_{passed.end}", getattr(passed.bound, passed.end)
            params = {
                "product": passed.price.product.name,
                "amount": _plain(passed.price.amount or Decimal(0)),
                "source": passed.bound.source,
                "bound": _plain(limit),
                "currency": held.currency,
            }
            raise DomainError(code, UNDO_REASONS[code] % params, status=409, details=params)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


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
