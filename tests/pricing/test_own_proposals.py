"""What a page offers who proposed something: never to approve it where a second person is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pricing.services.promotion_decisions import promotion_propose
from pricing.services.proposals import proposal_approve
from products.models import FourEyesRule
from tests.factories import client_of, product_factory, user_factory
from tests.html import tight
from tests.pricing import test_positioning as positionings
from tests.pricing import test_proposals as prices
from tests.pricing.promotions import DAY, promotion_factory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def a_price(user: Any) -> str:
    return prices.proposed(user).get_absolute_url()


def a_promotion(user: Any) -> str:
    row = promotion_factory(product_factory(), user=user)
    promotion_propose(user=user, promotion=row)
    return f"/pricing/promotions/{row.pk}/"


def a_positioning(user: Any) -> str:
    row = positionings.proposed(user, product_factory())
    return f"/products/{row.product.code}/mix/positioning/{row.pk}/"


@pytest.mark.parametrize(
    ("kind", "propose"), [("price", a_price), ("promotion", a_promotion), ("positioning", a_positioning)]
)
def test_approval_is_offered_to_who_may_give_it(kind: str, propose: Callable[[Any], str]) -> None:
    author, other = user_factory(), user_factory()
    address = propose(author)
    for mode in (None, "off"):
        if mode:
            FourEyesRule.objects.create(decision_kind=kind, mode=mode)
        for user in (author, other):
            page = tight(client_of(user).get(address))
            waits = user == author and mode is None
            assert ('value="approve"' in page) is not waits
            assert ("waits for somebody else" in page) is waits


def test_prices_in_force_are_not_offered_for_withdrawal(monkeypatch: pytest.MonkeyPatch) -> None:
    found = prices.proposed()
    proposal_approve(user=user_factory(), proposal=found)
    client = client_of(user_factory())
    for day, offered in ((found.start_date - DAY, True), (found.start_date, False)):
        monkeypatch.setattr("pricing.views.proposals.today", lambda day=day: day)
        assert ("Withdraw these prices" in tight(client.get(found.get_absolute_url()))) is offered
