"""Pages of promotions: calendar, form, decisions, moving, the card, the API; a flat number of queries."""

from __future__ import annotations

import datetime
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from accounts.errors import DomainError
from core import registries
from core.organisation import today
from pricing.models import ForbiddenPeriod, Promotion, PromotionEffect
from pricing.services.promotion_decisions import promotion_decide, promotion_propose
from pricing.services.promotions import ProductPlan
from products.models import FourEyesRule, Measure
from tests.factories import channel_factory, price_factory, price_list_factory, product_factory, user_factory
from tests.html import tight
from tests.pricing.promotions import DAY, approved_factory, promotion_factory

pytestmark = pytest.mark.django_db
URL = "/pricing/promotions/"


def visitor(user: Any = None) -> Client:
    client = Client()
    client.force_login(user or user_factory())
    return client


def posted(product: Any, **changed: Any) -> dict[str, Any]:
    start = today() + 30 * DAY
    return {
        "name": "Spring offer",
        "mechanic": "price_cut",
        "rate": "25",
        "product_1": product.code,
        "price_1": "1.99",
        "store_start": str(start),
        "store_end": str(start + 13 * DAY),
        "own_share_rate": "60",
        "budget_amount": "12000",
        "planned_uplift_rate": "60",
        "nonce": "n1",
    } | changed


def test_planning_one_twice_makes_one():
    product, client = product_factory(), visitor()
    first = client.post(URL + "new/", posted(product))
    second = client.post(URL + "new/", posted(product))
    row = Promotion.objects.get()
    assert first.url == second.url == f"{URL}{row.pk}/"
    assert (row.rate, row.own_share_rate, row.planned_uplift_rate) == (
        Decimal("0.25"),
        Decimal("0.6"),
        Decimal("0.6"),
    )
    page = client.get(first.url).content.decode()
    assert "price cut, 25%" in page
    assert "1.49" in page  # 25 % off 1.99
    assert "7,200.00" in page  # our part of the budget


def test_shares_are_told_with_the_decimals_they_have():
    row = promotion_factory(
        product_factory(),
        mechanic="price_cut",
        rate=Decimal("0.125"),
        planned_uplift_rate=Decimal("0.0005"),
        own_share_rate=Decimal("0.625"),
    )
    page = visitor().get(f"{URL}{row.pk}/").content.decode()
    assert all(said in page for said in ("price cut, 12.5%", "0.05%", "(62.5%)"))


def test_the_history_says_shares_in_percents_and_rows_in_the_readers_words():
    row = promotion_factory(
        product_factory(name="Juice"),
        channels=[channel_factory(name="Kroon")],
        own_share_rate=Decimal("0.625"),
    )
    client = visitor(user_factory(language="nl"))
    told = client.get(f"{URL}{row.pk}/?history").context["history"]
    said = {change.label: change.after for entry in told for change in entry.changes}
    assert (said["Product"], said["Kanaal"]) == ("Juice", "Kroon")
    assert said["Ons deel van de kosten"] == "62,5%"


def test_a_promotion_in_another_currency_keeps_it_everywhere():
    """Money off, budget and prices of a British chain are in pounds: on page and form, by API, in history."""
    shop, product, client = channel_factory(), product_factory(), visitor()
    assert 'name="currency"' not in client.get(URL + "new/").content.decode()
    pounds = price_list_factory(channel=shop, currency="GBP", with_vat=True)
    price_factory(product=product, price_list=pounds, start_date=today() - 90 * DAY, amount=Decimal(4))
    euros = price_list_factory(with_vat=True)
    price_factory(product=product, price_list=euros, start_date=today() - 90 * DAY, amount=Decimal(5))
    fields = {"rate": "", "amount": "1", "price_1": "", "currency": "GBP", "channels": [str(shop.pk)]}
    assert 'name="currency"' in client.get(URL + "new/").content.decode()
    assert client.post(URL + "new/", posted(product, **fields)).status_code == 302
    row = Promotion.objects.get()
    assert row.currency == "GBP"
    page = client.get(f"{URL}{row.pk}/").content.decode()
    assert "price cut, £1.00" in page
    assert "£12,000.00" in page
    [shown] = client.get(f"{URL}{row.pk}/").context["products"]
    assert shown["prices"] == [(pounds.name_en, "GBP", 4, 3)]
    assert 'value="GBP" selected' in client.get(f"{URL}{row.pk}/edit/").content.decode()
    said = client.get(f"/api/v1/promotions/{row.pk}/").json()
    assert (said["currency"], said["budget_amount"]) == ("GBP", "12000.0000")
    start = str(today() + 30 * DAY)
    asked = {
        "name": "By API",
        "mechanic": "price_cut",
        "amount": "1",
        "store_start": start,
        "store_end": start,
    }
    asked |= {"products": [{"product": product.code}]}
    for currency, kept in (("GBP", "GBP"), ("EUR", ""), ("", "")):
        made = client.post("/api/v1/promotions/", asked | {"currency": currency}, "application/json")
        assert (made.status_code, made.json()["currency"]) == (201, kept or "EUR")
        assert Promotion.objects.get(pk=made.json()["id"]).currency == kept
    refused = client.post("/api/v1/promotions/", asked | {"currency": "XXX"}, "application/json")
    assert refused.status_code == 400
    assert "No price list is in XXX." in refused.content.decode()
    in_euro = posted(product, **fields, version=1) | {"currency": "EUR"}
    assert client.post(f"{URL}{row.pk}/edit/", in_euro).status_code == 302
    row.refresh_from_db()
    assert row.currency == ""
    assert "GBP" in client.get(f"{URL}{row.pk}/?history").content.decode()


