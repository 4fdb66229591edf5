"""The step of the night that alerts: from vintages, actuals, budgets and stages to alerts and news."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from collaboration.models import Alert, Notification
from collaboration.selectors.alerts import alert_rows, alerts_worded
from core.months import month_add
from forecasting.models import (
    Forecast,
    ForecastMonth,
    NightlyFailure,
    NightlyRun,
    ProductNews,
    StageEstimate,
    StageSetting,
)
from forecasting.services.night import night_start
from forecasting.steps import alerts as step
from products.models import BudgetRow, Measure, Product, ProductMonth, SalesMonth
from products.services.figures import figures_refresh
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    organisation_factory,
    product_factory,
    user_factory,
)

from .conftest import LAST, TODAY, budget_give, months_give, night_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def product(db: Any) -> Product:
    """Sells 100 a month at 2 a piece for four years; its line's owner is Anna."""
    organisation_factory(alert_min_amount=10)
    line = line_factory(owner=user_factory(name="Anna"), unit="pakken")
    product = product_factory(line=line, launched=datetime.date(2022, 1, 1))
    months_give(product, volume=lambda _step: 100)
    figures_refresh()
    return product


def vintage(
    product: Product,
    as_of: datetime.date,
    mean: float = 100.0,
    *,
    measure: Measure | None = None,
    reason: str = "enough_history",
    **fields: Any,
) -> Forecast:
    """A forecast of 18 equal months: bands of 10 (80 %) and 20 (95 %) on either side."""
    measure = measure or Measure.objects.get(code="units")
    forecast = Forecast.objects.create(
        product=product,
        measure=measure,
        as_of=as_of,
        current=fields.pop("current", as_of == LAST),
        method="theta_ets",
        reason_code=reason,
        reason_params=fields.pop("params", {"periods": 48}),
        computed_at=timezone.now(),
        **fields,
    )
    ForecastMonth.objects.bulk_create(
        ForecastMonth(
            forecast=forecast,
            month=month_add(as_of, step + 1),
            mean=mean,
            median=mean,
            lo80=mean - 10,
            hi80=mean + 10,
            lo95=mean - 20,
            hi95=mean + 20,
        )
        for step in range(18)
    )
    return forecast


def decided(forecast: Forecast, month: datetime.date | None = None, **layers: float) -> None:
    """What stands in one month of the forecast beside its statistics; without a month in all."""
    months = ForecastMonth.objects.filter(forecast=forecast)
    (months.filter(month=month) if month else months).update(**layers)


def night(**fields: Any) -> NightlyRun:
    """The step alone, on what is there."""
    fields.setdefault("local_date", TODAY)
    run = night_start(**fields)
    for payload in step.chunks(run):
        step.compute(run, payload)()
    return run


def sold(product: Product, month: datetime.date, volume: float) -> None:
    ProductMonth.objects.filter(product_id=product.pk, month=month).update(
        volume=Decimal(str(volume)), revenue=Decimal(str(volume * 2))
    )


def kinds() -> list[str]:
    return sorted(Alert.objects.filter(state="open").values_list("kind", flat=True))


def said(kind: str, language: str = "en") -> str:
    alert = alerts_worded(Alert.objects.filter(kind=kind, state="open")).get()
    with translation.override(language):
        return alert_rows(user_factory(), [alert])[0].words.plain


def test_a_quiet_month_raises_nothing(product):
    vintage(product, month_add(LAST, -1))
    vintage(product, LAST)
    night()
    assert kinds() == []
    news = ProductNews.objects.get()
    assert (news.amount, news.amount_before, news.move_rate) == (2400, 2400, 0)


def test_a_month_outside_its_band_goes_to_the_owner(product):
    vintage(product, month_add(LAST, -1))
    vintage(product, LAST)
    sold(product, LAST, 75)
    night()
    alert = Alert.objects.get(kind="band")
    assert alert.recipient == product.line.owner
    # 25 pieces too few at 2 a piece.
    assert alert.stake_amount == Decimal(50)
    assert said("band") == "In Oct\u00a02026: 75 pakken, expected 100 (95%: 80 – 120)."
    night()
    assert Alert.objects.count() == 1


