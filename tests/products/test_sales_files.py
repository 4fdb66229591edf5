"""The real files, by the command: sums as in the file, again nothing, changed and undone as before."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Sum

from core.registries import doctor_checks
from products.models import Channel, Product, ProductMonth, SalesFact, SalesMonth

DATA = Path(settings.BASE_DIR).parent / "shared" / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"NO REAL FILE WAS READ: {DATA} is not there"),
]
CHANGED = 500
"""Rows that a changed copy of a file has other figures in."""
CHECKS = ("sales_orphans", "sales_overlaps", "sales_imports", "sales_rollups", "sales_figures")


def command(*args: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*args, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def sums_of_file(path: Path) -> tuple[int, Decimal, Decimal]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return (
        len(rows),
        sum((Decimal(row["units"]) for row in rows), Decimal(0)),
        sum((Decimal(row["revenue"]) for row in rows), Decimal(0)),
    )


def sums(model: Any) -> tuple[Decimal | None, Decimal | None]:
    found = model.objects.aggregate(volume=Sum("volume"), revenue=Sum("revenue"))
    return found["volume"], found["revenue"]


def changed_copy(path: Path, folder: Path) -> Path:
    """The same file with other figures in its last rows."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[-CHANGED:]:
        row["units"], row["revenue"] = str(Decimal(row["units"]) + 7), "1.25"
    copy = folder / "changed.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return copy


def every_fact() -> str:
    """What is booked, to the digit: a hash of all facts and of the months made of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT md5(string_agg(f::text, '|' ORDER BY f)) FROM ("
            "SELECT concat_ws(';', product_id, channel_id, measure_id, start_date, period, volume, revenue,"
            " source_import_id) AS f FROM products_salesfact UNION ALL"
            " SELECT concat_ws(';', product_id, measure_id, month, volume, revenue)"
            " FROM products_productmonth"
            ") facts"
        )
        return str(cursor.fetchone()[0])


def problems() -> list[str]:
    return [problem for key in CHECKS for problem in doctor_checks.get(key).problems()]


@pytest.mark.parametrize(("folder", "expected"), [("care", 67_596), ("fmcg", 106_139)])
def test_real_file(folder: str, expected: int, tmp_path: Path) -> None:
    path = DATA / folder / "sales.csv"
    rows, volume, revenue = sums_of_file(path)
    assert rows == expected

    done = command("import_data", "sales", str(path), "--create-missing")
    assert (done["new"], done["changed"], done["refused"]) == (rows, 0, 0)
    assert SalesFact.objects.aggregate(rows=Count("id"))["rows"] == rows
    for model in (SalesFact, SalesMonth, ProductMonth):
        assert sums(model) == (volume, revenue)
    assert problems() == []

    again = command("import_data", "sales", str(path), "--create-missing")
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, rows)
    assert sums(SalesFact) == (volume, revenue)

    before = every_fact()
    other = command("import_data", "sales", str(changed_copy(path, tmp_path)))
    assert (other["new"], other["changed"], other["unchanged"]) == (0, CHANGED, rows - CHANGED)
    assert every_fact() != before
    command("undo_import", str(other["import_id"]))
    assert every_fact() == before

    command("undo_import", str(done["import_id"]))
    counts = [model.objects.count() for model in (SalesFact, SalesMonth, ProductMonth, Product, Channel)]
    assert counts == [0, 0, 0, 0, 0]
    assert problems() == []


def test_doctor_finds_what_is_wrong() -> None:
    command("import_data", "sales", str(DATA / "energy" / "sales_daily.csv"), "--create-missing")
    assert problems() == []
    fact = SalesFact.objects.order_by("start_date")[40]
    SalesFact.objects.filter(pk=fact.pk).update(volume=1, channel_id=fact.channel_id + 1000)
    SalesFact.objects.create(
        product_id=fact.product_id,
        channel_id=SalesFact.objects.order_by("start_date")[0].channel_id,
        measure_id=fact.measure_id,
        start_date=fact.start_date.replace(day=1),
        period="M",
        volume=1,
    )
    text = "\n".join(problems())
    for found in (
        "which does not exist",
        "starts before the one before ends",
        "wrote 1096 facts",
        "is not as its",
    ):
        assert found in text
