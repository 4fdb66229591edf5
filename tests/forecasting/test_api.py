"""The API of forecasts, stages and runs."""

from __future__ import annotations

import pytest
from django.test import override_settings
from django.urls import include, path
from rest_framework.test import APIClient

from core.months import month_add
from forecasting.api.forecasts import router
from forecasting.models import ForecastMonth, NightlyFailure, NightlyRun
from products.models import Measure, SalesMonth
from tests.factories import channel_factory, line_factory, user_factory

from .conftest import LAST, TODAY, run_now

pytestmark = pytest.mark.django_db

urlpatterns = [path("api/v1/", include(router.urls))]


@pytest.fixture(autouse=True)
def _only_these_addresses(monkeypatch):
    """On the day of the night that the forecasts are of."""
    for module in ("services.judgement", "services.overrides", "selectors.judgement"):
        monkeypatch.setattr(f"forecasting.{module}.today", lambda: TODAY)
    with override_settings(ROOT_URLCONF=__name__):
        yield


def api(*args, **fields) -> APIClient:
    client = APIClient(headers={"accept-language": "en"})
    client.force_authenticate(user_factory(*args, **fields))
    return client


def test_forecasts_with_their_months_in_words_and_numbers(settled):
    client = api("product-manager")
    body = client.get("/api/v1/forecasts/", {"product": settled[0].code.lower(), "current": "true"}).json()
    assert body["count"] == 1
    found = body["results"][0]
    assert (found["product"], found["family"], found["measure"]) == (settled[0].code, None, "units")
    assert len(found["months"]) == 18
    assert found["reason_text"].startswith("48 months of data")
    assert client.get(f"/api/v1/forecasts/{found['id']}/").json() == found


def test_queries_do_not_grow_with_the_page(settled, django_assert_max_num_queries):
    client = api("product-manager")
    with django_assert_max_num_queries(8):
        assert client.get("/api/v1/forecasts/").json()["count"] == 3
    with django_assert_max_num_queries(8):
        assert client.get("/api/v1/stages/").json()["count"] == 3


def test_forecasts_by_channel_add_up_to_the_final_one(products, django_assert_max_num_queries):
    channels = [channel_factory(code="north"), channel_factory(code="south")]
    for product in products:
        for channel, volume in zip(channels, (30, 10), strict=True):
            for step in range(12):
                SalesMonth.objects.create(
                    product_id=product.pk, channel_id=channel.pk, volume=volume, days=30,
                    measure=Measure.objects.get(code="units"), month=month_add(LAST, -step),
                )  # fmt: skip
    run_now()
    client = api("product-manager")
    with django_assert_max_num_queries(9):
        body = client.get("/api/v1/channel-forecasts/").json()
    assert body["count"] == 3
    (found,) = client.get("/api/v1/channel-forecasts/", {"product": products[0].code}).json()["results"]
    shares = {part["channel"]: part["share"] for part in found["channels"]}
    assert shares == {"north": 0.75, "south": 0.25}
    of_product = client.get("/api/v1/forecasts/", {"product": products[0].code, "current": "true"}).json()
    months = of_product["results"][0]["months"]
    assert len(months) == 18
    for place, month in enumerate(months):
        parts = [part["months"][place] for part in found["channels"]]
        assert {part["month"] for part in parts} == {month["month"]}
        assert sum(part["final"] for part in parts) == pytest.approx(month["final"])
        for part in parts:
            edges = [part[f"final_{edge}"] for edge in ("lo95", "lo80", "hi80", "hi95")]
            assert edges == sorted(edges)
            assert edges[2] / part["final"] >= month["final_hi80"] / month["final"] - 1e-9
    assert client.get("/api/v1/channel-forecasts/", {"line": "nowhere"}).json()["count"] == 0
    assert client.get("/api/v1/channel-forecasts/", {"as_of": "2026-10"}).status_code == 400
    limited = api("product-manager", channels=[channels[0]])
    assert limited.get("/api/v1/channel-forecasts/").json()["count"] == 0


