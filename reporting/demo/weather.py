"""The demo's temperature: what it was beside a normal year, and a normal year ahead."""

from __future__ import annotations

import csv
import datetime
import math
import random
from pathlib import Path

from core.months import month_add

# Monthly means of De Bilt over 1991-2020 (KNMI), in °C.
NORMAL = (3.6, 3.9, 6.5, 9.9, 13.4, 16.2, 18.3, 17.9, 14.7, 10.9, 7.0, 4.2)
HISTORY, AHEAD = 60, 18
# Who buys it more when it is warm: this much of the volume a degree.
WARM = {"SAP-150": 0.045}


def warmth(month: datetime.date) -> float:
    """How many degrees the month was above normal."""
    return random.Random(f"warmth:{month:%Y-%m}").gauss(0, 1.5)


def warmth_factor(code: str, month: datetime.date) -> float:
    """What the month's weather did to the product's volume."""
    return math.exp(WARM[code] * warmth(month)) if code in WARM else 1.0


def temperature_file(last: datetime.date, path: Path) -> None:
    """What was measured up to the last month, and what a normal year brings."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["maand", "invloed", "waarde", "eenheid", "lijn"])
        for step in range(1 - HISTORY, AHEAD + 1):
            month = month_add(last, step)
            degrees = NORMAL[month.month - 1] + (warmth(month) if step <= 0 else 0.0)
            said = f"{degrees:.1f}".replace(".", ",")
            out.writerow([f"{month:%Y-%m}", "Temperatuur", said, "°C", "juice"])
