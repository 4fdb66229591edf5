"""The demo's fresh line, which is planned by the week: what it sold, in which weeks one product was in the
leaflet, and what Easter did to all of them."""

from __future__ import annotations

import csv
import datetime
import math
import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

from core.months import month_add, month_end
from forecasting.calendars import calendar_value

from .catalogue import CHANNELS_OF_LINE, Item
from .sales import CENT, Row, comma, first_month

# By how much the logarithm of what is sold moves in a week in the leaflet, and in one with all of Easter.
LEAFLET, EASTER = {"VRS-100": 0.4}, 0.35
# Which share of the weeks is in the leaflet, and how far ahead it is planned, in months.
SHARE, AHEAD = 0.12, 5
DAY = datetime.timedelta(days=1)


def fresh_rows(items: Iterable[Item], last: datetime.date, seed: int) -> Iterator[Row]:
    """What is sold up to the end of ``last``: whole weeks from Monday, and single days where a month begins
    or ends within one."""
    for item in items:
        rng = random.Random(f"{seed}:{item.code}")
        drift = 0.0
        for step, days in enumerate(_spans(first_month(item, last), month_end(last))):
            drift = 0.5 * drift + rng.gauss(0, item.course.noise)
            moved = EASTER * calendar_value("easter", days)
            if in_leaflet(days[0]):
                moved += LEAFLET.get(item.code, 0.0)
            amount = item.course.size * len(days) * 12 / 365 * math.exp(drift + moved)
            price = Decimal(str(round(item.price * 1.022 ** (step / 52 - item.course.months / 12), 4)))
            for channel, share in CHANNELS_OF_LINE["food"]:
                part = Decimal(round(amount * share * rng.uniform(0.96, 1.04)))
                yield item.code, channel, "sell-in", days[0], part, (part * price).quantize(CENT)


def _spans(first: datetime.date, last: datetime.date) -> Iterator[list[datetime.date]]:
    day = first
    while day <= last:
        whole = day.weekday() == 0 and day + 6 * DAY <= last
        yield [day + step * DAY for step in range(7 if whole else 1)]
        day += (7 if whole else 1) * DAY


def in_leaflet(day: datetime.date) -> bool:
    """Whether the week of the day is in it."""
    return random.Random(f"leaflet:{_monday(day)}").random() < SHARE


def _monday(day: datetime.date) -> datetime.date:
    return day - day.weekday() * DAY


def fresh_file(rows: Iterable[Row], last: datetime.date, path: Path) -> None:
    """As :func:`sales_file`, by the week and by the day."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["week", "datum", "artikel", "kanaal", "maat", "afzet", "omzet"])
        for code, channel, measure, day, volume, revenue in rows:
            whole = day.weekday() == 0 and day + 6 * DAY <= month_end(last)
            when = (day, "") if whole else ("", day)
            out.writerow([*when, code, channel, measure, volume, comma(revenue)])


def leaflet_file(first: datetime.date, last: datetime.date, path: Path) -> None:
    """Each week from ``first`` on: whether it was in the leaflet, or is planned to be."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["week", "invloed", "waarde", "artikel"])
        monday = _monday(first)
        while monday <= month_end(month_add(last, AHEAD)):
            for code in LEAFLET:
                out.writerow([monday, "In de folder", int(in_leaflet(monday)), code])
            monday += 7 * DAY
