"""What is decided stays on the forecasts of a line unless it has made them worse for certain."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from core.months import month_add
from core.registries import PlannedChange
from forecasting.models import AccuracyRow, Forecast, NightlyRun
from forecasting.selectors.decided_trial import decisions_left_out
from forecasting.words.drivers import driver_card
from products.models import Measure, Product
from tests.factories import line_factory, product_factory

from .conftest import LAST, months_give, run_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

HALF = PlannedChange((0.5,) * 18, {"share": 0.1})


@pytest.fixture
def product(db: Any, monkeypatch: Any) -> Product:
    """One whose price halves what is sold of it, so it is thought."""
    found = product_factory(line=line_factory())
    months_give(found)
    source = SimpleNamespace(
        key="price",
        changes=lambda products, months: dict.fromkeys(set(products) & {found.pk}, HALF),
        words=lambda params: ("Own price", "From today."),
    )
    monkeypatch.setattr("forecasting.steps.decided.planned_sources", [source])
    monkeypatch.setattr("forecasting.words.drivers.planned_sources", {"price": source})
    return found


def past(
    product: Product, *, driven: float, months: int = 14, used: Any = (), last: datetime.date = LAST
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
    measure = Measure.objects.get(code="units")
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
                "planned": [{"key": "price", "year": 0.1, "params": {"share": 0.1}}],
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
            run=run,
            **{name: 50.0 if name[0] == "l" else 150.0 for name in ("lo80", "hi80", "lo95", "hi95")},
        )


def test_what_made_the_line_worse_is_left_out_and_says_so(product: Product) -> None:
    other = product_factory(line=product.line)
    past(other, driven=80)
    (row,) = decisions_left_out(LAST)
    assert row[:3] == [product.line_id, "price", 14]
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert all(month.driven is None for month in made.months.all())
    (line,) = driver_card(made).planned  # type: ignore[union-attr]
    assert "It is left out: in the 14 months of this line" in line.text
    assert "further off" in line.text


@pytest.mark.parametrize(
    "given",
    [
        {"driven": 101},  # it helped
        {"driven": 80, "months": 11},  # too few months
        {"driven": 97.5},  # it moved next to nothing
        {"driven": 80, "used": [{"id": 1, "code": "x"}]},  # drivers moved it too
        {"driven": 80, "last": month_add(LAST, -24)},  # long ago
    ],
)
def test_else_it_moves_the_forecast(product: Product, given: dict[str, Any]) -> None:
    past(product, **given)
    assert decisions_left_out(LAST) == []


def test_without_a_past_it_moves_the_forecast(product: Product) -> None:
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert all(month.driven == pytest.approx(month.mean / 2) for month in made.months.all())


def test_another_line_goes_on(product: Product) -> None:
    past(product_factory(line=line_factory()), driven=80)
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert all(month.driven == pytest.approx(month.mean / 2) for month in made.months.all())


def test_a_night_hears_of_it(product: Product) -> None:
    run_now()
    before = Forecast.objects.get(product=product, current=True).computed_at
    run_now()
    assert Forecast.objects.get(product=product, current=True).computed_at == before
    past(product_factory(line=product.line), driven=80)
    run_now()
    made = Forecast.objects.get(product=product, current=True)
    assert made.computed_at > before
    assert all(month.driven is None for month in made.months.all())
