"""The real files, by the command: sums as in the file, again nothing, undone as before."""

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
from django.db.models import Count, Sum

from core.registries import doctor_checks
from products.models import Channel, Product, ProductMonth, SalesFact, SalesMonth

DATA = Path(settings.BASE_DIR).parent / "shared" / "data"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"NO REAL FILE WAS READ: {DATA} is not there"),
]
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


def problems() -> list[str]:
    return [problem for key in CHECKS for problem in doctor_checks.get(key).problems()]


@pytest.mark.parametrize(("folder", "expected"), [("care", 67_596), ("fmcg", 106_139)])
def test_real_file(folder: str, expected: int) -> None:
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