def test_two_months_outside_the_80_band_against_the_vintage_of_each(product):
    for ago in (2, 1, 0):
        vintage(product, month_add(LAST, -ago))
    sold(product, LAST, 88)
    night()
    assert "band" not in kinds()
    sold(product, month_add(LAST, -1), 87)
    night()
    assert said("band").endswith("It is the second month running below what was expected.")
    assert Alert.objects.get(kind="band").stake_amount == Decimal(50)


LAYERS = pytest.mark.parametrize("layer", ["driven", "overridden", "agreed"])


@LAYERS
def test_a_month_is_judged_by_what_was_planned_with(product, layer):
    """150 were planned where statistics said 100: 80 to 120 becomes 120 to 180 with it."""
    decided(vintage(product, month_add(LAST, -1)), LAST, **{layer: 150})
    vintage(product, LAST)
    sold(product, LAST, 170)
    night()
    assert "band" not in kinds()
    sold(product, LAST, 100)
    night()
    assert said("band") == "In Oct\u00a02026: 100 pakken, expected 150 (95%: 120 – 180)."
    assert Alert.objects.get(kind="band").stake_amount == Decimal(100)


def test_what_is_not_known_of_a_decision_widens_the_band(product):
    """√(20² + (100·(e^(1.96·0.2) − 1))²) = 52 above."""
    decided(vintage(product, month_add(LAST, -1)), LAST, driven=100, spread=0.2)
    vintage(product, LAST)
    sold(product, LAST, 150)
    night()
    assert "band" not in kinds()
    sold(product, LAST, 153)
    night()
    assert "band" in kinds()


def test_the_error_is_that_of_what_was_planned_with(product):
    for ago in range(3, 0, -1):
        decided(vintage(product, month_add(LAST, -ago)), overridden=120)
    vintage(product, LAST)
    night()
    news = ProductNews.objects.get()
    assert (news.error_amount, news.sold_amount) == (pytest.approx(120), pytest.approx(600))


def test_a_vintage_that_knew_the_month_is_not_held_against_it(product):
    vintage(product, LAST)
    sold(product, LAST, 10)
    night()
    assert "band" not in kinds()


def test_provisional_months_do_not_alert(product):
    product.line.final_after_months = 1
    product.line.save()
    vintage(product, month_add(LAST, -1))
    vintage(product, LAST)
    sold(product, LAST, 10)
    night()
    assert "band" not in kinds()


def test_a_forecast_that_moved_compares_the_same_twelve_months(product):
    vintage(product, month_add(LAST, -1), 100)
    vintage(product, LAST, 111)
    night()
    assert kinds() == ["moved"]
    assert said("moved") == "Next 12 months +11.0%: 1,332 pakken, 1,200 on data up to Sep\u00a02026."
    # 132 pieces at 2 a piece.
    assert Alert.objects.get().stake_amount == Decimal(264)
    news = ProductNews.objects.get()
    assert (round(news.amount), round(news.amount_before)) == (2664, 2400)


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ("driven", "Known drivers, promotions or prices ahead made most of it."),
        ("overridden", "A change by hand made most of it."),
        ("agreed", "What was agreed made most of it."),
    ],
)
def test_a_forecast_moved_by_decision(product, layer, sentence):
    before, now = vintage(product, month_add(LAST, -1)), vintage(product, LAST)
    decided(now, **{layer: 120})
    sold(product, LAST, 110)  # which would explain a move of the statistics
    night()
    assert said("moved") == (
        f"Next 12 months +20.0%: 1,440 pakken, 1,200 on data up to Sep\u00a02026. {sentence}"
    )
    news = ProductNews.objects.get()
    assert (news.why_code, round(news.move_rate, 4)) == (layer, round(1440 / 1200 - 1, 4))
    # It was so last month already: nothing has moved.
    decided(before, **{layer: 120})
    night()
    assert "moved" not in kinds()


