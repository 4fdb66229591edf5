"""Real sales files through the import wizard, in a browser, with a real worker.

What the pages and the database say is compared with sums of the file made here.
"""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import Max, Sum
from playwright.sync_api import expect

from core.months import month_start
from exchange.models import Import
from forecasting.models import Forecast, NightlyRun, StageEstimate
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from products.models import Channel, Product, ProductMonth, SalesFact
from tests.factories import user_factory

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CHANGED = 500
"""Rows that a changed copy of a file has other figures in."""
WORK = 120_000
"""Milliseconds that a worker may take for one step."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not DATA.is_dir(), reason="the real sales files are not beside this checkout"),
]


@dataclass(frozen=True)
class Sales:
    """What a file holds, counted without pmtool."""

    path: Path
    rows: int
    volume: Decimal
    revenue: Decimal
    products: int
    channels: int

    @classmethod
    def of(cls, path: Path) -> Sales:
        rows, volume, revenue = 0, Decimal(0), Decimal(0)
        products, channels = set(), set()
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                rows += 1
                volume += Decimal(row["units"])
                revenue += Decimal(row["revenue"])
                products.add(row["sku"])
                channels.add(row["channel"])
        return cls(path, rows, volume, revenue, len(products), len(channels))


class Wizard:
    """The pages of an import as a person uses them."""

    def __init__(self, page: Any, tell: Callable[[str, float], None]) -> None:
        self.page, self._tell = page, tell

    def upload(self, path: Path) -> None:
        with self._timed("upload and check"):
            self.page.goto("/data/upload/")
            self.page.set_input_files("input[type=file]", path)
            self.page.locator("form[action='/data/upload/'] button[type=submit]").click()
            self.page.wait_for_url(re.compile(r"/data/\d+/"))
            self._settled()

    def answer(self, *, create_missing: bool) -> None:
        """The net revenue, and whether unknown codes are created."""
        form = self.page.locator("form[action$='/reading/']")
        form.locator("input[name=option_revenue_is][value=net]").check()
        form.locator("input[name=create_missing]").set_checked(create_missing)
        with self._timed("check again"):
            form.locator("button[type=submit]").click()
            self._settled()

    def apply(self) -> None:
        with self._timed("apply"):
            self.page.locator("form[action$='/apply/'] button").click()
            expect(self.page.locator("#moving-title")).to_be_visible()
            expect(self.page.locator("progress")).to_be_visible()
            expect(self.page.locator("form[action$='/undo/']")).to_have_count(1, timeout=WORK)

    def undo(self) -> None:
        self.page.locator("details:has(form[action$='/undo/']) summary").click()
        with self._timed("undo"):
            self.page.locator("form[action$='/undo/'] button").click()
            expect(self.page.locator("#moving-title")).to_be_visible()
            expect(self.page.locator(".pm-lead")).to_contain_text("Undone by", timeout=WORK)

    def counts(self, **expected: int) -> None:
        for name, count in expected.items():
            value = self.page.locator(f"[data-count={name}] .kpi-value")
            expect(value).to_have_text(shown(count))

    def _settled(self) -> None:
        expect(self.page.locator("#counts-title, form[action$='/reading/']").first).to_be_visible(
            timeout=WORK
        )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self._tell(what, time.monotonic() - start)


@pytest.fixture
def wizard(page: Any, sign_in: Any, processes: Any, record_property: Any, request: Any) -> Wizard:
    """Signed in as somebody who may create products and channels, with a worker running.

    How long the steps took is shown with ``-s`` and kept with the result.
    """

    def tell(what: str, seconds: float) -> None:
        record_property(what, round(seconds, 1))
        print(f"{request.node.name}: {what} {seconds:.1f} s")

    sign_in(page, user_factory("product-manager", name="Sanne Vermeer", language="en"))
    processes.worker()
    return Wizard(page, tell)


def shown(count: int) -> str:
    """As the pages write it in English."""
    return f"{count:,}"


def booked() -> tuple[int, Decimal | None, Decimal | None]:
    found = SalesFact.objects.aggregate(volume=Sum("volume"), revenue=Sum("revenue"))
    return SalesFact.objects.count(), found["volume"], found["revenue"]


def rolled_up() -> tuple[Decimal | None, Decimal | None]:
    found = ProductMonth.objects.aggregate(volume=Sum("volume"), revenue=Sum("revenue"))
    return found["volume"], found["revenue"]


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


def test_care_in_again_out_and_the_night(wizard: Wizard, tmp_path: Path) -> None:
    sales = Sales.of(DATA / "care" / "sales.csv")
    assert sales.rows == 67_596
    _in_again_and_out(wizard, sales, tmp_path)
    _night(wizard, sales)


def test_fmcg_in_again_out_and_the_night(wizard: Wizard, tmp_path: Path) -> None:
    sales = Sales.of(DATA / "fmcg" / "sales.csv")
    assert sales.rows == 106_139
    _in_again_and_out(wizard, sales, tmp_path)
    _night(wizard, sales)


def _night(wizard: Wizard, sales: Sales) -> None:
    """In once more, and a night over it: every product that has data has forecasts and a stage."""
    _bring_in(wizard, sales)
    last = SalesFact.objects.aggregate(last=Max("start_date"))["last"]
    run = run_work(run=night_start(kind=NightlyRun.Kind.MANUAL, as_of=month_start(last)))
    assert run.state == NightlyRun.State.DONE
    assert not run.failures.exists()
    with_data = set(SalesFact.objects.values_list("product__code", flat=True).distinct())
    assert len(with_data) == sales.products
    for model in (Forecast, StageEstimate):
        found = model.objects.filter(current=True, product__isnull=False)
        assert set(found.values_list("product__code", flat=True)) == with_data
    assert not Forecast.objects.filter(current=True, months=None).exists()


def _bring_in(wizard: Wizard, sales: Sales) -> None:
    wizard.upload(sales.path)
    wizard.answer(create_missing=True)
    wizard.counts(new=sales.rows, changed=0, unchanged=0, refused=0)
    created = wizard.page.locator("dl.dl")
    expect(created).to_contain_text(shown(sales.products))
    expect(created).to_contain_text(shown(sales.channels))
    assert booked() == (0, None, None), "a preview writes nothing"
    assert not Product.objects.exists()
    wizard.apply()
    wizard.counts(new=sales.rows, changed=0, unchanged=0, refused=0)
    assert booked() == (sales.rows, sales.volume, sales.revenue)
    assert rolled_up() == (sales.volume, sales.revenue)
    assert (Product.objects.count(), Channel.objects.count()) == (sales.products, sales.channels)


def _changed_copy(sales: Sales, folder: Path) -> Path:
    """The same file with other figures in its last rows."""
    with sales.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[-CHANGED:]:
        row["units"], row["revenue"] = str(Decimal(row["units"]) + 7), "1.25"
    copy = folder / "changed.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return copy


def _in_again_and_out(wizard: Wizard, sales: Sales, folder: Path) -> None:
    _bring_in(wizard, sales)
    first = Import.objects.get(state=Import.State.APPLIED)
    before = every_fact()

    wizard.upload(_changed_copy(sales, folder))
    wizard.counts(new=0, changed=CHANGED, unchanged=sales.rows - CHANGED, refused=0)
    wizard.apply()
    assert every_fact() != before
    wizard.undo()
    assert every_fact() == before

    wizard.upload(sales.path)
    wizard.counts(new=0, changed=0, unchanged=sales.rows, refused=0)
    wizard.apply()
    wizard.counts(new=0, changed=0, unchanged=sales.rows, refused=0)
    assert booked() == (sales.rows, sales.volume, sales.revenue)
    wizard.undo()

    wizard.page.goto(f"/data/{first.pk}/")
    wizard.undo()
    assert booked() == (0, None, None)
    assert rolled_up() == (None, None)
    assert not Product.objects.exists()
    assert not Channel.objects.exists()
