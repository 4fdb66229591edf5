"""A night leaves alone what it told of products whose inputs are the same; of the others it tells what a look
at everything tells."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from collaboration.models import Alert
from collaboration.services.alerts import alert_close
from core.months import month_add
from core.organisation import organisation_forget
from forecasting.alerts.chunk import Judge
from forecasting.models import Forecast, ForecastMonth, NightlyRun, ProductNews, StageSetting, SubjectInputs
from forecasting.selectors.alert_facts import budget_years, moved_forecasts
from products.models import BudgetRow, BudgetVersion, ChannelLimit, Product, ProductLine, ProductMonth
from tests.factories import channel_factory, organisation_factory, user_factory

from .conftest import FORECASTS, LAST, TODAY, budget_give, products_make, run_now
from .test_alerts_night import vintage
from .test_night import totals

pytestmark = pytest.mark.django_db


def run_alerted(**fields: Any) -> NightlyRun:
    return run_now(only=[*FORECASTS, "alerts"], **fields)


@pytest.fixture(scope="module")
def _told(module_db: None) -> list[Product]:
    organisation_factory(alert_min_amount=10)
    products = products_make()
    ProductLine.objects.filter(pk=products[0].line_id).update(owner=user_factory(name="Anna"), unit="boxes")
    budget_give(products, 100)
    for product in products:
        for ago in range(1, 5):
            vintage(product, month_add(LAST, -ago), 60 + ago)
    run_alerted()
    run_alerted()  # the first night made what the news are told from while it went
    return products


@pytest.fixture
def told(_told: list[Product], db: None) -> list[Product]:
    """A night has alerted: all moved by half, all are off their budget."""
    return deepcopy(_told)


def _all() -> tuple[list[Any], list[Any]]:
    """Alerts and news, without keys and times of the run that told them."""
    alerts = Alert.objects.exclude(state=Alert.State.GONE).order_by("kind", "subject", "fingerprint")
    told = (
        "kind",
        "subject",
        "fingerprint",
        "state",
        "stake_amount",
        "evidence",
        "recipient_id",
        "product_id",
    )
    names = [f.attname for f in ProductNews._meta.concrete_fields if f.name != "run"]
    return list(alerts.values_list(*told)), list(ProductNews.objects.order_by("pk").values_list(*names))


def _corrected(products: list[Product]) -> None:
    ProductMonth.objects.filter(product=products[1], month=LAST).update(volume=F("volume") * 3)


def _dearer(products: list[Product]) -> None:
    ProductMonth.objects.filter(product=products[1], month=LAST).update(revenue=F("revenue") * 3)


def _owned(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(owner=user_factory(name="Bram"))


def _left(products: list[Product]) -> None:
    owner = ProductLine.objects.get(pk=products[1].line_id).owner
    type(owner).objects.filter(pk=owner.pk).update(is_active=False)


def _sees_no_totals(products: list[Product]) -> None:
    owner = ProductLine.objects.get(pk=products[1].line_id).owner
    ChannelLimit.objects.create(user=owner, channel=channel_factory())


def _limited(products: list[Product]) -> None:
    ProductLine.objects.filter(pk=products[1].line_id).update(alert_settings={"alert_budget_rate": 50})


def _dear_enough(products: list[Product]) -> None:
    organisation_factory(alert_min_amount=1_000_000)
    organisation_forget()


def _planned(products: list[Product]) -> None:
    BudgetRow.objects.filter(product=products[1], month=datetime.date(2026, 3, 1)).update(revenue=900)


def _replanned(products: list[Product]) -> None:
    budget_give(products, 80)


def _overridden(products: list[Product]) -> None:
    months = ForecastMonth.objects.filter(forecast__product=products[1], forecast__current=True)
    months.update(overridden=F("mean") * 4)


def _agreed_without_a_budget(products: list[Product]) -> None:
    BudgetRow.objects.all().delete()
    BudgetVersion.objects.all().delete()
    run_alerted()
    months = ForecastMonth.objects.filter(forecast__product=products[1], forecast__current=True)
    months.update(agreed=F("mean") * 4)


def _staged(products: list[Product]) -> None:
    StageSetting.objects.create(
        product=products[1],
        stage="decline",
        reason="seen",
        start_date=TODAY,
        until=TODAY + datetime.timedelta(days=90),
        set_by=user_factory("product-manager"),
    )


def _ended(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(ended=TODAY - datetime.timedelta(days=1))


def _temporary(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(temporary=True)


def _counted(products: list[Product]) -> None:
    Product.objects.filter(pk=products[1].pk).update(unit="pallets")


def _looked_back(products: list[Product]) -> None:
    ForecastMonth.objects.filter(forecast__product=products[1], forecast__as_of=month_add(LAST, -1)).delete()
    Forecast.objects.filter(product=products[1], as_of=month_add(LAST, -1)).delete()


def _final_later(products: list[Product]) -> None:
    ProductLine.objects.filter(pk=products[1].line_id).update(final_after_months=2)


@pytest.mark.parametrize(
    "change",
    [
        _corrected,
        _dearer,
        _owned,
        _left,
        _sees_no_totals,
        _limited,
        _dear_enough,
        _planned,
        _replanned,
        _overridden,
        _agreed_without_a_budget,
        _staged,
        _ended,
        _temporary,
        _counted,
        _looked_back,
        _final_later,
    ],
)
def test_after_a_change_it_tells_what_a_look_at_everything_tells(
    told: list[Product], change: Callable[[list[Product]], None]
) -> None:
    before = _all()
    assert len(before[0]) >= 6
    assert len(before[1]) == 3
    change(told)
    run_alerted()
    found = _all()
    assert found != before
    SubjectInputs.objects.update(judged="")
    assert totals(run_alerted())["alerts"][0] == 3
    assert _all() == found


def test_a_figure_that_no_forecast_is_made_from_is_told_of_too(told: list[Product]) -> None:
    _final_later(told)
    run_alerted()
    before = _all()
    _corrected(told)  # not final, so the forecast stays; why it moved is told by it
    run = run_alerted()
    assert (totals(run)["forecast"][0], totals(run)["alerts"][0]) == (0, 1)
    found = _all()
    assert found != before
    SubjectInputs.objects.update(judged="")
    run_alerted()
    assert _all() == found


def test_what_is_the_same_is_not_even_judged(told: list[Product], monkeypatch: Any) -> None:
    asked: list[int] = []
    judge = Judge.judge
    monkeypatch.setattr(Judge, "judge", lambda self, ids: asked.append(len(ids)) or judge(self, ids))
    before, news = _all(), list(ProductNews.objects.values_list("pk", "run_id"))
    run = run_alerted()
    assert (totals(run)["alerts"][:2], asked) == ((0, 3), [])
    assert (_all(), list(ProductNews.objects.values_list("pk", "run_id"))) == (before, news)
    _corrected(told)
    assert totals(run_alerted())["alerts"][:2] == (1, 2)
    assert asked == [1]


def test_what_a_person_closed_stays_closed_and_what_was_snoozed_wakes(told: list[Product]) -> None:
    closed, snoozed = Alert.objects.filter(kind="moved").order_by("pk")[:2]
    alert_close(alert_id=closed.pk, version=closed.version, reason="known", user=user_factory())
    Alert.objects.filter(pk=snoozed.pk).update(
        state=Alert.State.SNOOZED, snoozed_until=datetime.date(2020, 1, 1)
    )
    run_alerted()
    closed.refresh_from_db()
    snoozed.refresh_from_db()
    assert (closed.state, snoozed.state) == (Alert.State.CLOSED, Alert.State.OPEN)


def test_a_run_of_one_product_leaves_it_for_the_next_night_to_judge(told: list[Product]) -> None:
    run_alerted(scope=[told[1].pk])
    assert set(SubjectInputs.objects.filter(judged="").values_list("product_id", flat=True)) == {told[1].pk}
    assert totals(run_alerted())["alerts"][:2] == (1, 2)


def test_the_day_a_product_ends_it_is_judged_though_nothing_else_changed(told: list[Product]) -> None:
    Product.objects.filter(pk=told[1].pk).update(ended=TODAY)
    run_alerted()
    subject = f"product:{told[1].pk}:"
    mine = Alert.objects.filter(subject__startswith=subject).exclude(state=Alert.State.GONE)
    assert mine.exists()
    run = run_alerted(local_date=TODAY + datetime.timedelta(days=1))
    assert totals(run)["alerts"][0] == 1
    assert not mine.exists()


def test_sums_do_not_hang_on_where_the_database_keeps_the_months(told: list[Product]) -> None:
    ids = [product.pk for product in told]
    months = [datetime.date(TODAY.year, number, 1) for number in range(1, 13)]
    version = BudgetRow.objects.values_list("version_id", flat=True)[0]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_bitmapscan = off")
    for size in (0.1, 0.7, 3.3, 11.9):
        ForecastMonth.objects.update(mean=F("mean") * size / (F("pk") % 7 + 1))
        found = (moved_forecasts(ids), budget_years(ids, version, months, {}))
        for pk in ForecastMonth.objects.order_by("-pk").values_list("pk", flat=True):
            ForecastMonth.objects.filter(pk=pk).update(mean=F("mean"))
        assert (moved_forecasts(ids), budget_years(ids, version, months, {})) == found
