"""The demo's sales and budgets as rows of a file, as a person would upload them."""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from core.months import month_add

from .catalogue import CHANNELS_OF_LINE, LINES, Item
from .shapes import volumes

# product, channel, measure, month, volume, revenue (None: this measure has none)
Row = tuple[str, str, str, datetime.date, Decimal, Decimal | None]

# Two months in a row far from expected; a month nobody delivered; who is late with the last month.
SLUMP = ("GSV-012", 0.5)
LOST_MONTH = ("JAM-450", 20)
LATE = ("webshop", {"HON-350", "NOT-200", "PIN-600"})
# What nobody flagged, by months ago: a customer bought ahead, shelves were empty, a contract was won.
ODD = {
    "APS-100": {9: 2.3},
    "ROG-800": {15: 0.3, 16: 0.25},
    "PAS-500": dict.fromkeys(range(14), 1.4),
}
RETURNS = ("SAP-090", "kroon", 25, Decimal(-1840))
_MONTHLY_LEAVERS = 0.028


def top_line(code: str) -> str:
    """The main line a line lies in."""
    above = {line[0]: line[2] for line in LINES}
    while above[code]:
        code = above[code]
    return code


def first_month(item: Item, last: datetime.date) -> datetime.date:
    """The first month with sales; what has ended started five years ago, like the oldest."""
    return month_add(last, -59 if item.course.kind == "ended" else 1 - item.course.months)


def sales_rows(items: Iterable[Item], last: datetime.date, seed: int) -> Iterator[Row]:
    """All sales up to and with ``last``."""
    for item in items:
        # A seed of its own: adding a product changes no other.
        rng = random.Random(f"{seed}:{item.code}")
        first = first_month(item, last)
        amounts = volumes(item.course, first.month, rng)
        for ago, times in ODD.get(item.code, {}).items():
            amounts[-1 - ago] *= times
        if item.code == SLUMP[0]:
            amounts[-2:] = [amount * SLUMP[1] for amount in amounts[-2:]]
        for channel, share in CHANNELS_OF_LINE[top_line(item.line)]:
            yield from _channel_rows(item, channel, share, first, last, amounts, rng)
    code, channel, ago, volume = RETURNS
    yield code, channel, "sell-in", month_add(last, -ago), volume, (volume * Decimal("1.3")).quantize(_CENT)


_CENT = Decimal("0.01")


def _channel_rows(
    item: Item,
    channel: str,
    share: float,
    first: datetime.date,
    last: datetime.date,
    amounts: list[float],
    rng: random.Random,
) -> Iterator[Row]:
    line = top_line(item.line)
    in_force = amounts[0] * share / _MONTHLY_LEAVERS if item.course.months >= 60 else 0.0
    for step, amount in enumerate(amounts):
        month = month_add(first, step)
        ago = (last.year - month.year) * 12 + last.month - month.month
        part = round(amount * share * rng.uniform(0.94, 1.06))
        price = item.price * (1.022 ** ((step + 60 - item.course.months) / 12 - 5))
        in_force = in_force * (1 - _MONTHLY_LEAVERS) + part
        late = channel == LATE[0] and item.code in LATE[1] and ago == 0
        if late or (item.code == LOST_MONTH[0] and ago == LOST_MONTH[1]):
            continue
        revenue = (Decimal(part) * Decimal(str(round(price, 4)))).quantize(_CENT)
        yield from _measured(item.code, channel, line, month, part, revenue, in_force, rng)


def _measured(
    code: str,
    channel: str,
    line: str,
    month: datetime.date,
    part: int,
    revenue: Decimal,
    in_force: float,
    rng: random.Random,
) -> Iterator[Row]:
    """The rows of one month in the line's measures."""
    match line:
        case "food":
            yield code, channel, "sell-in", month, Decimal(part), revenue
            if channel in ("kroon", "boerhof", "vandaag"):
                yield code, channel, "sell-out", month, Decimal(round(part * rng.uniform(0.93, 1.03))), None
        case "energy":
            yield code, channel, "new-contracts", month, Decimal(part), revenue
            yield code, channel, "contracts", month, Decimal(round(in_force)), None
        case "insurance":
            yield code, channel, "policies", month, Decimal(part), revenue
            yield code, channel, "claims", month, Decimal(round(part * rng.uniform(0.003, 0.006))), None
        case _:
            yield code, channel, "treatments", month, Decimal(part), revenue


def sales_file(rows: Iterable[Row], path: Path) -> None:
    """As a Dutch spreadsheet saves it: semicolons, decimal commas."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["maand", "artikel", "kanaal", "maat", "afzet", "omzet"])
        for code, channel, measure, month, volume, revenue in rows:
            out.writerow([f"{month:%Y-%m}", code, channel, measure, volume, _comma(revenue)])


def budget_file(rows: Iterable[Row], year: int, version: str, path: Path, seed: int) -> None:
    """A budget for the year by product and month: last year's months with the growth that was foreseen, which
    for some products was wrong."""
    before: dict[tuple[str, str], dict[int, list[Decimal]]] = {}
    came: dict[tuple[str, str], dict[int, Decimal]] = {}
    for code, _channel, measure, month, volume, revenue in rows:
        if revenue is None or volume <= 0:
            continue
        if month.year == year - 1:
            sums = before.setdefault((code, measure), {}).setdefault(month.month, [Decimal(0), Decimal(0)])
            sums[0] += volume
            sums[1] += revenue
        elif month.year == year:
            months = came.setdefault((code, measure), {})
            months[month.month] = months.get(month.month, Decimal(0)) + volume
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["versie", "artikel", "maat", "maand", "afzet", "omzet"])
        for (code, measure), planned in sorted(before.items()):
            foreseen = _growth(planned, came.get((code, measure), {}))
            error = Decimal(str(round(1 + random.Random(f"{seed}:{version}:{code}").gauss(0, 0.05), 4)))
            for number, (units, amount) in sorted(planned.items()):
                cells = (round(units * foreseen * error), _comma((amount * foreseen * error).quantize(_CENT)))
                out.writerow([version, code, measure, f"{year}-{number:02d}", *cells])


def _growth(before: Mapping[int, list[Decimal]], came: Mapping[int, Decimal]) -> Decimal:
    """What the year brought against the same months before, within what a planner dares to write down."""
    same = [month for month in came if month in before]
    then = sum((before[month][0] for month in same), Decimal(0))
    if not then:
        return Decimal(1)
    return min(max(sum((came[month] for month in same), Decimal(0)) / then, Decimal("0.6")), Decimal(4))


def _comma(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount).replace(".", ",")
