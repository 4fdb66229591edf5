"""What prices are held against, bounds, the VAT these count with and days of notice: set by who does not
propose prices."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check
from core.organisation import organisation_get, today
from pricing.models import Bound, NoticeDays, Price, VatCode
from products.models import Channel, Product, ProductLine
from products.selectors.four_eyes import four_eyes_of, four_eyes_off_anywhere
from products.selectors.lines import LineTree
from products.services.scope import unlimited

from .price_decisions import KIND

RIGHT = "pricing.bounds"


def bounds_refused(user: Any, line: ProductLine | None = None) -> str:
    """Why somebody with the right may set nothing of this line (``None``: of no line) all the same."""
    if not user.has_perm("pricing.edit"):
        return ""
    alone = four_eyes_off_anywhere(KIND) if line is None else not four_eyes_of(line, KIND, None).needed
    return "" if alone else _proposes()


def notice_refused(user: Any) -> str:
    """Why somebody who may set bounds of some line may set no days of notice, which are of none."""
    needed = user.has_perm("pricing.edit") and four_eyes_of(None, KIND, None).needed
    return _proposes() if needed else ""


def _proposes() -> str:
    return _("You propose prices yourself: somebody who does not sets what they are held against.")


@contextmanager
def _set_by_another(user: Any, line: ProductLine | None) -> Iterator[None]:
    """Around a change: refused to who proposes prices as well, where these need a second person."""
    right_require(user, RIGHT)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))
    rule = four_eyes_of(line, KIND, None)
    if not user.has_perm("pricing.edit"):
        yield
        return
    if rule.needed:
        raise DomainError("four_eyes", _proposes(), status=403)
    with pghistory.context(four_eyes=rule.reason):
        yield


@transaction.atomic
def bound_set(*, user: Any, **values: Any) -> Bound:
    """A least or most of one component of the price of a product or line, of one tier or all, from a date on,
    in one currency (nobody says which: ours); without either there is none then. The first word may be of
    the past; once one holds, tomorrow at the earliest."""
    said = {"component": Price.Component.UNIT, "tier": "", "currency": "", **values}
    said["currency"] = said["currency"].strip().upper() or organisation_get().currency
    names = ("product", "line", "component", "tier", "currency", "start_date")
    line = said["product"].line if said["product"] else said["line"]
    with _set_by_another(user, line):
        key = {name: said[name] for name in names}
        row = Bound.objects.filter(**key).first() or Bound(**key)
        if row.pk and all(getattr(row, name) == value for name, value in said.items()):
            return row
        if said["start_date"] <= today():
            begun_stay(Bound.objects.filter(**key | {"start_date": F("start_date")}))
        for name, value in said.items():
            setattr(row, name, value)
        check(row)
        row.save()
    return row


def begun_stay(rows: QuerySet[Any]) -> None:
    """``DomainError`` where one of them has begun: what comes after it begins tomorrow at the earliest."""
    if rows.filter(start_date__lte=today()).exists():
        message = _("What has begun stays as it was, and the next ends it: from tomorrow at the earliest.")
        raise DomainError("date_past", message, "start_date")


@transaction.atomic
def vat_set(
    *,
    user: Any,
    code: str,
    start_date: datetime.date,
    product: Product | None = None,
    line: ProductLine | None = None,
) -> VatCode:
    """From this date the product, or the line with those below it, has this VAT. The first word about it may
    be of the past; once one holds, its own or that of a line above, tomorrow at the earliest."""
    of = product.line if product else line
    assert of is not None
    with _set_by_another(user, of):
        key = {"product": product, "line": line, "start_date": start_date}
        row = VatCode.objects.filter(**key).first() or VatCode(**key)
        if row.code != code:
            _vat_ahead(product, of, start_date)
            row.code = code
            check(row)
            row.save()
    return row


def _vat_ahead(product: Product | None, line: ProductLine, start_date: datetime.date) -> None:
    if start_date > today():
        return
    about = Q(line__in=[above.pk for above in LineTree().ancestors(line.pk)])
    if product is not None:
        about |= Q(product=product)
    if VatCode.objects.filter(about, start_date__lte=today()).exists():
        message = _("There is a VAT that holds already, and it stays as it was: tomorrow at the earliest.")
        raise DomainError("date_past", message, "start_date")


@transaction.atomic
def notice_set(*, user: Any, channel: Channel | None, days: int) -> None:
    """How many days ahead the channel must be told of a price; 0 takes the rule away."""
    with _set_by_another(user, None):
        if not days:
            NoticeDays.objects.filter(channel=channel).delete()
            return
        row = NoticeDays.objects.filter(channel=channel).first() or NoticeDays(channel=channel)
        if row.days != days:
            row.days = days
            check(row)
            row.save()