def test_statistics_under_an_agreed_forecast_move_nothing(product):
    for as_of, mean in ((month_add(LAST, -1), 100), (LAST, 130)):
        decided(vintage(product, as_of, mean), agreed=110)
    night()
    assert kinds() == []


def test_a_decided_price_moves_the_amount(product):
    vintage(product, month_add(LAST, -1))
    decided(vintage(product, LAST), price_ratio=1.25)
    night()
    news = ProductNews.objects.get()
    assert (news.amount, news.amount_before, news.why_code) == (3000, 2400, "price")
    assert kinds() == []


def test_what_was_expected_is_in_the_prices_of_its_own_year(product):
    """A price of 3 from October on. A month ago a year at 2 lay behind: 2 × 1.5. Now one month of it was at 3
    already: their mean × 3 / that mean."""
    decided(vintage(product, month_add(LAST, -1)), price_ratio=1.5)
    ProductMonth.objects.filter(product_id=product.pk, month=LAST).update(revenue=300)
    mean = (11 * 200 + 300) / 1200
    decided(vintage(product, LAST), price_ratio=3 / mean)
    night()
    news = ProductNews.objects.get()
    assert (news.amount, news.amount_before) == (pytest.approx(3600), pytest.approx(3600))


def test_a_line_sets_its_own_threshold(product):
    product.line.alert_settings = {"alert_move_rate": 0.2}
    product.line.save()
    vintage(product, month_add(LAST, -1), 100)
    vintage(product, LAST, 111)
    night()
    assert kinds() == []
    product.line.alert_settings = {"alert_move_rate": 0.1, "alert_min_amount": 265}
    product.line.save()
    night()
    assert kinds() == []


@pytest.mark.parametrize(("planned", "found"), [(200, []), (190.5, []), (190, ["budget"]), (212, ["budget"])])
def test_the_full_year_off_budget(product, planned, found):
    # Ten months sold at 200 and two expected at 200: 2,400.
    vintage(product, LAST)
    budget_give([product], planned)
    night()
    assert kinds() == found


def test_the_year_expected_is_the_one_that_is_planned_with(product):
    vintage(product, LAST)
    ForecastMonth.objects.filter(month__year=2026).update(overridden=150)
    budget_give([product], 200)
    night()
    # Ten months at 200 and two changed by hand to 300.
    assert ProductNews.objects.get().year_amount == 2600
    assert kinds() == ["budget"]


@pytest.mark.parametrize("month", [3, 12])
def test_a_budget_of_some_months_is_none_of_the_year(product, month):
    vintage(product, LAST)
    budget_give([product], 150)
    BudgetRow.objects.update(volume=80)
    row = BudgetRow.objects.filter(month=datetime.date(2026, month, 1))
    row.update(revenue=None)
    night()
    assert ProductNews.objects.get().year is None
    assert "1,200 pakken, budget 960" in said("budget").replace("\u00a0", " ")
    row.delete()
    night()
    assert "budget" not in kinds()


def test_a_missing_month_leaves_the_year_open(product):
    vintage(product, LAST)
    budget_give([product], 150)
    ProductMonth.objects.filter(product_id=product.pk, month=datetime.date(2026, 3, 1)).delete()
    night()
    assert "budget" not in kinds()


def estimate(product: Product, stage: str, as_of: datetime.date = LAST, **fields: Any) -> None:
    StageEstimate.objects.create(
        product=product,
        measure=Measure.objects.get(code="units"),
        as_of=as_of,
        current=as_of == LAST,
        stage=stage,
        stage_start=as_of,
        evidence_code="level_steady",
        evidence_params={"slope_pct_year": 1.0, "level_pct_of_peak": 98},
        computed_at=timezone.now(),
        **{f"p_{stage}": 0.7},
        **fields,
    )


