"""What ran, and until when, of promotions that were called off."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from core.organisation import today
from pricing.models import Promotion
from pricing.selectors.price_series import _promotions
from pricing.selectors.promotion_cuts import promotions_ran
from pricing.selectors.promotion_runs import last_day, ran_or_will
from pricing.selectors.promotion_series import measured_days
from pricing.selectors.promotions import ran
from pricing.services.promotion_decisions import promotion_cancel, promotion_decide, promotion_propose
from products.models import Measure
from tests.factories import product_factory, user_factory
from tests.pricing.promotions import DAY, approved_factory, promotion_factory, stopped

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("dates", "on", "days"),
    [
        ({"ahead": -10}, None, (-10, 3)),
        ({"ahead": -10}, -6, (-10, -6)),
        ({"ahead": -10}, -10, (-10, -10)),
        ({"ahead": -10}, -11, None),
        ({"ahead": 5}, None, (5, 18)),
        ({"ahead": 5}, -1, None),
        ({"ahead": 1, "delivery": -8}, -3, (1, -3)),  # delivered, and never in the store
    ],
)
def test_until_when_it_ran(dates: Any, on: int | None, days: tuple[int, int] | None) -> None:
    if "delivery" in dates:
        first = today() + dates.pop("delivery") * DAY
        dates |= {"delivery_start": first, "delivery_end": first + 20 * DAY}
    product = product_factory()
    row = approved_factory(product, mechanic="display", **dates)
    if on is not None:
        stopped(row, today() + on * DAY)
    said = Promotion.objects.filter(ran_or_will()).first()
    assert (said is None) == (days is None)
    assert ran(row) == (days is not None and dates["ahead"] != 5)
    assert len(_promotions([product.pk])) == int(days is not None)
    cuts = [one.last for one in promotions_ran(product)]
    if days is None:
        assert cuts == []
        return
    first, last = (today() + day * DAY for day in days)
    assert (row.store_start, last_day(row)) == (first, last)
    assert cuts == ([last] if last >= first else [])
    sell_in = Measure(code="sell-in")
    assert measured_days(row, sell_in) == (row.delivery_start or first, last)
    assert measured_days(row, Measure(code="sell-out")) == (first, last)


def test_what_nobody_approved_never_ran() -> None:
    user, other = user_factory(), user_factory()
    draft, rejected = (promotion_factory(product_factory(), user=user, ahead=-5) for _ in range(2))
    promotion_propose(user=user, promotion=rejected)
    promotion_decide(user=other, promotion=rejected, approve=False, note="No")
    for row in (draft, rejected):
        row.refresh_from_db()
        promotion_cancel(user=user, promotion=row, note="Neither")
        row.refresh_from_db()
        assert not ran(row)
    assert not Promotion.objects.filter(ran_or_will()).exists()


def test_the_database_keeps_one_that_is_over() -> None:
    row = approved_factory(product_factory(), ahead=-20)
    with pytest.raises(IntegrityError, match="has begun"):
        stopped(row, today())
