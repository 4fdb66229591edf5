"""What the demo company's ledger says of the last half year: near the standard, with a bill nobody mapped
and a cost that is still to come."""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from accounts.models import User
from core.months import month_add, month_end
from pricing.models import CostKind
from pricing.services.ledger import Part, ledger_map
from products.models import Product, ProductLine, ProductMonth
from products.selectors.lines import line_tree

from .catalogue import items
from .sales import top_line

MONTHS = 6
COLUMNS = (
    *(
        "boekingsnummer",
        "boekdatum",
        "grootboekrekening",
        "kostenplaats",
        "artikel",
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
LEAN = {"FYS-100": "0.42", "ALM-010": "0.42", "VAL-100": "0.5"}
KINDS = {"7000": "purchase", "7010": "energy", "7020": "claims", "7040": "production"}
# Account, cost centre, kind, line ('': all) and amount a month.
SHARED = (
    ("4410", "4410", "quality", "food", 18_000),
    ("4600", "4600", "marketing", "food", 45_000),
    ("4100", "4100", "personnel", "energy", 60_000),
    ("4100", "4300", "capacity", "care", 9_000),
    ("4900", "9000", "overhead", "", 120_000),
)
Row = tuple[object, ...]


def ledger_mapped(person: User, last: datetime.date) -> None:
    """What the accounts cost, but one."""
    start = month_add(last, 1 - MONTHS)
    kinds = {kind.code: kind for kind in CostKind.objects.all()}
    lines = {line.code: line for line in ProductLine.objects.filter(parent=None)}
    for account, kind in KINDS.items():
        ledger_map(
            user=person, account=account, start_month=start, parts=[Part(kind=kinds[kind], key="revenue")]
        )
    for account, centre, kind, line, _amount in SHARED:
        ledger_map(
            user=person,
            account=account,
            cost_centre=centre,
            start_month=start,
            parts=[Part(kind=kinds[kind], line=lines[line] if line else None, key="revenue")],
        )


def ledger_file(last: datetime.date, path: Path) -> None:
    _write(path, ([number, *row] for number, row in enumerate(_rows(last), start=26_000)))


def late_file(month: datetime.date, path: Path) -> None:
    """An invoice that came when its month was closed."""
    day = month_end(month).isoformat()
    _write(path, [[25_990, day, "4410", "4410", "", "1875,50", "Keuring, factuur kwam te laat", "", ""]])


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(COLUMNS)
        out.writerows(rows)


def _rows(last: datetime.date) -> Iterator[Row]:
    chance, tree = random.Random(310), line_tree()
    tops = {item.code: top_line(item.line) for item in items()}
    for back in range(MONTHS - 1, -1, -1):
        month = month_add(last, -back)
        day = month_end(month).isoformat()
        sold = ProductMonth.objects.filter(month=month, revenue__gt=0)
        revenue = {(row.product_id, row.measure_id): row.revenue for row in sold}
        for product in Product.objects.order_by("code"):
            of = DIRECT.get(tops.get(product.code, ""))
            amount = revenue.get((product.pk, tree.lead_measure(product.line_id).pk))
            if of and amount:
                paid = (
                    amount * Decimal(LEAN.get(product.code, of[1])) * Decimal(str(chance.uniform(0.96, 1.05)))
                )
                yield day, of[0], "", product.code, cents(paid), product.name, "", ""
        for account, centre, kind, _line, monthly in SHARED:
            paid = monthly * Decimal(str(chance.uniform(0.94, 1.08)))
            yield day, account, centre, "", cents(paid), kind, "", ""
    yield day, "4990", "310", "", "1240,00", "Advies verpakkingen", "", ""
    ahead = month_add(last, 1).isoformat()
    yield day, "4410", "4410", "", "2500,00", "Audit, nog te ontvangen", "ja", ahead


def cents(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):f}".replace(".", ",")