def test_a_stage_that_changed_with_the_sentence_why(product):
    estimate(product, "growth", month_add(LAST, -1))
    estimate(product, "maturity")
    vintage(product, LAST)
    night()
    assert kinds() == ["stage"]
    assert said("stage").startswith("From growth to maturity, chance 70%. It is steady")
    assert Alert.objects.get().stake_amount == Decimal(2400)
    assert ProductNews.objects.get().stage_before == "growth"


def test_a_temporary_product_has_no_stage_to_propose(product):
    product.temporary = True
    product.save()
    estimate(product, "growth", month_add(LAST, -1))
    estimate(product, "maturity")
    vintage(product, LAST)
    night()
    assert kinds() == []


def test_the_night_asks_about_a_stage_set_by_hand_once(product):
    estimate(product, "maturity", month_add(LAST, -1))
    estimate(product, "maturity")
    vintage(product, LAST)
    StageSetting.objects.create(
        product=product,
        stage="growth",
        start_date=TODAY,
        until=TODAY,
        reason="new market",
        set_by=user_factory(),
    )
    night()
    night()
    assert kinds() == ["stage"]
    assert said("stage").startswith("Set by hand: growth. The figures say maturity")


def test_a_new_product_with_two_months_asks_for_a_like_item(product):
    new = product_factory(line=product.line, launched=datetime.date(2026, 9, 1))
    months_give(new, 2, volume=lambda _step: 100)
    figures_refresh()
    vintage(product, LAST)
    vintage(new, LAST, reason="few_periods", params={"periods": 2})
    night()
    alert = Alert.objects.get()
    assert (alert.kind, alert.product) == ("little_history", new)
    assert said("little_history").startswith("Only 2 months of sales")
    assert "comparable product" in said("little_history")


def test_a_company_that_begins_is_not_asked_for_like_items(product):
    Product.objects.update(launched=None)
    vintage(product, LAST, reason="few_periods", params={"periods": 2})
    night()
    assert kinds() == []


def test_what_ended_is_left_alone(product):
    vintage(product, month_add(LAST, -1))
    vintage(product, LAST, 200)
    sold(product, LAST, 10)
    product.ended = TODAY - datetime.timedelta(days=1)
    product.save()
    night()
    assert kinds() == []


def test_failures_each_once_with_their_reason_whatever_the_amount(product):
    organisation_factory(alert_min_amount=10**9)
    family = family_factory(line=product.line)
    run = night_start(local_date=TODAY)
    for name in ("forecast", "lifecycle"):
        NightlyFailure.objects.create(
            run=run, step=name, product=product, attempts=3, code="crashed", params={"message": "odd"}
        )
    NightlyFailure.objects.create(run=run, step="forecast", family=family, attempts=3, code="worker_died")
    for payload in step.chunks(run):
        step.compute(run, payload)()
    assert sorted(Alert.objects.values_list("subject", flat=True)) == [
        f"family:{family.pk}",
        f"product:{product.pk}",
    ]
    assert set(Alert.objects.values_list("recipient", flat=True)) == {product.line.owner_id}
    # It works again, fails again: news again.
    night()
    assert kinds() == []


def channel_months(product: Product, channel: Any, last: datetime.date = LAST, months: int = 6) -> None:
    units = Measure.objects.get(code="units")
    SalesMonth.objects.bulk_create(
        SalesMonth(
            product_id=product.pk,
            measure_id=units.pk,
            channel_id=channel.pk,
            month=month_add(last, -ago),
            volume=10,
            revenue=20,
            days=30,
        )
        for ago in range(months)
    )


