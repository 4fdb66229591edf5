"""A night sees to what changed, and makes the same rows as one that looks at everything anew."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from core.models import Job, Organisation
from core.months import month_add
from forecasting import engine
from forecasting.models import Calibration, Forecast, NightlyFailure, NightlyRun, SubjectInputs
from forecasting.selectors.series import SeriesLoader
from forecasting.services.backtests import calibration_write
from forecasting.services.drivers import driver_calendar_use
from forecasting.services.findings import month_flag
from forecasting.services.launches import launch_plan_set
from forecasting.services.night import step_group
from forecasting.steps import figures
from forecasting.totals import CORRELATION
from products.doctor import figures_are_recomputed
from products.models import (
    FamilyMember,
    Measure,
    Product,
    ProductFigures,
    ProductLine,
    ProductMonth,
    Succession,
    UnitFactor,
)
from tests.factories import family_factory, product_factory, user_factory

from .conftest import LAST, months_give, run_now
from .test_night import content, totals

pytestmark = pytest.mark.django_db
STEPS = ("changes", "findings", "backtest", "forecast", "lifecycle")


def _units() -> Measure:
    return Measure.objects.get(code="units")


def _corrected(products: list[Product]) -> None:
    ProductMonth.objects.filter(product=products[1], month=LAST).update(volume=F("volume") + 30)


def _ends(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(ended=datetime.date(2027, 2, 1))


def _provisional(products: list[Product]) -> None:
    ProductLine.objects.filter(pk=products[1].line_id).update(final_after_months=2)


def _flagged(products: list[Product]) -> None:
    month = month_add(LAST, -5)
    who = user_factory("product-manager")
    month_flag(user=who, measure=_units(), first=month, last=month, note="strike", product=products[1])


def _planned(products: list[Product]) -> None:
    new = product_factory(line=products[0].line)
    launch_plan_set(
        user=user_factory("product-manager"),
        product=new,
        measure=_units(),
        method="like_items",
        launch_month=month_add(LAST, 2),
        references=[(products[0], Decimal(1))],
    )


def _succeeded(products: list[Product]) -> None:
    new = product_factory(line=products[0].line)
    Succession.objects.create(predecessor=products[1], successor=new, start_date=month_add(LAST, 1))


def _joined(products: list[Product]) -> None:
    family = family_factory(line=products[0].line)
    for product in products[:2]:
        FamilyMember.objects.create(family=family, product=product, start_date=datetime.date(2020, 1, 1))


def _factored(products: list[Product]) -> None:
    Product.objects.filter(pk=products[0].pk).update(unit="bottle")
    ProductLine.objects.filter(pk=products[0].line_id).update(reporting_unit="bottle", unit="case")
    _joined(products)
    UnitFactor.objects.create(product=products[1], unit="bottle", factor=6)


def _taken_back(products: list[Product]) -> None:
    ProductMonth.objects.filter(product=products[1], month__gt=month_add(LAST, -3)).delete()


def _driven(products: list[Product]) -> None:
    driver_calendar_use(user=user_factory("product-manager"), calendar="trading_days", line=None)


def _launched(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(launched=month_add(LAST, -20))


def _temporary(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(temporary=True)


def _begins_later(products: list[Product]) -> None:
    """The line's first month turns out to be loaded in part, and so counts for none of its products."""
    ProductMonth.objects.filter(month=month_add(LAST, -47)).update(days=3)


def _by_week(products: list[Product]) -> None:
    ProductLine.objects.filter(pk=products[1].line_id).update(forecast_step="week")


def _a_level(products: list[Product]) -> None:
    Measure.objects.filter(code="units").update(kind=Measure.Kind.LEVEL)


@pytest.mark.parametrize(
    "change",
    [
        _corrected,
        _launched,
        _begins_later,
        _ends,
        _provisional,
        _flagged,
        _planned,
        _succeeded,
        _joined,
        _factored,
        _taken_back,
        _driven,
    ],
)
def test_after_a_change_it_makes_what_a_look_at_everything_makes(
    settled: list[Product], change: Callable[[list[Product]], None]
) -> None:
    before = content()
    change(settled)
    run = run_now()
    found = content()
    assert found != before
    assert totals(run)["changes"][0] >= 1
    assert list(figures_are_recomputed()) == []
    SubjectInputs.objects.all().delete()
    assert totals(run_now())["changes"][0] >= 3
    assert content() == found


@pytest.mark.parametrize(("change", "due"), [(_temporary, 1), (_by_week, 3), (_a_level, 3)])
def test_facts_that_no_figure_shows_are_noticed(
    settled: list[Product], change: Callable[[list[Product]], None], due: int
) -> None:
    change(settled)
    assert totals(run_now())["changes"][0] == due
    assert totals(run_now())["changes"][0] == 0


def test_the_lists_figures_are_made_where_something_changed(settled: list[Product], monkeypatch: Any) -> None:
    asked: list[Any] = []
    refresh = figures.figures_refresh
    monkeypatch.setattr(figures, "figures_refresh", lambda **said: asked.append(said) or refresh(**said))
    run_now()
    assert asked == []
    _corrected(settled)
    run_now()
    assert asked == [{"product_ids": [settled[1].pk]}]
    assert list(figures_are_recomputed()) == []


