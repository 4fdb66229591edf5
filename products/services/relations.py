"""Dated relations between products. A row holds until the next row of the same key; ending is a row too.

``version`` is the one of the row of that date that the editor saw, 0 when there was none; ``None``: no check.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.versions import check, row_lock, row_save, version_check
from core import formats
from products.models import BundlePart, Family, FamilyMember, Product, Succession

from .scope import line_within, product_within


@transaction.atomic
def family_member_set(
    *,
    user: Any,
    product: Product,
    family: Family | None,
    start_date: datetime.date,
    version: int | None = None,
) -> FamilyMember | None:
    """From the date the product belongs to the family, or to none. Says it already: nothing is written.

    A row of the same date is replaced, as one day has one truth. ``None`` when there was nothing to end.
    """
    product_within(user, product)
    row_lock(product)  # of two at once the second sees the first's
    if family is not None:
        line_within(user, family.line)
    rows = FamilyMember.objects.select_for_update().filter(product=product)
    same_day = rows.filter(start_date=start_date).first()
    before = rows.filter(start_date__lt=start_date).order_by("-start_date").first()
    holds = before.family_id if before else None
    wanted = family.pk if family else None
    if same_day is not None:
        row_save(same_day, version=version, values={"family": family})
        return same_day
    if holds == wanted:
        return before
    version_check(0, version, {"family": (family, None)})
    row = FamilyMember(product=product, family=family, start_date=start_date)
    check(row)
    row.save()
    return row


def _holds(bundle_id: int, part_id: int, day: datetime.date) -> BundlePart | None:
    rows = BundlePart.objects.filter(bundle=bundle_id, part=part_id, start_date__lte=day)
    return rows.order_by("-start_date").first()


def _bundled_in(product_id: int) -> set[int]:
    """Every product that is, or ever was, inside this one, however deep."""
    found: set[int] = set()
    todo = {product_id}
    while todo:
        parts = set(
            BundlePart.objects.filter(bundle__in=todo, quantity__gt=0).values_list("part_id", flat=True)
        )
        todo = parts - found
        found |= todo
    return found


def _first_too_much(
    bundle: Product, part: Product, start_date: datetime.date, share: Decimal
) -> datetime.date | None:
    """The first date at which the parts get more than the whole when this one has the share from the date
    until its own next row. Rows of later dates count too: what is said may be about the past."""
    rows = list(BundlePart.objects.filter(bundle=bundle).order_by("start_date"))
    until = min(
        (row.start_date for row in rows if row.part_id == part.pk and row.start_date > start_date),
        default=datetime.date.max,
    )
    others = [row for row in rows if row.part_id != part.pk and row.start_date < until]
    days = sorted({start_date, *(row.start_date for row in others if row.start_date > start_date)})
    for day in days:
        shares = {row.part_id: row.revenue_share for row in others if row.start_date <= day}
        if sum(shares.values(), share) > 1:
            return day
    return None


@transaction.atomic
def bundle_part_set(
    *,
    user: Any,
    bundle: Product,
    part: Product,
    start_date: datetime.date,
    quantity: Decimal,
    revenue_share: Decimal,
    version: int | None = None,
) -> BundlePart | None:
    """From the date the bundle holds ``quantity`` of the part with a share (0–1) of its revenue; 0 ends it.

    On no date do the shares that hold add up to more than 1. Says it already: nothing is written.
    """
    product_within(user, bundle)
    product_within(user, part)
    row_lock(bundle)
    if quantity < 0:
        raise DomainError("quantity_negative", _("The quantity cannot be negative."), "quantity")
    if not 0 <= revenue_share <= 1:
        raise DomainError("share_range", _("The share of revenue lies between 0 and 100."), "revenue_share")
    if part.pk == bundle.pk or bundle.pk in _bundled_in(part.pk):
        raise DomainError("bundle_cycle", _("A bundle cannot contain itself."), "part")
    if quantity == 0:
        revenue_share = Decimal(0)
    full = _first_too_much(bundle, part, start_date, revenue_share)
    if full is not None:
        message = _("Together the parts would get more than the whole revenue from %(day)s.")
        raise DomainError("share_sum", message % {"day": formats.day(full)}, "revenue_share")
    held = _holds(bundle.pk, part.pk, start_date)
    if held is None and quantity == 0:
        return None
    if held is not None and (held.quantity, held.revenue_share) == (quantity, revenue_share):
        return held
    said = {"quantity": quantity, "revenue_share": revenue_share}
    if held is not None and held.start_date == start_date:
        row_save(held, version=version, values=said)
        return held
    version_check(0, version, {name: (value, None) for name, value in said.items()})
    held = BundlePart(bundle=bundle, part=part, start_date=start_date, **said)
    check(held)
    held.save()
    return held


def _successors(product_id: int) -> set[int]:
    found: set[int] = set()
    todo = {product_id}
    while todo:
        after = set(Succession.objects.filter(predecessor__in=todo).values_list("successor_id", flat=True))
        todo = after - found
        found |= todo
    return found


@transaction.atomic
def succession_set(
    *,
    user: Any,
    predecessor: Product,
    successor: Product,
    start_date: datetime.date,
    factor: Decimal = Decimal(1),
    phase_out_months: int = 0,
    version: int | None = None,
) -> Succession:
    """From the date the successor takes the predecessor's place and history: ``factor`` of its units for one
    of the predecessor, which falls to zero over ``phase_out_months``. No product succeeds itself, however
    far. Says it already: nothing is written."""
    product_within(user, predecessor)
    product_within(user, successor)
    row_lock(predecessor)  # of two at once the second sees the first's
    if predecessor.pk == successor.pk or predecessor.pk in _successors(successor.pk):
        raise DomainError("succession_cycle", _("A product cannot come after itself."), "other")
    row = Succession.objects.select_for_update().filter(predecessor=predecessor, successor=successor).first()
    if factor <= 0:
        raise DomainError("factor_positive", _("The volume per unit must be above zero."), "factor")
    said: dict[str, Any] = {
        "start_date": start_date,
        "factor": factor,
        "phase_out_months": phase_out_months,
    }
    if row is not None:
        row_save(row, version=version, values=said)
        return row
    version_check(0, version, {name: (value, None) for name, value in said.items()})
    row = Succession(predecessor=predecessor, successor=successor, **said)
    check(row)
    row.save()
    return row


@transaction.atomic
def succession_remove(*, user: Any, product: Product, succession_id: int, version: int | None = None) -> None:
    """A succession said by mistake; its history keeps it. 404-free: removing twice does nothing."""
    product_within(user, product)
    row = Succession.objects.select_for_update().filter(pk=succession_id).first()
    if row is not None and product.pk in (row.predecessor_id, row.successor_id):
        names = ("start_date", "factor", "phase_out_months")
        version_check(row.version, version, {name: (None, getattr(row, name)) for name in names})
        row.delete()