def test_a_late_channel_is_one_alert_however_many_products(product):
    shop, web = channel_factory(name="Winkel"), channel_factory(name="Webwinkel")
    others = [product_factory(line=product.line) for _ in range(5)]
    for each in [product, *others]:
        months_give(each, 6, volume=lambda _step: 20) if each is not product else None
        channel_months(each, shop)
        channel_months(each, web, month_add(LAST, -1))
    night()
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.evidence["count"]) == ("late", f"channel:{web.pk}", 6)
    assert said("late") == "Webwinkel: sales of Oct\u00a02026 are missing for 6 products."
    assert alert.recipient == product.line.owner


def test_what_stays_away_stays_one_alert_that_says_since_when(product):
    channel, other = channel_factory(name="Winkel"), channel_factory(name="Webwinkel")
    channel_months(product, channel)
    channel_months(product, other, month_add(LAST, -1))
    night()
    alert = Alert.objects.get()
    months_give(product, 1, last=month_add(LAST, 1))
    channel_months(product, channel, month_add(LAST, 1), 1)
    night(local_date=datetime.date(2026, 12, 23))
    assert Alert.objects.get().pk == alert.pk
    assert said("late") == "Webwinkel: sales of Oct\u00a02026 – Nov\u00a02026 are missing for 1 product."
    night(local_date=datetime.date(2027, 1, 23))
    alert.refresh_from_db()
    assert alert.state == "gone"  # by now the whole line is late
    line_late = Alert.objects.get(subject=f"line:{product.line_id}", state="open")
    night(local_date=datetime.date(2027, 3, 23))
    assert said("late") == "Sales of Dec\u00a02026 – Feb\u00a02027 are missing of the whole line, 1 product."
    assert Alert.objects.filter(state="open").get().pk == line_late.pk
    # Years later it is still true of the line.
    night(local_date=datetime.date(2029, 1, 23))
    assert Alert.objects.filter(state="open").get().pk == line_late.pk


def test_a_late_line_is_one_alert_and_only_from_its_day_on(product):
    channel = channel_factory()
    channel_months(product, channel, month_add(LAST, -1))
    ProductMonth.objects.filter(month=LAST).delete()
    night(local_date=datetime.date(2026, 11, 9))
    assert kinds() == []
    night(local_date=datetime.date(2026, 11, 10))
    alert = Alert.objects.get(state="open")
    assert (alert.subject, alert.line) == (f"line:{product.line_id}", product.line)
    # The data come in: over by itself.
    months_give(product, 1)
    SalesMonth.objects.create(
        product_id=product.pk,
        measure_id=Measure.objects.get(code="units").pk,
        channel_id=channel.pk,
        month=LAST,
        volume=1,
        days=31,
    )
    night(local_date=datetime.date(2026, 11, 11))
    assert kinds() == []


def test_single_products_that_lack_the_month_are_grouped_by_line(product):
    channel = channel_factory()
    channel_months(product, channel)
    silent = [product_factory(line=product.line, name=f"Silent {n}") for n in range(2)]
    for extra in range(3):
        busy = product_factory(line=product.line, name=f"Busy {extra}")
        months_give(busy, 6)
        channel_months(busy, channel)
    for each in silent:
        months_give(each, 6, last=month_add(LAST, -1))
        channel_months(each, channel, month_add(LAST, -1))
    rare = product_factory(line=product.line)
    months_give(rare, 1, last=month_add(LAST, -2))
    night()
    alert = Alert.objects.get()
    assert (alert.subject, alert.evidence["count"]) == (f"line:{product.line_id}:products", 2)
    assert "Silent 0" in said("late")


def test_a_run_somebody_asked_for_tells_them_when_it_is_done(product):
    user = user_factory()
    night(requested_by=user)
    note = Notification.objects.get()
    assert (note.user, note.kind) == (user, "run_done")


def test_a_run_of_one_product_leaves_the_others_alerts_alone(product):
    other = product_factory(line=product.line)
    months_give(other, volume=lambda _step: 100)
    for each in (product, other):
        vintage(each, month_add(LAST, -1), 100)
        vintage(each, LAST, 150)
    night()
    assert kinds() == ["moved", "moved"]
    Forecast.objects.filter(current=False).delete()
    night(kind="single", scope=[product.pk])
    assert list(Alert.objects.filter(state="open").values_list("product", flat=True)) == [other.pk]


