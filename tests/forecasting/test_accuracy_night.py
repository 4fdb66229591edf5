"""How good frozen vintages were: the rows the night writes, and what becomes of them when figures change."""

from __future__ import annotations

import datetime
import statistics
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from core.months import month_add, month_end, month_start
from core.organisation import today
from forecasting.models import (
    AccuracyRow,
    AccuracyState,
    Forecast,
    ForecastMonth,
    NightlyRun,
    Override,
    OverrideMonth,
)
from forecasting.selectors import accuracy_judgement
from forecasting.selectors.accuracy_judgement import ChangedMonth, Decision, judgement_of
from forecasting.services.judgement import judgement_apply
from forecasting.services.overrides import override_set, overrides_expire
from products.models import ProductMonth
from tests.factories import product_factory, user_factory

from .conftest import LAST, months_give, run_now

pytestmark = pytest.mark.django_db
BACK = 13


@pytest.fixture
def product(db: Any) -> Any:
    found = product_factory(launched=datetime.date(2022, 1, 1))
    months_give(found)
    return found


def look_back(*ago: int) -> None:
    """Vintages of so many months before the last."""
    for step in sorted(ago, reverse=True):
        run_now(as_of=month_add(LAST, -step))


def sold(product: Any) -> dict[datetime.date, float]:
    rows = ProductMonth.objects.filter(product_id=product.pk)
    return {row.month: float(row.volume) for row in rows if row.volume is not None}


def said(row: AccuracyRow) -> ForecastMonth:
    return ForecastMonth.objects.get(
        forecast__product=row.product, forecast__as_of=month_add(row.month, -row.lag), month=row.month
    )


def test_each_vintage_meets_its_months(product: Any) -> None:
    look_back(BACK, 2)
    run_now()
    found = {(row.month, row.lag): row for row in AccuracyRow.objects.all()}
    assert set(found) == {
        (month_add(LAST, lag - ago), lag) for ago in (BACK, 2) for lag in (1, 2, 3, 6, 12) if lag <= ago
    }
    volumes = sold(product)
    for row in found.values():
        frozen = said(row)
        assert row.vintage_id == frozen.forecast_id
        assert row.actual == volumes[row.month]
        assert row.statistical == frozen.mean
        assert row.naive == frozen.naive
        assert (row.lo95, row.lo80, row.hi80, row.hi95) == (
            frozen.lo95,
            frozen.lo80,
            frozen.hi80,
            frozen.hi95,
        )
        assert (row.driven, row.overridden, row.agreed) == (None, None, None)
        assert row.price == pytest.approx(2, rel=1e-4)
        as_of = month_add(row.month, -row.lag)
        errors = [
            abs(volume - volumes[month_add(month, -12)])
            for month, volume in volumes.items()
            if month <= as_of and month_add(month, -12) in volumes
        ]
        assert row.scale == pytest.approx(statistics.mean(errors), rel=1e-9)
        # These vintages were computed in November 2026 and later, when their months were over.
        assert row.afterwards


def test_of_what_sells_now_and_then_nothing_is_scaled(product: Any) -> None:
    ProductMonth.objects.filter(product_id=product.pk).exclude(month__month__in=(1, 4, 7, 10)).update(
        volume=0, revenue=0
    )
    look_back(2)
    run_now()
    assert set(Forecast.objects.values_list("method", flat=True)) == {"tsb"}
    assert set(AccuracyRow.objects.values_list("scale", flat=True)) == {None}


def test_a_vintage_in_time_is_not_called_afterwards(product: Any) -> None:
    look_back(2)
    moment = datetime.datetime.combine(month_add(LAST, -1), datetime.time(3), datetime.UTC)
    Forecast.objects.update(computed_at=moment)
    run_now()
    assert dict(AccuracyRow.objects.values_list("lag", "afterwards")) == {1: False, 2: False}


def test_provisional_months_wait_until_they_are_final(product: Any) -> None:
    type(product.line).objects.filter(pk=product.line_id).update(final_after_months=1)
    look_back(2)
    run_now()
    assert set(AccuracyRow.objects.values_list("month", flat=True)) == {month_add(LAST, -1)}


def test_unchanged_is_skipped_and_a_correction_rewrites(product: Any) -> None:
    look_back(2)
    first = run_now()
    before = list(AccuracyRow.objects.order_by("pk").values())
    assert len(before) == 2
    again = run_now()
    step = again.steps.get(name="accuracy")
    assert (step.computed, step.skipped) == (0, 1)
    assert list(AccuracyRow.objects.order_by("pk").values()) == before
    ProductMonth.objects.filter(product_id=product.pk, month=LAST).update(volume=Decimal(77))
    corrected = run_now()
    assert corrected.steps.get(name="accuracy").computed == 1
    rows = {row.lag: row for row in AccuracyRow.objects.all()}
    assert rows[2].actual == 77
    assert (rows[2].run, rows[1].run) == (corrected, first)
    # Only what it is measured against: the forecast stays what it was.
    assert {lag: row.statistical for lag, row in rows.items()} == {
        row["lag"]: row["statistical"] for row in before
    }


def test_a_corrected_amount_changes_the_price(product: Any) -> None:
    look_back(1)
    run_now()
    ProductMonth.objects.filter(product_id=product.pk).update(revenue=Decimal(1))
    run_now()
    assert AccuracyRow.objects.get().price < 1


def test_what_is_taken_back_goes(product: Any) -> None:
    look_back(2)
    run_now()
    ProductMonth.objects.filter(product_id=product.pk, month=LAST).delete()
    run_now()
    assert list(AccuracyRow.objects.values_list("month", flat=True)) == [month_add(LAST, -1)]
    ProductMonth.objects.filter(product_id=product.pk).delete()
    run_now()
    assert not AccuracyRow.objects.exists()


