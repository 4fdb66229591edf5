"""The demo's sales and budgets as rows of a file, as a person would upload them."""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Iterable, Iterator
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
    """A budget for the year by product and month: last year's sales, planned 3 % up, some of it wrongly."""
    planned: dict[tuple[str, str, int], list[Decimal]] = {}
    for code, _channel, measure, month, volume, revenue in rows:
        if month.year == year - 1 and revenue is not None and volume > 0:
            sums = planned.setdefault((code, measure, month.month), [Decimal(0), Decimal(0)])
            sums[0] += volume
            sums[1] += revenue
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["versie", "artikel", "maat", "maand", "afzet", "omzet"])
        for (code, measure, month), (volume, revenue) in sorted(planned.items()):
            factor = Decimal(str(round(1.03 + random.Random(f"{seed}:{version}:{code}").gauss(0, 0.06), 4)))
            cells = (round(volume * factor), _comma((revenue * factor).quantize(_CENT)))
            out.writerow([version, code, measure, f"{year}-{month:02d}", *cells])


def _comma(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount).replace(".", ",")
