"""The run monitor, the forecast tab and the stage set by hand."""

from __future__ import annotations

import datetime
import html
import re

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from core import formats
from core.models import Job
from core.months import month_add, month_start
from core.organisation import today
from forecasting.cards.product import stage_card, stage_spans
from forecasting.models import (
    Forecast,
    ForecastMonth,
    NightlyFailure,
    NightlyRun,
    StageEstimate,
    StageSetting,
)
from forecasting.models.stage import Stage
from forecasting.services.night import night_start
from forecasting.services.night_work import run_work
from products.models import ProductFigures, ProductMonth
from tests.factories import channel_factory, line_factory, measure_factory, product_factory, user_factory

from .conftest import months_give, night_now, run_now

pytestmark = pytest.mark.django_db


def text(answer) -> str:
    """What a reader sees."""
    words = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", html.unescape(words).replace("\u00a0", " "))


@pytest.fixture
def manager(client):
    user = user_factory("product-manager")
    client.force_login(user)
    return user


def signed_in(client, *args, **fields):
    user = user_factory(*args, **fields)
    client.force_login(user)
    return user


def tab(product) -> str:
    return reverse("forecasting:product", args=[product.code])


# -- the monitor ----------------------------------------------------------------------------------------


def test_the_monitor_before_the_first_night(client, manager):
    assert "No run yet" in text(client.get("/forecasting/"))