def test_a_run_that_looks_back_takes_nothing_away(product: Any) -> None:
    look_back(3, 2)
    run_now()
    before = AccuracyRow.objects.count()
    run_now(as_of=month_add(LAST, -1))
    assert AccuracyRow.objects.count() >= before
    run_now()
    assert AccuracyRow.objects.count() == before + 1  # the vintage of last month looked one month ahead


@pytest.mark.parametrize("size", [1, 2])
def test_the_size_of_chunks_changes_no_row(products: Any, settings: Any, size: int) -> None:
    def content() -> list[Any]:
        left_out = {"id", "run_id", "vintage_id"}
        return [
            {k: v for k, v in row.items() if k not in left_out}
            for row in AccuracyRow.objects.order_by("product", "month", "lag").values()
        ]

    look_back(3, 1)
    run_now()
    whole = content()
    assert len(whole) == 3 * 4
    Forecast.objects.all().delete()
    AccuracyState.objects.all().delete()
    settings.NIGHT_CHUNK_SIZE = size
    look_back(3, 1)
    run_now()
    assert content() == whole


# -- who changed it -------------------------------------------------------------------------------------


def test_a_changed_month_keeps_its_reason_and_author(product: Any, monkeypatch: Any) -> None:
    author = user_factory()
    look_back(3)
    ForecastMonth.objects.filter(month=month_add(LAST, -1)).update(overridden=150)
    asked: list[Any] = []

    def decisions(keys: Any) -> Any:
        asked.extend(keys)
        key = (product.pk, product_measure().pk, month_add(LAST, -1))
        return {key: [Decision("promotion", author.pk, datetime.datetime(2026, 8, 3, tzinfo=datetime.UTC))]}

    monkeypatch.setattr(accuracy_judgement, "decisions_on", decisions)
    run_now()
    rows = {row.month: row for row in AccuracyRow.objects.filter(vintage__as_of=month_add(LAST, -3))}
    changed = rows[month_add(LAST, -1)]
    assert (changed.overridden, changed.reason_code, changed.author) == (150, "promotion", author)
    assert (rows[LAST].reason_code, rows[LAST].author) == ("", None)
    assert asked == [(product.pk, product_measure().pk, month_add(LAST, -1))]


def product_measure() -> Any:
    from products.models import Measure

    return Measure.objects.get(code="units")


def test_the_decision_in_force_when_the_vintage_was_frozen_counts(monkeypatch: Any) -> None:
    def at(day: int, month: int = 6) -> datetime.datetime:
        return datetime.datetime(2026, month, day, tzinfo=datetime.UTC)

    first, second = Decision("price", 1, at(1)), Decision("campaign", 2, at(5))
    withdrawn, late = Decision("data", 3, at(6), ended_at=at(8)), Decision("other", 4, at(20))
    afterwards = Decision("order", 5, at(3, month=11))
    held = {(1, 1, LAST): [second, first, withdrawn, late, afterwards]}
    monkeypatch.setattr(accuracy_judgement, "decisions_on", lambda keys: held)

    def decision(frozen_at: datetime.datetime | None) -> Decision | None:
        row = ChangedMonth(1, 1, LAST, 1, frozen_at)
        return judgement_of([row]).get(row)

    assert decision(at(2)) == first
    assert decision(at(7)) == withdrawn
    assert decision(at(10)) == second
    # What was decided when the month (October) was over is no forecast.
    assert decision(at(5, month=11)) == late
    assert decision(None) == late
    assert decision(at(1, month=5)) is None


def test_an_override_is_measured_with_its_reason_and_author(product: Any) -> None:
    author, units = user_factory(), product_measure()
    look_back(2)
    override_set(
        user=author,
        product=product,
        measure=units,
        operation="set",
        value=Decimal(50),
        first_month=month_start(today()),
        last_month=month_start(today()),
        reason="competitor",
    )
    # As if it had been said of October in September, and ran out with that month.
    end = month_end(LAST)
    OverrideMonth.objects.update(month=LAST)
    Override.objects.update(
        first_month=LAST,
        last_month=LAST,
        until=end,
        set_at=datetime.datetime(2026, 9, 9, tzinfo=datetime.UTC),
    )
    overrides_expire(product_ids=[product.pk])
    judgement_apply(product_ids=[product.pk])
    # The month is over and its figure not there yet: the vintage keeps what was said of it.
    assert list(OverrideMonth.objects.values_list("active", flat=True)) == [False]
    assert ForecastMonth.objects.get(forecast__current=True, month=LAST).overridden == 50
    run_now()
    row = AccuracyRow.objects.get(month=LAST, lag=2)
    assert (row.overridden, row.reason_code, row.author) == (50, "competitor", author)


# -- the database holds its rules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("lag", "4"),
        ("month", "'2026-10-02'"),
        ("lo80", "999999"),
        ("scale", "0"),
        ("reason_code", "'promotion'"),
    ],
)
def test_a_row_that_cannot_be_is_refused(product: Any, column: str, value: str) -> None:
    look_back(1)
    run_now()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE forecasting_accuracyrow SET {column} = {value}")


def test_a_month_and_lag_has_one_row(product: Any) -> None:
    look_back(1)
    run_now()
    row = AccuracyRow.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    state = AccuracyState.objects.get()
    state.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        state.save(force_insert=True)
    assert NightlyRun.objects.filter(pk=state.run_id).exists()
