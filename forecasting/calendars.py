"""Calendars that pmtool computes: Dutch public holidays and trading days."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import lru_cache

# From this year on it is King's Day, on 27 April; before it Queen's Day, on 30 April.
_KINGS_DAY_FROM = 2014


def easter(year: int) -> datetime.date:
    """Easter Sunday of the Gregorian calendar: Meeus, Jones and Butcher (Nature, 20 April 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return datetime.date(year, f // 31, f % 31 + 1)


@lru_cache(maxsize=300)
def dutch_holidays(year: int) -> frozenset[datetime.date]:
    """Days on which shops and offices are usually closed; Liberation Day every fifth year only."""
    sunday = easter(year)
    found = {datetime.date(year, 1, 1), datetime.date(year, 12, 25), datetime.date(year, 12, 26)}
    # Easter and Easter Monday, Ascension Day, Whit Sunday and Monday.
    found |= {sunday + datetime.timedelta(days) for days in (0, 1, 39, 49, 50)}
    national = datetime.date(year, 4, 27 if year >= _KINGS_DAY_FROM else 30)
    if national.weekday() == 6:  # a day earlier when it falls on a Sunday
        national -= datetime.timedelta(1)
    found.add(national)
    if year % 5 == 0:
        found.add(datetime.date(year, 5, 5))
    return frozenset(found)


def calendar_value(calendar: str, days: Iterable[datetime.date]) -> float:
    """Public holidays among the days, or days from Monday to Friday that are none."""
    if calendar == "holidays_nl":
        return float(sum(day in dutch_holidays(day.year) for day in days))
    return float(sum(day.weekday() < 5 and day not in dutch_holidays(day.year) for day in days))
