"""Products with made-up history, and nights in this process."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Iterable
from copy import deepcopy
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from core.months import month_add
from core.registries import PlannedChange
from forecasting.models import NightlyRun
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from products.models import BudgetRow, BudgetVersion, Measure, Product, ProductMonth
from tests.factories import line_factory, product_factory

LAST = datetime.date(2026, 10, 1)
TODAY = datetime.date(2026, 11, 23)
FORECASTS = (
    *("shared", "changes", "figures", "findings", "backtest", "calibrate", "forecast", "judgement"),
    *("lifecycle", "totals", "accuracy"),
)
"""Up to the step that says what the next night can leave alone. Each of the others costs as much as the
forecasts of a few products, whether it finds something or not."""


def months_give(
    product: Product,
    months: int = 48,
    *,
    last: datetime.date = LAST,
    measure: Measure | None = None,
    volume: Any = None,
) -> None:
    """Monthly figures up to ``last``: a season around a slow rise, or ``volume(step)``."""
    measure = measure or Measure.objects.get(code="units")
    size = 100 + product.pk % 7
    make = volume or (lambda step: size + step / 4 + 20 * math.sin(step * math.pi / 6) + (step * 7919 % 13))
    ProductMonth.objects.bulk_create(
        ProductMonth(
            product_id=product.pk,
            measure_id=measure.pk,
            month=month_add(last, step - months + 1),
            volume=Decimal(str(round(make(step), 2))),
            revenue=Decimal(str(round(make(step) * 2, 2))),
            days=(month_add(last, step - months + 2) - month_add(last, step - months + 1)).days,
        )
        for step in range(months)
    )


def budget_give(products: Iterable[Product], revenue: float) -> None:
    """A budget of 2026, newer than those there are: each month 100 units that bring in so much."""
    version = BudgetVersion.objects.create(code=f"b{revenue}", name="Budget", year=2026)
    units = Measure.objects.get(code="units")
    BudgetRow.objects.bulk_create(
        BudgetRow(
            version=version,
            product=product,
            measure=units,
            month=datetime.date(2026, month, 1),
            volume=100,
            revenue=revenue,
        )
        for product in products
        for month in range(1, 13)
    )


def run_now(*, only: Collection[str] | None = FORECASTS, **fields: Any) -> NightlyRun:
    """A run of these steps, unless told those of the forecasts, done here and now; ``None``: of all."""
    fields.setdefault("local_date", TODAY)
    return run_work(run=night_start(only=only, **fields))


def night_now(**fields: Any) -> NightlyRun:
    """A run of all steps there are."""
    return run_now(only=None, **fields)


def products_make() -> list[Product]:
    """Three of one line, with four years behind them."""
    line = line_factory()
    found = [product_factory(line=line, launched=datetime.date(2022, 1, 1)) for _ in range(3)]
    for product in found:
        months_give(product)
    return found


@pytest.fixture
def products(db: Any) -> list[Product]:
    return products_make()


@pytest.fixture(scope="module")
def _settled(module_db: None) -> list[Product]:
    found = products_make()
    run_now()
    return found


@pytest.fixture
def settled(_settled: list[Product], db: None) -> list[Product]:
    """Those, after a night; made once a module."""
    return deepcopy(_settled)


def decided_ahead(monkeypatch: Any, product: Product, change: PlannedChange, words: tuple[str, str]) -> None:
    """A price that is decided, of this product alone."""
    source = SimpleNamespace(
        key="price",
        changes=lambda products, months: dict.fromkeys(set(products) & {product.pk}, change),
        words=lambda params: words,
    )
    monkeypatch.setattr("forecasting.steps.decided.planned_sources", [source])
    monkeypatch.setattr("forecasting.words.drivers.planned_sources", {"price": source})
