"""A last month that was loaded in part, seen by all products of a line together."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F

from collaboration.models import Alert
from core.months import month_add
from forecasting.models import Forecast
from forecasting.selectors.half_loads import half_loaded
from products.models import Measure, Product, ProductMonth
from products.selectors.months import complete_months
from products.services.figures import figures_refresh
from tests.factories import line_factory, organisation_factory, product_factory

from .conftest import LAST, months_give, run_now
from .test_alerts_night import kinds, night, said, vintage

pytestmark = pytest.mark.django_db


def line_of(count: int, volume: Any = None) -> list[Product]:
    line = line_factory()
    found = [product_factory(line=line, launched=datetime.date(2022, 1, 1)) for _ in range(count)]
    for product in found:
        months_give(product, volume=volume)
    return found


def short_by(products: list[Product], share: float, months: Any = (LAST,)) -> None:
    rows = ProductMonth.objects.filter(product__in=products, month__in=months)
    rows.update(volume=F("volume") * (1 - share), revenue=F("revenue") * (1 - share))


def _half(products: list[Product]) -> None:
    short_by(products, 0.5)


def _one_is_good(products: list[Product]) -> None:
    short_by(products[1:], 0.6)


def _rows_lack(products: list[Product]) -> None:
    ProductMonth.objects.filter(product__in=products[:3], month=LAST).delete()


def _a_little_less(products: list[Product]) -> None:
    short_by(products, 0.2)


def _two_products(products: list[Product]) -> None:
    short_by(products[:2], 0.6)


def _every_year(products: list[Product]) -> None:
    short_by(products, 0.5, [month_add(LAST, -12 * year) for year in range(4)])


def _of_a_slump(products: list[Product]) -> None:
    short_by(products, 0.5, [month_add(LAST, -step) for step in range(2)])


def _ended(products: list[Product]) -> None:
    _rows_lack(products)
    Product.objects.filter(pk__in=[product.pk for product in products[:3]]).update(ended=LAST)


def _closed(products: list[Product]) -> None:
    _half(products)
    organisation_factory(closed_until=LAST)


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        *((change, True) for change in (_half, _one_is_good, _rows_lack)),
        *((change, False) for change in (_a_little_less, _two_products, _every_year, _of_a_slump)),
        *((change, False) for change in (_ended, _closed)),
    ],
)
def test_what_is_half_loaded(change: Callable[[list[Product]], None], seen: bool) -> None:
    products = line_of(5)
    change(products)
    key = products[0].line_id, Measure.objects.get(code="units").pk
    assert half_loaded({key: LAST}) == ({key} if seen else set())


def test_a_few_products_are_no_file() -> None:
    products = line_of(4)
    _half(products)
    assert half_loaded(complete_months(as_of=LAST)) == set()


def test_forecasts_leave_it_out_of_every_product_until_the_next_month_is_in() -> None:
    products = line_of(5)
    other = product_factory(line=line_factory())
    months_give(other)
    _one_is_good(products)
    run_now()
    current = Forecast.objects.filter(current=True, product__isnull=False)
    used = dict(current.values_list("product_id", "data_month"))
    assert used == {**{product.pk: month_add(LAST, -1) for product in products}, other.pk: LAST}
    assert set(current.values_list("as_of", flat=True)) == {LAST}
    short_by(products[1:], 1 - 1 / 0.4)  # all of it is there now
    run_now()
    assert set(current.values_list("data_month", flat=True)) == {LAST}


def test_it_is_one_alert_of_its_line_and_none_of_its_products() -> None:
    products = line_of(5, lambda _step: 100)
    organisation_factory(alert_min_amount=10)
    for product in products:
        vintage(product, month_add(LAST, -1))
        vintage(product, LAST)
    _half(products)
    figures_refresh()
    night()
    assert kinds() == ["late"]
    alert = Alert.objects.get()
    assert (alert.line_id, alert.subject) == (products[0].line_id, f"line:{products[0].line_id}:half")
    assert "less than three quarters of their usual sales in Oct\u00a02026" in said("late")
    short_by(products, -1.0)
    night()
    assert kinds() == []