def test_a_budget_in_another_currency_asks_for_two_whatever_the_amount():
    product, maker = product_factory(), user_factory()
    price_list_factory(currency="GBP")
    FourEyesRule.objects.create(decision_kind="promotion", mode="above", threshold_amount=1000)
    for currency, decided in (("", True), ("GBP", False)):
        row = promotion_factory(product, user=maker, budget_amount=Decimal(10), currency=currency)
        promotion_propose(user=maker, promotion=row)
        with nullcontext() if decided else pytest.raises(DomainError) as refused:
            promotion_decide(user=maker, promotion=row, approve=True)
    assert refused.value.code == "four_eyes"


def test_what_is_wrong_stands_at_its_field_and_the_input_stays():
    product, client = product_factory(), visitor()
    answer = client.post(URL + "new/", posted(product, rate="", note="Typed"))
    assert answer.status_code == 422
    assert answer.context["form"].errors["rate"]
    assert "Typed" in answer.content.decode()
    more = client.post(URL + "new/", posted(product, step="more", rows="3", rate=""))
    assert more.status_code == 200
    assert len(more.context["form"].product_rows) == 6
    page = more.content.decode()
    assert product.code in page
    assert not more.context["form"].errors
    first, rest = (page.index(part) for part in ('<button class="visually-hidden"', 'value="more"'))
    assert page.index('<form method="post" novalidate>') < first < rest
    assert not Promotion.objects.exists()


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"rate": "", "amount": "2"}, "amount"),
        ({"effective_1": "2.10"}, "__all__"),
        ({"mechanic": "one_plus_one"}, "rate"),
        ({"quantity": "3"}, "quantity"),
    ],
)
def test_an_offer_that_cannot_be_is_refused(said: dict[str, str], field: str):
    """More off than it costs, dearer than normally, and what its mechanic would drop."""
    answer = visitor().post(URL + "new/", posted(product_factory(), **said))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert not Promotion.objects.exists()


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(("ahead", "is_past"), [(-30, True), (-3, False)])
def test_a_draft_whose_days_are_over_says_what_approving_it_does(ahead: int, is_past: bool):
    row = promotion_factory(product_factory(), ahead=ahead)
    assert ("approved it records what ran" in tight(visitor().get(f"{URL}{row.pk}/"))) is is_past


def test_prices_keep_their_cents():
    """Also those that end in a nought; a tariff keeps all it has."""
    row = promotion_factory(
        mechanic="price_cut",
        rate=Decimal("0.5"),
        products=[ProductPlan(product_factory(), Decimal(price)) for price in ("2.2", "65", "0.2346")],
    )
    page = tight(visitor().get(f"{URL}{row.pk}/"))
    for price in ("2.20", "1.10", "65.00", "32.50", "0.2346", "0.1173"):
        assert f"<div>{price}</div>" in page


def test_an_overlap_is_shown_before_it_is_saved():
    product, client = product_factory(), visitor()
    approved_factory(product, name="Already there")
    first = client.post(URL + "new/", posted(product))
    assert first.status_code == 422
    assert "Already there" in first.content.decode()
    assert Promotion.objects.count() == 1
    assert client.post(URL + "new/", posted(product, confirmed="on")).status_code == 302
    assert Promotion.objects.count() == 2


def test_again_next_year_is_the_same_days_of_the_week():
    row = approved_factory(product_factory(), ahead=-40, budget_amount=Decimal(500))
    form = visitor().get(f"{URL}new/?copy={row.pk}").context["form"]
    assert form["store_start"].value() == row.store_start + datetime.timedelta(days=364)
    assert form["product_1"].value() == row.rows.get().product.code
    assert form["budget_amount"].value() == Decimal("500.00")


