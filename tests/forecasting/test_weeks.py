"""Forecasts by the week: which lines get them, and months that are the sums of their weeks."""

from __future__ import annotations

import csv
import datetime
import math
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from core.doctor import examine
from core.months import month_add, month_end, month_start
from forecasting.models import Backtest, Calibration, Finding, Forecast, ForecastWeek, NightlyRun
from forecasting.services.findings import findings_decide
from forecasting.week_months import Span, months_of_weeks, shares
from products.models import FamilyMember, Product, SalesFact
from products.models.facts import Period
from products.selectors.lines import LineTree
from products.services.rollup import rollup_rebuild
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)

from .conftest import LAST, months_give, run_now
from .test_night import content, totals

pytestmark = pytest.mark.django_db

FIRST_WEEK = datetime.date(2023, 1, 5)  # a Thursday
WEEK = datetime.timedelta(days=7)


def weeks_give(
    product: Product,
    *,
    first: datetime.date = FIRST_WEEK,
    until: datetime.date = datetime.date(2026, 11, 4),
    period: Period = Period.WEEK,
    volume: Any = None,
    channel: Any = None,
) -> None:
    """Facts by the week (or day) from ``first`` on, the last one over by ``until``, and their months."""
    channel = channel or channel_factory()
    length = 7 if period == Period.WEEK else 1
    make = volume or (lambda step: 80 + 25 * math.sin(step / length * 2 * math.pi / 52) + step * 7919 % 13)
    measure = product_measure(product)
    SalesFact.objects.bulk_create(
        SalesFact(
            product_id=product.pk,
            measure_id=measure.pk,
            channel_id=channel.pk,
            start_date=first + datetime.timedelta(days=length * step),
            period=period,
            volume=Decimal(str(round(make(step), 2))),
        )
        for step in range((until - first).days // length + 1)
        if first + datetime.timedelta(days=length * (step + 1) - 1) <= until
    )
    rollup_rebuild(product_ids=[product.pk])


def product_measure(product: Product) -> Any:
    return LineTree().lead_measure(product.line_id)


@pytest.fixture
def weekly(db: Any) -> list[Product]:
    line = line_factory(forecast_step="week")
    found = [product_factory(line=line) for _ in range(2)]
    for product in found:
        weeks_give(product)
    return found


def of(product: Product) -> Forecast:
    return Forecast.objects.get(product=product, current=True)


def summed(forecast: Forecast) -> dict[datetime.date, float]:
    """By month, the shares of the weeks by days."""
    found: dict[datetime.date, float] = defaultdict(float)
    for week in forecast.weeks.all():
        for day in range(7):
            found[month_start(week.week + datetime.timedelta(days=day))] += week.mean / 7
    return found


def assert_months_are_sums(forecast: Forecast) -> None:
    last = max(week.week for week in forecast.weeks.all()) + datetime.timedelta(days=6)
    whole = [month for month in forecast.months.all() if month_end(month.month) <= last]
    assert len(whole) >= 5
    sums = summed(forecast)
    for month in whole:
        assert month.mean == pytest.approx(sums[month.month], abs=1e-6, rel=1e-9)
        assert month.lo95 <= month.lo80 <= month.mean <= month.hi80 <= month.hi95


def test_months_are_the_sums_of_their_weeks(weekly):
    run = run_now()
    assert (run.state, run.failures.count()) == (NightlyRun.State.DONE, 0)
    for product in weekly:
        forecast = of(product)
        assert (forecast.by_week, forecast.monthly_because) == (True, "")
        assert (forecast.weeks.count(), forecast.months.count()) == (26, 18)
        # The week from 29 October is not over in October; it gives November its last four days.
        assert forecast.weeks.first().week == datetime.date(2026, 10, 29)
        assert forecast.months.first().month == datetime.date(2026, 11, 1)
        assert_months_are_sums(forecast)
        assert forecast.wape is not None
        assert all(week.naive is not None for week in forecast.weeks.all())
        assert product.figures.forecast_12m == pytest.approx(
            sum(month.mean for month in forecast.months.all()[:12])
        )
    assert Calibration.objects.get().weeks["season_length"] == 52
    assert [problem for check in examine() for problem in check.problems] == []


def test_a_second_night_changes_nothing_and_one_worker_or_many_say_the_same(weekly, settings):
    run_now()
    before, weeks = content(), list(ForecastWeek.objects.values_list("week", "mean", "lo80", "hi95", "naive"))
    assert totals(run_now())["forecast"] == (0, 2, 0)
    assert content() == before
    for model in (Forecast, Backtest, Calibration):
        model.objects.all().delete()
    settings.NIGHT_CHUNK_SIZE = 1
    run_now()
    assert content()[:2] == before[:2]
    assert list(ForecastWeek.objects.values_list("week", "mean", "lo80", "hi95", "naive")) == weeks


def test_one_changed_week_computes_one_product_again(weekly):
    run_now()
    changed = SalesFact.objects.filter(product_id=weekly[0].pk, start_date=datetime.date(2026, 9, 3))
    # So that the month stays the same: what one week has more, the next has less.
    changed.update(volume=Decimal(60))
    SalesFact.objects.filter(product_id=weekly[0].pk, start_date=datetime.date(2026, 9, 10)).update(
        volume=Decimal(99)
    )
    again = run_now()
    assert (totals(again)["backtest"][:2], totals(again)["forecast"][:2]) == ((1, 1), (1, 1))


def test_weeks_of_the_running_month_wait_until_it_is_over(weekly):
    run_now()
    before = of(weekly[0])
    channel = channel_factory()
    for product in weekly:
        weeks_give(
            product, first=datetime.date(2026, 11, 5), until=datetime.date(2026, 11, 18), channel=channel
        )
    run_now()
    assert of(weekly[0]).content_hash == before.content_hash


def test_provisional_weeks_are_left_out_of_the_fit(weekly):
    line = weekly[0].line
    line.final_after_months = 2
    line.save()
    run_now()
    before = of(weekly[0])
    assert before.weeks.first().week == datetime.date(2026, 10, 29)
    # The week from 27 August is over in September, which is provisional.
    late = SalesFact.objects.filter(product_id=weekly[0].pk, start_date__gte=datetime.date(2026, 8, 27))
    late.update(volume=Decimal(999))
    run_now()
    assert of(weekly[0]).content_hash == before.content_hash


def test_the_next_month_makes_a_new_vintage_with_weeks_of_its_own(weekly):
    run_now()
    first = of(weekly[0])
    for product in weekly:
        weeks_give(product, first=datetime.date(2026, 11, 5), until=datetime.date(2026, 12, 2))
    run_now(local_date=datetime.date(2026, 12, 4))
    assert of(weekly[0]).as_of == datetime.date(2026, 11, 1)
    assert of(weekly[0]).weeks.first().week == datetime.date(2026, 11, 26)
    first.refresh_from_db()
    assert (first.current, first.weeks.first().week) == (False, datetime.date(2026, 10, 29))
    assert Backtest.objects.filter(product=weekly[0], weeks__isnull=False).count() == 2


def test_a_half_loaded_last_month_and_its_weeks_are_left_out(db):
    product = product_factory(line=line_factory(forecast_step="week"))
    weeks_give(product, period=Period.DAY, until=datetime.date(2026, 10, 21))
    run_now()
    forecast = of(product)
    assert (forecast.as_of, forecast.by_week) == (datetime.date(2026, 9, 1), True)
    # Days make weeks from Monday on; the one that October begins in is not over in September.
    assert forecast.weeks.first().week == datetime.date(2026, 9, 28)
    assert_months_are_sums(forecast)


def test_a_week_nobody_told_is_a_gap(weekly):
    SalesFact.objects.filter(product_id=weekly[0].pk, start_date=datetime.date(2026, 6, 4)).delete()
    run_now()
    assert of(weekly[0]).reason_params["filled"] == 1


def test_why_a_product_is_forecast_by_the_month(db):
    contracts = measure_factory(kind="level")
    line = line_factory(forecast_step="week")
    levels = product_factory(line=line_factory(forecast_step="week", measures=[contracts]))
    months_give(levels, 30, measure=contracts)
    monthly, mixed, shifted, few = (product_factory(line=line) for _ in range(4))
    months_give(monthly)
    weeks_give(mixed)
    SalesFact.objects.create(
        product_id=mixed.pk,
        measure_id=product_measure(mixed).pk,
        channel_id=channel_factory().pk,
        start_date=datetime.date(2025, 3, 1),
        period=Period.MONTH,
        volume=5,
    )
    weeks_give(shifted, until=datetime.date(2025, 12, 31))
    weeks_give(shifted, first=datetime.date(2026, 1, 5))
    weeks_give(few, first=datetime.date(2026, 4, 2))
    months_give(few, 30, last=datetime.date(2026, 3, 1))
    run_now()
    because = {row.product_id: row.monthly_because for row in Forecast.objects.all()}
    assert because == {
        levels.pk: "level",
        monthly.pk: "monthly_figures",
        mixed.pk: "some_monthly",
        shifted.pk: "mixed_weeks",
        few.pk: "few_weeks",
    }
    assert not ForecastWeek.objects.exists()


def test_a_line_inherits_its_step_and_may_say_otherwise(db):
    top = line_factory(forecast_step="week")
    below, other = line_factory(parent=top), line_factory(parent=top, forecast_step="month")
    inherits, own = product_factory(line=below), product_factory(line=other)
    weeks_give(inherits)
    weeks_give(own)
    family = family_factory(line=top)
    FamilyMember.objects.create(family=family, product=inherits, start_date=datetime.date(2022, 1, 1))
    run_now()
    assert (of(inherits).by_week, of(own).by_week, of(own).monthly_because) == (True, False, "")
    assert Forecast.objects.get(family=family).monthly_because == "family"


def test_switching_back_to_months_takes_the_weeks_away(weekly):
    run_now()
    line = weekly[0].line
    line.forecast_step = ""
    line.save()
    run_now()
    assert not of(weekly[0]).by_week
    assert not ForecastWeek.objects.exists()
    assert not Backtest.objects.filter(weeks__isnull=False).exists()


def test_an_exceptional_month_is_left_out_of_its_weeks(weekly):
    SalesFact.objects.filter(
        product_id=weekly[0].pk, start_date__range=(datetime.date(2026, 9, 3), datetime.date(2026, 9, 24))
    ).update(volume=Decimal(900))
    rollup_rebuild(product_ids=[weekly[0].pk])
    run_now()
    findings_decide(
        user=user_factory(),
        findings=Finding.objects.filter(product=weekly[0], first=datetime.date(2026, 9, 1)),
        state=Finding.State.CONFIRMED,
    )
    run_now()
    # Four weeks have their middle in September: 31 August is a Monday.
    assert of(weekly[0]).reason_params["filled"] == 4


def test_a_product_that_ends_sells_nothing_in_later_weeks(weekly):
    Product.objects.filter(pk=weekly[0].pk).update(ended=datetime.date(2027, 1, 31))
    run_now()
    for week in of(weekly[0]).weeks.all():
        assert (week.mean > 0) == (week.week + datetime.timedelta(days=3) <= datetime.date(2027, 1, 31))
    assert_months_are_sums(of(weekly[0]))


@pytest.mark.parametrize("field", ["lo80", "hi80"])
def test_bands_of_weeks_are_nested_in_the_database(weekly, field):
    run_now()
    row = ForecastWeek.objects.first()
    with pytest.raises(IntegrityError, match="forecast_week_bands_nested"), transaction.atomic():
        ForecastWeek.objects.filter(pk=row.pk).update(**{field: -1 if field == "hi80" else row.hi95 + 1})
    with pytest.raises(IntegrityError, match="forecast_week_unique"), transaction.atomic():
        ForecastWeek.objects.create(
            forecast_id=row.forecast_id, week=row.week, mean=0, median=0, lo80=0, hi80=0, lo95=0, hi95=0
        )


def test_a_line_knows_months_and_weeks_only(db):
    line = line_factory()
    with pytest.raises(IntegrityError, match="line_forecast_step_known"), transaction.atomic():
        type(line).objects.filter(pk=line.pk).update(forecast_step="day")


# -- the sums themselves ------------------------------------------------------------


def test_the_worked_example():
    """70 in the week from 2026-01-29: January 30, February 40."""
    found = shares(datetime.date(2026, 1, 29), 70.0)
    assert found == [(datetime.date(2026, 1, 1), 30, 3), (datetime.date(2026, 2, 1), 40, 4)]
    (_, first, _), (_, second, _) = shares(datetime.date(2026, 1, 29), 100.0)
    assert (first, second) == (Decimal("42.857142857"), Decimal("57.142857143"))


figures = st.floats(0, 1e6, allow_nan=False).map(lambda value: float(f"{value:.7g}"))


@st.composite
def spans(draw: Any) -> Span:
    mean = draw(figures)
    inner, outer = (draw(st.floats(0, 1)) for _ in range(2))
    lo80, hi80 = mean * (1 - inner), mean * (1 + inner)
    return Span(mean, (lo80, hi80, lo80 * (1 - outer), hi80 * (1 + outer)))


@given(
    first=st.dates(datetime.date(2026, 10, 26), datetime.date(2026, 11, 1)),
    weeks=st.lists(spans(), min_size=26, max_size=26),
    months=st.lists(spans(), min_size=18, max_size=18),
    correlation=st.floats(0, 1),
)
def test_any_weeks_add_up_and_their_bands_are_nested(first, weeks, months, correlation):
    monthly = {month_add(LAST, step + 1): span for step, span in enumerate(months)}
    starts = [first + step * WEEK for step in range(26)]
    found = months_of_weeks(list(zip(starts, weeks, strict=True)), monthly, correlation=correlation)
    last = starts[-1] + datetime.timedelta(days=6)
    parts: dict[datetime.date, Decimal] = defaultdict(Decimal)
    for start, span in zip(starts, weeks, strict=True):
        split = shares(start, span.mean)
        assert sum(share for _, share, _ in split) == Decimal(str(span.mean))
        for month, share, _days in split:
            parts[month] += share
    for month, span in found.items():
        lo80, hi80, lo95, hi95 = span.edges
        assert 0 <= lo95 <= lo80 <= span.mean <= hi80 <= hi95
        if month_end(month) <= last:
            assert span.mean == float(parts[month])
        elif month > last:
            assert span == monthly[month]


# -- real weeks ------------------------------------------------------------


SALES = Path(settings.BASE_DIR).parent / "shared" / "data" / "fmcg" / "sales.csv"


@pytest.mark.skipif(not SALES.exists(), reason="the sample data is not on this machine")
def test_ten_real_products_by_the_week(db):
    line, channel = line_factory(forecast_step="week"), channel_factory()
    sold: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    with SALES.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sold[row["sku"]][row["week_start"]] += Decimal(row["units"])
    chosen = {sku: product_factory(line=line, code=sku) for sku in sorted(sold)[:10]}
    SalesFact.objects.bulk_create(
        SalesFact(
            product_id=product.pk,
            measure_id=product_measure(product).pk,
            channel_id=channel.pk,
            start_date=datetime.date.fromisoformat(week),
            period=Period.WEEK,
            volume=units,
        )
        for sku, product in chosen.items()
        for week, units in sold[sku].items()
    )
    rollup_rebuild()
    run = run_now()
    assert not run.failures.exists()
    forecasts = list(Forecast.objects.all())
    assert len(forecasts) == 10
    for forecast in forecasts:
        assert forecast.by_week
        assert_months_are_sums(forecast)
    assert totals(run_now())["forecast"] == (0, 10, 0)