def test_a_financial_year_that_begins_elsewhere_reaches_the_list(settled: list[Product]) -> None:
    names = ("product_id", "revenue_ytd", "months_ytd")
    before = list(ProductFigures.objects.order_by("pk").values_list(*names))
    Organisation.objects.update(financial_year_first_month=7)
    run_now()
    found = list(ProductFigures.objects.order_by("pk").values_list(*names))
    assert [months for _pk, _revenue, months in found] == [4, 4, 4]
    assert found != before


def test_a_predecessors_figures_reach_its_successor(products: list[Product]) -> None:
    new = product_factory(line=products[0].line)
    months_give(new, 12)
    Succession.objects.create(predecessor=products[1], successor=new, start_date=month_add(LAST, -11))
    run_now()
    ProductMonth.objects.filter(product=products[1], month=month_add(LAST, -20)).update(
        volume=F("volume") + 30
    )
    assert totals(run_now())["changes"][0] == 2


def test_a_borrowed_season_that_changed_reaches_who_borrows_it(products: list[Product]) -> None:
    short = product_factory(line=products[0].line, launched=month_add(LAST, -8))
    months_give(short, 8)
    run_now()
    before = content()
    ProductMonth.objects.filter(product=products[1], month__month=6).update(volume=F("volume") * 3)
    assert totals(run_now())["changes"][0] == 2
    found = content()
    assert found != before
    SubjectInputs.objects.all().delete()
    run_now()
    assert content() == found


def test_what_did_not_change_is_not_even_read(settled: list[Product], monkeypatch: Any) -> None:
    asked: list[int] = []
    load = SeriesLoader.load
    monkeypatch.setattr(
        SeriesLoader, "load", lambda self, *ids: asked.append(len(ids[0])) or load(self, *ids)
    )
    found = totals(run_now())
    assert {name: found[name] for name in STEPS} == dict.fromkeys(STEPS, (0, 3, 0))
    assert asked == []
    _corrected(settled)
    found = totals(run_now())
    assert {name: found[name] for name in STEPS} == dict.fromkeys(STEPS, (1, 2, 0))
    assert asked == [1]  # what was read is kept for the steps that need it


def test_a_month_that_is_not_over_makes_nothing_due(settled: list[Product]) -> None:
    rows = ProductMonth.objects.filter(product__in=settled, month=LAST)
    for row in list(rows):
        row.pk, row.month, row.days = None, month_add(LAST, 1), 20
        row.save()
    assert totals(run_now())["changes"][0] == 0
    rows.update(revenue=F("revenue") + 1)
    assert totals(run_now())["changes"][0] == 3


def test_bands_that_stayed_reach_nothing(products: list[Product]) -> None:
    def looked_at_all(run: NightlyRun) -> bool:
        chunks = Job.objects.filter(group=step_group(run.pk, "forecast"))
        return not all(chunks.values_list("payload__due", flat=True))

    assert looked_at_all(run_now())
    assert not looked_at_all(run_now())
    saved = Calibration.objects.get()
    saved.pk, saved.payload = None, saved.payload | {CORRELATION: 0.123}
    saved.save()
    assert looked_at_all(run_now())
    assert not looked_at_all(run_now())


def test_what_failed_is_seen_to_again(products: list[Product], monkeypatch: Any) -> None:
    real = engine.forecast

    def breaks(series: Any, **options: Any) -> Any:
        if f"{products[1].pk}-" in series.id:
            raise ZeroDivisionError
        return real(series, **options)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "forecast", breaks)
        run_now()
    assert NightlyFailure.objects.get().product == products[1]
    found = totals(run_now())
    assert found["changes"][0] == found["forecast"][0] == 1
    assert totals(run_now())["changes"][0] == 0


def test_a_forecast_that_went_missing_is_made_again(settled: list[Product]) -> None:
    before = content()
    Forecast.objects.filter(product=settled[2]).delete()
    assert totals(run_now())["forecast"][0] == 1
    assert content() == before


def test_a_forecast_that_the_list_lost_or_that_is_stale_is_made_again(settled: list[Product]) -> None:
    ProductFigures.objects.filter(product=settled[0]).update(forecast_as_of=None)
    Forecast.objects.filter(product=settled[1]).update(stale=True)
    assert totals(run_now())["forecast"][0] == 2
    assert not ProductFigures.objects.filter(forecast_as_of=None).exists()
    assert not Forecast.objects.filter(stale=True).exists()


def test_bands_pooled_anew_reach_everything(settled: list[Product]) -> None:
    Calibration.objects.all().delete()
    for _number in range(2):
        months_give(product_factory(line=settled[0].line, launched=datetime.date(2022, 1, 1)))
    found = totals(run_now())
    assert (found["changes"][0], found["backtest"][0], found["forecast"][0]) == (2, 2, 5)


def test_bands_that_two_runs_pooled_alike_are_kept_once(products: list[Product]) -> None:
    run = run_now()
    saved = Calibration.objects.get()
    told: dict[str, Any] = {"run": run, "engine_version": saved.engine_version, "payload": saved.payload}
    assert calibration_write(series=saved.series, **told) == saved
    assert calibration_write(series=saved.series + 1, **told) != saved
