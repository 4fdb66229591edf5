"""Calendars that pmtool computes: Dutch public holidays, trading days, and holidays that move."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from functools import lru_cache

# From this year on it is King's Day, on 27 April; before it Queen's Day, on 30 April.
_KINGS_DAY_FROM = 2014
# The first day of the Islamic calendar, 16 July 622 of the Julian one, as an ordinal.
_HIJRA = 227015


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


def ramadan(year: int) -> frozenset[datetime.date]:
    """The days of Ramadan and of the feast after it (33) that begin in the year: the arithmetic Islamic
    calendar (Reingold and Dershowitz, "Calendrical Calculations", ch. 7), within a day or so of what the moon
    says. A year may see two."""
    days: set[datetime.date] = set()
    for moon_year in range((year - 623) * 33 // 32, (year - 621) * 33 // 32 + 1):
        months = 354 * (moon_year - 1) + (3 + 11 * moon_year) // 30 + 29 * 8 + 4
        first = datetime.date.fromordinal(_HIJRA - 1 + months + 1)
        if first.year == year:
            days |= {first + datetime.timedelta(step) for step in range(33)}
    return frozenset(days)


def _around_easter(*days: int) -> Callable[[int], frozenset[datetime.date]]:
    def of(year: int) -> frozenset[datetime.date]:
        return frozenset(easter(year) + datetime.timedelta(step) for step in days)

    return of


# The days of a year on which it happens, and how many: Good Friday to Easter Monday; Ascension Day to the
# Sunday after it, and Whit Saturday to Monday; Saturday to Tuesday before Ash Wednesday.
MOVING = {
    "easter": (_around_easter(-2, -1, 0, 1), 4),
    "ascension_whitsun": (_around_easter(39, 40, 41, 42, 48, 49, 50), 7),
    "carnival": (_around_easter(-50, -49, -48, -47), 4),
    "ramadan": (ramadan, 33),
}


@lru_cache(maxsize=300)
def _moving_days(calendar: str, year: int) -> frozenset[datetime.date]:
    # What begins in a year may end in the next.
    of = MOVING[calendar][0]
    return of(year - 1) | of(year)


def calendar_value(calendar: str, days: Iterable[datetime.date]) -> float:
    """Public holidays among the days, days from Monday to Friday that are none, or which share of a moving
    holiday lies in them (Bell and Hillmer 1983, "Modeling time series with calendar variation", Journal of
    the American Statistical Association 78)."""
    if calendar in MOVING:
        return sum(day in _moving_days(calendar, day.year) for day in days) / MOVING[calendar][1]
    if calendar == "holidays_nl":
        return float(sum(day in dutch_holidays(day.year) for day in days))
    return float(sum(day.weekday() < 5 and day not in dutch_holidays(day.year) for day in days))
