"""Costs written: kinds, lines, their rates from a date on, and taking back a rate that lies ahead."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock, row_save
from core import formats
from core.organisation import organisation_get, today
from pricing.engine.costs import PARTS
from pricing.models import CostKind, CostLine, CostMonth, CostRate, CostShare
from pricing.selectors.costs import EDIT
from pricing.selectors.ledger import UNMAPPED
from products.models import Product
from products.selectors.access import visible_channel_ids
from products.selectors.closing import closed_until, is_closed
from products.services.closing import figures_writing
from products.services.scope import line_within, product_within, unlimited

from .standard_costs import standard_costs_later

Basis, Base = CostLine.Basis, CostLine.Base
NAMES = frozenset({"name_en", "name_nl", "place", "is_landed", "is_retired"})
OWN_KINDS = frozenset({"purchase", "inbound", "claims", UNMAPPED})
"""Bases of percentages, the claims ratio and the ledger go by these codes."""
# A base that holds the kind itself would go round in circles.
ROUND = {"purchase": {Base.PURCHASE, Base.FREIGHT, Base.CIF}, "inbound": {Base.CIF}}


class RateValues(NamedTuple):
    """What one rate says besides its date; see :class:`~pricing.models.CostRate`."""

    amount: Decimal | None
    from_quantity: Decimal = Decimal(0)
    times: Decimal = Decimal(1)
    least_quantity: Decimal = Decimal(0)
    exchange_rate: Decimal | None = None
    vat_rate: Decimal = Decimal(0)


def cost_line_within(user: Any, cost_line: CostLine) -> None:
    """Refuse who may not keep this line's costs."""
    right_require(user, EDIT)
    if cost_line.product is not None:
        product_within(user, cost_line.product)
    elif cost_line.line is not None:
        line_within(user, cost_line.line)
    else:
        unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    channels = visible_channel_ids(user)
    if channels is not None and cost_line.channel_id not in channels:
        message = _("This is of all channels; you are limited to some of them.")
        raise DomainError("limited", message, "channel", status=403)


@transaction.atomic
def cost_kind_save(
    *, user: Any, kind: CostKind | None, version: int | None = None, **values: Any
) -> CostKind:
    """A new kind of cost, or a change of one; once cost lines have it, or costs are booked of it, its code
    and level stay."""
    right_require(user, EDIT)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    values = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    if kind is None:
        made = CostKind(**values)
        check(made)
        made.save()
        return made
    current = row_lock(kind)
    changes = {name for name, value in values.items() if getattr(current, name) != value} - NAMES
    if changes and (current.cost_lines.exists() or CostMonth.objects.filter(kind=current).exists()):
        message = _(
            "Cost lines or booked costs have this kind: its code and its margin stay. Make a new kind."
        )
        raise DomainError("kind_used", message, min(changes))
    row_save(current, version=version, values=values)
    return current


@transaction.atomic
def cost_kind_delete(*, user: Any, kind: CostKind) -> None:
    """A kind that nothing has; another is retired."""
    right_require(user, EDIT)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    current = row_lock(kind)
    used = DomainError(
        "kind_used", _("Something has this kind, or goes by it: let it no longer be offered."), status=409
    )
    if current.code in OWN_KINDS or CostMonth.objects.filter(kind=current).exists():
        raise used
    try:
        current.delete()
    except ProtectedError:
        raise used from None


@transaction.atomic
def cost_line_create(
    *, user: Any, shares: Mapping[Product, Decimal] | None = None, **values: Any
) -> CostLine:
    """A new cost line, without rates yet. ``shares``: what each product bears where they are fixed."""
    row = CostLine(**_cleaned(values))
    cost_line_within(user, row)
    line_check(row)
    check(row)
    row.save()
    _shares_write(row, shares or {})
    return row


