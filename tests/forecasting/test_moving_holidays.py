"""Moving holidays: their days, and what all products of a line tell of them together."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from django.urls import reverse

from core.months import month_add, month_days
from forecasting.calendars import calendar_value, ramadan
from forecasting.models import Driver, Forecast, SharedEffect
from forecasting.services.drivers import driver_calendar_use
from forecasting.steps.drivers import Drivers
from products.models import Product, ProductMonth
from tests.factories import line_factory, product_factory, user_factory

from .conftest import LAST, months_give, run_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

MONTHS = 96
FIRST = month_add(LAST, 1 - MONTHS)


def eastern(number: int, effect: float) -> Any:
    """Months with a season of their own, that Easter moves."""

    def volume(step: int) -> float:
        share = calendar_value("easter", month_days(month_add(FIRST, step)))
        noise = math.sin(step * 12.9898 + number * 78.233) * 43758.5453
        season = 1 + 0.2 * math.sin((step + number) * math.pi / 6)
        return (300 + 20 * number) * season * math.exp(effect * share + 0.04 * (noise % 1 - 0.5))

    return volume


def line_of(count: int, effect: float) -> list[Product]:
    line = line_factory()
    products = [product_factory(line=line, launched=datetime.date(2015, 1, 1)) for _ in range(count)]
    for number, product in enumerate(products):
        months_give(product, MONTHS, volume=eastern(number, effect))
    driver_calendar_use(user=user_factory("product-manager"), calendar="easter", line=line)
    return products


def effects_of(product: Product) -> dict[str, Any]:
    said = Forecast.objects.get(product=product, current=True).driver_effects
    assert said is not None
    return said


def test_what_a_line_tells_of_easter_moves_all_its_products_alike(client: Any) -> None:
    products = line_of(6, 0.3)
    run = run_now()
    row = SharedEffect.objects.get()
    assert row.run == run
    easter = row.payload["easter"]
    assert easter["enters"]
    assert easter["series"] == 6
    assert easter["weight"] == pytest.approx(0.3, abs=0.03)
    # Easter of 2027 is on 28 March, all of it: earlier ones were mostly in April.
    march, april = datetime.date(2027, 3, 1), datetime.date(2027, 4, 1)
    for product in products:
        (used,) = effects_of(product)["used"]
        assert (used["calendar"], used["shared"]) == ("easter", 6)
        assert used["weight"] == easter["weight"]
        months = {m.month: m for m in Forecast.objects.get(product=product, current=True).months.all()}
        assert months[march].driven > 1.1 * months[march].mean
        assert months[april].driven < 0.95 * months[april].mean
    client.force_login(user_factory("product-manager", language="en"))
    page = client.get(reverse("forecasting:product", args=[products[0].code])).content.decode()
    assert "learnt from 6 products of the line" in page


def test_what_helps_the_line_in_nothing_stays_out(client: Any) -> None:
    product = line_of(6, 0.0)[0]
    run_now()
    assert not SharedEffect.objects.get().payload["easter"]["enters"]
    (refused,) = effects_of(product)["refused"]
    assert (refused["reason"], refused["params"]["series"]) == ("no_shared_gain", 6)
    client.force_login(user_factory("product-manager", language="en"))
    page = client.get(reverse("forecasting:product", args=[product.code])).content.decode()
    assert "It makes the forecasts of the 6 products of its line no better." in page


def test_too_few_products_are_no_group_and_each_is_tried_alone() -> None:
    product = line_of(2, 0.3)[0]
    run_now()
    assert SharedEffect.objects.get().payload == {}
    said = effects_of(product)
    assert [entry["calendar"] for entry in said["used"] + said["refused"]] == ["easter"]
    assert all("shared" not in entry for entry in said["used"])


def test_it_is_learnt_once_a_month_and_the_next_night_leaves_all_alone() -> None:
    product = line_of(6, 0.3)[0]
    run_now()
    row = SharedEffect.objects.get()
    made = Forecast.objects.get(product=product, current=True).computed_at
    run = run_now()
    assert SharedEffect.objects.get().pk == row.pk
    assert Forecast.objects.get(product=product, current=True).computed_at == made
    assert run.steps.get(name="changes").computed == 0
    driver_calendar_use(user=user_factory("product-manager"), calendar="carnival", line=product.line)
    run_now()
    assert set(SharedEffect.objects.get().payload) == {"easter", "carnival"}


def test_what_a_line_tells_anew_makes_its_products_due() -> None:
    product, *_rest = line_of(6, 0.3)
    run_now()
    row = SharedEffect.objects.get()
    row.payload["easter"]["weight"] = 0.2
    row.save()
    made = Forecast.objects.get(product=product, current=True).computed_at
    run = run_now()
    assert run.steps.get(name="changes").computed == 6
    assert Forecast.objects.get(product=product, current=True).computed_at > made
    assert run_now().steps.get(name="changes").computed == 0


def test_a_line_that_is_loaded_is_learnt_from_anew_that_night() -> None:
    first, *others = line_of(6, 0.3)
    months = ProductMonth.objects.filter(product__in=others)
    later = list(months)
    months.delete()
    run_now()
    assert SharedEffect.objects.get().payload == {}
    ProductMonth.objects.bulk_create(later)
    run_now()
    assert SharedEffect.objects.get().payload["easter"]["series"] == 6
    assert [entry["shared"] for entry in effects_of(first)["used"]] == [6]
    row = SharedEffect.objects.get()
    ProductMonth.objects.filter(product=first, month=FIRST).delete()  # next to nothing
    run_now()
    assert SharedEffect.objects.get().pk == row.pk


def test_a_product_that_cannot_be_read_does_not_take_its_line_along(monkeypatch: Any) -> None:
    broken, *_others = line_of(6, 0.3)
    columns = Drivers.columns

    asked: list[int] = []

    def failing(drivers: Any, series: Any, held: Any) -> Any:
        asked.append(series.product_id)
        if series.product_id == broken.pk:
            raise ArithmeticError("no columns")
        return columns(drivers, series, held)

    monkeypatch.setattr(Drivers, "columns", failing)
    run = run_now(only=("shared",))
    assert SharedEffect.objects.get().payload["easter"]["series"] == 5
    step = run.steps.get(name="shared")
    assert (step.computed, step.failed) == (1, 1)
    failure = run.failures.get()
    assert (failure.product, failure.code) == (broken, "crashed")
    made = SharedEffect.objects.get()
    for _night in range(2):  # the others are not read again for it
        asked.clear()
        run = run_now(only=("shared",))
        assert (set(asked), SharedEffect.objects.get().pk) == ({broken.pk}, made.pk)
        assert run.failures.get().product == broken
    monkeypatch.undo()
    run = run_now(only=("shared",))
    assert SharedEffect.objects.get().payload["easter"]["series"] == 6
    assert not run.failures.exists()


def test_a_line_of_which_nothing_can_be_read_is_tried_once_a_night(monkeypatch: Any) -> None:
    products = line_of(6, 0.3)
    monkeypatch.setattr(Drivers, "columns", lambda *_: 1 / 0)
    for _night in range(2):
        assert run_now(only=("shared",)).failures.count() == len(products)
        assert SharedEffect.objects.get().payload == {}


def test_nothing_is_learnt_where_no_line_asks() -> None:
    product = product_factory(line=line_factory())
    months_give(product)
    run = run_now()
    assert not SharedEffect.objects.exists()
    assert run.steps.get(name="shared").computed == 0


# -- their days ----------------------------------------------------------------------------------------------


def share(calendar: str, *months: str) -> list[float]:
    return [calendar_value(calendar, month_days(datetime.date.fromisoformat(f"{m}-01"))) for m in months]


def test_easter_shares_its_four_days_between_march_and_april() -> None:
    assert share("easter", "2024-03", "2024-04", "2024-05") == [0.75, 0.25, 0.0]
    assert share("easter", "2027-03", "2027-04") == [1.0, 0.0]


def test_whitsun_and_carnival_hang_on_easter() -> None:
    # Easter 2026: 5 April; Ascension Day 14 May, Whit Monday 25 May, carnival from 14 to 17 February
    assert share("ascension_whitsun", "2026-05", "2026-06") == [1.0, 0.0]
    assert share("ascension_whitsun", "2025-05", "2025-06") == [pytest.approx(3 / 7), pytest.approx(4 / 7)]
    assert share("carnival", "2026-02") == [1.0]


@pytest.mark.parametrize("day", ["2020-04-24", "2023-03-23", "2024-03-11", "2025-03-01", "2026-02-18"])
def test_ramadan_begins(day: str) -> None:
    assert str(min(ramadan(int(day[:4])))) == day


def test_of_ramadan_every_day_counts_once_and_a_year_may_see_two() -> None:
    months = [month_add(datetime.date(2025, 1, 1), step) for step in range(12 * 8)]
    total = sum(calendar_value("ramadan", month_days(month)) for month in months)
    assert total == pytest.approx(9, abs=0.2)  # 2030 sees two
    assert len(ramadan(2030)) == 66


def test_a_moving_holiday_is_an_event() -> None:
    user = user_factory("product-manager")
    assert driver_calendar_use(user=user, calendar="easter", line=None).kind == Driver.Kind.EVENT
    assert driver_calendar_use(user=user, calendar="holidays_nl", line=None).kind == Driver.Kind.SERIES