def test_a_run_under_way_shows_its_steps_and_asks_again(client, manager, products):
    run = night_start()
    from forecasting.services.night import night_advance

    night_advance(run_id=run.pk)
    answer = client.get("/forecasting/")
    assert "A run is under way" in text(answer)
    assert "0 of" in text(answer)
    assert "Backtests" in text(answer)
    assert b'hx-trigger="every 3s"' in answer.content
    assert "Recompute now" not in text(answer)
    fragment = client.get("/forecasting/", headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content
    assert "0 of" in text(fragment)


def test_past_runs_say_how_they_went(client, manager, products):
    run = run_now()
    NightlyFailure.objects.create(
        run=run,
        step="forecast",
        product=products[0],
        attempts=3,
        code="crashed",
        params={"type": "ValueError", "message": "too odd"},
    )
    assert "with failures" in text(client.get("/forecasting/"))
    page = client.get(reverse("forecasting:run", args=[run.pk]))
    assert products[0].name in text(page)
    assert "The computation broke off: ValueError: too odd" in text(page)


def test_a_run_says_which_products_it_skipped_and_why(client, manager, products):
    first = run_now(local_date=datetime.date(2026, 11, 22))
    unsold = product_factory(line=products[0].line, name="Never sold")
    second = run_now()
    chunk = Job.objects.get(group=f"night:{second.pk}:forecast")
    chunk.result["skipped_products"].append(unsold.pk)
    chunk.save()
    found = text(client.get(f"{reverse('forecasting:run', args=[second.pk])}?list=skipped"))
    assert "What was skipped, and why?" in found
    with translation.override("en"):
        when = formats.moment(Forecast.objects.get(product=products[1]).computed_at).replace("\u00a0", " ")
    assert f"{products[1].code} Nothing it depends on had changed. {when}" in found
    assert f"{unsold.code} There was nothing to compute." in found
    assert "Nothing was skipped" in text(client.get(f"/forecasting/runs/{first.pk}/?list=skipped"))
    signed_in(client, "product-manager", lines=[line_factory()])
    found = text(client.get(f"{reverse('forecasting:run', args=[second.pk])}?list=skipped"))
    assert products[1].code not in found


def test_the_list_that_refreshes_brings_the_frame_along_and_stops_when_nothing_runs(
    client, manager, products
):
    run = night_start()
    asked = {"HX-Request": "true"}
    found = client.get("/forecasting/", headers=asked).content.decode()
    assert 'id="data-status"' in found
    assert 'hx-swap-oob="true"' in found
    assert "is under way" in found
    assert 'hx-trigger="every 3s"' in found
    run_work(run=run)
    for path in ("/forecasting/", reverse("forecasting:run", args=[run.pk])):
        found = client.get(path, headers=asked).content.decode()
        assert "went through</span></a>" in found, "the frame's line"
        assert "is under way" not in found
        assert "hx-trigger" not in found
    assert "Recompute now" in client.get("/forecasting/", headers=asked).content.decode()


def test_failures_of_products_out_of_sight_are_not_told(client, products):
    run = run_now()
    NightlyFailure.objects.create(run=run, step="forecast", product=products[0], attempts=3, code="x")
    signed_in(client, "product-manager", lines=[line_factory()])
    page = text(client.get(reverse("forecasting:run", args=[run.pk])))
    assert products[0].name not in page
    assert "Nothing failed." in page


def test_the_button_starts_one_run_however_often_it_is_sent(client, manager, products):
    for _ in range(3):
        client.post("/forecasting/start/", {"nonce": "same"})
    assert NightlyRun.objects.count() == 1
    assert NightlyRun.objects.get().requested_by == manager


def test_who_may_not_run_neither_sees_nor_has_the_button(client, products):
    signed_in(client, "viewer")
    assert "Recompute now" not in text(client.get("/forecasting/"))
    assert client.post("/forecasting/start/").status_code == 403
    assert client.post(reverse("forecasting:product_run", args=[products[0].code])).status_code == 403
    assert not NightlyRun.objects.exists()


def test_one_product_from_its_tab(client, manager, products):
    client.post(reverse("forecasting:product_run", args=[products[0].code]), {"nonce": "n"})
    run = NightlyRun.objects.get()
    assert (run.kind, run.scope) == ("single", [products[0].pk])


def test_the_frame_tells_of_the_last_night(client, manager, products):
    run = run_now(local_date=datetime.date(2026, 11, 23))
    assert "Night of 23 Nov went through" in text(client.get("/forecasting/"))
    NightlyFailure.objects.create(run=run, step="forecast", product=products[0], attempts=3, code="x")
    assert "Night of 23 Nov went through, 1 failure" in text(client.get("/forecasting/"))
    NightlyRun.objects.update(state="failed", error_code="step_broken:forecast")
    assert "Night of 23 Nov failed" in text(client.get("/forecasting/"))


# -- the tab --------------------------------------------------------------------------------------------


def test_the_tab_says_what_is_expected_and_how_it_was_made(client, manager, settled):
    page = text(client.get(tab(settled[0])))
    assert "What is expected in the next 18 months?" in page
    assert "Nov 2026" in page
    assert "Apr 2028" in page
    assert "Mean of Theta, exponential smoothing and autoregression, with trend and season." in page
    assert "48 months of data" in page
    assert "Which stage is it in?" in page
    assert "Second opinion (Polli and Cook)" in page


def test_months_that_something_decided_moves_stand_beside_the_statistics(client, manager, settled):
    """Whatever moves them: the bands are of the final ones."""

    def columns() -> str:
        page = client.get(tab(settled[0])).content.decode()
        return page[page.index('id="months-title"') :].split("</thead>")[0]

    assert "Final" not in columns()
    months = ForecastMonth.objects.filter(forecast__product=settled[0], forecast__current=True)
    months.update(driven=F("mean") * (1 + 1e-12))  # no figure that is shown
    assert "Final" not in columns()
    months.update(driven=F("mean") * 2)
    assert "Final" in columns()


def test_accuracy_that_is_not_known_is_a_dash(client, manager):
    product = product_factory()
    months_give(product, 4)
    run_now()
    assert "too short to try the forecast on" in text(client.get(tab(product)))
    assert "Average error (WAPE) — no data" in text(client.get(tab(product)))


def test_a_stale_forecast_says_so(client, manager, settled):
    Forecast.objects.update(stale=True)
    assert "could not renew this forecast" in text(client.get(tab(settled[0])))


def test_a_product_without_sales_gets_a_sentence(client, manager):
    assert "No forecast yet" in text(client.get(tab(product_factory())))


def test_measures_can_be_switched(client, manager):
    first, second = measure_factory(name_en="Contracts", kind="level"), measure_factory(name_en="Energy")
    product = product_factory(line=line_factory(measures=[first, second]))
    months_give(product, 30, measure=first)
    months_give(product, 30, measure=second)
    run_now()
    assert "Contracts; band: 80% and 95%" in text(client.get(tab(product)))
    assert "Energy; band: 80% and 95%" in text(client.get(tab(product) + f"?measure={second.code}"))


def test_people_limited_to_channels_read_why_they_see_nothing(client, settled):
    signed_in(client, ["product-manager"], channels=[channel_factory()])
    page = client.get(tab(settled[0]))
    assert "made over all channels" in text(page)
    assert b"forecast-chart" not in page.content
    assert client.get(reverse("forecasting:stage", args=[settled[0].code])).status_code == 403


def test_a_product_out_of_sight_does_not_exist(client, products):
    signed_in(client, "product-manager", lines=[line_factory()])
    for name in ("product", "stage"):
        assert client.get(reverse(f"forecasting:{name}", args=[products[0].code])).status_code == 404
    for name in ("product_run", "stage_withdraw"):
        assert client.post(reverse(f"forecasting:{name}", args=[products[0].code])).status_code == 404
    assert not NightlyRun.objects.exists()


def test_in_dutch_it_is_dutch(client, settled):
    signed_in(client, "product-manager", language="nl")
    assert client.get(tab(settled[0])).status_code == 200


# -- a stage set by hand --------------------------------------------------------------------------------


def set_stage(client, product, **fields):
    body = {"stage": "decline", "until": "2099-12-31", "reason": "Contract lost"} | fields
    return client.post(reverse("forecasting:stage", args=[product.code]), body)


def test_a_stage_set_by_hand_is_shown_and_the_night_goes_on_proposing(client, manager, settled):
    own = StageEstimate.objects.get(product=settled[0]).stage
    assert own != "decline"
    assert set_stage(client, settled[0]).status_code == 302
    page = text(client.get(tab(settled[0])))
    assert "Contract lost" in page
    assert f"set by {manager.name} until 31 Dec 2099" in page
    assert "The night's own estimate:" in page
    ProductMonth.objects.filter(product_id=settled[0].pk, month="2026-10-01").update(volume=130)
    run_now(local_date=today())
    figures = ProductFigures.objects.get(product=settled[0])
    assert (figures.stage, figures.stage_by_hand) == ("decline", True)
    assert StageEstimate.objects.get(product=settled[0], current=True).stage != "decline"


@pytest.mark.parametrize(
    ("until", "drawn"),
    [
        (datetime.date(2099, 3, 1), datetime.date(2099, 3, 1)),
        (datetime.date(9999, 12, 31), datetime.date(9999, 12, 1)),
        (None, None),  # today: a month has no width
    ],
)
def test_the_strip_shows_a_stage_set_by_hand_as_long_as_it_holds(client, manager, settled, until, drawn):
    set_stage(client, settled[0], until=f"{until or today()}")
    last = stage_spans(stage_card(manager, settled[0]))[-1]
    assert (last.stage, last.end) == ("decline", drawn or month_add(month_start(today()), 1))
    assert "Contract lost" in text(client.get(tab(settled[0])))


@pytest.mark.parametrize(("final_after", "said"), [(99, True), (None, False)])
def test_without_a_forecast_the_tab_says_when_there_will_be_one(client, manager, final_after, said):
    product = product_factory(line=line_factory(final_after_months=final_after))
    months_give(product, 2)
    page = text(client.get(tab(product)))
    assert "No forecast yet" in page
    assert ("Each month so far may still change" in page) is said


def test_a_stage_that_is_not_the_likeliest_says_why(client, manager, settled):
    said = "weighs which stage it was in before"
    estimates = StageEstimate.objects.filter(product=settled[0])
    shares = {f"p_{stage}": 0.0 for stage in Stage.values}
    for likeliest, told in (("growth", False), ("maturity", True)):
        estimates.update(**shares | {"stage": "growth", "p_growth": 0.4, f"p_{likeliest}": 0.6})
        assert (said in text(client.get(tab(settled[0])))) is told


def test_back_to_the_nights_estimate(client, manager, settled):
    own = StageEstimate.objects.get(product=settled[0]).stage
    set_stage(client, settled[0])
    client.post(reverse("forecasting:stage_withdraw", args=[settled[0].code]))
    figures = ProductFigures.objects.get(product=settled[0])
    assert (figures.stage, figures.stage_by_hand) == (own, False)
    assert StageSetting.objects.get().withdrawn_by == manager


def test_a_setting_ends_by_itself(client, manager, settled):
    set_stage(client, settled[0])
    StageSetting.objects.update(
        start_date=today() - datetime.timedelta(days=9), until=today() - datetime.timedelta(days=1)
    )
    run_now(local_date=today())
    assert not ProductFigures.objects.get(product=settled[0]).stage_by_hand


def test_a_second_setting_takes_the_place_of_the_first(client, manager, settled):
    set_stage(client, settled[0])
    set_stage(client, settled[0], stage="revival", reason="Relaunch")
    assert StageSetting.objects.filter(withdrawn_at=None).get().stage == "revival"
    assert StageSetting.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"reason": " "}, "required"),
        ({"until": "2020-01-01"}, "Choose today or a later day."),
        ({"stage": "rebirth"}, "Select a valid choice"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_with_the_input_kept(client, manager, settled, fields, says):
    answer = set_stage(client, settled[0], **fields)
    assert answer.status_code == 422
    assert says in text(answer)
    assert not StageSetting.objects.exists()


def test_a_viewer_cannot_set_a_stage(client, settled):
    signed_in(client, "viewer")
    assert set_stage(client, settled[0]).status_code == 403
    assert "Set the stage" not in text(client.get(tab(settled[0])))
    assert not StageSetting.objects.exists()


def test_time_left_is_guessed_from_the_last_run(products):
    from forecasting.selectors.runs import run_progress

    first = night_now()
    assert run_progress(first).share == 1
    second = night_start()
    assert run_progress(second).seconds_left is not None


def test_a_column_of_months_has_one_number_of_decimals(client, manager, products):
    """A hundred, a little more and a little less: with a decimal each, or none."""
    ProductMonth.objects.filter(product=products[0]).update(volume=F("volume") - 20)
    run_now()
    found = client.get(tab(products[0]))
    low = min(row["month"].lo95 for row in found.context["months"])
    high = max(row["month"].hi95 for row in found.context["months"])
    assert low < 100 <= high
    assert (found.context["decimals"], found.context["vintage_decimals"]) == (0, 0)
    cells = re.findall(r'<td class="num nowrap">([^<]*)</td>', found.content.decode())
    assert cells
    assert not [cell for cell in cells if "." in cell]


def test_what_sells_only_now_and_then_shows_total_and_rmsse(client, manager, products):
    rare = products[0]
    ProductMonth.objects.filter(product_id=rare.pk).exclude(month__month__in=(1, 4, 7, 10)).update(volume=0)
    run_now()
    forecast = Forecast.objects.get(product=rare)
    assert (forecast.method, forecast.mase) == ("tsb", None)
    page = text(client.get(tab(rare)))
    assert f"Against the month before (RMSSE) {forecast.rmsse:.2f}" in page
    assert "Total of the months (+ is too high)" in page
    assert "(MASE)" not in page
    assert "(WAPE)" not in page[page.index("How good is it?") : page.index("How good is it?") + 200]
    page = text(client.get(tab(products[1])))
    assert "(MASE)" in page
    assert "RMSSE" not in page
