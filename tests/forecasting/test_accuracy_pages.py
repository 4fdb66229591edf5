"""The accuracy page, the card of a product and the API: what is shown, to whom, in how many queries."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from core.months import month_add
from forecasting.models import AccuracyRow, AccuracyState, AccuracySum, Forecast
from forecasting.services.accuracy import accuracy_write
from forecasting.steps import accuracy_sums
from products.models import Product
from tests.factories import channel_factory, line_factory, organisation_factory, product_factory, user_factory

from .conftest import LAST, months_give, run_now
from .test_accuracy_sums import rows_give, run_made
from .test_pages import signed_in, tab, text

pytestmark = pytest.mark.django_db
PAGE = "/forecasting/accuracy/"


def summed() -> None:
    """Windows and sums of the rows that are there, as the night makes them."""
    run = run_made()
    keys = set(AccuracyRow.objects.values_list("product_id", "measure_id"))
    accuracy_write(
        run=run, rows=[], gone=[], states=dict.fromkeys(keys, "x"), until=dict.fromkeys(keys, LAST)
    )
    accuracy_sums.compute(run, {})()


def changed(
    line: Any, author: User | None, *, reason: str = "promotion", after: float = 101.0, months: int = 14
) -> Product:
    """A product that sold 100 a month, was calculated at 110 and changed to ``after``."""
    product = product_factory(line=line)
    rows = rows_give(
        product,
        actual=[100.0 + step % 3 for step in range(months)],
        statistical=110.0,
        naive=120.0,
        overridden=after,
    )
    AccuracyRow.objects.filter(pk__in=[row.pk for row in rows]).update(reason_code=reason, author=author)
    return product


def people_part(answer: Any) -> str:
    words = text(answer)
    return words[words.index("Where do people help") : words.index("Where is the error")]


def test_before_anything_can_be_compared(client: Any) -> None:
    signed_in(client)
    assert "Nothing to compare yet" in text(client.get(PAGE))


def test_the_page_says_how_far_off_by_lag_layer_and_product(client: Any) -> None:
    user = signed_in(client)
    line = line_factory(name="Juices", unit="carton")
    helped = changed(line, user)
    rows_give(helped, actual=[100.0] * 13, statistical=130.0, naive=120.0, lag=3)
    hurt = changed(line, user, reason="price", after=140.0)
    summed()
    words = text(client.get(PAGE))
    # 28 months: errors 20 − 1 on average of naive, 10 of the statistics; changes brought 1 and 40.
    assert "1 month ahead" in words
    assert "3 months ahead" in words
    assert "30.0%" in words
    assert "Nov 2025 to Oct 2026" in words
    assert "28 forecasts" not in words
    assert "24 forecasts of a month" in words
    worst = words[words.index("Where is the error") :]
    assert worst.index(hurt.name) < worst.index(helped.name)
    assert "carton" in worst
    part = people_part(client.get(PAGE))
    assert part.index("Promotion") < part.index("Price change")
    assert "helps" in part
    assert "makes it worse" in part
    assert "Juices" in part


def test_the_page_says_what_mase_leaves_out(client: Any) -> None:
    signed_in(client)
    product = product_factory()
    rows_give(product, actual=[100.0] * 12)
    summed()
    assert "MASE is of the products that sell every month" not in text(client.get(PAGE))
    AccuracyRow.objects.filter(pk=AccuracyRow.objects.values("pk")[:1]).update(scale=None)
    AccuracySum.objects.update(stale=True)
    summed()
    assert "MASE is of the products that sell every month" in text(client.get(PAGE))


def test_no_verdict_on_too_few(client: Any) -> None:
    user = signed_in(client)
    changed(line_factory(), user, months=11)
    summed()
    part = people_part(client.get(PAGE))
    assert "too few to say" in part
    assert "helps" not in part
    assert "[" not in part


def test_nothing_sold_is_a_dash(client: Any) -> None:
    signed_in(client)
    product = product_factory()
    rows_give(product, actual=[0.0] * 12, statistical=3.0, naive=2.0, price=None)
    summed()
    words = text(client.get(PAGE))
    assert product.name in words
    assert "∞" not in words
    assert "inf" not in words.replace("information", "")
    assert "0.0%" not in words[words.index("How far off, how far ahead") : words.index("Where do people")]


# -- who sees what ----------------------------------------------------------------------------------------


def test_a_person_sees_only_himself_unless_it_is_switched_on(client: Any) -> None:
    me, other = signed_in(client, "administrator"), user_factory(name="Otto Other")
    line = line_factory()
    changed(line, me, reason="campaign")
    changed(line, other, reason="competitor")
    summed()
    part = people_part(client.get(PAGE))
    assert "Campaign" in part
    assert "Competitor" not in part
    assert "Otto" not in part
    assert "only you see these" in part
    organisation_factory(show_everyones_accuracy=True)
    part = people_part(client.get(PAGE))
    assert "Campaign" in part
    assert "Competitor" in part
    assert "Otto Other" in part


def test_money_asks_for_the_right_to_see_costs(client: Any) -> None:
    user = signed_in(client, rights=["forecasting.view", "products.view"])
    changed(line_factory(), user)
    summed()
    assert "Worth" not in text(client.get(PAGE))
    signed_in(client, rights=["forecasting.view", "products.view", "pricing.view_costs"])
    assert "Worth" in text(client.get(PAGE))


def test_limits_to_lines_and_channels(client: Any) -> None:
    mine, other = line_factory(name="Mine"), line_factory(name="Foreign")
    own, foreign = changed(mine, None), changed(other, None)
    summed()
    signed_in(client, lines=[mine])
    words = text(client.get(PAGE))
    assert own.name in words
    assert "12 forecasts" in words
    for name in (foreign.name, "Foreign"):
        assert name not in words
    assert client.get(f"{PAGE}?line={other.code}").status_code == 404
    signed_in(client, channels=[channel_factory()])
    assert "Nothing to compare yet" in text(client.get(PAGE))
    signed_in(client, rights=["products.view"])
    assert client.get(PAGE).status_code == 403


def test_lines_of_unlike_units_are_weighed_by_revenue(client: Any) -> None:
    signed_in(client)
    cartons, energy = line_factory(unit="carton"), line_factory(unit="kWh")
    rows_give(product_factory(line=cartons), actual=[100.0] * 12, statistical=110.0, price=1.0)
    rows_give(product_factory(line=energy), actual=[1.0] * 12, statistical=2.0, price=900.0)
    rows_give(product_factory(line=energy), actual=[5.0] * 12, statistical=2.0, price=None)
    summed()
    words = text(client.get(PAGE))
    # (12 × 10 × 1 + 12 × 1 × 900) / (12 × 100 + 12 × 900)
    assert "91.0%" in words
    assert "weighed by revenue per unit" in words
    assert "12 forecasts without revenue are left out" in words
    alone = text(client.get(f"{PAGE}?line={cartons.code}"))
    assert "10.0%" in alone
    assert "weighed by revenue" not in alone


@pytest.mark.parametrize("sort", ["error", "-wape", "change", "-bias", "-naive", "nonsense"])
def test_the_list_sorts(client: Any, sort: str) -> None:
    signed_in(client)
    line = line_factory()
    for after in (90.0, 120.0, 130.0):
        changed(line, None, after=after)
    summed()
    answer = client.get(f"{PAGE}?sort={sort}&layer=statistical&months=3&lag=99")
    assert answer.status_code == 200
    assert len(answer.context["worst"]) == 3


def test_the_fragment_is_the_list(client: Any) -> None:
    signed_in(client)
    changed(line_factory(), None)
    summed()
    part = client.get(PAGE, headers={"HX-Request": "true"})
    assert b"<html" not in part.content
    assert "Where is the error" in text(part)


@pytest.mark.parametrize("rows", [3, 60])
def test_queries_do_not_grow(client: Any, rows: int) -> None:
    user = signed_in(client)
    for _ in range(rows // 3):
        line = line_factory()
        for _ in range(3):
            changed(line, user, months=2)
    summed()
    client.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(PAGE).status_code == 200
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]
    product = Product.objects.all()[0]
    months_give(product)
    run_now()
    client.get(tab(product))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(tab(product)).status_code == 200
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]


# -- the card of a product --------------------------------------------------------------------------------


def test_a_product_says_how_good_it_was(client: Any) -> None:
    signed_in(client)
    product = product_factory(launched=None)
    months_give(product)
    run_now(as_of=month_add(LAST, -2))
    run_now()
    words = text(client.get(tab(product)))
    assert "How good were earlier forecasts?" in words
    assert "2 months ahead" in words
    assert "too few to say" in words
    row = AccuracyRow.objects.get(lag=2)
    assert f"{abs(row.statistical - row.actual) / row.actual * 100:.1f}%" in words
    # Of what sells only now and then the total.
    Forecast.objects.update(method="tsb")
    words = text(client.get(tab(product)))
    card = words[words.index("How good were earlier forecasts?") :]
    assert "(WAPE)" not in card
    assert "by how much the total" in card
    assert f"{(row.statistical / row.actual - 1) * 100:+.1f}%" in card.replace("\u2212", "-")
    Forecast.objects.filter(current=False).delete()
    AccuracyState.objects.all().delete()
    assert "How good were earlier forecasts?" not in text(client.get(tab(product)))


# -- the API ----------------------------------------------------------------------------------------------


def api(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_rows_by_api_hide_what_others_changed() -> None:
    me, other = user_factory("administrator"), user_factory()
    line = line_factory()
    mine, theirs = changed(line, me, months=2), changed(line, other, months=2)
    client = api(me)
    found = client.get("/api/v1/accuracy/", {"product": mine.code}).json()["results"]
    assert [(row["lag"], row["reason_code"], row["author"]) for row in found] == [
        (1, "promotion", me.email)
    ] * 2
    assert found[0]["overridden"] == 101
    found = client.get("/api/v1/accuracy/", {"product": theirs.code}).json()["results"]
    assert [(row["reason_code"], row["author"]) for row in found] == [(None, None)] * 2
    organisation_factory(show_everyones_accuracy=True)
    found = client.get("/api/v1/accuracy/", {"product": theirs.code, "month": f"{LAST:%Y-%m}"}).json()[
        "results"
    ]
    assert [row["author"] for row in found] == [other.email]
    above = line_factory()
    line.parent = above
    line.save()
    assert client.get("/api/v1/accuracy/", {"line": above.code.upper()}).json()["count"] == 4


def test_the_summary_by_api() -> None:
    user = user_factory(rights=["accounts.api", "forecasting.view", "products.view"])
    line = line_factory()
    changed(line, user)
    summed()
    answer = api(user).get("/api/v1/accuracy/summary/", {"line": line.code, "months": 24}).json()
    (lag,) = answer["lags"]
    assert (answer["last"], answer["in_money"], lag["lag"]) == (str(LAST), False, 1)
    assert lag["layers"]["statistical"]["months"] == 14
    off, size = sum(110 - 100 - n % 3 for n in range(14)), sum(100 + n % 3 for n in range(14))
    assert lag["layers"]["statistical"]["wape"] == pytest.approx(off / size)
    added = lag["value_added"]["overridden"]
    assert (added["verdict"], added["months"], added["amount"]) == ("helps", 14, None)
    assert [(c["reason_code"], c["line"]) for c in answer["changes"]] == [("promotion", line.code)]
    assert api(user).get("/api/v1/accuracy/summary/", {"line": "nope"}).status_code == 404
    assert api(user).get("/api/v1/accuracy/summary/", {"lag": 5}).status_code == 400
    assert api(user).get("/api/v1/accuracy/summary/", {"lags": 1}).status_code == 400
    rich = user_factory(rights=["accounts.api", "forecasting.view", "products.view", "pricing.view_costs"])
    answer = api(rich).get("/api/v1/accuracy/summary/").json()
    after = sum(abs(101 - 100 - n % 3) for n in range(2, 14))
    before = sum(110 - 100 - n % 3 for n in range(2, 14))
    assert answer["lags"][0]["value_added"]["overridden"]["amount"] == pytest.approx(2 * (before - after))
    assert answer["changes"] == []


def test_an_empty_summary() -> None:
    user = user_factory("administrator")
    answer = api(user).get("/api/v1/accuracy/summary/").json()
    assert answer == {
        "first": None,
        "last": None,
        "in_money": False,
        "unpriced": 0,
        "lags": [],
        "changes": [],
    }
    assert reverse("forecasting:accuracy") == PAGE
