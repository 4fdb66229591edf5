"""Unusual months on the forecast tab, across products, marked by hand, and by API."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.months import month_add
from core.organisation import today
from forecasting.models import Finding, NightlyRun
from products.models import LineMeasure
from tests.factories import (
    channel_factory,
    family_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)

from .conftest import LAST, months_give, run_now
from .test_findings import ODD, only, product_with, units
from .test_pages import signed_in, tab, text

pytestmark = pytest.mark.django_db
LIST = "/forecasting/findings/"


def judge_url(finding: Finding) -> str:
    return reverse("forecasting:finding_decide", args=[finding.pk])


def spike(product: Any, *, ago: int = 9, **fields: Any) -> Finding:
    month = month_add(LAST, -ago)
    run = NightlyRun.objects.order_by("pk").first() or run_now(scope=[product.pk])
    given = {"kind": "spike", "first": month, "last": month, "seen": 90, "expected": 30, "amount": 120}
    return Finding.objects.create(product=product, measure=units(), found_by=run, **{**given, **fields})


# -- the forecast tab ----------------------------------------------------------------------------------------


def test_the_tab_asks_and_the_chart_marks_it(client) -> None:
    product = product_with({9: 1400})
    run_now()
    signed_in(client, "product-manager")
    answer = client.get(tab(product))
    page = text(answer)
    assert "Is this right?" in page
    assert "Peak. Jan 2026: 1,400" in page
    assert "Left out of the forecast until somebody says that it is right." in page
    rings = [layer for layer in answer.context["chart"].spec["layer"] if layer["mark"].get("style") == "ring"]
    assert [row["month"] for row in rings[0]["data"]["values"]] == ["2026-01-01"]
    assert "unusual" in [key.label for key in answer.context["chart"].legend]


def test_answering_leads_back_and_can_be_taken_back(client) -> None:
    product = product_with({9: 620})
    run_now()
    user = signed_in(client, "product-manager")
    found = only(product)
    back = f"{tab(product)}?measure=units"
    answer = client.post(
        judge_url(found), {"state": "confirmed", "note": "Bought ahead", "next": back}, follow=True
    )
    assert answer.redirect_chain == [(back, 302)]
    page = text(answer)
    assert "1 finding was confirmed" in page
    assert "Left out of the forecast. Bought ahead" in page
    assert str(user) in page
    assert "The forecast was made before this was said." in page
    assert "Recompute now" in page
    run_now()
    assert "The forecast was made before" not in text(client.get(tab(product)))
    client.post(judge_url(found), {"state": "open"})
    assert only(product).state == "open"


def test_an_answer_leads_nowhere_else(client) -> None:
    product = product_with({9: 620})
    run_now()
    signed_in(client, "product-manager")
    answer = client.post(judge_url(only(product)), {"state": "refused", "next": "https://elsewhere.example/"})
    assert answer.url == LIST


def test_who_may_only_look_sees_no_buttons_and_changes_nothing(client) -> None:
    product = product_with({9: 1400})
    run_now()
    signed_in(client, "viewer")
    page = text(client.get(tab(product)))
    assert "Is this right?" in page
    assert "Exceptional, leave out" not in page
    assert client.post(judge_url(only(product)), {"state": "refused"}).status_code == 403
    assert only(product).state == "open"


def test_what_is_out_of_sight_cannot_be_judged(client) -> None:
    product, own = product_with({9: 1400}), product_factory()
    run_now()
    client.force_login(user_factory("product-manager", lines=[own.line]))
    assert client.post(judge_url(only(product)), {"state": "refused"}).status_code == 404
    client.post("/forecasting/findings/judge/", {"finding": only(product).pk, "state": "refused"})
    assert only(product).state == "open"
    client.force_login(user_factory("product-manager", channels=[channel_factory()]))
    assert client.post(judge_url(only(product)), {"state": "refused"}).status_code == 403


def test_the_tab_takes_no_more_queries_for_more_findings(client) -> None:
    product = product_with({9: 1400})
    run_now()
    signed_in(client, "product-manager")
    client.get(tab(product))
    counts = []
    for ago in (None, 20, 21, 22):
        if ago:
            spike(product, ago=ago)
        with CaptureQueriesContext(connection) as queries:
            client.get(tab(product))
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 12


# -- across products -----------------------------------------------------------------------------------------


def test_the_list_is_by_money_with_filters_in_the_address(client, products) -> None:
    for product, amount in zip(products, (10, 3000, None), strict=True):
        spike(product, amount=amount, kind="zero" if amount == 10 else "spike")
    spike(products[0], ago=12, gone_at=datetime.datetime.now(datetime.UTC))
    signed_in(client, "product-manager")
    rows = client.get(LIST).context["rows"]
    assert [row.finding.amount for row in rows] == [3000, 10, None]
    assert [r.finding.amount for r in client.get(f"{LIST}?kind=zero").context["rows"]] == [10]
    other = product_factory()
    assert client.get(f"{LIST}?line={other.line.code}").context["rows"] == []
    assert len(client.get(f"{LIST}?state=nonsense&kind=x&line=y").context["rows"]) == 3
    assert "Nothing to judge" in text(client.get(f"{LIST}?state=confirmed"))


def test_several_are_judged_at_once_and_taken_back(client, products) -> None:
    found = [spike(product) for product in products]
    user = signed_in(client, "product-manager")
    chosen = [row.pk for row in found[:2]]
    answer = client.post(
        "/forecasting/findings/judge/",
        {"finding": chosen, "state": "refused", "note": "A fair", "next": f"{LIST}?kind=spike"},
        follow=True,
    )
    assert "2 findings count as right" in text(answer)
    assert answer.redirect_chain[0][0] == f"{LIST}?kind=spike"
    judged = Finding.objects.filter(state="refused", note="A fair", decided_by=user)
    assert sorted(judged.values_list("pk", flat=True)) == chosen
    client.post("/forecasting/findings/judge/", {"finding": chosen, "state": "open"})
    assert Finding.objects.filter(state="open", decided_by=None).count() == 3
    answer = client.post("/forecasting/findings/judge/", {"state": "open"}, follow=True)
    assert "Nothing was chosen" in text(answer)


def test_the_list_takes_the_same_queries_for_one_and_for_many(client, products) -> None:
    signed_in(client, "product-manager")
    spike(products[0])
    client.get(LIST)
    counts = []
    for rows in (0, 8):
        for place in range(rows):
            spike(products[place % 3], ago=20 + place)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def test_people_limited_to_channels_are_told_why_it_is_empty(client, products) -> None:
    spike(products[0])
    client.force_login(user_factory("product-manager", channels=[channel_factory()]))
    page = text(client.get(LIST))
    assert "You see some channels only" in page
    assert products[0].name not in page


# -- marked by hand ------------------------------------------------------------------------------------------


def test_marking_a_month(client, products) -> None:
    signed_in(client, "product-manager")
    address = reverse("forecasting:flag", args=[products[0].code])
    assert "Which months were exceptional?" in text(client.get(f"{address}?measure=units"))
    answer = client.post(address, {"measure": "units", "first": f"{ODD:%Y-%m}", "note": ""})
    assert answer.status_code == 422
    assert f'value="{ODD:%Y-%m}" selected' in answer.content.decode()
    answer = client.post(address, {"measure": "units", "first": "2026-10", "last": "2026-01", "note": "x"})
    assert "The last month lies before the first." in text(answer)
    answer = client.post(
        address, {"measure": "units", "first": f"{ODD:%Y-%m}", "note": "A strike"}, follow=True
    )
    assert "left out of the forecast from the next night on" in text(answer)
    assert "A strike" in text(answer)
    found = only(products[0])
    assert (found.kind, found.first, found.last) == ("flagged", ODD, ODD)


def contracts_with(months: dict[int, float]) -> Any:
    """A product of 1,480 contracts or so; ``months`` are other numbers by how many months ago."""
    contracts = measure_factory(kind="level", unit_en="contracts")
    product = product_factory(line=line_factory(measures=[contracts]), launched=datetime.date(2022, 1, 1))
    months_give(product, volume=lambda step: months.get(47 - step, 1480 + 7 * (step % 3)), measure=contracts)
    return product


def test_a_level_is_asked_about_and_judged(client) -> None:
    product = contracts_with({0: 740, 20: 900, 21: 1000})
    run_now()
    gap, half = Finding.objects.filter(product=product).order_by("first")
    assert (gap.kind, gap.seen, gap.sure) == ("stock_out", 950, True)
    assert gap.amount == pytest.approx(2 * 2 * (gap.expected - gap.seen), rel=0.01)
    assert (half.kind, half.sure) == ("half_month", True)
    signed_in(client, "product-manager")
    page = text(client.get(tab(product)))
    assert "Gap in the figures." in page
    assert "950 contracts, about 1,487 contracts expected (−36%), and back. Is a part missing?" in page
    client.post(judge_url(gap), {"state": "confirmed"})
    gap.refresh_from_db()
    assert gap.decision.about(dict(gap.months))
    run_now()
    gap.refresh_from_db()
    assert gap.state == "confirmed"


def test_months_of_a_level_and_of_a_family_are_marked_by_hand(client) -> None:
    product = contracts_with({})
    signed_in(client, "product-manager")
    first, last = (f"{month_add(LAST, -ago):%Y-%m}" for ago in (10, 9))
    measure = LineMeasure.objects.get(line=product.line).measure.code
    address = reverse("forecasting:flag", args=[product.code])
    client.post(address, {"measure": measure, "first": first, "last": last, "note": "Counted twice"})
    assert only(product).seen == pytest.approx(1487, abs=10)
    family = family_factory(line=product.line)
    assert "Which months" in text(client.get(reverse("forecasting:family_flag", args=[family.code])))


# -- by API --------------------------------------------------------------------------------------------------


def test_the_api_lists_judges_and_marks(client) -> None:
    product = product_with({9: 1400})
    run_now()
    user = signed_in(client, "administrator")
    (row,) = client.get("/api/v1/findings/?state=open&gone=false").json()["results"]
    assert (row["product"], row["kind"], row["first"], row["sure"]) == (
        product.code,
        "spike",
        "2026-01-01",
        True,
    )
    assert row["text"].startswith("Jan")
    send = {"content_type": "application/json"}
    answer = client.post(
        f"/api/v1/findings/{row['id']}/judge/", {"state": "confirmed", "note": "Fair"}, **send
    )
    assert (answer.status_code, answer.json()["state"], answer.json()["decided_by"]) == (
        200,
        "confirmed",
        user.name,
    )
    assert client.post(f"/api/v1/findings/{row['id']}/judge/", {"state": "x"}, **send).status_code == 400
    body = {"product": product.code, "measure": "units", "first": "2025-12", "note": "Strike"}
    answers = [
        client.post("/api/v1/findings/", body, headers={"Idempotency-Key": "k"}, **send) for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    marked = answers[0].json()["id"]
    assert client.post("/api/v1/findings/", {**body, "family": "X"}, **send).status_code == 400
    assert client.post(f"/api/v1/findings/{marked}/judge/", {"state": "open"}, **send).status_code == 204
    assert not Finding.objects.filter(pk=marked).exists()
    assert client.get("/api/v1/findings/?gone=true").json()["results"] == []


def test_months_on_offer_are_over(client, products) -> None:
    signed_in(client, "product-manager")
    page = client.get(reverse("forecasting:flag", args=[products[0].code])).content.decode()
    assert f'value="{today():%Y-%m}"' not in page
    assert f'value="{month_add(today().replace(day=1), -1):%Y-%m}"' in page


def test_no_unit_is_lost_for_a_family(client) -> None:
    product = product_with({9: 1400})
    family = family_factory(line=product.line)
    from products.models import FamilyMember

    FamilyMember.objects.create(family=family, product=product, start_date=datetime.date(2020, 1, 1))
    months_give(product, 0)
    run_now()
    signed_in(client, "product-manager")
    assert family.name in text(client.get(LIST))
    page = text(client.get(reverse("forecasting:family", args=[family.code])))
    assert "Is this right?" in page