def test_the_band_of_the_final_forecast_stands_beside_that_of_the_statistics(products):
    run_now()
    row = ForecastMonth.objects.filter(forecast__product=products[0]).order_by("month").first()
    ForecastMonth.objects.filter(pk=row.pk).update(agreed=2 * row.mean)
    body = api("product-manager").get("/api/v1/forecasts/", {"product": products[0].code}).json()
    first = body["results"][0]["months"][0]
    assert (first["mean"], first["lo80"]) == (row.mean, row.lo80)
    assert first["final_hi80"] == pytest.approx(2 * row.hi80)
    assert first["final_lo95"] == pytest.approx(2 * row.lo95)


def test_filters_by_line_month_and_measure_in_whatever_case(products):
    elsewhere = line_factory(code="elsewhere")
    run_now()
    client = api("product-manager")
    line = products[0].line

    def count(rows, **asked):
        return client.get(f"/api/v1/{rows}/", asked).json()["count"]

    for rows in ("forecasts", "stages"):
        assert count(rows, line=line.code.upper(), as_of="2026-10", measure="UNITS") == 3
        assert count(rows, line=line.code, as_of="2026-10-01") == 3
        assert count(rows, line=elsewhere.code) == count(rows, as_of="2026-09") == 0
        assert client.get(f"/api/v1/{rows}/", {"as_of": "2026-10-15"}).status_code == 400
    assert count("runs", as_of="2026-10") == 1


@pytest.mark.parametrize(("said", "status"), [("true", 200), ("False", 200), ("1", 200), ("maybe", 400)])
def test_a_yes_or_no_that_is_neither_is_refused(said, status):
    assert api("product-manager").get("/api/v1/forecasts/", {"current": said}).status_code == status


def test_totals_of_a_line_and_of_everything(settled):
    client = api("product-manager")
    body = client.get("/api/v1/totals/", {"current": "true", "everything": "true"}).json()
    assert [(row["line"], row["measure"], row["unit"]) for row in body["results"]] == [(None, None, "EUR")]
    line = {"line": settled[0].line.code, "in_money": "false"}
    found = client.get("/api/v1/totals/", line).json()["results"][0]
    assert (found["measure"], found["products"], len(found["months"])) == ("units", 3, 18)
    assert set(found["months"][0]) == {"month", "mean", "lo80", "hi80", "lo95", "hi95"}


def test_a_line_is_changed_and_months_are_agreed(settled):
    client, sales = api("product-manager"), api("sales")
    body = {
        "line": settled[0].line.code, "operation": "add", "value": "-30", "first_month": "2026-11",
        "last_month": "2026-11", "reason": "supply",
    }  # fmt: skip
    made = client.post("/api/v1/overrides/", body)
    assert (made.status_code, made.json()["line"]) == (201, settled[0].line.code)
    said = {"product": settled[0].code, "months": [{"month": "2026-11", "value": "150", "seen": None}]}
    assert sales.post("/api/v1/consensus-inputs/", said | {"party": "sales"}).json() == {"changed": 1}
    assert sales.post("/api/v1/agreed-months/", said).status_code == 403
    assert client.post("/api/v1/agreed-months/", said | {"note": "S&OP"}).json() == {"changed": 1}
    other = {"product": settled[0].code, "months": [{"month": "2026-11", "value": "9", "seen": None}]}
    lost = client.post("/api/v1/agreed-months/", other)
    assert (lost.status_code, lost.json()["code"]) == (409, "version_conflict")
    (agreed,) = client.get("/api/v1/agreed-months/", {"product": settled[0].code}).json()["results"]
    assert (agreed["value"], agreed["note"]) == ("150.0000", "S&OP")
    (figure,) = client.get("/api/v1/consensus-inputs/", {"party": "sales"}).json()["results"]
    assert (figure["month"], figure["value"]) == ("2026-11-01", "150.0000")