def line_check(row: CostLine) -> None:
    """Refuse a cost line that cannot be; no query, as a file asks it of thousands."""
    ours, is_split = organisation_get().currency, row.basis in (Basis.MONTH, Basis.ONCE)
    if row.base in ROUND.get(row.kind.code, ()):
        message = _("%(kind)s is part of that base itself. Choose another base.") % {"kind": row.kind}
        raise DomainError("base_in_circle", message, "base")
    if bool(row.base) != (row.basis == Basis.SHARE):
        raise DomainError("base_of_share", _("A percentage needs what it is of; other costs do not."), "base")
    if row.base in PARTS and row.channel_id is not None:
        message = _("What is bought is not known by channel: a share of it is of all channels.")
        raise DomainError("base_by_channel", message, "base")
    if bool(row.key) != (is_split and row.product_id is None):
        message = _("An amount a month or once, of a line or of all, needs its split; other costs do not.")
        raise DomainError("split", message, "key")
    if row.basis == Basis.SHARE and row.currency != ours:
        message = _("A share has no currency of its own: it is of an amount in %(currency)s.")
        raise DomainError("currency_of_share", message % {"currency": ours}, "currency")
    if row.measure_id is not None and row.basis != Basis.UNIT:
        raise DomainError("measure_by_unit", _("Only a cost per unit is of what is counted."), "measure")
    if row.tail_months and row.basis != Basis.MONTH:
        message = _("Only an amount a month goes on after the end.")
        raise DomainError("tail", message, "tail_months")


def _shares_write(
    row: CostLine, shares: Mapping[Product, Decimal], start_date: datetime.date | None = None
) -> None:
    if bool(shares) != (row.key == CostLine.Key.FIXED):
        message = _("Fixed shares need the products and what each bears; other splits do not.")
        raise DomainError("shares", message, "shares")
    for product, weight in shares.items():
        share = CostShare(cost_line=row, product=product, weight=weight, start_date=start_date)
        check(share)
        share.save()


@transaction.atomic
def cost_shares_begin(
    *, user: Any, cost_line: CostLine, start_date: datetime.date, shares: Mapping[Product, Decimal]
) -> None:
    """From this month on the line is split by these fixed shares; months before keep the ones they had. The
    same again writes nothing; others from a month ahead take the place of those that were said of it, from
    one that has begun they are refused, as are those of a closed month. Who sees only some products cannot
    say what all of them bear."""
    cost_line_within(user, cost_line)
    figures_writing()
    current = row_lock(cost_line)
    there = CostShare.objects.filter(cost_line=current, start_date=start_date).select_related("product")
    known = {share.product: share.weight for share in there}
    if known and known == dict(shares):
        return
    held = Product.objects.filter(pk__in=CostShare.objects.filter(cost_line=current).values("product"))
    for product in held:
        product_within(user, product)
    shares_start_check(start_date)
    if known and start_date <= today():
        message = _(
            "There are fixed shares from %(month)s already, and what held stays: begin a later month."
        )
        raise DomainError("date_taken", message % {"month": formats.month(start_date)}, "start_date")
    there.delete()
    _shares_write(current, shares, start_date)
    standard_costs_later(cost_lines=[current.pk])


def shares_start_check(start_date: datetime.date) -> None:
    """Refuse a day on which fixed shares cannot begin; no query."""
    if start_date.day != 1:
        message = _("Fixed shares begin on the first day of a month: amounts are split by the month.")
        raise DomainError("not_a_month", message, "start_date")
    if is_closed(start_date):
        message = _("Months until %(until)s are closed: shares begin after them.")
        raise DomainError("month_closed", message % {"until": formats.month(closed_until())}, "start_date")


def _cleaned(values: dict[str, Any]) -> dict[str, Any]:
    cleaned = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    cleaned["currency"] = cleaned.get("currency", "").upper() or organisation_get().currency
    return cleaned


@transaction.atomic
def cost_line_update(*, user: Any, cost_line: CostLine, version: int | None, **values: Any) -> CostLine:
    """Change a cost line; where it has rates, but for withdrawn ones, only the note and the tail, as what it
    cost stays what it was. What follows of open months is booked anew."""
    cost_line_within(user, cost_line)
    current = row_lock(cost_line)
    changes = {name for name, value in values.items() if getattr(current, name) != value}
    if changes - {"note", "tail_months"} and current.rates.filter(withdrawn_at=None).exists():
        message = _("It has rates: only the note and the months after the end can change. Make a new line.")
        raise DomainError("has_rates", message, min(changes - {"note", "tail_months"}))
    is_fixed = values.get("key", current.key) == CostLine.Key.FIXED
    if "key" in changes and is_fixed and not CostShare.objects.filter(cost_line=current).exists():
        message = _(
            "Fixed shares need the products and what each bears: make a new line, or name them in a file."
        )
        raise DomainError("shares", message, "key")
    row_save(current, version=version, values=values)
    if changes - {"note"}:
        standard_costs_later(cost_lines=[current.pk])
    return current


