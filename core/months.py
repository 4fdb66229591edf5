"""Months are dates: the first day."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import lru_cache


def month_start(day: datetime.date) -> datetime.date:
    return day.replace(day=1)


def month_add(month: datetime.date, months: int) -> datetime.date:
    """The month that many months later (earlier when negative); first day."""
    index = month.year * 12 + month.month - 1 + months
    return datetime.date(index // 12, index % 12 + 1, 1)


def months_between(first: datetime.date, last: datetime.date) -> int:
    """How many months ``last`` is after ``first``."""
    return (last.year - first.year) * 12 + last.month - first.month


def month_range(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    """Every month from the first to the last, both included."""
    return iter(month_row(month_start(first), month_start(last)))


@lru_cache(maxsize=4096)  # a night asks for those of each product, and they are mostly the same
def month_row(first: datetime.date, last: datetime.date) -> tuple[datetime.date, ...]:
    """The same of two first days of a month."""
    return tuple(month_add(first, step) for step in range(months_between(first, last) + 1))


def month_end(month: datetime.date) -> datetime.date:
    """The last day of the month."""
    return month_add(month, 1) - datetime.timedelta(days=1)


def month_days(month: datetime.date) -> list[datetime.date]:
    """Every day of the month."""
    return [month.replace(day=day) for day in range(1, month_end(month).day + 1)]


def financial_year_start(month: datetime.date, first_month: int) -> datetime.date:
    """The first month of the financial year that the month lies in."""
    year = month.year if month.month >= first_month else month.year - 1
    return datetime.date(year, first_month, 1)


def parse_month(text: str) -> datetime.date:
    """``YYYY-MM`` as a month of 1900 to 2199; ``ValueError`` otherwise: what is reckoned from it stays in the
    calendar."""
    month = datetime.datetime.strptime(text, "%Y-%m").date()
    if not 1900 <= month.year < 2200:
        raise ValueError(text)
    return month


def month_said(text: str, usual: datetime.date) -> datetime.date:
    """The month that an address says, or the usual one where it says none."""
    try:
        return parse_month(text)
    except ValueError:
        return usual


def parse_month_start(text: str) -> datetime.date:
    """The same, also of a month written as its first day, as the API answers it."""
    return parse_month(text.removesuffix("-01") if len(text) > 7 else text)
