"""A file of a million rows to facts and roll-ups, against a bare COPY of the same rows into an ordinary
Django table: a model with a key, two foreign keys and a unique constraint, as Django itself makes its table.

Django gives every foreign key an index; the stricter comparison is a table whose model forbids that.
"""

from __future__ import annotations

import csv
import datetime
import io
import random
from pathlib import Path

from django.conf import settings
from django.db import connection, models, transaction

from benchmarks.tools import Bench, Took, clock, median, quiet, tell
from core.months import month_add
from exchange.services.shell import Outcome, import_run
from products.models import Channel, Product, ProductLine

CHANNELS = 10
PERIODS = 100
FIRST_WEEK = datetime.date(2024, 1, 1)  # a Monday
FIRST_MONTH = datetime.date(2018, 1, 1)
EMPTIED = ("products_salesfact", "products_salesjournal", "products_salesmonth", "products_productmonth")


class _Sale(models.Model):
    start_date = models.DateField()
    volume = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    revenue = models.DecimalField(max_digits=18, decimal_places=4, null=True)

    class Meta:
        abstract = True
        app_label = "benchmarks"
        constraints = [
            models.UniqueConstraint(fields=["product", "channel", "start_date"], name="%(class)s_once")
        ]


class OrdinarySale(_Sale):
    """As a Django project would write it."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+")


class LeanSale(_Sale):
    """The same without the indexes of its foreign keys."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="+", db_index=False)


def run(bench: Bench) -> None:
    count = bench.size(1000, 10)
    line = ProductLine.objects.create(code="bench", name="Bench")
    products = Product.objects.bulk_create(
        Product(code=f"P{n:05}", name=f"Product {n}", line=line) for n in range(count)
    )
    channels = Channel.objects.bulk_create(
        Channel(code=f"C{n}", name=f"Channel {n}") for n in range(CHANNELS)
    )
    for period in ("week", "month"):
        _compare(bench, period, products, channels)


def _compare(bench: Bench, period: str, products: list[Product], channels: list[Channel]) -> None:
    by_code, by_key = Path(settings.VAR) / "sales.csv", io.StringIO()
    rows = _write(by_code, by_key, period, products, channels)
    told = f"{len(products):,} products, {CHANNELS} channels, {PERIODS} {period}s"
    tell(f"{rows:,} rows: {told}, {_megabytes(by_code)} MB; {bench.rounds} rounds, in turns, medians")
    ordinary, lean, taken, again = [], [], [], []
    for _ in range(bench.rounds):
        ordinary.append(_copy(OrdinarySale, by_key))
        taken.append(_import(by_code, rows, "new"))
        lean.append(_copy(LeanSale, by_key))
        again.append(_import(by_code, rows, "unchanged"))
        _empty()
    for name, took in (
        ("bare COPY into an ordinary Django table", ordinary),
        ("bare COPY into it without the indexes of its foreign keys", lean),
        ("import: file to facts and roll-ups (goal ≤ 0.8 × the first)", taken),
        ("import of the same file again", again),
    ):
        _tell(name, took, ordinary, lean)


def _write(
    by_code: Path, by_key: io.StringIO, period: str, products: list[Product], channels: list[Channel]
) -> int:
    """The file as a source would give it, and the same rows with keys for the bare COPY."""
    chance = random.Random(1)
    rows = 0
    with by_code.open("w", newline="") as file:
        told = csv.writer(file)
        told.writerow(["sku", "channel", "week_start" if period == "week" else "month", "units", "revenue"])
        for step in range(PERIODS):
            day = FIRST_WEEK + datetime.timedelta(weeks=step)
            if period == "month":
                day = month_add(FIRST_MONTH, step)
            said = f"{day:%Y-%m}" if period == "month" else str(day)
            for product in products:
                for channel in channels:
                    volume = chance.randrange(-5, 500)
                    revenue = f"{volume * chance.uniform(1, 5):.2f}"
                    told.writerow([product.code, channel.code, said, volume, revenue])
                    by_key.write(f"{product.pk}\t{channel.pk}\t{day}\t{volume}\t{revenue}\n")
                    rows += 1
    return rows


def _copy(model: type[models.Model], by_key: io.StringIO) -> Took:
    with connection.schema_editor() as editor:
        editor.create_model(model)
    quiet()
    by_key.seek(0)
    with clock() as took, transaction.atomic(), connection.cursor() as cursor:
        columns = "product_id, channel_id, start_date, volume, revenue"
        cursor.copy_expert(f"COPY {model._meta.db_table} ({columns}) FROM STDIN", by_key)
    with connection.schema_editor() as editor:
        editor.delete_model(model)
    return took


def _import(path: Path, rows: int, expected: str) -> Took:
    quiet()
    with clock() as took:
        outcome = import_run(
            sheet="sales", path=path, options={"revenue_is": "net"}, leave_out_refused=False, dry_run=False
        )
    _check(outcome, rows, expected)
    return took


def _check(outcome: Outcome, rows: int, expected: str) -> None:
    """A fast import that did not do its work is no figure."""
    if outcome.error is not None:
        raise outcome.error
    if getattr(outcome.counts, expected) != rows:
        raise RuntimeError(f"{outcome.counts}, not {rows} {expected}")


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(EMPTIED)}")
        cursor.execute("UPDATE exchange_import SET state = 'discarded'")


def _megabytes(path: Path) -> int:
    return round(path.stat().st_size / 2**20)


def _tell(name: str, took: list[Took], ordinary: list[Took], lean: list[Took]) -> None:
    wall, cpu = median([one.wall for one in took]), median([one.cpu for one in took])
    to_lean = f"without indexes {_times(took, lean)}"
    tell(f"{name}: {wall:.1f} s, CPU {cpu:.1f} s; {_times(took, ordinary)}; {to_lean}")


def _times(took: list[Took], bare: list[Took]) -> str:
    """How many times as long, as the median of the rounds."""
    pairs = list(zip(took, bare, strict=True))
    wall, cpu = median([a.wall / b.wall for a, b in pairs]), median([a.cpu / b.cpu for a, b in pairs])
    return f"{wall:.2f} × wall, {cpu:.2f} × CPU"
