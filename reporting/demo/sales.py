"""The demo's sales and budgets as rows of a file, as a person would upload them."""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from core.months import month_add

from .catalogue import CHANNELS_OF_LINE, LINES, STORE, Item
from .promotions import promotion_factor
from .shapes import volumes
from .weather import warmth_factor

# product, channel, measure, month, volume, revenue (None: this measure has none)
Row = tuple[str, str, str, datetime.date, Decimal, Decimal | None]
# Units and revenue by number of the month.
Months = dict[int, tuple[Decimal, Decimal]]

# Two months in a row far from expected; a month nobody delivered; who is late with the last month.
SURPRISE = {"GSV-012": 0.5, "AMA-100": 1.3}
LOST_MONTH = ("JAM-450", 20)
LATE = ("webshop", {"HON-350", "NOT-200", "PIN-600"})
# What nobody flagged, by months ago: a customer bought ahead, shelves were empty, a contract was won.
ODD = {
    "APS-100": {9: 2.3},
    "ROG-800": {15: 0.3, 16: 0.25},
    "PAS-500": dict.fromkeys(range(14), 1.4),
    "CVO-100": {5: 2.0},
    "OPS-100": {6: 0.55},
}
# What the budget did not see coming, as what it asks of what came.
OFF_BUDGET = {"HVM-210": 0.88, "SAP-020": 1.09, "JAM-450": 0.88, "NOT-200": 1.12, "LAA-100": 0.84}
OFF_BUDGET |= {
    "AUT-100": 1.08,
    "DIE-100": 0.91,
    "THZ-300": 1.07,
    "ALM-020": 0.88,
    "CVO-200": 0.96,
    "GSD-001": 0.97,
}
RETURNS = ("SAP-090", "kroon", 25, Decimal(-1840))
CENT = Decimal("0.01")
_MONTHLY_LEAVERS, _POLICY_LEAVERS = 0.028, 0.016


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
        inflow = policies_new(amounts)
        for ago, times in ODD.get(item.code, {}).items():
            amounts[-1 - ago] *= times
        amounts[-2:] = [amount * SURPRISE.get(item.code, 1) for amount in amounts[-2:]]
        places = CHANNELS_OF_LINE[top_line(item.line)]
        if item.code in STORE[2]:
            places = (*places, STORE[:2])
        for channel, share in places:
            months = [month_add(first, step) for step in range(len(amounts))]
            pulled = [promotion_factor(item.code, channel, month, last) for month in months]
            is_insured = top_line(item.line) == "insurance"
            there = policies_there(amounts, inflow, pulled) if is_insured else _times(amounts, pulled)
            yield from _channel_rows(item, channel, share, first, last, there, rng)
            if is_insured:
                yield from _inflow_rows(item, channel, share, first, _times(inflow, pulled), seed)
    code, channel, ago, volume = RETURNS
    yield code, channel, "sell-in", month_add(last, -ago), volume, (volume * Decimal("1.3")).quantize(CENT)


def _times(amounts: Sequence[float], factors: Sequence[float]) -> list[float]:
    return [amount * factor for amount, factor in zip(amounts, factors, strict=True)]


def policies_new(in_force: Sequence[float]) -> list[float]:
    """What comes in each month, so that after those who leave about so many are in force."""
    found = []
    for step, amount in enumerate(in_force):
        since = max(step - 3, 0)
        grown = (amount - in_force[since]) / max(step - since, 1)
        found.append(max(amount * _POLICY_LEAVERS + grown, amount * _POLICY_LEAVERS / 4))
    return found


def policies_there(
    in_force: Sequence[float], inflow: Sequence[float], pulled: Sequence[float]
) -> list[float]:
    """How many are in force with those whom promotions brought in, as long as they stay."""
    found, more = [], 0.0
    for amount, came, factor in zip(in_force, inflow, pulled, strict=True):
        more = more * (1 - _POLICY_LEAVERS) + came * (factor - 1)
        found.append(amount + more)
    return found


def _inflow_rows(
    item: Item, channel: str, share: float, first: datetime.date, inflow: Sequence[float], seed: int
) -> Iterator[Row]:
    rng = random.Random(f"{seed}:{item.code}:{channel}:new")
    for step, amount in enumerate(inflow):
        volume = Decimal(round(amount * share * rng.uniform(0.9, 1.1)))
        yield item.code, channel, "new-policies", month_add(first, step), volume, None


