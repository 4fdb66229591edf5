"""The form that says how a new product starts, its preview, the card on the forecast tab, and the API."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from core.history import history_of
from core.months import month_add
from forecasting.models import Forecast, LaunchPlan, NightlyRun
from products.models import Product, ProductMonth, Succession
from tests.factories import channel_factory, line_factory, product_factory, user_factory

from .conftest import LAST, TODAY, months_give, run_now
from .test_pages import signed_in, tab, text

pytestmark = pytest.mark.django_db
NEXT = month_add(LAST, 1)
API = "/api/v1/launch-plans/"


@pytest.fixture
def shelf():
    line = line_factory(code="shelf", unit="pack")
    old = product_factory(code="OLD", name="Old one", line=line)
    months_give(old, 30, volume=lambda step: [10, 20, 30, 40, 50, 60][min(step, 5)])
    return product_factory(code="NEW", name="New one", line=line)


def address(product) -> str:
    return f"/products/{product.code}/forecast/launch/"


def said(**fields):
    body = {
        "method": "like_items",
        "reference_1": "OLD",
        "weight_1": "100",
        "scale": "80",
        "launch_month": f"{NEXT:%Y-%m}",
        "step": "save",
    }
    return body | fields


def test_the_tab_without_a_forecast_offers_to_borrow_one(client, shelf):
    signed_in(client)
    page = client.get(tab(shelf))
    assert "No forecast yet" in text(page)
    assert address(shelf) in page.content.decode()
    signed_in(client, "viewer")
    assert address(shelf) not in client.get(tab(shelf)).content.decode()


def test_the_form_previews_without_saving(client, shelf):
    signed_in(client)
    page = client.get(address(shelf))
    assert "Nothing to borrow from yet" in text(page)
    assert '<option value="OLD">' in page.content.decode()
    shown = client.post(address(shelf), said(step="preview"), headers={"HX-Request": "true"})
    assert shown.status_code == 200
    assert b"<html" not in shown.content
    assert "next 12 months 456 pack" in text(shown)
    assert "Nov 2026 1 10 8 8" in text(shown)
    assert not LaunchPlan.objects.exists()
    assert not NightlyRun.objects.exists()


def test_the_preview_says_what_the_night_then_says(client, shelf):
    signed_in(client)
    months_give(shelf, 3, volume=lambda step: [5, 15, 22][step])
    shown = text(client.post(address(shelf), said(step="preview")))
    assert client.post(address(shelf), said()).status_code == 302
    run_now()
    first = Forecast.objects.get(product=shelf, current=True).months.order_by("month")[0].mean
    assert first == pytest.approx(0.5 * (22 + 14) / 2 + 0.5 * 32)
    assert f"40 32 — no data {first:.0f}" in shown


@pytest.mark.parametrize(
    ("own", "ended"), [(3, None), (2, None), (3, datetime.date(2027, 4, 20)), (0, datetime.date(2026, 1, 1))]
)
def test_of_a_line_whose_last_months_may_still_change_it_is_the_same_year(
    client, shelf, monkeypatch, own, ended
):
    """They are shown as sold; what is expected begins after them, as on the page."""
    monkeypatch.setattr("forecasting.selectors.launches.today", lambda: TODAY)
    type(shelf.line).objects.filter(pk=shelf.line_id).update(final_after_months=2)
    Product.objects.filter(pk=shelf.pk).update(ended=ended)
    months_give(shelf, own, volume=lambda step: [5, 15, 22][step])
    signed_in(client)
    preview = client.post(address(shelf), said(step="preview")).context["preview"]
    assert preview.own_months == max(own - 2, 0)
    assert [row.own for row in preview.rows[:4]] == ([5, 15, 22, None] if own == 3 else [None] * 4)
    may_change = [row for row in preview.chart.table.rows if "(provisional)" in (row[1] or "")]
    assert len(may_change) == min(own, 2)
    assert client.post(address(shelf), said()).status_code == 302
    run_now()
    ahead = list(Forecast.objects.get(product=shelf, current=True).months.order_by("month")[:12])
    assert preview.year == pytest.approx(sum(row.mean for row in ahead))
    expected = {row.month: row.mean for row in ahead if ended is None or row.month <= ended}
    rows = {row.month: row.expected for row in preview.rows if row.month in expected}
    assert rows == {month: pytest.approx(mean) for month, mean in expected.items()}


def test_where_its_own_months_count_alone_the_preview_says_only_that(client, shelf):
    months_give(shelf, 12)
    signed_in(client)
    shown = client.post(address(shelf), said(step="preview"), headers={"HX-Request": "true"})
    assert text(shown).strip() == "Its own months have taken over; the plan changes nothing any more."


def test_of_a_successor_the_months_of_its_predecessor_count(client, shelf):
    old = product_factory(code="GONE", line=shelf.line)
    months_give(old, 24)
    Succession.objects.create(predecessor=old, successor=shelf, start_date=month_add(LAST, 3))
    signed_in(client)
    words = "The months of its predecessor count as its own; the plan changes nothing any more."
    shown = client.post(address(shelf), said(step="preview"), headers={"HX-Request": "true"})
    assert text(shown).strip() == words
    client.post(address(shelf), said())
    run_now()
    page = text(client.get(tab(shelf)))
    assert words in page
    assert "Its own months have taken over" not in page
    assert "Apart from the season" not in page
    assert "its strongest month" not in page


def test_of_a_predecessor_that_had_stopped_long_before_nothing_counts(client, shelf):
    old = product_factory(code="GONE", line=shelf.line)
    months_give(old, 36)
    ProductMonth.objects.filter(product=old, month__gt=month_add(LAST, -12)).update(volume=0, revenue=0)
    Succession.objects.create(predecessor=old, successor=shelf, start_date=month_add(LAST, 3))
    signed_in(client)
    shown = text(client.post(address(shelf), said(step="preview"), headers={"HX-Request": "true"}))
    assert "count as its own" not in shown
    client.post(address(shelf), said())
    run_now()
    assert "Borrowed from the first months of like-items." in text(client.get(tab(shelf)))


def test_saving_starts_a_run_of_this_product(client, shelf):
    user = signed_in(client)
    answer = client.post(address(shelf), said(scale="12.5", note="Same shelf"))
    assert answer.url == f"{tab(shelf)}?measure=units"
    plan = LaunchPlan.objects.get()
    assert (plan.scale, plan.set_by, plan.launch_month) == (Decimal("0.125"), user, NEXT)
    run = NightlyRun.objects.get()
    assert (run.kind, run.scope) == ("single", [shelf.pk])
    run_now()
    page = text(client.get(tab(shelf)))
    assert "What does it borrow?" in page
    assert "Old one 100%" in page
    assert "Same shelf" in page
    assert "Borrowed from the first months of like-items." in page
    assert "1 like-item says how it may start." in page
    with translation.override("en"):
        told = [change.label for entry in history_of(shelf, user=user_factory()) for change in entry.changes]
    assert any("Launch plan" in label for label in told)


def test_what_is_wrong_is_said_at_its_field_and_the_input_stays(client, shelf):
    signed_in(client)
    answer = client.post(address(shelf), said(reference_1="", weight_1="", note="Kept"))
    assert answer.status_code == 422
    assert "without one there is nothing to borrow from" in text(answer)
    assert "Kept" in answer.content.decode()
    answer = client.post(address(shelf), said(reference_1="NOPE", launch_month="soon"))
    assert "There is no product with the code NOPE." in text(answer)
    assert "Give a month as year and month" in text(answer)
    assert not LaunchPlan.objects.exists()


def test_taken_back_it_can_be_taken_up_again(client, shelf):
    signed_in(client)
    client.post(address(shelf), said())
    client.post(f"{address(shelf)}withdraw/")
    plan = LaunchPlan.objects.get()
    assert plan.withdrawn_at is not None
    page = client.get(address(shelf)).content.decode()
    assert f"from={plan.pk}" in page
    again = client.get(f"{address(shelf)}?from={plan.pk}").content.decode()
    assert 'value="OLD"' in again
    client.post(address(shelf), said())
    assert LaunchPlan.objects.filter(withdrawn_at=None).count() == 1


def test_a_search_finds_products_with_sales_in_sight_only(client, shelf):
    hidden = product_factory(code="HID", name="Hidden tea")
    months_give(hidden, 8)
    product_factory(code="EMP", name="Empty tea", line=shelf.line)
    signed_in(client)
    assert "HID" in client.get(f"{address(shelf)}choices/?reference_2=tea").content.decode()
    assert "EMP" not in client.get(f"{address(shelf)}choices/?reference_2=tea").content.decode()
    signed_in(client, lines=[shelf.line])
    assert "HID" not in client.get(f"{address(shelf)}choices/?reference_2=tea").content.decode()


def test_who_may_only_look_is_led_to_the_tab_and_writes_nothing(client, shelf):
    signed_in(client, "viewer")
    assert client.get(address(shelf)).url == f"{tab(shelf)}?measure=units"
    assert client.post(address(shelf), said()).status_code == 403
    assert client.post(f"{address(shelf)}withdraw/").status_code == 403
    assert client.get(f"{address(shelf)}choices/").status_code == 403
    signed_in(client, channels=[channel_factory()])
    assert client.post(address(shelf), said()).status_code == 403
    assert not LaunchPlan.objects.exists()


def test_a_reference_out_of_sight_has_no_name(client, shelf):
    signed_in(client)
    other = product_factory(code="SEC", name="Secret tea")
    months_give(other, 12)
    client.post(address(shelf), said(reference_2="SEC", weight_2="100"))
    run_now()
    signed_in(client, lines=[shelf.line])
    for page in (tab(shelf), address(shelf)):
        shown = client.get(page)
        assert "a product out of your sight" in text(shown)
        assert "Secret tea" not in text(shown)


def test_a_reference_whose_start_is_not_in_the_data_is_told(client, shelf):
    Product.objects.filter(code="OLD").update(launched="2010-01-01")
    signed_in(client)
    assert "its start is not in them" in text(client.post(address(shelf), said(step="preview")))


def test_few_queries(client, shelf):
    signed_in(client)
    client.post(address(shelf), said())
    run_now()
    for page in (tab(shelf), address(shelf)):
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        assert len(queries) <= 12, (page, [q["sql"][:120] for q in queries])


# -- API --------------------------------------------------------------------------------------------------


def api(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client, **fields):
    body = {
        "product": "NEW",
        "method": "like_items",
        "launch_month": f"{NEXT:%Y-%m}",
        "references": [{"product": "OLD", "weight": "3"}],
    }
    return client.post(API, json.dumps(body | fields), content_type="application/json")


def test_by_api(shelf):
    client = api(user_factory())
    made = post(client, scale="0.8")
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["product"], body["measure"], body["scale"]) == ("NEW", "units", "0.8000")
    assert body["references"] == [{"product": "OLD", "weight": "3.00"}]
    assert client.get(f"{API}?product=new&in_force=true").json()["count"] == 1
    assert client.delete(f"{API}{body['id']}/").status_code == 204
    assert client.delete(f"{API}{body['id']}/").status_code == 404
    assert client.get(f"{API}?in_force=true").json()["count"] == 0
    assert client.get(f"{API}{body['id']}/").json()["withdrawn_at"] is not None


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"references": []}, 400, "no_reference"),
        ({"references": [{"product": "NOPE", "weight": 1}]}, 404, None),
        ({"measure": "nope"}, 400, None),
        ({"unknown": 1}, 400, None),
    ],
)
def test_refused_by_api(shelf, fields, status, code):
    answer = post(api(user_factory()), **fields)
    assert answer.status_code == status, answer.content
    assert code is None or answer.json()["code"] == code
    assert not LaunchPlan.objects.exists()
