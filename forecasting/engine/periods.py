"""Months as whole numbers: year × 12 + month − 1, so that 2026-01 is 24312 and differences are months."""

from datetime import date


def month_ordinal(day: date) -> int:
    """The ordinal of the month that holds `day`."""
    return day.year * 12 + day.month - 1


def ordinal_month(ordinal: int) -> date:
    """The first day of the month with this ordinal."""
    return date(ordinal // 12, ordinal % 12 + 1, 1)
