"""What is decided stays on the forecasts of a line unless it has made them worse for certain."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from core.months import month_add
from core.registries import PlannedChange
from forecasting.models import AccuracyRow, Forecast, NightlyRun
from forecasting.selectors.decided_trial import decisions_left_out
from forecasting.words.drivers import driver_card
from products.models import Measure, Product
from tests.factories import line_factory, measure_factory, product_factory

from .conftest import LAST, decided_ahead, months_give, run_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

HALF = PlannedChange((0.5,) * 18, {"share": 0.1})


@pytest.fixture
def product(db: Any, monkeypatch: Any) -> Product:
    """One whose price halves what is sold of it, so it is thought."""
    found = product_factory(line=line_factory())
    months_give(found)
    decided_ahead(monkeypatch, found, HALF, ("Own price", "From today."))
    return found


def past(
    product: Product,
    *,
    driven: float,
    months: int = 14,
    used: Any = (),
    planned: Any = ("price",),
    last: datetime.date = LAST,
    measure: Measure | None = None,
    afterwards: bool = False,
) -> None:
    """Months that sold 100, of which the statistics said 98 three months before."""
    moment = timezone.now()
    run = NightlyRun.objects.create(
        kind="manual",
        key=f"made {NightlyRun.objects.count()}",
        local_date=LAST,
        as_of=LAST,
        state="done",
        started_at=moment,
        finished_at=moment,
    )
    measure = measure or Measure.objects.get(code="units")
    for step in range(months):
        month = month_add(last, -step)
        vintage = Forecast.objects.create(
            product=product,
            measure=measure,
            as_of=month_add(month, -3),
            run=run,
            engine_version="1",
            input_hash="",
            computed_at=moment,
            current=False,
            method="mean",
            content_hash="",
            driver_effects={
                "used": list(used),
                "refused": [],
                "planned": [{"key": key, "year": 0.1, "params": {"share": 0.1}} for key in planned],
            },
        )
        AccuracyRow.objects.create(
            product=product,
            measure=measure,
            month=month,
            lag=3,
            vintage=vintage,
            actual=100 + step % 3,
            statistical=98,
            driven=driven,
            scale=10,
            price=1,
            afterwards=afterwards,
            run=run,
            **{name: 50.0 if name[0] == "l" else 150.0 for name in ("lo80", "hi80", "lo95", "hi95")},
        )


def others(product: Product, count: int = 5) -> list[Product]:
    """Others of its line."""
    return [product_factory(line=product.line) for _ in range(count)]


def test_what_made_the_line_worse_is_left_out_and_says_so(product: Product) -> None:
    for other in others(product):
        past(other, driven=80)
    (row,) = decisions_left_out(LAST)
    assert row[:4] == [product.line_id, "price", 5, 70]
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert all(month.driven is None for month in made.months.all())
    (line,) = driver_card(made).planned  # type: ignore[union-attr]
    assert "moved the forecasts of 5 products of this line, in 70 months together" in line.text
    assert "further off" in line.text


@pytest.mark.parametrize(
    "given",
    [
        {"driven": 101},  # it helped
        {"driven": 80, "months": 2},  # too few months
        {"driven": 97.5},  # it moved next to nothing
        {"driven": 80, "used": [{"id": 1, "code": "x"}]},  # drivers moved it too
        {"driven": 80, "last": month_add(LAST, -24)},  # long ago
        {"driven": 80, "planned": ("price", "promotion")},  # which of the two?
        {"driven": 80, "afterwards": True},  # nobody planned with it
    ],
)
def test_else_it_moves_the_forecast(product: Product, given: dict[str, Any]) -> None:
    for other in others(product):
        past(other, **given)
    assert decisions_left_out(LAST) == []


def test_another_measure_than_the_leading_one_says_nothing(product: Product) -> None:
    measure = measure_factory()
    for other in others(product):
        past(other, driven=80, measure=measure)
    assert decisions_left_out(LAST) == []


def test_few_products_do_not_speak_for_their_line(product: Product) -> None:
    for other in others(product, 4):
        past(other, driven=80)
    assert decisions_left_out(LAST) == []


def test_one_decision_that_went_wrong_says_nothing_of_the_others(product: Product) -> None:
    wrong, *right = others(product)
    past(wrong, driven=70)
    for other in right:
        past(other, driven=99.5)
    assert decisions_left_out(LAST) == []


def test_a_run_of_single_products_asks_of_their_line_alone(product: Product) -> None:
    for other in others(product):
        past(other, driven=80)
    assert len(decisions_left_out(LAST, [product.pk])) == 1
    assert decisions_left_out(LAST, [product_factory(line=line_factory()).pk]) == []


def test_without_a_past_it_moves_the_forecast(product: Product) -> None:
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert all(month.driven == pytest.approx(month.mean / 2) for month in made.months.all())


def test_another_line_goes_on(product: Product) -> None:
    for other in others(product_factory(line=line_factory())):
        past(other, driven=80)
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert all(month.driven == pytest.approx(month.mean / 2) for month in made.months.all())


def test_a_night_hears_of_it(product: Product) -> None:
    run_now()
    before = Forecast.objects.get(product=product, current=True).computed_at
    run_now()
    assert Forecast.objects.get(product=product, current=True).computed_at == before
    for other in others(product):
        past(other, driven=80)
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert made.computed_at > before
    assert all(month.driven is None for month in made.months.all())
