"""More distribution as a what-if: by the rate of sale of the product's own months."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.months import month_add
from pricing.models import DistributionMonth, Scenario
from pricing.selectors.what_if_distribution import DistributionAnswer
from pricing.what_if_asked import Asker
from products.models import Channel, Measure, Product, SalesMonth
from tests.factories import channel_factory, client_of, cost_rate_factory, measure_factory, user_factory
from tests.pricing.test_what_if import ask, ground_of, marketer, next_month
from tests.pricing.test_what_if import product as product

pytestmark = pytest.mark.django_db


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def months_of(
    product: Product, channel: Channel, *, volume: float, rate: float = 0.4, months: int = 12
) -> None:
    """So many months of sales and weighted distribution, the last one the newest."""
    units = Measure.objects.get(code="units")
    for n in range(months):
        month = month_add(next_month(-1), -n)
        SalesMonth.objects.create(
            product=product, measure=units, channel=channel, month=month, volume=volume, days=30
        )
        if rate:
            DistributionMonth.objects.create(
                product=product, channel=channel, month=month, weighted_rate=rate
            )


@pytest.fixture
def shops(product: Product) -> Channel:
    """60 % of the volume goes through shops at 40 % weighted distribution; of the rest nothing is known."""
    found = channel_factory(name="Shops")
    months_of(product, found, volume=600)
    months_of(product, channel_factory(name="Web"), volume=400, rate=0)
    return found


def said(**fields: Any) -> dict[str, Any]:
    return {"kind": "distribution", "start": str(next_month()), "rate": "0.5"} | fields


def test_a_quarter_more_in_shops(product: Product, shops: Channel) -> None:
    asker = Asker(marketer(), ground_of(product))
    found = asker.answer(asker.read(said()))
    assert found
    assert [round(month.mean) for month in found.outcome.volumes[:3]] == pytest.approx(
        [1000, 1150, 1150], abs=3
    )
    assert found.outcome.revenues[1].mean == pytest.approx(10 * found.outcome.volumes[1].mean)
    low, high = found.outcome.volumes[1].lo80, found.outcome.volumes[1].hi80
    assert low < 1035 < 1265 < high
    assert asker.read({"kind": "distribution"}).values["rate"] == "0.44"
    assert asker.read(said(rate="7", channel="999")).values == {
        "kind": "distribution",
        "rate": "1",
        "start": str(next_month()),
        "channel": [str(shops.pk)],
    }


def test_learnt_from_what_consumers_buy_where_the_price_sensitivity_is(
    product: Product, shops: Channel
) -> None:
    """What resellers order stays as it is while consumers buy twice as much at twice the distribution."""
    out = measure_factory(code="sell-out", name_en="Sell-out")
    elasticity = product.elasticities.get()
    elasticity.measure = out
    elasticity.save()
    for n in range(12):
        month = month_add(next_month(-1), -n)
        DistributionMonth.objects.filter(channel=shops, month=month).update(
            weighted_rate=0.2 if n % 2 else 0.4
        )
        SalesMonth.objects.create(
            product=product, measure=out, channel=shops, month=month, volume=300 if n % 2 else 600, days=30
        )
    asker = Asker(marketer(), ground_of(product))
    found = asker.answer(asker.read(said(rate="0.8")))
    assert isinstance(found, DistributionAnswer)
    assert (found.measure, found.per_point) == (out, pytest.approx(15))
    assert found.belief.mean == pytest.approx(1, abs=0.01)
    SalesMonth.objects.filter(measure=out).delete()
    asker = Asker(marketer(), ground_of(product))
    found = asker.answer(asker.read(said(rate="0.8")))
    assert isinstance(found, DistributionAnswer)
    assert found.measure == Measure.objects.get(code="units")
    assert found.belief.mean < 0.5


def test_refused_where_there_is_none(product: Product) -> None:
    months_of(product, channel_factory(), volume=600, months=2)
    page = plain(ask(client_of(marketer()), "div#what-if", **said()))
    assert "no channel has three months with its sales and its weighted distribution" in page
    assert "Against now" not in page
    assert (
        client_of(marketer()).post("/products/A/mix/what-if/keep/", {"name": "X", **said()}).status_code
        == 404
    )


def test_the_card_and_a_kept_one_beside_a_price(product: Product, shops: Channel) -> None:
    client = client_of(marketer())
    page = plain(ask(client, "div#what-if", **said()))
    assert "Weighted distribution Shops 50%" in page
    assert "now 40% (" in page
    assert "A percentage point of distribution sold 15 carton there in a month, over 12 months (" in page
    assert "A tenth more distribution is 10.0% more volume there (80%: 6.0% to 14.1%)." in page
    assert "The channel sells 60% of all volume." in page
    assert "Propose" not in page
    client.post("/products/A/mix/what-if/keep/", {"name": "Wider", **said()})
    row = Scenario.objects.get()
    assert (row.values["rate"], row.values["channel"]) == ("0.5", [str(shops.pk)])
    assert row.result["volume"]["mean"] == pytest.approx(1000 + 11 * 1150, rel=0.005)
    page = ask(client, "div#what-if", price="11", **{"with": row.pk})
    assert "50% distribution in Shops from" in plain(page)
    assert '"other0":' in page


def test_a_kept_one_keeps_the_name_of_its_channel(product: Product, shops: Channel) -> None:
    client = client_of(marketer())
    months_of(product, channel_factory(name="Kiosks"), volume=100)
    client.post("/products/A/mix/what-if/keep/", {"name": "Wider", **said(channel=shops.pk)})
    row = Scenario.objects.get()
    [kept] = client.get("/products/A/mix/what-if/", {"with": row.pk}).context["beside"]
    assert f"channel={shops.pk}" in kept["again"]
    DistributionMonth.objects.filter(channel=shops).delete()
    page = client.get("/products/A/mix/what-if/", {"with": row.pk})
    [kept] = page.context["beside"]
    assert kept["about"].startswith("50% distribution in Shops from")
    assert kept["again"] == ""
    assert "It cannot be asked again" in page.content.decode()


def test_break_even_and_chances_and_what_they_rest_on(product: Product, shops: Channel) -> None:
    """600 of 1,000 a month at 10 that cost 6, eleven months: 26,400 is left there."""
    manager = user_factory("product-manager")
    page = plain(ask(client_of(manager), "div#what-if", **said(cost="2640")))
    assert "Break-even: prices stay, so revenue is what it was as long as volume is." in page
    assert "Chance that revenue is higher than now: 100%." in page
    assert "other channels, prices and competitors are taken to stay as they are." in page
    assert "What it costs us" not in page
    cost_rate_factory(product=product, start_date=month_add(next_month(), -40), amount=Decimal(6))
    page = ask(client_of(manager), "div#what-if", **said(cost="2640"))
    assert 'name="cost" min="0" step="any" value="2640.00"' in page
    assert "Margin after costs by volume, and what distribution costs" in page
    assert "The margin stays the same if the channel sells 10.0% more from then on" in plain(page)
    # 1.25 to the power of 1, give or take 0.3, is over 1.1 in all but three of a hundred cases.
    assert "Chance that the margin is higher than now, what it costs paid: 97%." in plain(page)
    asker = Asker(manager, ground_of(product, manager))
    with_cost, free = (asker.answer(asker.read(said(**more))) for more in ({"cost": "2640"}, {}))
    assert with_cost
    assert free
    assert with_cost.outcome.margin
    assert free.outcome.margin
    assert free.outcome.margin.total.mean - with_cost.outcome.margin.total.mean == pytest.approx(2640)
    free_page = plain(ask(client_of(manager), **said()))
    assert "if the channel sells" not in free_page
    assert "Chance that the margin is higher than now: 100%." in free_page
    assert "Chance that" not in plain(ask(client_of(manager), **said(rate="0.4")))


def test_what_it_costs_is_nobody_elses(product: Product, shops: Channel) -> None:
    """Not asked of, nor read by, who may not see costs; not kept with a scenario that everybody reads."""
    cost_rate_factory(product=product, start_date=month_add(next_month(), -40), amount=Decimal(6))
    client_of(user_factory("product-manager")).post(
        "/products/A/mix/what-if/keep/", {"name": "Wider", **said(cost="2640")}
    )
    assert "cost" not in Scenario.objects.get().values
    asker = Asker(marketer(), ground_of(product))
    assert "cost" not in asker.read(said(cost="2640")).values
    page = ask(client_of(marketer()), "div#what-if", **said(cost="2640"))
    assert "2640" not in page
    assert "costs" not in plain(page)


def test_the_margin_only_for_who_may_see_costs(product: Product, shops: Channel) -> None:
    client, manager = client_of(marketer()), client_of(user_factory("product-manager"))
    token = re.compile(r"csrf[^>]*>|[A-Za-z0-9]{64}")
    before = token.sub("", ask(client, **said()))
    cost_rate_factory(product=product, start_date=month_add(next_month(), -40), amount=Decimal(6))
    assert token.sub("", ask(client, **said())) == before
    assert "Margin after costs by volume" in ask(manager, **said())
    with CaptureQueriesContext(connection) as queries:
        ask(manager, **said())
    assert len(queries) <= 13