def _channel_rows(
    item: Item,
    channel: str,
    share: float,
    first: datetime.date,
    last: datetime.date,
    amounts: Sequence[float],
    rng: random.Random,
) -> Iterator[Row]:
    line = top_line(item.line)
    in_force = amounts[0] * share / _MONTHLY_LEAVERS if item.course.months >= 60 else 0.0
    for step, amount in enumerate(amounts):
        month = month_add(first, step)
        ago = (last.year - month.year) * 12 + last.month - month.month
        part = round(amount * share * warmth_factor(item.code, month) * rng.uniform(0.94, 1.06))
        price = item.price * (1.022 ** ((step + 60 - item.course.months) / 12 - 5))
        in_force = in_force * (1 - _MONTHLY_LEAVERS) + part
        late = channel == LATE[0] and item.code in LATE[1] and ago == 0
        if late or (item.code == LOST_MONTH[0] and ago == LOST_MONTH[1]):
            continue
        revenue = (Decimal(part) * Decimal(str(round(price, 4)))).quantize(CENT)
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
            yield code, channel, "claims", month, Decimal(round(part * rng.uniform(0.0096, 0.0104))), None
        case _:
            yield code, channel, "treatments", month, Decimal(part), revenue


def sales_file(rows: Iterable[Row], path: Path) -> None:
    """As a Dutch spreadsheet saves it: semicolons, decimal commas."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["maand", "artikel", "kanaal", "maat", "afzet", "omzet"])
        for code, channel, measure, month, volume, revenue in rows:
            out.writerow([f"{month:%Y-%m}", code, channel, measure, volume, comma(revenue)])


def budget_file(rows: Iterable[Row], year: int, version: str, path: Path, seed: int) -> None:
    """A budget for the year by product and month: last year's months with the growth that came, give or take
    a little; of a few products it was wrong."""
    sold: dict[tuple[str, str], dict[int, Months]] = {}
    for code, _channel, measure, month, volume, revenue in rows:
        if revenue is not None and volume > 0 and month.year in (year - 1, year):
            months = sold.setdefault((code, measure), {year - 1: {}, year: {}})[month.year]
            before = months.get(month.month, (Decimal(0), Decimal(0)))
            months[month.month] = (before[0] + volume, before[1] + revenue)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["versie", "artikel", "maat", "maand", "afzet", "omzet"])
        for (code, measure), years in sorted(sold.items()):
            asks = max(-0.03, min(0.03, random.Random(f"{seed}:{version}:{code}").gauss(0, 0.015))) + 1
            error = Decimal(str(round(OFF_BUDGET.get(code, asks), 4)))
            for number, (units, amount) in sorted(_plan(years[year - 1], years[year]).items()):
                cells = (round(units * error), comma((amount * error).quantize(CENT)))
                out.writerow([version, code, measure, f"{year}-{number:02d}", *cells])


def _plan(before: Months, came: Months) -> Months:
    """What a planner who sees well would write down. After a first year that was not whole, what came and for
    the rest its average; of what sells now and then last year's months; what is new in the year has none."""
    if len(before) == 12:
        units, amount = _growth(before, came, 0), _growth(before, came, 1)
        return {month: (was[0] * units, was[1] * amount) for month, was in before.items()}
    if not before or not came or before.keys() != set(range(min(before), 13)):
        return before
    usual = (_sum(came.values(), 0) / len(came), _sum(came.values(), 1) / len(came))
    return {month: came.get(month, usual) for month in range(1, 13)}


def _growth(before: Months, came: Months, place: int) -> Decimal:
    """Units or revenue of the year against the same months before, within what a planner dares to write."""
    then = _sum((before[month] for month in came), place)
    return min(max(_sum(came.values(), place) / then, Decimal("0.5")), Decimal(6)) if then else Decimal(1)


def _sum(months: Iterable[tuple[Decimal, Decimal]], place: int) -> Decimal:
    return sum((month[place] for month in months), Decimal(0))


def comma(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount).replace(".", ",")
