"""A last month that was loaded in part, seen by all products of a line together."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F

from collaboration.models import Alert
from collaboration.selectors.alerts import alerts_visible
from core.months import month_add
from forecasting.models import Forecast, ProductNews, TotalForecast
from forecasting.selectors.half_loads import half_loaded
from forecasting.selectors.series import data_span
from forecasting.selectors.totals import LineTotal
from forecasting.services.night import night_start
from forecasting.steps import common
from forecasting.steps.common import series_of_chunk, subject_chunks
from products.models import Measure, Product, ProductLine, ProductMonth
from products.selectors.months import complete_months
from products.services.figures import figures_refresh
from reporting.total_panel import total_figures
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

from .conftest import FORECASTS, LAST, TODAY, budget_give, months_give, run_now
from .test_alerts_night import kinds, night, said, vintage
from .test_line_totals import line_budget, of, units
from .test_pages import text

pytestmark = pytest.mark.django_db


def line_of(count: int, volume: Any = None) -> list[Product]:
    line = line_factory()
    found = [product_factory(line=line, launched=datetime.date(2022, 1, 1)) for _ in range(count)]
    for product in found:
        months_give(product, volume=volume)
    return found


def short_by(
    products: list[Product], share: float, months: Any = (LAST,), measure: Measure | None = None
) -> None:
    measure = measure or units()
    rows = ProductMonth.objects.filter(product__in=products, measure=measure, month__in=months)
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
    key = products[0].line_id, units().pk
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


def test_a_month_with_data_after_it_was_loaded_whole() -> None:
    products = line_of(5)
    _half(products)
    assert _counts(products) == month_add(LAST, -1)
    week = {"months": 1, "last": month_add(LAST, 1), "volume": lambda _step: 3}
    months_give(products[0], **week)
    ProductMonth.objects.filter(month__gt=LAST).update(days=7)
    assert _counts(products) == LAST


def test_only_what_the_line_counts_is_looked_at() -> None:
    products, other = line_of(5), measure_factory()
    for product in products:
        months_give(product, measure=other)
    short_by(products, 0.5, measure=other)
    assert _counts(products, other) == _counts(products) == LAST
    products[0].line.line_measures.create(measure=units(), leads=True)
    products[0].line.line_measures.create(measure=other)
    assert (_counts(products, other), _counts(products)) == (month_add(LAST, -1), LAST)


def test_all_chunks_of_a_run_leave_out_the_same(monkeypatch: Any) -> None:
    products = line_of(5)
    run = night_start(local_date=TODAY)
    (payload,) = subject_chunks(run)
    _half(products)  # comes in while the night is at work
    monkeypatch.setattr(common, "_kept", common._Kept((0, None)))  # another process
    assert {series.fit_until for series in series_of_chunk(run, payload)} == {LAST}


def _counts(products: list[Product], measure: Measure | None = None) -> datetime.date:
    measure = measure or units()
    return data_span(LAST)[products[0].line_id, measure.pk][2]


# -- alerts -----------------------------------------------------------------------------------------------


def alerted(count: int = 5, **line: Any) -> list[Product]:
    """Products of a line that sell as the forecasts said."""
    products = line_of(count, lambda _step: 100)
    ProductLine.objects.filter(pk=products[0].line_id).update(**line)
    organisation_factory(alert_min_amount=10)
    for product in products:
        vintage(product, month_add(LAST, -1))
        vintage(product, LAST)
    figures_refresh()
    return products


def test_it_is_one_alert_of_its_line_and_none_of_its_products() -> None:
    products = alerted()
    _half(products)
    night()
    assert kinds() == ["half"]
    alert = Alert.objects.get()
    assert (alert.line_id, alert.subject) == (products[0].line_id, f"line:{products[0].line_id}")
    assert "less than three quarters of their usual sales in Oct\u00a02026" in said("half")
    limited = user_factory(channels=[channel_factory()])
    assert not alerts_visible(limited).exists()
    short_by(products, -1.0)
    night()
    assert kinds() == []


def test_it_is_told_from_the_first_night_and_products_that_lack_it_not_beside_it() -> None:
    products = alerted(6)
    ProductMonth.objects.filter(product__in=products[:4], month=LAST).delete()
    night(local_date=datetime.date(2026, 11, 1))
    assert kinds() == ["half"]
    night()
    assert kinds() == ["half"]
    ProductMonth.objects.filter(product=products[0], month=month_add(LAST, -1)).delete()
    night()
    assert kinds() == ["half", "late"]
    assert said("late").endswith(f"for 1 product that sold every month: {products[0].name}.")


def test_a_month_that_may_still_move_is_told_by_its_products() -> None:
    _rows_lack(alerted(final_after_months=1))
    night()
    assert kinds() == ["late"]


def test_a_run_that_looks_back_leaves_it_as_it_is() -> None:
    _half(alerted())
    night()
    night(as_of=month_add(LAST, -1))
    assert kinds() == ["half"]


def test_one_measure_loaded_half_leaves_the_alerts_of_another() -> None:
    products, other = alerted(), measure_factory()
    line = products[0].line
    line.line_measures.create(measure=units(), leads=True)
    line.line_measures.create(measure=other)
    for product in products:
        months_give(product, measure=other, volume=lambda _step: 100)
        vintage(product, month_add(LAST, -1), measure=other)
        vintage(product, LAST, measure=other)
    short_by(products, 0.5, measure=other)
    short_by(products[:1], 0.5)
    night()
    assert kinds() == ["band", "half"]
    assert Alert.objects.get(kind="band").evidence["measure"] == units().pk


@pytest.mark.parametrize(("final_after", "told"), [(None, ["half"]), (1, [])])
@pytest.mark.parametrize("planned", [200, 150])
def test_a_half_month_counts_in_a_year_as_it_was_expected(
    planned: int, final_after: int | None, told: list[str]
) -> None:
    """At 200 a month the plan is what is sold, and at 150 the year is over it all along. Where the month may
    still move nobody is told that it is half."""
    products = alerted(final_after_months=final_after)
    short_by(products, 0.7)
    budget_give(products, planned)
    night()
    assert kinds() == [*([] if planned == 200 else ["budget"] * 5), *told]
    amounts = list(ProductNews.objects.values_list("year_amount", flat=True))
    assert amounts == pytest.approx([2400] * 5)


def test_a_half_month_that_nobody_forecast_leaves_the_year_unknown() -> None:
    products = alerted()
    Forecast.objects.filter(current=False).delete()
    short_by(products, 0.7)
    budget_give(products, 150)
    night()
    assert kinds() == ["half"]
    assert set(ProductNews.objects.values_list("year_amount", flat=True)) == {None}


@pytest.mark.parametrize(("final_after", "told"), [(None, ["half"]), (1, [])])
@pytest.mark.parametrize("planned", [1000, 500])
def test_a_half_month_counts_in_the_year_of_a_line_as_it_was_expected(
    planned: int, final_after: int | None, told: list[str]
) -> None:
    organisation_factory(alert_min_amount=10)
    products = line_of(5, lambda _step: 100)
    line = ProductLine.objects.filter(pk=products[0].line_id)
    line.update(final_after_months=final_after)
    line_budget(line.get(), planned)
    run_now(as_of=month_add(LAST, -1), only=FORECASTS)
    short_by(products, 0.7)
    run_now(only=(*FORECASTS, "alerts"))
    assert kinds() == [*told, *([] if planned == 1000 else ["line_budget"])]
    assert Forecast.objects.filter(as_of__lt=LAST).delete()[0]
    run_now(only=(*FORECASTS, "alerts"))
    assert kinds() == told


def test_a_half_month_counts_in_a_total_as_it_was_expected(client: Any) -> None:
    """On the page and in the alert alike, also of the line above; a product that nobody had forecast counts
    as loaded, and where nobody had any the month is unknown."""
    products, parent = line_of(5, lambda _step: 100), line_factory()
    line, last = products[0].line, datetime.date(LAST.year, 12, 1)
    ProductLine.objects.filter(pk=line.pk).update(parent=parent)
    other = product_factory(line=line_factory(parent=parent), launched=datetime.date(2022, 1, 1))
    months_give(other, volume=lambda _step: 10)
    run_now(as_of=month_add(LAST, -1), only=FORECASTS)
    short_by(products, 0.7)
    run_now()

    def found(line: Any, measure: Measure | None = None) -> tuple[list[Any], float | None]:
        total = TotalForecast.objects.get(line=line, measure=measure, current=True)
        year = LineTotal(total, None).year_of(datetime.date(LAST.year, 1, 1), last)
        return total.history[-1], None if year is None else round(year)

    half = [[line.pk], [line.pk]]
    assert found(line, units()) == ([str(LAST), pytest.approx(500, rel=1e-3), *half], 6000)
    assert found(line) == ([str(LAST), pytest.approx(1000, rel=1e-3), *half], 12000)
    assert found(parent) == ([str(LAST), pytest.approx(1020, rel=1e-3), *half], 12240)
    client.force_login(user_factory())
    page = text(client.get("/forecasting/totals/", {"line": parent.code}))
    assert f"Oct 2026 of {line.name} seems loaded in part; what was expected of it counts" in page
    Forecast.objects.filter(product=products[0], as_of__lt=LAST).delete()
    run_now()
    assert found(line, units())[0] == [str(LAST), pytest.approx(430, rel=1e-3), *half]
    Forecast.objects.filter(as_of__lt=LAST).delete()
    run_now()
    unknown = [str(LAST), None, [], [line.pk]]
    assert found(line) == found(parent) == (unknown, None)
    page = text(client.get("/forecasting/totals/", {"line": parent.code}))
    assert f"Oct 2026 of {line.name} seems loaded in part; nothing was expected of it yet" in page
    figures, _budget = total_figures(user_factory(), LineTotal(of(parent), None))
    assert [(row.value, row.index) for row in figures.revenue] == [(None, None)] * 4
    assert all(row.last_year for row in figures.revenue)


def test_a_run_that_looks_back_leaves_the_total_as_it_is() -> None:
    products = line_of(5, lambda _step: 100)
    run_now(as_of=month_add(LAST, -1))
    short_by(products, 0.7)
    run_now()
    total = TotalForecast.objects.get(line=products[0].line, measure=units(), current=True)
    expected = total.history[-1]
    assert expected[1] == pytest.approx(500, rel=1e-3)
    back = run_now(as_of=month_add(LAST, -1))
    total = TotalForecast.objects.get(line=products[0].line, measure=units(), current=True)
    assert (total.run, total.history[-1]) == (back, expected)


def test_a_half_month_counts_once_of_a_product_whose_forecast_is_of_before_it() -> None:
    products = line_of(5, lambda _step: 100)
    run_now(as_of=month_add(LAST, -1), only=FORECASTS)
    short_by(products, 0.7)
    run_now(only=FORECASTS)
    own = Forecast.objects.filter(product=products[0])  # the last night failed on it
    own.filter(as_of=LAST).delete()
    own.update(current=True)
    run_now(only=["totals"])
    line = products[0].line
    total = TotalForecast.objects.get(line=line, measure=units(), current=True)
    assert total.history[-1] == [str(LAST), pytest.approx(500, rel=1e-3), [line.pk], [line.pk]]


def test_the_half_month_of_a_line_that_stopped_counts_as_loaded() -> None:
    """Its forecasts count no longer in the totals above it."""
    line, parent, stopped = line_factory(), line_factory(), month_add(LAST, -6)
    ProductLine.objects.filter(pk=line.pk).update(parent=parent)
    products = [product_factory(line=line, launched=datetime.date(2022, 1, 1)) for _ in range(5)]
    for product in products:
        months_give(product, last=stopped, volume=lambda _step: 100)
    months_give(product_factory(line=line_factory(parent=parent)), volume=lambda _step: 10)
    run_now(as_of=month_add(stopped, -1), only=FORECASTS)
    short_by(products, 0.7, [stopped])
    run_now()
    assert data_span(LAST)[line.pk, units().pk][1:] == (stopped, month_add(stopped, -1))
    for above, revenue in ((parent, 320), (line, 300)):
        total = TotalForecast.objects.get(line=above, measure=None, current=True)
        assert [row[1:] for row in total.history if row[0] == str(stopped)] == [[pytest.approx(revenue)]]


def test_another_measure_loaded_half_leaves_the_total_as_it_is() -> None:
    products, other = line_of(5, lambda _step: 100), measure_factory()
    line = products[0].line
    line.line_measures.create(measure=units(), leads=True)
    line.line_measures.create(measure=other)
    for product in products:
        months_give(product, measure=other)
    run_now(as_of=month_add(LAST, -1), only=FORECASTS)
    short_by(products, 0.5, measure=other)
    short_by(products[:2], 0.5)
    run_now()
    total = TotalForecast.objects.get(line=line, measure=None, current=True)
    assert total.history[-1] == [str(LAST), pytest.approx(800)]
