"""A promotion of what is counted as a state: it moves what comes in, and who comes in pays its price."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.models import Elasticity, Scenario
from pricing.selectors.what_if_promotion import PromotionAnswer
from pricing.services.promotions import ProductPlan
from pricing.what_if_asked import Asker
from products.models import Product
from tests.factories import (
    channel_factory,
    client_of,
    cost_rate_factory,
    price_factory,
    price_list_factory,
    product_factory,
    user_factory,
)
from tests.pricing.promotions import measured, sold_in
from tests.pricing.test_what_if import ask, ground_of, marketer
from tests.pricing.test_what_if_level import contracts as contracts
from tests.pricing.test_what_if_level import measures as measures
from tests.pricing.test_what_if_promotion import plain, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
STAYS = 0.98


def answered(product: Product, user: Any = None, **fields: Any) -> PromotionAnswer:
    """A welcome discount in the whole of the month after next."""
    asker = Asker(user or marketer(), ground_of(product, user))
    found = asker.answer(asker.read(said(**{"mechanic": "welcome"} | fields)))
    assert isinstance(found, PromotionAnswer)
    return found


def of_contracts(product: Product, *others: Product, **fields: Any) -> None:
    """Measured on what came in, at 25 % off: 200 normally, 420 came in, 50 less after."""
    plans = [ProductPlan(each, Decimal(10)) for each in (product, *others)]
    fields = {"mechanic": "welcome", "rate": Decimal("0.25"), "products": plans} | fields
    measured(product, *others, measure="new", **fields)


def there(came: float, month: int) -> float:
    """How many of those who came in in the third month are there in this one (0: the first)."""
    return came * STAYS ** (month - 2) if month >= 2 else 0.0


def test_what_comes_in_more_stays_and_pays_less(contracts: Product) -> None:
    """20 a month normally: U more come in in the third, and in the month after a quarter of 20 fewer. Who
    came in pays 7.50 instead of 10."""
    of_contracts(contracts)
    found = answered(contracts, price="7.5")
    assert (found.belief.own, found.belief.count) == (1, 1)
    assert found.found.baseline == pytest.approx(20)
    uplift = found.found.uplift.mean
    assert uplift == pytest.approx(1.1, abs=0.1)
    states = [1000 + 20 * uplift * there(1, n) - (5 * STAYS ** (n - 3) if n >= 3 else 0) for n in range(12)]
    volumes = [month.mean for month in found.outcome.volumes]
    assert volumes == pytest.approx(states, rel=1e-3)
    revenues = [10 * state - 2.5 * 20 * (1 + uplift) * there(1, n) for n, state in enumerate(states)]
    assert [month.mean for month in found.outcome.revenues] == pytest.approx(revenues, rel=1e-3)
    # By which uplift all revenue would be what it was: who came in by it makes up for who pays less.
    worth = sum(there(20, n) for n in range(12))
    dip = sum(5 * STAYS ** (n - 3) for n in range(3, 12))
    assert found.outcome.break_even == pytest.approx((1 + dip / worth) / 0.75 - 1, abs=0.001)
    # How probably U is over that: a normal 0.904 standard deviations below its mean.
    assert found.outcome.better == pytest.approx(0.817, abs=0.02)


def test_at_its_break_even_revenue_and_margin_are_as_now(contracts: Product) -> None:
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    manager = user_factory("product-manager")
    asked = {"mechanic": "campaign", "price": "10", "budget": "300"}
    found = answered(contracts, manager, **asked)
    assert found.outcome.break_even == pytest.approx(0)
    assert found.outcome.margin
    even = found.outcome.margin.break_even
    assert even
    again = answered(contracts, manager, **asked, assumed=str(100 * even))
    assert again.outcome.margin
    assert again.outcome.margin.total.mean == pytest.approx(again.outcome.margin.now, rel=1e-4)
    # 4 is left of a contract a month: those who came in leave 300 in the ten months they are there.
    assert even * 4 * sum(there(20, n) for n in range(12)) == pytest.approx(300, rel=1e-3)


def test_what_others_measured_on_goods_says_nothing_and_an_assumption_is_called_so(
    contracts: Product,
) -> None:
    measured(*(product_factory() for _ in range(4)), mechanic="welcome", rate=Decimal("0.25"))
    found = answered(contracts, price="9")
    assert found.belief.count == 0
    assert found.found.uplift.mean == pytest.approx(0.9**-2.5 - 1, rel=0.01)
    asked = said(mechanic="welcome", price="9", assumed="20")
    client = client_of(marketer())
    page = plain(ask(client, "div#what-if", **asked))
    assert "were measured on what comes in (New contracts). It is taken to answer this price" in page
    assert "56% more in its days" in page  # 0.9^-2.5 × 1.2
    assert "20% more beside the price is an assumption of your own" in page
    assert "who is there his own" in page
    card = ask(client, "div#what-if", **said(mechanic="welcome", assumed="-9"))
    assert 'name="assumed" min="0" max="500" step="1" value="0"' in card
    client.post(f"/products/{contracts.code}/mix/what-if/keep/", {"name": "More", **asked})
    assert Scenario.objects.get().values["assumed"] == "20"
    assert "assumed: 20% more come in beside it" in ask(client, "div#what-if")
    of_contracts(contracts)
    card = ask(client, "div#what-if", **asked)
    assert "what-if-assumed" not in card
    assert "more come in (New contracts) than normally" in plain(card)
    assert "1 of this product, 1 of its line, 1 in all" in plain(card)


def test_where_no_price_was_measured_either_only_what_is_assumed_comes_in(contracts: Product) -> None:
    """20 % more at 9 instead of 10: break-even at 1 / 0.9 − 1, and no chance of what is assumed."""
    Elasticity.objects.update(method="portfolio")
    found = answered(contracts, price="9", assumed="20")
    uplift = found.found.uplift
    assert (uplift.mean, uplift.lo80, uplift.hi80) == pytest.approx((0.2, 0.2, 0.2))
    assert found.outcome.break_even == pytest.approx(1 / 0.9 - 1)
    client = client_of(marketer())
    asked = said(mechanic="welcome", price="9", assumed="20")
    card = ask(client, "div#what-if", **asked)
    assert "More that come in in its days" in card
    assert "20% more come in in its days, and nothing less afterwards, is an assumption" in plain(card)
    assert "Chance" not in plain(card)
    of_contracts(contracts)  # measured promotions say it without a price that was
    card = plain(ask(client, "div#what-if", **asked))
    assert "more come in (New contracts) than normally" in card
    assert "Chance that revenue is higher" in card


def test_its_channels_are_weighed_by_what_comes_in(contracts: Product) -> None:
    web, desk = channel_factory(), channel_factory()
    sold_in(contracts, {web: 15, desk: 5}, "new")
    sold_in(contracts, {web: 100, desk: 900}, "in-force")
    assert answered(contracts, price="7.5", channel=[str(web.pk)]).share == pytest.approx(0.75)


def test_without_costs_in_few_queries(contracts: Product) -> None:
    of_contracts(contracts)
    asked = said(mechanic="welcome", price="7.5", budget="100")
    token = re.compile(r"csrf[^>]*>|[A-Za-z0-9]{64}")
    seller = client_of(marketer())
    before = token.sub("", ask(seller, **asked))
    cost_rate_factory(product=contracts, start_date="2024-01-01", amount=6)
    assert token.sub("", ask(seller, **asked)) == before
    client = client_of(user_factory("product-manager"))
    assert "the budget paid" in ask(client, **asked)
    with CaptureQueriesContext(connection) as queries:
        ask(client, **asked)
    assert len(queries) <= 11
    # With its channels to choose from, one of which pays a price of its own.
    web = channel_factory()
    price_factory(
        product=contracts, price_list=price_list_factory(channel=web), start_date="2024-01-01", amount=9
    )
    sold_in(contracts, {web: 15}, "new")
    sold_in(contracts, {web: 100}, "in-force")
    with CaptureQueriesContext(connection) as queries:
        ask(client, "div#what-if", **asked, channel=web.pk)
    assert len(queries) <= 12