def test_a_lost_race_keeps_what_was_typed():
    row = promotion_factory(product_factory())
    product = row.rows.get().product
    Promotion.objects.filter(pk=row.pk).update(version=4)
    answer = visitor().post(f"{URL}{row.pk}/edit/", posted(product, version=1))
    assert answer.status_code == 409
    assert "Spring offer" in answer.content.decode()
    row.refresh_from_db()
    assert row.name == "Offer"


def test_a_promotion_without_a_why_is_not_proposed():
    """The page asks for it; it becomes the note that the decision keeps."""
    maker = user_factory(language="en")
    row = promotion_factory(product_factory(), user=maker, note="")
    client = visitor(maker)
    assert 'name="why"' in client.get(f"{URL}{row.pk}/").content.decode()
    refused = client.post(f"{URL}{row.pk}/propose/", {"why": " "})
    assert refused.status_code == 400
    assert "Say why: whoever approves reads it" in refused.content.decode()
    row.refresh_from_db()
    assert row.state == "draft"
    assert client.post(f"{URL}{row.pk}/propose/", {"why": "To be tried"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.note) == ("proposed", "To be tried")
    assert 'name="why"' not in client.get(f"{URL}{row.pk}/").content.decode()
    said = posted(row.rows.get().product, version=row.version, note="")
    assert client.post(f"{URL}{row.pk}/edit/", said).status_code in (400, 422)


def test_propose_approve_and_be_refused():
    maker, other = user_factory(), user_factory()
    row = promotion_factory(product_factory(), user=maker)
    assert visitor(maker).post(f"{URL}{row.pk}/propose/").status_code == 302
    own = visitor(maker).post(f"{URL}{row.pk}/decide/", {"decision": "approve"})
    assert own.status_code == 403
    assert "Somebody else must decide" in own.content.decode()
    assert visitor(other).post(f"{URL}{row.pk}/decide/", {"decision": "approve"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.decided_by) == ("approved", other)
    late = visitor().post(f"{URL}{row.pk}/decide/", {"decision": "reject", "note": "No"})
    assert late.status_code == 409


def test_one_that_runs_is_stopped_and_one_that_is_over_stays():
    client = visitor()
    ahead, runs, over = (approved_factory(product_factory(), ahead=days) for days in (30, -3, -30))
    pages = [client.get(f"{URL}{row.pk}/").content.decode() for row in (ahead, runs, over)]
    assert ["Cancel this promotion" in page for page in pages] == [True, False, False]
    assert ["Stop this promotion today" in page for page in pages] == [False, True, False]
    asked = {"note": "It failed"}
    assert client.post(f"{URL}{over.pk}/cancel/", asked).status_code == 409
    assert client.post(f"{URL}{runs.pk}/cancel/", asked).status_code == 302
    states = Promotion.objects.in_bulk([runs.pk, over.pk])
    assert (states[runs.pk].state, states[over.pk].state) == ("cancelled", "approved")
    page = client.get(f"{URL}{runs.pk}/").content.decode()
    assert "Measured in the night after it is over" in page
    assert "Enter what it cost us" in page


def test_a_move_answers_what_was_done_and_its_undo():
    product = product_factory()
    row = approved_factory(product)
    approved_factory(product, name="Neighbour", ahead=60)
    client = visitor()
    start = row.store_start + 28 * DAY
    asked = {"store_start": str(start), "store_end": str(start + 13 * DAY), "version": row.version}
    answer = client.post(f"{URL}{row.pk}/move/", asked)
    said = answer.json()
    assert "approved again" in said["message"]
    assert "Neighbour" in said["message"]
    assert client.post(f"{URL}{row.pk}/move/", asked | {"store_end": str(start)}).status_code == 409
    back = client.post(said["undo"], {"version": said["version"]})
    assert back.status_code == 200
    fresh = Promotion.objects.get(pk=row.pk)
    assert (fresh.state, fresh.store_start) == ("approved", row.store_start)
    assert client.post(f"{URL}{row.pk}/move/", {"store_start": "soon", "version": 1}).status_code == 422


def test_the_calendar_filters_and_shows_by_channel():
    channel = channel_factory(name="Grocers")
    oats, soap = product_factory(name="Oats"), product_factory(name="Soap")
    promotion_factory(oats, name="Oat days", channels=[channel])
    promotion_factory(soap, name="Soap days")
    client = visitor()
    names = lambda query: [bar.promotion.name for bar in client.get(URL + query).context["calendar"].listed]  # noqa: E731
    assert names("") == ["Oat days", "Soap days"]
    assert names("?q=Oats") == names("?q=oat+days") == ["Oat days"]
    assert names(f"?line={soap.line.code}") == ["Soap days"]
    assert names(f"?channel={channel.pk}") == ["Oat days", "Soap days"]  # the other runs everywhere
    assert names("?state=approved") == []
    assert names("?scale=month&from=2020-01") == []
    rows = client.get(URL + "?by=channel").context["calendar"].rows
    assert [row.label for row in rows] == ["everywhere", "Grocers"]
    fragment = client.get(URL, headers=HTMX).content.decode()
    assert "<html" not in fragment


HTMX = {"HX-Request": "true"}


def queries(client: Client, url: str) -> int:
    headers = HTMX if url.endswith("/mix/promotions/") else None
    client.get(url, headers=headers)
    with CaptureQueriesContext(connection) as found:
        assert client.get(url, headers=headers).status_code == 200
    return len(found)


def test_pages_ask_the_same_however_many_there_are():
    product, client = product_factory(), visitor()
    row = approved_factory(product, ahead=-30)
    approved_factory(product)
    urls = [
        URL,
        f"{URL}{row.pk}/",
        f"/products/{product.code}/mix/",
        f"/products/{product.code}/mix/promotions/",
        "/api/v1/promotions/",
        URL + "forbidden/",
    ]
    before = [queries(client, url) for url in urls]
    channel = channel_factory()
    for _ in range(6):
        other = product_factory(line=product.line)
        over = approved_factory(product, other, channels=[channel], ahead=-30)
        approved_factory(product, other, channels=[channel])
        PromotionEffect.objects.create(
            promotion=over,
            product=product,
            measure=Measure.objects.get(code="units"),
            reason="no_sales",
            engine_version="1",
            input_hash="x",
            computed_at=timezone.now(),
        )
    after = [queries(client, url) for url in urls]
    said = dict(zip(urls, zip(before, after, strict=True), strict=True))
    assert all(many <= one + 1 for one, many in said.values()), said
    assert max(after) <= 12, said


def test_what_stands_in_the_way_of_one_to_come_is_told_everywhere():
    """Not of one that is over."""
    product, client = product_factory(), visitor()
    rows = [approved_factory(product, name=name, ahead=ahead) for name, ahead in (("A", 30), ("B", 31))]
    for ahead in (-40, -39):
        approved_factory(product, name="Long ago", ahead=ahead)
    end = rows[1].store_end
    period = {"start_date": end, "end_date": end, "reason": "Stock count"}
    ForbiddenPeriod.objects.create(line=product.line, **period)
    found = client.get("/api/v1/promotions/").json()["results"]
    said = {each["id"]: each["flags"] for each in found}
    first, second = (row.pk for row in rows)
    told = {name: str(value) for name, value in period.items()}
    assert said.pop(first) == {"overlaps": [second], "forbidden": [], "bounds": []}
    assert said.pop(second) == {"overlaps": [first], "forbidden": [told], "bounds": []}
    assert list(said.values()) == [{"overlaps": [], "forbidden": [], "bounds": []}] * 2
    assert client.get(f"/api/v1/promotions/{first}/").json()["flags"]["overlaps"] == [second]
    answer = client.get(f"/products/{product.code}/mix/promotions/", headers=HTMX)
    flagged = answer.context["panel"]["flagged"]
    assert [(row.pk, len(lines)) for row, lines in flagged] == [(first, 1), (second, 2)]
    page = answer.content.decode()
    assert all(line in page for _row, lines in flagged for line in map(escape, lines))


def test_the_card_and_the_mark_on_charts():
    product = product_factory()
    client = visitor()
    assert (
        "No promotions yet"
        in client.get(f"/products/{product.code}/mix/promotions/", headers=HTMX).content.decode()
    )
    row = approved_factory(product, name="Autumn", ahead=-40, planned_uplift_rate=Decimal("0.6"))
    PromotionEffect.objects.create(
        promotion=row,
        product=product,
        measure=Measure.objects.get(code="units"),
        method="weeks",
        baseline=200,
        sold=420,
        uplift=1.1,
        uplift_lo80=0.9,
        uplift_hi80=1.3,
        after=-50,
        engine_version="1",
        input_hash="x",
        computed_at=timezone.now(),
    )
    page = client.get(f"/products/{product.code}/mix/promotions/", headers=HTMX).content.decode()
    for said in ("Autumn", "60%", "110%", "90% – 130%", "−25%"):
        assert said in page
    source = next(s for s in registries.event_sources if s.key == "promotions")
    marks = list(source.events(user_factory(), product, row.store_start, today()))
    assert [(mark.kind, mark.date, mark.label) for mark in marks] == [
        ("promotion", row.store_start, "Autumn")
    ]
    # Who is limited to a channel hears nothing of what it did everywhere.
    limited = visitor(user_factory(channels=[channel_factory()]))
    assert (
        "110%" not in limited.get(f"/products/{product.code}/mix/promotions/", headers=HTMX).content.decode()
    )


def test_who_sees_a_part_sees_no_budget_and_no_effect():
    mine, theirs = product_factory(), product_factory(name="Hidden one")
    row = approved_factory(mine, theirs, ahead=-30, budget_amount=Decimal(77777))
    person = user_factory(lines=[mine.line])
    page = visitor(person).get(f"{URL}{row.pk}/").content.decode()
    assert "you see a part of them" in page
    assert "77,777" not in page
    assert "Hidden one" not in page
    data = visitor(person).get(f"/api/v1/promotions/{row.pk}/").json()
    assert (data["budget_amount"], data["whole"], len(data["products"])) == (None, False, 1)
    assert visitor(person).get(f"/api/v1/promotions/?product={theirs.code}").status_code == 404
    listed = lambda query: visitor(person).get(f"{URL}?scale=year&{query}").context["calendar"].listed  # noqa: E731
    assert len(listed("")) == len(listed(f"q={mine.code}")) == 1
    assert not listed("q=Hidden")
    assert not listed(f"line={theirs.line.code}")


def test_the_api_plans_changes_and_decides():
    product, channel = product_factory(), channel_factory(code="KRUIS")
    maker = user_factory()
    client = visitor(maker)
    body = {
        "name": "By machine",
        "mechanic": "n_for",
        "quantity": 2,
        "amount": "5.00",
        "store_start": str(today() + 10 * DAY),
        "store_end": str(today() + 20 * DAY),
        "products": [{"product": product.code}],
        "channels": ["KRUIS"],
    }
    json = {"content_type": "application/json"}
    made = client.post("/api/v1/promotions/", body, headers={"Idempotency-Key": "k"}, **json)
    assert made.status_code == 201, made.content
    assert (
        client.post("/api/v1/promotions/", body, headers={"Idempotency-Key": "k"}, **json).json()
        == made.json()
    )
    data = made.json()
    assert data["products"] == [{"product": product.code, "price": None, "effective_price": "2.500000"}]
    url = f"/api/v1/promotions/{data['id']}/"
    strange = client.put(url, body | {"state": "approved"}, **json)
    assert strange.status_code == 400
    assert client.put(url, body | {"name": "Renamed", "version": 1}, **json).json()["name"] == "Renamed"
    assert client.put(url, body | {"version": 1}, **json).status_code == 409
    assert client.post(url + "propose/", {}, **json).json()["field"] == "note"
    proposed = client.post(url + "propose/", {"why": "To be tried"}, **json).json()
    assert (proposed["state"], proposed["note"]) == ("proposed", "To be tried")
    assert client.post(url + "approve/", {}, **json).status_code == 403
    other = visitor()
    assert other.post(url + "approve/", {}, **json).json()["state"] == "approved"
    assert other.post(url + "cancel/", {"note": "Rain"}, **json).json()["state"] == "cancelled"
    assert client.get("/api/v1/promotions/?state=cancelled").json()["count"] == 1
    assert channel.code in client.get(url).json()["channels"]


def test_the_menu_counts_what_waits_for_one():
    row = promotion_factory(product_factory())
    promotion_propose(user=row.author, promotion=row)
    approver = user_factory()
    page = visitor(approver).get(URL).content.decode()
    assert "1 waits for your approval" in page
    assert "waits for your approval" not in visitor(row.author).get(URL).content.decode()


def test_forbidden_periods_are_added_and_removed():
    product, client = product_factory(), visitor()
    day = str(today())
    bad = client.post(URL + "forbidden/", {"start_date": day, "end_date": day, "reason": "Count"})
    assert bad.status_code == 422
    good = {"line": product.line_id, "start_date": day, "end_date": day, "reason": "Count"}
    assert client.post(URL + "forbidden/", good).status_code == 302
    page = client.get(URL + "forbidden/")
    assert "Count" in page.content.decode()
    pk = page.context["periods"][0].pk
    assert visitor(user_factory("marketing")).post(f"{URL}forbidden/{pk}/remove/").status_code == 403
    assert client.post(f"{URL}forbidden/{pk}/remove/").status_code == 302
    assert "Count" not in client.get(URL + "forbidden/").content.decode()
