"""Dates and months as text: which order they speak for, and how they are read under one."""

from __future__ import annotations

import datetime
import re

from .limits import YEARS

ORDERS = ("dmy", "mdy")
_MONTH_NAMES = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari",
            "feb february februari",
            "mar march mrt maart",
            "apr april",
            "may mei",
            "jun june juni",
            "jul july juli",
            "aug august augustus",
            "sep sept september",
            "oct october okt oktober",
            "nov november",
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?$")
_YMD = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_YM = re.compile(r"(\d{4})(?:[-/. ]|-?M)(\d{1,2})", re.ASCII)
_MY = re.compile(r"(\d{1,2})[-/. ](\d{4})", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?", re.ASCII)
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.ASCII | re.IGNORECASE)
_TWO_FIRST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}", re.ASCII)
_NAMED_MONTH = re.compile(r"([a-z]{3,9})\.?[-/ ']*(\d{4}|\d{2})", re.IGNORECASE)
_NAMED_DAY = re.compile(r"(\d{1,2})[-/ ]([a-z]{3,9})\.?[-/ ](\d{4})", re.IGNORECASE)

Parts = tuple[int, int, int]


def _parts(text: str, order: str) -> Parts | str:
    """Year, month, day; or the code of what is wrong."""
    if found := _YMD.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _TWO_FIRST.fullmatch(text):
        first, second = int(found[1]), int(found[3])
        day, month = (second, first) if order == "mdy" and found[2] != "." else (first, second)
        return int(found[4]), month, day
    if found := _YM.fullmatch(text):
        return int(found[1]), int(found[2]), 1
    if found := _MY.fullmatch(text):
        return int(found[2]), int(found[1]), 1
    if found := _COMPACT.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3] or 1)
    if found := _WEEK.fullmatch(text):
        monday = datetime.date.fromisocalendar(int(found[1]), int(found[2]), 1)
        return monday.year, monday.month, monday.day
    if (found := _NAMED_MONTH.fullmatch(text)) and found[1].lower() in _MONTH_NAMES:
        year = int(found[2]) + (2000 if len(found[2]) == 2 else 0)
        return year, _MONTH_NAMES[found[1].lower()], 1
    if (found := _NAMED_DAY.fullmatch(text)) and found[2].lower() in _MONTH_NAMES:
        return int(found[3]), _MONTH_NAMES[found[2].lower()], int(found[1])
    return "date_two_digit_year" if _SHORT_YEAR.fullmatch(text) else "date_unreadable"


def date_read(text: str, order: str) -> tuple[datetime.date | None, str]:
    """``(date, "")``, a month as its first day; or ``(None, code)``. ``order``: dmy or mdy."""
    try:
        parts = _parts(_TIME.sub("", text.strip()), order)
        if isinstance(parts, str):
            return None, parts
        found = datetime.date(*parts)
    except (ValueError, OverflowError):
        return None, "date_unreadable"
    if not YEARS[0] <= found.year <= YEARS[1]:
        return None, "date_out_of_range"
    return found, ""


def date_as(found: datetime.date, like: str, order: str) -> str:
    """The date written as ``like`` is, another one of its column; where that has words or no signs, as
    2026-01-31."""
    text = _TIME.sub("", like.strip())
    year, month, day = f"{found:%Y}", f"{found:%m}", f"{found:%d}"
    if mark := _TWO_FIRST.fullmatch(text):
        parts = (month, day, year) if order == "mdy" and mark[2] != "." else (day, month, year)
        return mark[2].join(parts)
    if _YMD.fullmatch(text):
        return text[4].join((year, month, day))
    if mark := _YM.fullmatch(text):
        return f"{year}{text[4 : mark.start(2)]}{month}"
    if _MY.fullmatch(text):
        return f"{month}{text[-5]}{year}"
    return found.isoformat()


def order_evidence(text: str) -> str | None:
    """What one value says: ``dmy``, ``mdy``, ``"?"`` for a date that can be read two ways, ``None`` for
    nothing."""
    found = _TWO_FIRST.fullmatch(_TIME.sub("", text.strip()))
    if found is None:
        return None
    first, second = int(found[1]), int(found[3])
    if found[2] == "." or (first > 12 >= second):
        return "dmy"
    if second > 12 >= first:
        return "mdy"
    return "?" if first <= 12 and second <= 12 and first != second else None


def month_heading(text: str) -> datetime.date | None:
    """The month a column's heading names (``2026-01``, ``jan 2026``, ``2026M01``, ``01-2026``, the first or
    the last day of a month as a date), or ``None``."""
    found, _ = date_read(text, "dmy")
    if found is None or _WEEK.fullmatch(text):
        return None
    is_last = (found + datetime.timedelta(1)).day == 1
    return found.replace(day=1) if found.day == 1 or is_last else None
