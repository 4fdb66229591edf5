"""What the demo company's ledger says since the year before began: near the standard, with a bill nobody
mapped, a cost that is still to come and one that nothing takes back."""

from __future__ import annotations

import csv
import datetime
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from accounts.models import User
from core.months import month_add, month_end, month_range
from pricing.models import CostKind
from pricing.services.ledger import Part, ledger_map
from products.models import Product, ProductLine, SalesMonth
from products.selectors.lines import line_tree

from .catalogue import items
from .sales import top_line

RAISE = Decimal("1.03")
"""What costs an amount gets dearer each January."""
COLUMNS = (
    *(
        "boekingsnummer",
        "boekdatum",
        "grootboekrekening",
        "kostenplaats",
        "artikel",
        "kanaal",
        "bedrag",
        "omschrijving",
    ),
    *("transitorisch", "tegenboekdatum"),
)
# By the top line: the account of what is bought or paid for a product, and its share of revenue.
DIRECT = {
    "food": ("7000", "0.52"),
    "energy": ("7010", "0.71"),
    "insurance": ("7020", "0.65"),
    "care": ("7040", "0.6"),
}
# What costs less of its price than its line: a lower price may leave more there.
LEAN = {"FYS-100": "0.42", "ALM-010": "0.42", "VAL-100": "0.5", "GMB-025": "0.37"}
KINDS = {"7000": "purchase", "7010": "energy", "7020": "claims", "7040": "production"}
# Account, kind, line, channel ('': all) and share of what is sold there.
MOVING = (
    ("7050", "inbound", "food", "", "0.07"),
    ("7100", "payment", "food", "", "0.012"),
    ("7110", "fulfilment", "food", "", "0.065"),
    ("7121", "commission", "food", "webshop", "0.08"),
    ("7122", "commission", "energy", "vergelijkers", "0.06"),
    ("7123", "commission", "insurance", "", "0.11"),
)
SERVICE = ("7130", "service", "insurance", Decimal("2.417"))
"""Account, kind, line and amount for a policy in force, a month."""
# Account, cost centre, kind, line ('': all) and amount a month this year.
SHARED = (
    ("4410", "4410", "quality", "food", 18_000),
    ("4600", "4600", "marketing", "food", 45_000),
    ("4100", "4100", "personnel", "energy", 60_000),
    ("4100", "4200", "personnel", "insurance", 40_000),
    ("4100", "4300", "capacity", "care", 9_000),
    ("4900", "9000", "overhead", "", 120_000),
)
Row = tuple[object, ...]


def ledger_mapped(person: User, last: datetime.date) -> None:
    """What the accounts cost, but one."""
    start = first_month(last)
    kinds = {kind.code: kind for kind in CostKind.objects.all()}
    lines = {line.code: line for line in ProductLine.objects.filter(parent=None)}
    for account, kind in KINDS.items():
        ledger_map(
            user=person, account=account, start_month=start, parts=[Part(kind=kinds[kind], key="revenue")]
        )
    for account, kind, line, _channel, _share in MOVING:
        part = Part(kind=kinds[kind], line=lines[line], key="revenue")
        ledger_map(user=person, account=account, start_month=start, parts=[part])
    ledger_map(
        user=person,
        account=SERVICE[0],
        start_month=start,
        parts=[Part(kind=kinds[SERVICE[1]], line=lines[SERVICE[2]], key="revenue")],
    )
    for account, centre, kind, line, _amount in SHARED:
        ledger_map(
            user=person,
            account=account,
            cost_centre=centre,
            start_month=start,
            parts=[Part(kind=kinds[kind], line=lines[line] if line else None, key="revenue")],
        )


def first_month(last: datetime.date) -> datetime.date:
    return datetime.date(last.year - 1, 1, 1)


def raised(amount: Decimal | int, month: datetime.date, last: datetime.date) -> Decimal:
    """What this year is an amount, in another year."""
    return amount / RAISE ** (last.year - month.year)


def ledger_file(last: datetime.date, path: Path) -> None:
    _write(path, ([number, *row] for number, row in enumerate(_rows(last), start=26_000)))


def late_file(month: datetime.date, path: Path) -> None:
    """An invoice that came when its month was closed."""
    day = month_end(month).isoformat()
    _write(path, [[25_990, day, "4410", "4410", "", "", "1875,50", "Keuring, factuur kwam te laat", "", ""]])


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(COLUMNS)
        out.writerows(rows)


def _rows(last: datetime.date) -> Iterator[Row]:
    chance, tree = random.Random(310), line_tree()
    tops = {item.code: top_line(item.line) for item in items()}
    for month in month_range(first_month(last), last):
        day = month_end(month).isoformat()
        sold = SalesMonth.objects.filter(month=month, revenue__isnull=False)
        revenue: dict[str, Decimal] = defaultdict(Decimal)
        held: dict[str, Decimal] = defaultdict(Decimal)
        there: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in sold.select_related("product", "channel"):
            if row.measure_id == tree.lead_measure(row.product.line_id).pk and row.revenue is not None:
                revenue[row.product.code] += row.revenue
                held[row.product.code] += row.average_volume or Decimal(0)
                for channel in ("", row.channel.code):
                    there[tops.get(row.product.code, ""), channel] += row.revenue
        for product in Product.objects.order_by("code"):
            of = DIRECT.get(tops.get(product.code, ""))
            if of and revenue[product.code] > 0:
                usual = Decimal(LEAN.get(product.code, of[1]))
                paid = revenue[product.code] * usual * _near(chance, 0.96, 1.05)
                yield day, of[0], "", product.code, "", cents(paid), product.name, "", ""
            if tops.get(product.code) == SERVICE[2] and held[product.code]:
                paid = held[product.code] * raised(SERVICE[3], month, last) * _near(chance, 0.96, 1.05)
                yield day, SERVICE[0], "", product.code, "", cents(paid), SERVICE[1], "", ""
        for account, kind, line, channel, share in MOVING:
            paid = there[line, channel] * Decimal(share) * _near(chance, 0.97, 1.04)
            yield day, account, "", "", channel, cents(paid), kind, "", ""
        for account, centre, kind, _line, monthly in SHARED:
            paid = raised(monthly, month, last) * _near(chance, 0.94, 1.08)
            yield day, account, centre, "", "", cents(paid), kind, "", ""
    yield day, "4990", "310", "", "", "1240,00", "Advies verpakkingen", "", ""
    ahead = month_add(last, 1).isoformat()
    yield day, "4410", "4410", "", "", "2500,00", "Audit, nog te ontvangen", "ja", ahead
    yield day, "4600", "4600", "", "", "3800,00", "Beursstand, factuur verwacht", "ja", ""


def _near(chance: random.Random, least: float, most: float) -> Decimal:
    return Decimal(str(chance.uniform(least, most)))


def cents(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):f}".replace(".", ",")
