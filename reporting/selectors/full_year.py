"""The revenue of a financial year with what is expected of the rest of it, from the list's figures."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, FloatField, Q, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from core.organisation import today
from products.models import Product
from products.selectors.access import forecasts_allowed


def _sold() -> Q:
    return Q(ended=None) | Q(ended__gte=today())


# Its forecast is of the sales that it has.
IN_STEP = Q(figures__forecast_as_of=F("figures__data_month"))


def full_year_amount() -> Combinable:
    """Of a product; what has ended, or has no forecast, is expected to bring in nothing more."""
    rest = Case(When(_sold() & IN_STEP, then=F("figures__year_rest_amount")), output_field=FloatField())
    booked = Cast("figures__revenue_ytd", FloatField())
    return Coalesce(booked, Value(0.0)) + Coalesce(rest, Value(0.0))


def full_year_behind() -> Q:
    """Products whose forecast is of other data than their sales: of these the year is not known."""
    return (
        _sold()
        & Q(figures__forecast_12m_amount__isnull=False)
        & (~IN_STEP | Q(figures__year_rest_amount=None))
    )


def full_year_expected(user: Any, products: Collection[int], month: datetime.date) -> Decimal | None:
    """Of these products together, as of ``month``; ``None`` where one is behind, or none has a forecast. One
    query."""
    if not forecasts_allowed(user):
        return None
    rows = Product.objects.filter(pk__in=products, figures__data_month=month)
    found = rows.aggregate(
        amount=Sum(full_year_amount()),
        behind=Count("pk", filter=full_year_behind()),
        known=Count("figures__year_rest_amount"),
    )
    if found["behind"] or not found["known"]:
        return None
    return Decimal(str(round(found["amount"], 4)))
