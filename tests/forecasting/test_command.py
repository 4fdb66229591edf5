"""``manage.py nightly`` and what the doctor looks at in nights."""

from __future__ import annotations

import datetime
from copy import deepcopy
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from core.doctor import examine
from core.jobs import KEPT, jobs_purge
from core.models import Job
from forecasting import engine
from forecasting.models import Forecast, ForecastMonth, NightlyRun, NightlyStep
from products.models import ProductFigures
from tests.factories import user_factory

from .conftest import night_now, products_make

pytestmark = pytest.mark.django_db


def nightly(*arguments: str) -> str:
    out = StringIO()
    call_command("nightly", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_without_a_worker_it_does_the_work_itself(products):
    said = nightly("--wait", "--as-of", "2026-09")
    assert "forecast: 3 computed, 0 skipped, 0 failed" in said
    assert set(Forecast.objects.values_list("as_of", flat=True).distinct()) == {
        NightlyRun.objects.get().as_of
    }


def test_without_wait_it_only_asks(products):
    nightly()
    assert NightlyRun.objects.get().state == "running"
    assert not Forecast.objects.exists()


def test_one_product(products):
    nightly("--wait", "--product", products[1].code.lower())
    assert list(Forecast.objects.values_list("product_id", flat=True)) == [products[1].pk]


@pytest.mark.parametrize(
    "arguments", [("--product", "nobody"), ("--as-of", "2026-13"), ("--as-of", "2999-01")]
)
def test_what_cannot_be_is_refused(products, arguments):
    with pytest.raises(CommandError):
        nightly(*arguments)
    assert not NightlyRun.objects.exists()


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_shell_speaks_one_language(products, language):
    with translation.override(language), pytest.raises(CommandError, match="That month is not over yet"):
        call_command("nightly", "--as-of", "2099-01")


def test_a_partial_failure_ends_with_an_error(products, monkeypatch):
    def failing(series, **options):
        raise ArithmeticError("no way")

    monkeypatch.setattr(engine, "forecast", failing)
    with pytest.raises(CommandError, match="3 could not be computed"):
        nightly("--wait")


# -- the doctor ---------------------------------------------------------------------------------------------


def problems(check: str) -> list[str]:
    return examine(only=check)[0].problems


@pytest.fixture(scope="module")
def _night(module_db):
    products_make()
    return night_now()


@pytest.fixture
def night(_night, db):
    return deepcopy(_night)


@pytest.mark.parametrize("check", ["nights", "runs", "steps", "current", "forecasts", "list"])
def test_after_a_night_all_is_well(night, check):
    assert problems(check) == []


def test_a_step_that_says_other_than_its_chunks(night):
    NightlyStep.objects.filter(name="forecast").update(computed=7)
    assert len(problems("steps")) == 1


def test_a_night_whose_chunks_were_purged_is_well_and_still_shown(night, client):
    long_ago = timezone.now() - KEPT - datetime.timedelta(days=1)
    night.steps.update(started_at=long_ago, finished_at=long_ago)
    Job.objects.update(created_at=long_ago, finished_at=long_ago)
    assert jobs_purge() > 0
    assert problems("steps") == problems("runs") == []
    client.force_login(user_factory("administrator", language="en"))
    page = client.get(f"/forecasting/runs/{night.pk}/").content.decode()
    assert "What was done?" in page


def test_no_current_forecast(night):
    Forecast.objects.filter(pk=Forecast.objects.first().pk).update(current=False)
    assert len(problems("current")) == 1


def test_months_that_are_missing(night):
    ForecastMonth.objects.filter(pk=ForecastMonth.objects.first().pk).delete()
    assert len(problems("forecasts")) == 1


def test_a_list_that_shows_something_else(night):
    ProductFigures.objects.filter(pk=ProductFigures.objects.first().pk).update(stage="revival")
    assert len(problems("list")) == 1


def test_a_run_that_left_work_behind(night):
    night.steps.filter(name="lifecycle").update(state="running")
    assert len(problems("runs")) == 1
