"""What a proposal would do to volume and revenue, beside what its decision then expects."""

from __future__ import annotations

from decimal import Decimal
from statistics import NormalDist
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from collaboration.models import DecisionProduct
from core.months import month_add, month_start
from core.organisation import today
from pricing.models import PriceList, Proposal, ReferenceUse
from pricing.services.price_rules import Rule
from pricing.services.proposals import proposal_approve, proposal_draft, proposal_submit
from products.models import Measure, Product, ProductFigures, SalesMonth
from tests.factories import (
    channel_factory,
    client_of,
    cost_line_factory,
    cost_rate_factory,
    line_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.html import tight

from .test_proposals import soon

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
FOUR = 1.04**-2.62


def proposed(price_list: PriceList, products: list[Product], rate: str = "0.04") -> Proposal:
    author = user_factory()
    draft = proposal_draft(
        user=author,
        price_list=price_list,
        start_date=soon(),
        reason="Fruit is dearer",
        rule=Rule("percentage", Decimal(rate)),
        product_ids=[product.pk for product in products],
    )
    return proposal_submit(user=author, proposal=draft)


def priced(price_list: PriceList, count: int, **fields: Any) -> list[Product]:
    """Each sold 100 times its number in 12 months, at 10.00."""
    units = Measure.objects.get(code="units")
    products = [product_factory(**fields) for _number in range(count)]
    for number, product in enumerate(products, 1):
        price_factory(product=product, price_list=price_list, start_date=soon(-400), amount=10)
        ProductFigures.objects.update_or_create(
            product=product,
            defaults={"volume_12m": 100 * number, "revenue_12m": 1000 * number, "measure": units},
        )
    return products


def card(user: Any, proposal: Proposal, client: Client | None = None) -> Any:
    return (client or client_of(user)).get(f"/pricing/proposals/{proposal.pk}/effect/", headers=HTMX)


def test_the_approver_sees_what_the_decision_will_expect() -> None:
    """+4 % of two goods (100 and 200 units) and a service, of which nothing is known."""
    mine, line = price_list_factory(), line_factory()
    goods, services = priced(mine, 2, line=line), priced(mine, 1, line=line, kind="service")
    proposal, approver = proposed(mine, goods + services), user_factory(language="en")
    page = card(approver, proposal)
    volume, revenue = page.context["volume"], page.context["revenue"]
    assert (volume.now, volume.then) == (300, pytest.approx(300 * FOUR))
    assert (volume.low, volume.high) == (
        pytest.approx(300 * 1.04 ** -(2.62 + 1.2816 * 1.18), rel=1e-4),
        pytest.approx(300 * 1.04 ** -(2.62 - 1.2816 * 1.18), rel=1e-4),
    )
    assert (revenue.now, revenue.then) == (3000, pytest.approx(3000 * FOUR * 1.04))
    assert "Of 1 product it is not known" in tight(page)
    shown = {row.product: row.volume.change for row in page.context["page"] if row.volume}
    proposal_approve(user=approver, proposal=proposal)
    decided = DecisionProduct.objects.filter(expected__isnull=False).select_related("product")
    assert {row.product: pytest.approx(row.expected, abs=1e-5) for row in decided} == shown
    assert card(approver, proposal).status_code == 302


@pytest.mark.parametrize("currency", ["EUR", "GBP"])
def test_of_a_channels_list_its_share_moves(currency: str) -> None:
    """A quarter of the volume, bought at 3 where others pay 2, at +10 %; in whichever currency."""
    everybody, shop = price_list_factory(), channel_factory()
    mine = price_list_factory(channel=shop, currency=currency)
    [juice] = priced(everybody, 1)
    price_factory(product=juice, price_list=mine, start_date=soon(-400), amount=3)
    sold = {"product": juice, "measure": Measure.objects.get(code="units"), "days": 30}
    last = month_add(month_start(today()), -1)
    SalesMonth.objects.bulk_create(
        SalesMonth(**sold, channel=where, month=last, volume=units, revenue=units * each)
        for where, units, each in ((shop, 25, 3), (channel_factory(), 75, 2))
    )
    proposal = proposed(mine, [juice], "0.1")
    page, there = card(user_factory(), proposal), 1.1**-2.62
    assert page.context["volume"].change == pytest.approx(0.75 + 0.25 * there - 1)
    assert page.context["revenue"].change == pytest.approx((150 + 75 * there * 1.1) / 225 - 1)
    proposal_approve(user=user_factory(), proposal=proposal)
    assert DecisionProduct.objects.get().expected == pytest.approx(0.75 + 0.25 * there - 1, abs=1e-5)


def test_who_sees_it_and_where_there_is_none() -> None:
    mine, shop = price_list_factory(), channel_factory()
    proposal = proposed(mine, priced(mine, 1))
    assert card(user_factory("viewer"), proposal).status_code == 200
    assert card(user_factory("viewer", channels=[shop]), proposal).status_code == 403
    english = client_of(user_factory(language="en"))
    abroad = price_list_factory(currency="GBP")
    said = tight(english.get(f"/pricing/proposals/{proposed(abroad, priced(abroad, 1)).pk}/"))
    assert "Nothing: nobody says who pays in another currency" in said
    assert "/effect/" not in said
    advised = price_list_factory(kind="advised")
    other = proposed(advised, priced(advised, 1))
    said = "Nothing: the reseller decides what he asks"
    assert said in tight(english.get(f"/pricing/proposals/{other.pk}/"))
    assert said not in tight(english.get(f"/pricing/proposals/{proposal.pk}/"))
    assert card(user_factory(), other).status_code == 302
    client = client_of(user_factory())
    for each, shown in ((proposal, True), (other, False)):
        page = client.get(f"/pricing/proposals/{each.pk}/").content.decode()
        assert (f"/pricing/proposals/{each.pk}/effect/" in page) is shown


def test_queries_are_as_many_for_two_as_for_ten() -> None:
    mine, line, user = price_list_factory(), line_factory(), user_factory()
    client, counts = client_of(user), []
    for count in (2, 10):
        proposal = proposed(mine, priced(mine, count, line=line))
        card(user, proposal, client)
        with CaptureQueriesContext(connection) as queries:
            assert len(card(user, proposal, client).context["page"]) == count
        counts.append(len(queries))
    assert counts == [9, 9]


def test_margin_and_its_chance_for_who_may_see_costs() -> None:
    """300 units at 10.00 that cost 6.00, +4 %: at the published elasticity 4.40 of each is left, where it was
    4.00. Volume may fall by 1/11 before less is left; ln(10/11)/ln(1.04) = -2.43 is the elasticity then."""
    mine, line = price_list_factory(), line_factory()
    goods = priced(mine, 2, line=line)
    cost_rate_factory(
        cost_line=cost_line_factory(product=None, line=line, basis="unit"), start_date=soon(-400), amount=6
    )
    proposal = proposed(mine, goods)
    page = card(user_factory(language="en"), proposal)
    margin = page.context["margin"]
    assert (margin.now, margin.then) == (1200, pytest.approx(300 * FOUR * 4.4))
    assert margin.low == pytest.approx(300 * 1.04 ** -(2.62 + 1.2816 * 1.18) * 4.4, rel=1e-4)
    assert margin.better == pytest.approx(NormalDist(-2.62, 1.18).cdf(-2.43) * -1 + 1, abs=1 / 64)
    assert page.context["revenue"].better == pytest.approx(1 - NormalDist(-2.62, 1.18).cdf(-1), abs=1 / 64)
    assert "Margin after costs by volume" in tight(page)
    [cheap, _dear] = goods
    cheap.line = line_factory()
    cheap.save()
    page = card(user_factory(language="en"), proposal)
    assert page.context["margin"].now == 800
    assert "Of 1 product the costs are not known" in tight(page)
    hidden = card(user_factory("marketing"), proposal)
    assert hidden.context["margin"] is None
    assert "Margin" not in tight(hidden)


@pytest.mark.parametrize("with_vat", [False, True])
def test_of_a_channels_list_with_all_that_may_stand_beside_it_the_queries_are_few(with_vat: bool) -> None:
    """Parts, reference customers, a consumer price, costs, and both lists, that of the channel with VAT or
    without."""
    everybody, shop = price_list_factory(), channel_factory()
    mine = price_list_factory(channel=shop, with_vat=with_vat)
    advised = price_list_factory(kind="advised", with_vat=True)
    [juice] = priced(everybody, 1)
    for price_list, component in ((mine, "unit"), (mine, "month"), (advised, "unit")):
        price_factory(
            product=juice, price_list=price_list, component=component, start_date=soon(-400), amount=3
        )
    ReferenceUse.objects.create(line=juice.line, customer="Home", amount=100)
    cost_rate_factory(
        cost_line=cost_line_factory(product=juice, basis="unit"), start_date=soon(-400), amount=1
    )
    last = month_add(month_start(today()), -1)
    units = Measure.objects.get(code="units")
    SalesMonth.objects.create(
        product=juice, measure=units, channel=shop, month=last, volume=9, revenue=27, days=30
    )
    proposal, user = proposed(mine, [juice]), user_factory()
    client = client_of(user)
    card(user, proposal, client)
    with CaptureQueriesContext(connection) as queries:
        assert card(user, proposal, client).context["margin"]
    assert len(queries) <= 12, "\n".join(q["sql"][:300] for q in queries)
