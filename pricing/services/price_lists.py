"""Price lists, what VAT comes to, pass-through and reference customers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import DomainError, right_require
from accounts.versions import check, row_lock, row_save
from core.organisation import today
from pricing.models import (
    PassThrough,
    Perishable,
    PriceList,
    ReferenceUse,
    VatRate,
)
from pricing.selectors.prices import list_is_within
from products.models import Channel, Product, ProductLine
from products.selectors.closing import CLOSE
from products.services.scope import unlimited

from .price_bounds import begun_stay

NAMES = ("name_en", "name_nl")


def _shared(user: Any, right: str = "pricing.edit") -> None:
    right_require(user, right)
    unlimited(user, _("This is shared by all lines; you are limited to some of them."))


def list_within(user: Any, price_list: PriceList) -> None:
    """Refuse a list that others pay by than the person's channels."""
    if not list_is_within(user, price_list):
        message = _("Others pay by this list too; you are limited to some channels.")
        raise DomainError("limited", message, "price_list", status=403)


@transaction.atomic
def price_list_create(*, user: Any, **values: Any) -> PriceList:
    """A new list, without prices. One a kind, currency, channel and segment."""
    _shared(user)
    row = PriceList(**_cleaned(values))
    check(row)
    row.save()
    return row


@transaction.atomic
def price_list_update(*, user: Any, price_list: PriceList, version: int | None, **values: Any) -> PriceList:
    """Change a list; once it has prices only its names, as its amounts mean what they meant."""
    _shared(user)
    current = row_lock(price_list)
    values = _cleaned(values)
    changes = {name for name, value in values.items() if getattr(current, name) != value}
    if changes - set(NAMES) and current.prices.exists():
        field = min(changes - set(NAMES))
        raise DomainError(
            "has_prices", _("It has prices: only its names can change. Make a new list."), field
        )
    row_save(current, version=version, values=values)
    return current


def _cleaned(values: dict[str, Any]) -> dict[str, Any]:
    cleaned = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    if "currency" in cleaned:
        cleaned["currency"] = cleaned["currency"].upper()
    return cleaned


@transaction.atomic
def perishable_set(
    *,
    user: Any,
    product: Product | None,
    line: ProductLine | None,
    start_date: datetime.date,
    perishable: bool,
) -> Perishable:
    """Whether the product, or the line's products, soon spoil from this date; what a product or nearer line
    says goes first. The first word may be of the past; once one holds, tomorrow at the earliest."""
    _shared(user)
    about = {"product": product, "line": line}
    rows = Perishable.objects.filter(**about)
    row = rows.filter(start_date=start_date).first() or Perishable(**about, start_date=start_date)
    if row.perishable != perishable:
        if start_date <= today():
            begun_stay(rows)
        row.perishable = perishable
        check(row)
        row.save()
    return row


@transaction.atomic
def vat_rate_set(*, user: Any, code: str, start_date: datetime.date, rate: Decimal) -> VatRate:
    """From this date, which lies ahead, the VAT code comes to this share. What has begun stays."""
    _shared(user, CLOSE)
    _rate_ahead(start_date)
    row = VatRate.objects.filter(code=code, start_date=start_date).first() or VatRate(
        code=code, start_date=start_date
    )
    if row.rate != rate:
        row.rate = rate
        check(row)
        row.save()
    return row


@transaction.atomic
def vat_rate_remove(*, user: Any, vat_rate: VatRate) -> None:
    """Take back a rate that has not begun."""
    _shared(user, CLOSE)
    _rate_ahead(vat_rate.start_date)
    vat_rate.delete()


def _rate_ahead(start_date: datetime.date) -> None:
    if start_date <= today():
        message = _("Rates that have begun stay as they are: tomorrow at the earliest.")
        raise DomainError("date_past", message, "start_date")


@transaction.atomic
def pass_through_set(*, user: Any, channel: Channel | None, start_date: datetime.date, rate: Decimal) -> None:
    """From this date resellers in the channel move their price by this part of ours. Once it has a rate that
    holds, tomorrow at the earliest."""
    _shared(user)
    if PassThrough.objects.filter(channel=channel, start_date__lte=today()).exists():
        _rate_ahead(start_date)
    key = {"channel": channel, "start_date": start_date}
    row = PassThrough.objects.filter(**key).first() or PassThrough(**key)
    if row.rate != rate:
        row.rate = rate
        check(row)
        row.save()


@transaction.atomic
def reference_customer_set(
    *, user: Any, line: ProductLine, customer: str, uses: Mapping[str, Decimal]
) -> None:
    """What this customer of the line uses in a year, by tier; nothing takes him away."""
    _shared(user, "pricing.approve")
    customer = customer.strip()
    rows = {row.tier: row for row in ReferenceUse.objects.filter(line=line, customer=customer)}
    for tier, amount in uses.items():
        row = rows.pop(tier, None) or ReferenceUse(line=line, customer=customer, tier=tier)
        if row.amount != amount:
            row.amount = amount
            check(row)
            row.save()
    for row in rows.values():
        row.delete()
