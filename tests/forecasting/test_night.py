"""What a night computes, and what it leaves alone."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from accounts.errors import DomainError
from core.doctor import examine
from core.models import Job
from core.months import month_add
from forecasting import engine
from forecasting.models import (
    Backtest,
    Calibration,
    Forecast,
    ForecastMonth,
    NightlyFailure,
    NightlyRun,
    StageEstimate,
    TotalForecast,
)
from forecasting.selectors.runs import night_last, run_progress
from forecasting.selectors.series import SeriesLoader
from forecasting.services import chunks
from forecasting.services.night import CHUNK, night_start, step_group
from forecasting.services.night_work import run_work
from forecasting.steps import changes, common
from forecasting.steps.common import chunk_size
from products.models import FamilyMember, ProductFigures, ProductLine, ProductMonth, SalesMonth, UnitFactor
from products.services.figures import figures_refresh
from tests.factories import family_factory, line_factory, measure_factory, product_factory

from .conftest import LAST, TODAY, months_give, night_now, run_now

pytestmark = pytest.mark.django_db


def totals(run: NightlyRun) -> dict[str, tuple[int, int, int]]:
    return {step.name: (step.computed, step.skipped, step.failed) for step in run.steps.all()}


def content() -> list[tuple[object, ...]]:
    """Every result, to the digit, without who made it when."""
    forecasts = Forecast.objects.order_by("product_id", "family_id", "measure_id", "as_of")
    stages = StageEstimate.objects.order_by("product_id", "family_id", "measure_id", "as_of")
    return [
        *forecasts.values_list("product_id", "family_id", "measure_id", "as_of", "current", "content_hash"),
        *stages.values_list(
            "product_id", "family_id", "stage", "p_growth", "stage_start", "months_to_next", "evidence_params"
        ),
    ]


def test_every_product_with_data_gets_forecast_and_stage(products):
    run = night_now()
    assert run.state == NightlyRun.State.DONE
    assert not run.failures.exists()
    for product in products:
        forecast = Forecast.objects.get(product=product)
        assert (forecast.current, forecast.stale, forecast.as_of) == (True, False, LAST)
        assert forecast.months.count() == 18
        assert forecast.months.first().month == month_add(LAST, 1)
        assert forecast.wape is not None
        assert StageEstimate.objects.get(product=product).stage
        assert product.figures.forecast_12m == pytest.approx(
            sum(month.mean for month in forecast.months.all()[:12])
        )
        # Sold at 2 a piece in every month of the last year.
        assert product.figures.forecast_12m_amount == pytest.approx(
            2 * product.figures.forecast_12m, rel=1e-3
        )
        assert product.figures.stage == StageEstimate.objects.get(product=product).stage


def test_a_stage_begins_at_one_month_on_every_page(products):
    def life(step: int) -> float:
        return 20 + step * 12 if step < 36 else 440 - (step - 36) * 2 if step < 60 else 392 - (step - 60) * 14

    ProductMonth.objects.filter(product_id=products[0].pk).delete()
    months_give(products[0], 80, volume=life)
    run_now()
    estimate = StageEstimate.objects.get(product=products[0])
    begun = [row[0] for row in estimate.path]
    assert len(begun) > 1
    assert begun == sorted(set(begun))
    assert estimate.path[-1][:2] == [str(estimate.stage_start), estimate.stage]
    assert all(start <= shown for start, _stage, shown in estimate.path)


def test_a_product_that_ended_is_told_by_that(products):
    gone = product_factory(line=products[0].line, ended=datetime.date(2026, 3, 31))
    months_give(gone, 40, last=datetime.date(2026, 3, 1))
    run_now()
    estimate = StageEstimate.objects.get(product=gone)
    assert (estimate.evidence_code, estimate.evidence_params) == ("not_sold", {"months": 7})


def test_a_run_that_looks_back_is_no_night(products):
    night = night_now()
    night_now(as_of=month_add(LAST, -3))
    last = night_last()
    assert last is not None
    assert last[0].pk == night.pk


def test_a_second_night_on_the_same_data_computes_nothing(products):
    night_now()
    before = content()
    again = night_now()
    assert (
        totals(again).items()
        >= {
            "backtest": (0, 3, 0),
            "calibrate": (0, 1, 0),
            "forecast": (0, 3, 0),
            "lifecycle": (0, 3, 0),
        }.items()
    )
    assert content() == before
    skipped = run_skipped(again)
    assert sorted(skipped) == sorted(product.pk for product in products)


def run_skipped(run):
    """The products that the page of the run lists as skipped."""
    results = Job.objects.filter(group=f"night:{run.pk}:forecast").values_list("result", flat=True)
    return [pk for result in results for pk in result["skipped_products"]]


def test_the_counts_of_every_step_add_up(products):
    pack = product_factory(line=products[0].line, temporary=True)  # gets no stage
    months_give(pack, 2)
    family_of(products[:2])
    for run in (night_now(), night_now()):
        shown = {part.step.name: part for part in run_progress(run).steps}
        assert set(shown) >= {"figures", "forecast", "alerts"}
        for name, part in shown.items():
            step = part.step
            assert part.done == part.total == step.computed + step.skipped + step.failed, name
        assert shown["alerts"].total == len([*products, pack])


def test_only_the_product_whose_sales_changed_is_computed_again(products):
    run_now()
    ProductMonth.objects.filter(product_id=products[1].pk, month=LAST).update(volume=Decimal(400))
    again = run_now()
    assert totals(again)["backtest"][:2] == (1, 2)
    assert totals(again)["forecast"][:2] == (1, 2)
    assert Forecast.objects.get(product=products[1]).run == again


def test_a_small_correction_moves_the_forecast_and_leaves_the_backtest(products):
    run_now()
    last = ProductMonth.objects.filter(product_id=products[1].pk, month=LAST)
    volume = last.get().volume
    last.update(volume=volume * Decimal("1.001"))
    again = run_now()
    assert totals(again)["backtest"][:2] == (0, 3)
    assert (totals(again)["findings"][0], totals(again)["forecast"][:2]) == (1, (1, 2))
    last.update(volume=volume * Decimal("1.2"))
    again = run_now()
    assert (totals(again)["backtest"][:2], totals(again)["forecast"][:2]) == ((1, 2), (1, 2))


@pytest.mark.parametrize("size", [1, 2])
def test_the_size_of_chunks_changes_no_digit(products, settings, size):
    run_now()
    whole = content()
    for model in (Forecast, StageEstimate, Backtest, Calibration):
        model.objects.all().delete()
    settings.NIGHT_CHUNK_SIZE = size
    run = run_now()
    assert Job.objects.filter(group=f"night:{run.pk}:forecast").count() == -(-3 // size)
    assert content() == whole


def test_a_chunk_that_is_given_up_falls_apart(products, monkeypatch):
    monkeypatch.setattr(chunks, "PARTS", 2)
    run = night_start(local_date=TODAY)
    payload = {"run": run.pk, "step": "forecast", "products": [1, 2, 3, 4, 5], "span": []}
    group = step_group(run.pk, "forecast")
    given_up = Job.objects.create(kind=CHUNK, key=f"{group}:0", group=group, queue="night", payload=payload)
    chunks.chunk_failed(given_up)
    parts = Job.objects.filter(group=group).exclude(pk=given_up.pk).order_by("pk")
    assert [part.payload["products"] for part in parts] == [[1, 2, 3], [4, 5]]
    chunks.chunk_failed(parts[1])
    single = parts.all()[2:]
    assert [part.payload | {"products": []} for part in single] == [payload | {"products": []}] * 2
    assert [part.progress_total for part in single] == [1, 1]


def test_where_little_has_work_all_is_cut_in_two_at_least():
    assert [chunk_size(count) for count in (10, 400, 20_000)] == [50, 200, 500]
    assert [chunk_size(count, due_share=0.01) for count in (10, 400, 5_001, 20_000)] == [
        *(1_000, 1_000, 2_501, 5_000)
    ]


def test_where_all_have_work_chunks_stay_small_however_little_each_takes():
    assert [chunk_size(count, takes=0.1) for count in (10, 400, 20_000)] == [500, 1_000, 1_000]
    assert [chunk_size(20_000, share, takes=0.1) for share in (0.11, 0.1)] == [1_000, 5_000]


def test_what_changed_is_looked_at_in_large_chunks_unless_series_are_read_for_it(
    settled, monkeypatch, settings
):
    settings.NIGHT_CHUNK_SIZE = 1
    monkeypatch.setattr(common, "LARGEST_CHUNK", 1)
    assert len(list(changes.chunks(night_start(local_date=TODAY)))) == 2
    ProductLine.objects.filter(pk=settled[0].line_id).update(forecast_step="week")
    assert len(list(changes.chunks(night_start(local_date=TODAY)))) == 3


def test_a_step_that_takes_little_of_each_product_has_larger_chunks(products, settings):
    settings.NIGHT_CHUNK_SIZE = 1
    run = night_now()
    chunks = {
        step: Job.objects.filter(group=f"night:{run.pk}:{step}").count()
        for step in ("changes", "findings", "forecast", "accuracy")
    }
    assert chunks == {"changes": 1, "findings": 1, "forecast": 3, "accuracy": 1}


def test_the_next_month_makes_a_new_vintage_and_keeps_the_last(products):
    run_now()
    first = Forecast.objects.get(product=products[0])
    for product in products:
        months_give(product, 1, last=month_add(LAST, 1))
    run_now(local_date=datetime.date(2026, 12, 3))
    newest = Forecast.objects.get(product=products[0], current=True)
    assert newest.as_of == month_add(LAST, 1)
    first.refresh_from_db()
    assert (first.current, first.months.count()) == (False, 18)


def test_a_vintage_of_a_month_gone_by_is_never_overwritten(products):
    run_now(as_of=month_add(LAST, -1))
    run_now()
    kept = Forecast.objects.get(product=products[0], as_of=month_add(LAST, -1))
    ProductMonth.objects.filter(month__lt=LAST).update(volume=Decimal(7))
    run_now(as_of=month_add(LAST, -1))
    again = Forecast.objects.get(product=products[0], as_of=month_add(LAST, -1))
    assert (again.content_hash, again.run_id, again.current) == (kept.content_hash, kept.run_id, False)


def test_what_data_that_were_taken_back_said_goes_with_them(products):
    for product in products:
        months_give(product, 1, last=month_add(LAST, 1))
    december = datetime.date(2026, 12, 3)
    run_now(local_date=december, as_of=LAST)
    run_now(local_date=december)
    assert Forecast.objects.get(product=products[0], current=True).as_of == month_add(LAST, 1)
    ProductMonth.objects.filter(month__gt=LAST).delete()
    run_now(local_date=december)
    only = Forecast.objects.get(product=products[0])
    assert (only.as_of, only.current) == (LAST, True)
    assert StageEstimate.objects.get(product=products[0]).as_of == LAST
    products[0].figures.refresh_from_db()
    assert products[0].figures.forecast_as_of == LAST
    for check in ("current", "list", "forecasts"):
        assert examine(only=check)[0].problems == []


def test_a_run_that_started_earlier_does_not_overwrite_a_newer_result(products):
    old = night_start(local_date=TODAY)
    single = run_now(kind="single", scope=[products[0].pk])
    ProductMonth.objects.filter(product_id=products[0].pk, month=LAST).update(volume=Decimal(400))
    newer = Forecast.objects.get(product=products[0])
    run_work(run=old)
    newer.refresh_from_db()
    assert newer.run == single
    assert Forecast.objects.get(product=products[1]).run == old


def test_one_product_alone(products):
    run = run_now(kind="single", scope=[products[2].pk])
    assert run.key.startswith("single:")
    assert list(Forecast.objects.values_list("product_id", flat=True)) == [products[2].pk]


def test_a_month_that_is_not_over_is_refused(db):
    with pytest.raises(DomainError) as refused:
        night_start(as_of=datetime.date(2026, 11, 1), local_date=TODAY)
    assert refused.value.code == "month_not_closed"
    assert not NightlyRun.objects.exists()


def test_the_running_month_and_a_partly_loaded_one_are_left_out(products):
    months_give(products[0], 1, last=month_add(LAST, 1), volume=lambda step: 5)
    ProductMonth.objects.filter(month=LAST).update(days=12)
    ProductMonth.objects.filter(month=month_add(LAST, 1)).delete()
    run_now()
    assert Forecast.objects.get(product=products[0]).as_of == month_add(LAST, -1)


def test_provisional_months_are_left_out_of_the_fit(products):
    run_now()
    before = Forecast.objects.get(product=products[0])
    products[0].line.final_after_months = 2
    products[0].line.save()
    run_now()
    after = Forecast.objects.get(product=products[0])
    assert (before.data_month, after.data_month) == (LAST, month_add(LAST, -2))
    assert after.months.first().month == month_add(LAST, 1)
    settled = after.content_hash
    ProductMonth.objects.filter(month__gt=month_add(LAST, -2)).update(volume=Decimal(9999))
    run_now()
    assert Forecast.objects.get(product=products[0]).content_hash == settled


def test_each_measure_has_a_forecast_and_the_leading_one_a_stage(db):
    contracts, energy = measure_factory(kind="level"), measure_factory()
    product = product_factory(line=line_factory(measures=[contracts, energy]))
    months_give(product, 30, measure=contracts)
    months_give(product, 30, measure=energy)
    run_now()
    assert set(Forecast.objects.values_list("measure_id", flat=True)) == {contracts.pk, energy.pk}
    assert list(StageEstimate.objects.values_list("measure_id", flat=True)) == [contracts.pk]
    # A level is not added: the list shows where it will stand.
    last = Forecast.objects.get(measure=contracts).months.all()[11]
    assert product.figures.forecast_12m == last.mean
    assert last.naive is not None
    assert last.final == last.mean


def test_a_temporary_product_has_a_forecast_but_no_stage(db):
    product = product_factory(temporary=True)
    months_give(product, 8)
    run_now()
    assert Forecast.objects.filter(product=product).exists()
    assert not StageEstimate.objects.exists()
    assert product.figures.stage == ""


def test_a_product_without_sales_has_nothing_and_one_that_lost_them_says_so(products):
    empty = product_factory(line=products[0].line)
    run_now()
    assert not Forecast.objects.filter(product=empty).exists()
    ProductMonth.objects.filter(product_id=products[0].pk).delete()
    run_now()
    gone = Forecast.objects.get(product=products[0], current=True)
    assert (gone.method, gone.reason_code, gone.months.count()) == ("none", "no_data", 0)
    assert StageEstimate.objects.get(product=products[0], current=True).stage == ""


# -- families ------------------------------------------------------------------------------------------


def family_of(products, **fields):
    family = family_factory(line=products[0].line, **fields)
    for product in products:
        FamilyMember.objects.create(product=product, family=family, start_date=datetime.date(2020, 1, 1))
    return family


def flat(db_line, volume, **fields):
    product = product_factory(line=db_line, **fields)
    months_give(product, 8, volume=lambda step: volume)
    return product


def test_a_family_is_the_sum_of_its_members(db):
    line = line_factory()
    family = family_of([flat(line, 10), flat(line, 30)])
    run_now()
    assert Forecast.objects.get(family=family).months.first().mean == pytest.approx(40, rel=0.02)
    assert StageEstimate.objects.filter(family=family).exists()


def test_a_month_in_which_a_large_member_is_missing_is_missing(db):
    line = line_factory()
    small, large = flat(line, 10), flat(line, 30)
    ProductMonth.objects.filter(product_id=large.pk, month=month_add(LAST, -2)).delete()
    family = family_of([small, large])
    run_now()
    forecast = Forecast.objects.get(family=family)
    assert forecast.reason_params["filled"] == 1
    assert forecast.months.first().mean == pytest.approx(40, rel=0.02)


def test_unlike_units_are_converted_or_refused_never_added(db):
    line = line_factory(reporting_unit="litre")
    bottle, tank = flat(line, 10, unit="bottle"), flat(line, 30, unit="tank")
    family = family_of([bottle, tank])
    run_now()
    refused = Forecast.objects.filter(family=family)
    assert [(row.method, row.reason_code) for row in refused] == [("none", "unlike_units")]
    UnitFactor.objects.create(product=bottle, unit="litre", factor=2)
    UnitFactor.objects.create(product=tank, unit="litre", factor=100)
    run_now()
    assert Forecast.objects.get(family=family).months.first().mean == pytest.approx(3020, rel=0.02)


# -- what goes wrong -------------------------------------------------------------------------------------


@pytest.fixture
def short(db):
    """Products of four months: their method needs no model."""
    line = line_factory()
    found = [product_factory(line=line) for _ in range(3)]
    for product in found:
        months_give(product, 4)
    return found


def test_a_product_that_fails_is_listed_and_the_others_go_on(short, monkeypatch):
    night_now()
    real, tries = engine.forecast, []

    def failing(series, **options):
        if series.id.startswith(f"{short[1].pk}-"):
            tries.append(1)
            raise ArithmeticError("no way")
        return real(series, **options)

    monkeypatch.setattr(engine, "forecast", failing)
    ProductMonth.objects.filter(month=LAST).update(volume=Decimal(90))
    run = night_now()
    assert run.state == NightlyRun.State.DONE
    failure = NightlyFailure.objects.get()
    assert (failure.run, failure.step, failure.product, failure.attempts) == (run, "forecast", short[1], 3)
    assert (failure.code, failure.params["message"]) == ("crashed", "no way")
    assert len(tries) == 3
    stale = Forecast.objects.get(product=short[1])
    assert (stale.current, stale.stale, stale.months.count()) == (True, True, 18)
    assert short[1].figures.forecast_stale
    assert Forecast.objects.filter(stale=False, run=run).count() == 2
    monkeypatch.undo()
    night_now()
    assert not Forecast.objects.get(product=short[1]).stale


def test_a_stale_forecast_is_renewed_though_its_inputs_are_the_same(short):
    run_now()
    Forecast.objects.filter(product=short[0]).update(stale=True)
    run_now()
    assert not Forecast.objects.filter(stale=True).exists()


def die(job: Job) -> None:
    """Its worker died: the lease runs out."""
    from core.jobs import sweep

    Job.objects.filter(pk=job.pk).update(lease_until=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    sweep()


def test_a_chunk_that_kills_its_worker_three_times_is_split_into_single_products(short, monkeypatch):
    from core import jobs

    real = jobs.job_run
    killer = short[0].pk

    def run_or_die(job):
        if job.payload.get("step") == "forecast" and killer in job.payload["products"]:
            die(job)
        else:
            real(job)

    monkeypatch.setattr("forecasting.services.night_work.job_run", run_or_die)
    run = night_now()
    assert run.state == NightlyRun.State.DONE
    failure = NightlyFailure.objects.get()
    assert (failure.product_id, failure.code, failure.attempts) == (killer, "worker_died", 3)
    assert set(Forecast.objects.values_list("product_id", flat=True)) == {short[1].pk, short[2].pk}
    chunks = Job.objects.filter(group=f"night:{run.pk}:forecast")
    assert sorted(chunks.values_list("state", "attempts")) == [
        ("done", 1),
        ("done", 1),
        ("failed", 3),
        ("failed", 3),
    ]
    assert totals(run)["forecast"] == (2, 0, 1)


def test_a_step_that_cannot_be_cut_ends_the_run_with_its_name(short, monkeypatch):
    monkeypatch.setattr(
        "forecasting.steps.calibrate.chunks", lambda run: (_ for _ in ()).throw(ValueError("broken"))
    )
    run = run_now()
    assert (run.state, run.error_code) == (NightlyRun.State.FAILED, "step_broken:calibrate")


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """All that nights left behind, without their own keys and times."""
    left_out = {"id", "run", "forecast", "computed_at", "created_at"}
    return {
        model.__name__: sorted(
            model.objects.values_list(
                *(f.attname for f in model._meta.concrete_fields if f.name not in left_out)
            ),
            key=repr,
        )
        for model in (Backtest, Calibration, Forecast, StageEstimate, TotalForecast)
    }


def test_a_product_alone_first_and_a_month_again_later_change_no_digit(products):
    before, month = month_add(LAST, -2), month_add(LAST, -1)
    for run in (before, month, LAST):
        night_now(as_of=run)
    undisturbed = everything()
    for model in (ForecastMonth, Forecast, StageEstimate, Backtest, Calibration, TotalForecast):
        model.objects.all().delete()
    night_now(as_of=before)
    night_now(kind="single", scope=[products[0].pk], as_of=month)
    for run in (month, LAST):
        night_now(as_of=run)
    assert everything() == undisturbed
    # A month gone by that has to be made again knows what it knew, and no more.
    for model in (Forecast, Backtest, Calibration):
        model.objects.filter(as_of=month).delete()
    TotalForecast.objects.filter(as_of=month).delete()
    again = night_now(as_of=month)
    assert totals(again)["backtest"][0] == 3
    found = everything()
    for name in ("Backtest", "Calibration", "Forecast"):
        assert found[name] == undisturbed[name], name
    assert all(row.wape is not None for row in Forecast.objects.filter(as_of=month))


def test_old_backtests_go_and_those_in_use_stay(products):
    for ago in range(6, -1, -1):
        run_now(as_of=month_add(LAST, -ago))
    months = Backtest.objects.filter(product=products[0]).order_by("as_of").values_list("as_of", flat=True)
    assert list(months) == [month_add(LAST, -ago) for ago in (3, 2, 1, 0)]
    again = run_now()
    assert totals(again)["backtest"] == (0, 3, 0)


def test_calibration_stays_within_a_month_until_the_products_change_much(products):
    run_now()
    assert Calibration.objects.get().series == 3
    ProductMonth.objects.filter(product_id=products[0].pk, month=LAST).update(volume=Decimal(400))
    run_now()
    assert Calibration.objects.count() == 1
    for _ in range(2):
        months_give(product_factory(line=products[0].line))
    run_now()
    assert Calibration.objects.count() == 2


def test_a_short_history_borrows_the_season_of_its_line(products):
    young = product_factory(line=products[0].line)
    months_give(young, 8)
    run_now()
    assert Forecast.objects.get(product=young).method == "family_season"


def test_series_are_read_once_a_run_and_anew_in_the_next(products, settings, monkeypatch):
    settings.NIGHT_CHUNK_SIZE = 2
    baby = product_factory(line=products[0].line)
    months_give(baby, 8)  # borrows its season
    asked: list[int] = []
    load = SeriesLoader.load
    monkeypatch.setattr(SeriesLoader, "load", lambda self, *ids: asked.extend(ids[0]) or load(self, *ids))
    once = sorted(product.pk for product in [*products, baby])
    night_now()
    assert sorted(asked) == once
    season = Forecast.objects.get(product=baby).content_hash
    sold = ProductMonth.objects.filter(product__in=products, month__month=3)
    sold.update(volume=F("volume") * 3)
    asked.clear()
    night_now()
    assert sorted(asked) == once
    assert Forecast.objects.get(product=baby).content_hash != season


def test_prices_are_read_once_a_run_and_anew_in_the_next(products, monkeypatch):
    asked: list[int] = []
    read = common.prices_last_year
    monkeypatch.setattr(common, "prices_last_year", lambda as_of: asked.extend(as_of) or read(as_of))
    once = sorted(product.pk for product in products)
    night_now()
    assert sorted(asked) == once
    worth = TotalForecast.objects.get(line=None, current=True).year
    asked.clear()
    ProductMonth.objects.filter(product__in=products).update(revenue=F("revenue") * 2)
    night_now()
    assert sorted(asked) == once
    assert TotalForecast.objects.get(line=None, current=True).year == pytest.approx(2 * worth)


def test_another_process_cuts_by_what_the_first_one_read(products, monkeypatch):
    run = night_now()
    cut = common.cut_of(run)
    assert cut[0] == sorted(product.pk for product in products)
    assert cut[2]
    monkeypatch.setattr(common, "_kept", common._Kept((0, None)))
    for read in ("subjects_of_run", "data_span"):
        monkeypatch.setattr(common, read, None)
    assert common.cut_of(run) == cut


def test_the_list_follows_what_a_unit_brings_in_where_volumes_stay(products):
    run_now()
    before = ProductFigures.objects.get(product=products[0]).forecast_12m_amount
    for rows in (ProductMonth, SalesMonth):
        rows.objects.filter(product=products[0]).update(revenue=F("revenue") * 2)
    figures_refresh()
    run_now()
    figures = ProductFigures.objects.get(product=products[0])
    assert before > 0
    assert figures.forecast_12m_amount == pytest.approx(before * 2, rel=1e-6)
