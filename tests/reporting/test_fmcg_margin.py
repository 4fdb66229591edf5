"""Real stores: unit costs by product, store and week come in as actual costs, and the margin of a brand in a
store is what pandas makes of the same file in each month, to the cent."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.conf import settings
from django.http import QueryDict
from django.utils.text import slugify

from exchange.services.shell import import_run
from pricing.doctor import ledger_is_booked
from pricing.engine.costs import booked
from pricing.models import CostKind
from pricing.services.ledger import Part, ledger_map
from products.models import Channel
from reporting.selectors.margin_report import margin_report
from reporting.selectors.report_query import report_query
from tests.factories import line_factory, product_factory, user_factory

DATA = Path(settings.BASE_DIR).parent / "shared" / "data" / "fmcg"
STORES = int(os.environ.get("FMCG_STORES", "6"))
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not DATA.exists(), reason="needs the data sets beside the repository"),
]
COLUMNS = ("number", "date", "account", "product", "channel", "amount")


def _rows() -> list[dict[str, str]]:
    with (DATA / "sales.csv").open() as file:
        rows = list(csv.DictReader(file))
    stores = sorted({row["channel"] for row in rows})[:STORES]
    return [row for row in rows if row["channel"] in stores]


def _import(sheet: str, path: Path, head: tuple[str, ...], rows: Any, **options: Any) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    options = {"decimal": ".", **options}
    done = import_run(sheet=sheet, path=path, options=options, leave_out_refused=False, dry_run=False)
    assert done.error is None, (done.error, [each.code for each in done.refusals[:3]])


def test_margin_by_brand_and_store_is_what_pandas_says(tmp_path: Path) -> None:
    finance, rows = user_factory("finance"), _rows()
    with (DATA / "products.csv").open() as file:
        products = list(csv.DictReader(file))
    brands = {row["brand"]: slugify(row["brand"]) for row in products}
    lines = {brand: line_factory(code=code, name=brand) for brand, code in brands.items()}
    for row in products:
        product_factory(code=row["sku"], name=row["name"], line=lines[row["brand"]])
    stores = sorted({row["channel"] for row in rows})
    Channel.objects.bulk_create(Channel(code=slugify(name), name=name) for name in stores)
    sales = ([row[name] for name in ("week_start", "sku", "channel", "units", "revenue")] for row in rows)
    head = ("week_start", "product", "channel", "volume", "revenue")
    _import("sales", tmp_path / "sales.csv", head, sales)
    bookings = (
        (
            f"{row['sku']} {row['channel']} {row['week_start']}",
            *(row["week_start"], "7000", row["sku"], row["channel"]),
            booked(Decimal(row["units"]) * Decimal(row["unit_cost"])),
        )
        for row in rows
    )
    purchase = CostKind.objects.get(code="purchase")
    start = min(row["week_start"] for row in rows)
    ledger_map(
        user=finance,
        account="7000",
        start_month=pd.Timestamp(start).date(),
        parts=[Part(kind=purchase, key="volume")],
    )
    _import("cost_actuals", tmp_path / "costs.csv", COLUMNS, bookings)
    assert list(ledger_is_booked()) == []

    expected = _expected(stores)
    found: dict[tuple[str, str, str], Decimal] = {}
    names = dict(Channel.objects.values_list("code", "name"))
    for month in sorted({month for _brand, _store, month in expected}):
        for brand, code in brands.items():
            asked = f"layout=margin&by=channel&of=actual&month={month}&period=month&line={code}"
            for row in margin_report(finance, report_query(QueryDict(asked))).rows:
                found[brand, names[row.name.code], month] = row.cm1
    assert len({key[:2] for key in expected}) == len(brands) * len(stores)
    assert found == expected


def _expected(stores: Sequence[str]) -> dict[tuple[str, str, str], Decimal]:
    """By brand, store and month, apart from all that: whole numbers of cents, by pandas alone. A week's sales
    lie in its months by days, what is left of a cent in the second; its costs in the month it starts in."""
    table = pd.read_csv(DATA / "sales.csv", parse_dates=["week_start"])
    table = table.merge(pd.read_csv(DATA / "products.csv"), on="sku")
    table = table[table["channel"].isin(stores)]
    units = (table["units"] * 10).round().astype("int64")
    costs = units * (table["unit_cost"] * 1000).round().astype("int64")  # in hundredths of a cent
    cents = (table["revenue"] * 100).round().astype("int64")
    start = table["week_start"]
    days = (start.dt.days_in_month - start.dt.day + 1).clip(upper=7)
    first = (2 * cents * days + 7) // 14
    parts = {0: first - (costs + 50) // 100, 6: cents - first}  # by how many days later its month is
    of = [table["brand"], table["channel"]]
    sums = [
        cents.groupby([*of, (start + pd.Timedelta(days=later)).dt.strftime("%Y-%m")]).sum()
        for later, cents in parts.items()
    ]
    margins = sums[0].add(sums[1], fill_value=0)
    return {key: Decimal(int(value)) / 100 for key, value in margins.items()}
