"""Budgets as rooms compare with them: the newest frozen version of a financial year, else its newest draft.

A budget is made by product or for a line as a whole; the rows of a product are its own only, those of lines
count in ``budget_lines``. A person limited
to channels sees the rows of those channels, not those made for all channels together.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from core.months import month_add, month_range
from core.organisation import year_start
from products.models import BudgetRow, BudgetVersion, Measure, Product

from .access import visible_channel_ids, visible_line_ids


@dataclass(frozen=True)
class BudgetMonth:
    """The plan of one month, over the channels a person may see; ``frozen``: it does not change any more."""

    month: datetime.date
    volume: Decimal | None
    revenue: Decimal | None
    version: str
    frozen: bool


def budget_year(month: datetime.date) -> int:
    """The financial year a month is in, named after the calendar year it ends in."""
    return month_add(year_start(month), 11).year


def budget_versions(user: Any) -> QuerySet[BudgetVersion]:
    """All budgets, newest year first; none without ``products.view``."""
    rows = BudgetVersion.objects.select_related("frozen_by")
    return rows if user.has_perm("products.view") else rows.none()


def budget_of_years(years: Iterable[int]) -> dict[int, BudgetVersion]:
    """The version each year is compared with: the newest frozen one, else the newest."""
    return {version.year: version for version in _compared_with(years)}


def _compared_with(years: Iterable[int]) -> QuerySet[BudgetVersion]:
    return versions_in_use().filter(year__in=set(years))


def versions_in_use() -> QuerySet[BudgetVersion]:
    """Of every year the version that it is compared with."""
    rows = BudgetVersion.objects.all()
    return rows.order_by("year", F("frozen_at").desc(nulls_last=True), "-pk").distinct("year")


def budget_rows(user: Any, version: BudgetVersion) -> QuerySet[BudgetRow]:
    """The rows of a version the person may see, with what they are about."""
    rows = BudgetRow.objects.filter(version=version)
    lines, channels = visible_line_ids(user), visible_channel_ids(user)
    if not user.has_perm("products.view"):
        return rows.none()
    if lines is not None:
        rows = rows.filter(product__line__in=lines) | rows.filter(line__in=lines)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    return rows.select_related("product", "line", "channel", "measure").order_by("month", "pk")


def budget_months(
    user: Any, product: Product, measure: Measure, first: datetime.date, last: datetime.date
) -> dict[datetime.date, BudgetMonth]:
    """The plan of a product by month; months without one are missing. One query.

    The product must be one the person may see.
    """
    return {plan.month: plan for _pk, plan in budget_months_of(user, [product.pk], measure, first, last)}


def budget_months_of(
    user: Any, product_ids: Collection[int], measure: Measure, first: datetime.date, last: datetime.date
) -> Iterator[tuple[int, BudgetMonth]]:
    """The plan of several products, by product and month. One query. They must be ones the person may see."""
    rows = rows_between(user, [measure.pk], first, last).filter(product__in=product_ids)
    return ((pk, plan) for pk, _measure, plan in _months(rows))


def budget_months_leading(
    user: Any,
    leads: Mapping[int, int],
    first: datetime.date,
    last: datetime.date,
    channels: Collection[int] | None = None,
) -> Iterator[tuple[int, BudgetMonth]]:
    """The same of products with the id of each one's leading measure, of all channels or only of these."""
    rows = rows_between(user, set(leads.values()), first, last).filter(product__in=leads)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    return ((pk, plan) for pk, measure, plan in _months(rows) if leads[pk] == measure)


def budget_revenue_months(
    user: Any, product_ids: Collection[int], measure: Measure, first: datetime.date, last: datetime.date
) -> dict[datetime.date, Decimal]:
    """The revenue planned of several products together, by month of one financial year; months without a
    plan are missing. One query."""
    rows = rows_between(user, [measure.pk], first, last).filter(product__in=product_ids)
    rows = rows.filter(revenue__isnull=False).order_by()
    return dict(rows.values_list("month").annotate(Sum("revenue")))


def budget_revenue_leading(
    user: Any, leads: Mapping[int, int], first: datetime.date, last: datetime.date
) -> dict[int, tuple[Decimal, int]]:
    """By product the revenue planned over months of one financial year, and for how many of them there is a
    plan; without one it is missing. ``leads`` as above. One query."""
    rows = rows_between(user, set(leads.values()), first, last).filter(product__in=leads)
    rows = rows.filter(revenue__isnull=False).order_by()
    sums = rows.values("product_id", "measure_id").annotate(
        sum=Sum("revenue"), planned=Count("month", distinct=True)
    )
    found = sums.values_list("product_id", "measure_id", "sum", "planned")
    return {pk: (revenue, planned) for pk, measure, revenue, planned in found if leads[pk] == measure}


def rows_between(
    user: Any, measures: Collection[int] | None, first: datetime.date, last: datetime.date
) -> QuerySet[BudgetRow]:
    """The rows of these months, each in the version that its year is compared with, of the channels the
    person sees (the night, which is nobody, sees all); without ``measures`` those of all."""
    years = defaultdict[int, list[datetime.date]](list)
    for month in month_range(first, last):
        years[budget_year(month)].append(month)
    of_its_year = (Q(version__year=year, month__in=months) for year, months in years.items())
    rows = BudgetRow.objects.filter(
        reduce(or_, of_its_year, Q(pk__in=())), version__in=_compared_with(years).values("pk")
    )
    if measures is not None:
        rows = rows.filter(measure__in=measures)
    channels = None if user is None else visible_channel_ids(user)
    return rows if channels is None else rows.filter(channel__in=channels)


def _months(rows: QuerySet[BudgetRow]) -> Iterator[tuple[int, int, BudgetMonth]]:
    versions = ("version__name", "version__frozen_at")
    found = rows.order_by().values_list("product_id", "measure_id", "month", *versions)
    for product, measure, month, name, frozen_at, volume, revenue in found.annotate(
        Sum("volume"), Sum("revenue")
    ):
        yield product, measure, BudgetMonth(month, volume, revenue, name, frozen_at is not None)