def test_another_measure_alerts_beside_the_leading_one(product):
    level = measure_factory(code="in-force", name_en="Policies in force", unit_en="policies", kind="level")
    product.line.line_measures.create(measure=Measure.objects.get(code="units"), leads=True)
    product.line.line_measures.create(measure=level)
    months_give(product, measure=level, volume=lambda _step: 50)
    vintage(product, month_add(LAST, -1), 50, measure=level)
    vintage(product, LAST, 100, measure=level)
    night()
    alert = Alert.objects.get()
    assert alert.evidence["name"]["en"] == "Policies in force"
    assert "Average of the next 12 months" in said("moved")
    assert len(alert.evidence["spark"]) == 36


def test_measures_that_say_the_same_are_one_alert(product):
    units, out = Measure.objects.get(code="units"), measure_factory(code="sell-out", name_en="Sell-out")
    product.line.line_measures.create(measure=units, leads=True)
    product.line.line_measures.create(measure=out)
    months_give(product, measure=out, volume=lambda _step: 90)
    for measure in (out, units):
        vintage(product, month_add(LAST, -1), 100, measure=measure)
        vintage(product, LAST, 120, measure=measure)
    night()
    alert = Alert.objects.get()
    assert alert.evidence["measure"] == units.pk
    assert alert.stake_amount == 480
    assert said("moved").endswith("on data up to Sep\xa02026. The same holds for sell-out.")
    # Where they differ, each says its own.
    ForecastMonth.objects.filter(forecast__measure=out, forecast__current=True).update(mean=80)
    night()
    rates = Alert.objects.filter(state="open").values_list("evidence__rate", "evidence__also")
    assert set(rates) == {(0.2, None), (-0.2, None)}


def test_the_year_of_a_level_has_the_revenue_of_every_month(product):
    level = measure_factory(code="in-force", name_en="Policies in force", unit_en="policies", kind="level")
    product.line.line_measures.create(measure=level, leads=True)
    ProductMonth.objects.filter(product_id=product.pk).delete()
    months_give(product, measure=level, volume=lambda _step: 100)
    ProductMonth.objects.filter(product_id=product.pk).update(revenue=200)
    vintage(product, LAST, measure=level)
    budget_give([product], 200)
    BudgetRow.objects.update(measure=level)
    night()
    news = ProductNews.objects.get()
    assert (news.year_amount, news.year_budget_amount) == (2400, 2400)
    assert kinds() == []


def test_the_error_of_three_months_weighs_by_money(product):
    for ago in range(3, -1, -1):
        vintage(product, month_add(LAST, -ago))
    for ago, volume in ((2, 95), (1, 105), (0, 90)):
        sold(product, month_add(LAST, -ago), volume)
    night()
    news = ProductNews.objects.get()
    assert news.error_amount / news.sold_amount == pytest.approx(20 / 290)
    assert news.error_amount_before is None


def test_statements_do_not_grow_with_the_products(product):
    def statements() -> int:
        run = night_start(local_date=TODAY)
        payloads = list(step.chunks(run))
        with CaptureQueriesContext(connection) as queries:
            for payload in payloads:
                step.compute(run, payload)()
        return len(queries)

    def grow(count: int) -> None:
        for _ in range(count):
            each = product_factory(line=product.line)
            months_give(each, volume=lambda _step: 100)
            vintage(each, month_add(LAST, -1), 100)
            vintage(each, LAST, 150)

    grow(2)
    few = statements()
    grow(20)
    assert statements() <= few + 2


def test_the_real_night_ends_with_alerts(products):
    run = night_now()
    state = run.steps.get(name="alerts")
    assert (state.state, state.failed) == ("done", 0)
    assert ProductNews.objects.count() == 3