def rate_check(cost_line: CostLine, values: RateValues) -> RateValues:
    """Refuse a rate that means nothing for the line; the exchange rate filled in."""
    by_unit = cost_line.basis == Basis.UNIT
    if (values.from_quantity or values.least_quantity) and not by_unit:
        field = "from_quantity" if values.from_quantity else "least_quantity"
        raise DomainError("not_by_unit", _("Tiers and a minimum order are for costs per unit."), field)
    if cost_line.basis == Basis.ONCE and values.amount is None:
        raise DomainError("once_ends", _("What is paid once does not end: give its amount."), "amount")
    if cost_line.basis == Basis.SHARE and values.amount is not None and abs(values.amount) > 10:
        raise DomainError("share_too_large", _("Over 1,000%: a percentage is meant."), "amount")
    ours = organisation_get().currency
    exchange_rate = values.exchange_rate
    if cost_line.currency == ours:
        if exchange_rate not in (None, 1):
            message = _("The line is in %(currency)s itself: leave the exchange rate empty.")
            raise DomainError("no_exchange", message % {"currency": ours}, "exchange_rate")
        exchange_rate = Decimal(1)
    elif exchange_rate is None:
        message = _("What was 1 %(theirs)s in %(ours)s? The rate is kept with the cost.")
        details = {"theirs": cost_line.currency, "ours": ours}
        raise DomainError("exchange_missing", message % details, "exchange_rate")
    return values._replace(exchange_rate=exchange_rate)


@transaction.atomic
def cost_rate_add(
    *, user: Any, cost_line: CostLine, start_date: datetime.date, values: RateValues
) -> CostRate:
    """From this date on the line, or its tier, costs this; without an amount nothing any more. The same again
    writes nothing; another amount from the same date is refused, as a rate is never changed."""
    cost_line_within(user, cost_line)
    current = row_lock(cost_line)  # one rate of a line at a time
    values = rate_check(current, values)
    there = current.rates.filter(
        start_date=start_date, from_quantity=values.from_quantity, withdrawn_at=None
    ).first()
    if there is not None:
        if all(getattr(there, name) == value for name, value in values._asdict().items()):
            return there
        raise DomainError("date_taken", _taken(there), "start_date")
    if is_closed(start_date):
        message = _(
            "Months until %(until)s are closed. Begin the rate after them, or import it as a correction."
        )
        raise DomainError("month_closed", message % {"until": formats.month(closed_until())}, "start_date")
    row = CostRate(cost_line=current, start_date=start_date, created_by=user, **values._asdict())
    check(row)
    row.save()
    standard_costs_later(cost_lines=[current.pk])
    return row


def _taken(there: CostRate) -> str:
    details = {"day": formats.day(there.start_date)}
    if there.start_date > today():
        return _("There is a rate from %(day)s already: withdraw that one first.") % details
    return (
        _("There is a rate from %(day)s already: correct that one, or begin this one a day later.") % details
    )


@transaction.atomic
def cost_rate_withdraw(*, user: Any, rate: CostRate) -> CostRate:
    """Take back a rate that lies ahead; the one before it goes on. One that has begun is corrected:
    :func:`pricing.services.cost_corrections.cost_rate_correct`."""
    cost_line_within(user, rate.cost_line)
    current = row_lock(rate)
    if current.withdrawn_at is not None:
        return current
    if current.start_date <= today():
        message = _("It holds since %(day)s: correct it with a reason, or write a next rate.")
        raise DomainError("holds", message % {"day": formats.day(current.start_date)}, status=409)
    current.withdrawn_at = timezone.now()
    current.save(update_fields=["withdrawn_at"])
    return current


def rates_write(*, user: Any, rows: Sequence[CostRate]) -> list[CostRate]:
    """New rates, checked before, of which none may be there."""
    for row in rows:
        row.created_by = user
    made = CostRate.objects.bulk_create(rows, batch_size=2000)
    standard_costs_later(cost_lines={row.cost_line_id for row in made})
    return made