def test_an_override_is_made_seen_in_the_layers_and_withdrawn(settled):
    client = api("product-manager")
    body = {
        "product": settled[0].code, "operation": "percent", "value": "-0.25", "first_month": "2026-11",
        "last_month": "2026-12", "reason": "supply",
    }  # fmt: skip
    made = client.post("/api/v1/overrides/", body)
    assert made.status_code == 201, made.json()
    asked = {"product": settled[0].code, "current": "true"}
    month = client.get("/api/v1/forecasts/", asked).json()["results"][0]["months"][0]
    assert month["final"] == month["overridden"] == pytest.approx(month["mean"] * 0.75, rel=1e-6)
    up = client.post("/api/v1/overrides/", body | {"value": "0.25"})
    assert (up.status_code, up.json()["field"]) == (400, "evidence")
    assert client.post("/api/v1/overrides/", body | {"channel": "nowhere"}).status_code == 400
    assert client.post("/api/v1/overrides/", body | {"author": 1}).status_code == 400
    assert client.post("/api/v1/overrides/", body | {"line": "x"}).status_code == 400
    lost = client.post("/api/v1/overrides/", body | {"seen": 0})
    assert (lost.status_code, lost.json()["code"]) == (409, "version_conflict")
    assert next(iter(lost.json()["details"]["fields"].values()))["theirs"].startswith("\u221225.0%")
    ended = client.post(f"/api/v1/overrides/{made.json()['id']}/withdraw/")
    assert ended.json()["withdrawn_at"]
    assert client.post(f"/api/v1/overrides/{made.json()['id']}/renew/").json()["withdrawn_at"] is None
    client.post(f"/api/v1/overrides/{made.json()['id']}/withdraw/")
    month = client.get("/api/v1/forecasts/", asked).json()["results"][0]["months"][0]
    assert (month["overridden"], month["final"]) == (None, month["mean"])


def test_stages(settled):
    body = api("product-manager").get("/api/v1/stages/", {"product": settled[1].code}).json()
    found = body["results"][0]
    chances = [found[f"p_{name}"] for name in ("introduction", "growth", "maturity", "decline", "revival")]
    assert sum(chances) == pytest.approx(1)
    assert found["evidence_text"]
    assert found["set_by_hand"] is None


@pytest.mark.parametrize("what", ["forecasts", "stages"])
def test_what_is_out_of_sight_does_not_exist(settled, what):
    for client in (
        api("product-manager", lines=[line_factory()]),
        api("product-manager", channels=[channel_factory()]),
    ):
        assert client.get(f"/api/v1/{what}/").json()["count"] == 0
        pk = api("product-manager").get(f"/api/v1/{what}/").json()["results"][0]["id"]
        assert client.get(f"/api/v1/{what}/{pk}/").status_code == 404


@pytest.mark.parametrize("what", ["forecasts", "stages", "runs"])
def test_without_the_right_nothing(settled, what):
    client = api(rights=["accounts.api", "products.view"])
    assert client.get(f"/api/v1/{what}/").status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_results_cannot_be_written(settled, method):
    client = api("administrator")
    pk = client.get("/api/v1/forecasts/").json()["results"][0]["id"]
    assert getattr(client, method)(f"/api/v1/forecasts/{pk}/", {}).status_code in (403, 405)


def test_a_run_is_started_once_per_key(products):
    client = api("product-manager")
    answers = [client.post("/api/v1/runs/", {}, headers={"Idempotency-Key": "abc"}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert NightlyRun.objects.count() == 1
    client.post("/api/v1/runs/", {}, headers={"Idempotency-Key": "other"})
    assert NightlyRun.objects.count() == 2


def test_a_run_of_one_product(products):
    answer = api("product-manager").post("/api/v1/runs/", {"product": products[0].code, "as_of": "2026-09"})
    run = NightlyRun.objects.get()
    assert answer.json()["as_of"] == "2026-09-01"
    assert (run.kind, run.scope) == ("single", [products[0].pk])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"as_of": "2026-13"}, 400),
        ({"as_of": "2999-01"}, 400),
        ({"product": "no such code"}, 404),
        ({"kind": "scheduled"}, 400),
    ],
)
def test_a_run_that_cannot_be_is_refused(products, body, status):
    assert api("product-manager").post("/api/v1/runs/", body).status_code == status
    assert not NightlyRun.objects.exists()


def test_a_viewer_reads_runs_and_starts_none(products):
    run = run_now()
    NightlyFailure.objects.create(run=run, step="forecast", product=products[0], attempts=3, code="crashed")
    client = api(rights=["accounts.api", "forecasting.view", "products.view"])
    assert client.post("/api/v1/runs/", {}).status_code == 403
    found = client.get(f"/api/v1/runs/{run.pk}/").json()
    assert found["failures"][0]["product"] == products[0].code
    assert found["failed"] == 1
    assert {step["name"] for step in found["steps"]} >= {"backtest", "calibrate", "forecast", "lifecycle"}
