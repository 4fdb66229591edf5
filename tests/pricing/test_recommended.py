"""Recommended prices: on the card, in the night, and where price has room across products."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.organisation import today
from forecasting.services.night import last_closed_month
from pricing.models import PriceList, Proposal, RecommendedPrice
from pricing.selectors.recommended import recommended
from pricing.services.price_rules import CENT, Rule
from pricing.steps.recommended import chunks, compute
from products.models import Product
from tests.factories import (
    bound_become,
    bound_factory,
    channel_factory,
    client_of,
    cost_rate_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.elasticities import elasticity_factory
from tests.pricing.test_what_if import ground_of, marketer, next_month, sold_and_expected

pytestmark = pytest.mark.django_db
SINCE = datetime.date(2020, 1, 1)


def sold(code: str, **fields: Any) -> Product:
    """1,000 a month at 10."""
    product = product_factory(code=code, name=f"Juice {code}", **fields)
    everybody = PriceList.objects.filter(code="sell").first() or price_list_factory(code="sell")
    price_factory(product=product, price_list=everybody, start_date=today() - datetime.timedelta(400))
    sold_and_expected(product)
    elasticity_factory(product)
    return product


def costed(code: str, cost: float, **fields: Any) -> Product:
    """And a unit costs so much."""
    product = sold(code, **fields)
    cost_rate_factory(product=product, start_date=SINCE, amount=Decimal(str(cost)))
    return product


def night(*products: Product) -> Any:
    """The step, as a night runs it."""
    day = today()
    run = SimpleNamespace(local_date=day, as_of=last_closed_month(day), scope=None)
    payload = {"products": [product.pk for product in products]} if products else next(chunks(run))  # type: ignore[arg-type]
    return compute(run, payload)()  # type: ignore[arg-type]


def test_the_best_of_the_prices_that_may_be_told() -> None:
    # e around −2.5, so about 6.30 × 2.5 / 1.5 = 10.50.
    found = recommended(ground_of(costed("A", 6.3), user_factory("product-manager")), next_month())
    assert found is not None
    assert Decimal("10.4") <= found.asked.price <= Decimal("10.7")
    margin = found.answer.outcome.margin
    assert margin is not None
    assert margin.total.lo80 < margin.total.mean < margin.total.hi80
    assert margin.total.mean > margin.now
    assert not found.at_edge
    edge = recommended(ground_of(costed("B", 9), user_factory("product-manager")), next_month())
    assert edge is not None
    # 9 × 2.5 / 1.5 = 15: beyond a fifth over the highest price seen and beyond +30 %.
    assert (edge.asked.price, edge.at_edge) == (13, True)
    assert recommended(ground_of(Product.objects.get(code="A"), marketer()), next_month()) is None
    # A bound that refuses holds, one that asks for a reason does not; not measured in its line: nothing.
    dear = Product.objects.get(code="B")
    bound = bound_factory(product=dear, start_date=SINCE, most=11, source="Law")
    night(dear)
    assert RecommendedPrice.objects.get().price == 11
    page = client_of(user_factory("product-manager")).get("/products/B/mix/what-if/").content.decode()
    assert "Recommended price: <b>€11.00</b>" in page
    bound_become(bound, beyond="reason")
    night(dear)
    assert RecommendedPrice.objects.get().price == 13
    dear.elasticities.update(method="portfolio")
    night(dear)
    assert not RecommendedPrice.objects.exists()


def test_the_card_says_it_to_who_may_see_costs_alone() -> None:
    product = sold("A")
    url, asked = f"/products/{product.code}/mix/what-if/", {"price": "10.00", "start": str(next_month())}
    marketing = client_of(marketer())
    # All but the tokens of the forms.
    bare = lambda: re.sub(r"\b\w{32,64}\b", "", marketing.get(url, asked).content.decode())  # noqa: E731
    without = bare()
    cost_rate_factory(product=product, start_date=SINCE, amount=Decimal("6.3"))
    said = client_of(user_factory("product-manager")).get(url, asked).content.decode()
    price = re.search(r"Recommended price: <b>€([\d.]+)</b>", said)[1]  # type: ignore[index]
    assert 10.4 <= float(price) <= 10.7
    assert f"?price={price}&amp;start={next_month()}" in said
    assert "Chance that it is more than now" in said
    night()
    assert "ecommended" not in without
    assert bare() == without


class TestTheNight:
    def test_it_finds_what_the_card_says_and_skips_what_stayed(self) -> None:
        product, bare = costed("A", 6), product_factory(code="X")
        outcome = night()
        assert (outcome.computed, outcome.skipped) == (1, 1)
        row = RecommendedPrice.objects.get()
        card = recommended(ground_of(product, user_factory("product-manager")), next_month())
        assert card is not None
        margin = card.answer.outcome.margin
        assert margin is not None
        assert (row.product, row.price, row.price_now) == (product, card.asked.price, 10)
        assert row.margin == pytest.approx(margin.total.mean, rel=1e-6)
        assert (row.margin_lo80, row.margin_hi80) == pytest.approx(
            (margin.total.lo80, margin.total.hi80), rel=1e-6
        )
        assert row.better == pytest.approx(margin.better, abs=1e-4)
        assert night(product, bare).computed == 0
        cost_rate_factory(
            cost_line=product.cost_lines.get(),
            start_date=today() - datetime.timedelta(1),
            amount=7,
        )
        assert night(product, bare).computed == 1
        assert RecommendedPrice.objects.get().price > row.price
        product.ended = today()
        product.save()
        night(product, bare)
        assert not RecommendedPrice.objects.exists()

    def test_a_run_that_looks_back_finds_nothing(self) -> None:
        costed("A", 6)
        run = SimpleNamespace(local_date=today(), as_of=SINCE, scope=None)
        assert list(chunks(run)) == []  # type: ignore[arg-type]

    def test_many_take_as_many_queries_as_one(self) -> None:
        products = [costed(f"P{n}", 6) for n in range(4)]
        counts = []
        for own in (products[:1], products):
            RecommendedPrice.objects.all().delete()
            with CaptureQueriesContext(connection) as queries:
                night(*own)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 20


class TestTheRoom:
    @pytest.fixture
    def rows(self) -> None:
        line = line_factory(name="Tea")
        for code, cost in (("A", 6.3), ("B", 4), ("C", 8)):
            costed(code, cost, line=line if code == "B" else line_factory(name="Juice"))
        night()

    def test_ranked_filtered_and_taken_along(self, rows: None) -> None:
        client = client_of(user_factory("product-manager"))
        listed = lambda query="": [  # noqa: E731
            item["row"].product.code for item in client.get(f"/pricing/room/{query}").context["rows"]
        ]
        gains = {row.product.code: row.margin - row.margin_now for row in RecommendedPrice.objects.all()}
        ranked = sorted(gains, key=lambda code: -gains[code])
        assert listed() == ranked
        assert listed("?sort=room") == ranked[::-1]
        assert listed("?show=down") == ["B"]
        assert listed("?show=up&sort=name") == ["A", "C"]
        assert listed("?q=juice+b") == ["B"]
        assert listed(f"?line={Product.objects.get(code='B').line.code}") == ["B"]
        assert "Nothing found" in client.get("/pricing/room/?q=zzz").content.decode()
        file = b"".join(client.get("/pricing/room/export/csv/?sort=name").streaming_content).decode()
        assert [line.split(",")[0] for line in file.splitlines()[1:]] == ["A", "B", "C"]
        with CaptureQueriesContext(connection) as queries:
            client.get("/pricing/room/")
        assert len(queries) <= 12

    def test_not_without_costs_or_forecasts_nor_of_other_lines(self, rows: None) -> None:
        for user in (
            marketer(),
            user_factory(rights=["pricing.view", "pricing.view_costs"]),
            user_factory(
                rights=["pricing.view", "pricing.view_costs", "forecasting.view"],
                channels=[channel_factory()],
            ),
        ):
            client = client_of(user)
            assert client.get("/pricing/room/").status_code == 403
            assert client.get("/pricing/room/export/csv/").status_code == 403
        limited = user_factory("product-manager", lines=[Product.objects.get(code="B").line])
        page = client_of(limited).get("/pricing/room/").context["rows"]
        assert [item["row"].product.code for item in page] == ["B"]

    def test_they_are_proposed_as_prices_and_nothing_else(self, rows: None) -> None:
        manager = client_of(user_factory("product-manager"))
        page = manager.get("/pricing/proposals/new/?kind=recommended&list=sell&code=A&code=C")
        assert page.context["form"]["kind"].value() == "recommended"
        said = {
            "price_list": "sell",
            "start_date": str(today() + datetime.timedelta(10)),
            "rounding": "99",
            "component": "unit",
            "reason": "Room",
            "code": ["A", "C"],
        }
        assert manager.post("/pricing/proposals/new/", said | {"kind": "recommended"}).status_code == 302
        made = Proposal.objects.get()
        found = dict(RecommendedPrice.objects.values_list("product__code", "price"))
        assert dict(made.prices.values_list("product__code", "amount")) == {
            code: Rule("paste", rounding="99").rounded(found[code], CENT) for code in ("A", "C")
        }
        # 25 % left of what costs 6.30 and 8: 6.30 / 0.75 and 8 / 0.75.
        to_margin = said | {"kind": "margin", "value": "25", "rounding": "none"}
        done = manager.post("/pricing/proposals/new/", to_margin)
        made = Proposal.objects.latest("pk")
        amounts = dict(made.prices.values_list("product__code", "amount"))
        assert amounts == {"A": Decimal("8.40"), "C": Decimal("10.67")}
        for proposal in Proposal.objects.all():
            assert (proposal.rule["kind"], proposal.rule["value"]) == ("paste", None)
        assert "price by price" in manager.get(done.url).content.decode()
        marketing = client_of(marketer())
        form = marketing.get("/pricing/proposals/new/?code=A").context["form"]
        assert not {"margin", "recommended"} & {key for key, _label in form.fields["kind"].choices}
        for kind in ("margin", "recommended"):
            refused = marketing.post("/pricing/proposals/new/", said | {"kind": kind, "value": "25"})
            assert refused.status_code == 422
        assert Proposal.objects.count() == 2


def test_the_database_keeps_its_rules() -> None:
    fields: dict[str, Any] = {
        "product": product_factory(),
        "price_list": price_list_factory(),
        "price": 1,
        "price_now": 1,
        "margin": 1,
        "margin_now": 1,
        "margin_lo80": 0,
        "margin_hi80": 2,
        "better": 0.5,
        "start_date": today(),
        "computed_at": timezone.now(),
        "input_hash": "x",
    }
    for wrong in ({"price": 0}, {"price_now": -1}, {"margin_lo80": 3}, {"better": 1.1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RecommendedPrice.objects.create(**fields | wrong)
    RecommendedPrice.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        RecommendedPrice.objects.create(**fields)
