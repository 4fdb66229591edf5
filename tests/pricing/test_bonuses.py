"""What bonuses have accrued, and what was settled of them."""

from __future__ import annotations

import datetime

import pytest
from django.db import Error, transaction

from accounts.errors import DomainError
from pricing.engine.terms import Step
from pricing.models import BonusSettlement
from pricing.selectors.bonuses import Bonus, bonuses
from pricing.services.terms import bonus_settle
from products.models import Measure, Product, ProductLine
from tests.factories import (
    channel_factory,
    line_factory,
    measure_factory,
    product_factory,
    user_factory,
)
from tests.pricing.terms import JULY, PAID, SCALE, D, bonus_of, day, sell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture(autouse=True)
def _july(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fifteenth of July 2026."""
    monkeypatch.setattr("core.organisation.local_now", lambda: JULY)


@pytest.fixture
def line() -> ProductLine:
    return line_factory(name="Juice", unit="carton")


@pytest.fixture
def product(line: ProductLine) -> Product:
    return product_factory(code="A", line=line)


def only(year: int = 2026) -> Bonus:
    [found] = [row for row in bonuses(user_factory(), [2026, 2025]) if row.year == year]
    return found


def test_the_step_the_year_is_expected_to_reach(product: Product) -> None:
    """Half a year at 600 where last year was 300 each month: 7,200 expected, so 3 % of 3,600."""
    shop = channel_factory()
    bonus_of(shop)
    sell(product, shop, 2025, range(1, 13), 300)
    sell(product, shop, 2026, range(1, 7), 600)
    found = only()
    assert (found.so_far, found.expected, found.reached, found.rate) == (
        3_600,
        7_200,
        D("0.02"),
        D("0.03"),
    )
    assert (found.accrued, found.open) == (D("108.00"), D("108.00"))
    assert found.following is None  # the highest is expected already


def test_without_a_last_year_the_step_reached(product: Product) -> None:
    shop = channel_factory()
    bonus_of(shop)
    sell(product, shop, 2026, range(1, 7), 600)
    found = only()
    assert (found.expected, found.rate, found.accrued) == (None, D("0.02"), D("72.00"))
    assert found.following == SCALE[2]


def test_a_year_that_is_over_and_not_settled(product: Product) -> None:
    shop = channel_factory()
    bonus_of(shop, start_date=datetime.date(2025, 1, 1))
    sell(product, shop, 2025, range(1, 13), 100)
    assert (only(2025).over, only(2025).accrued, only(2025).open) == (True, 24, 24)
    bonus_settle(user=user_factory(), channel=shop, line=None, **PAID | {"year": 2025, "amount": D(20)})
    assert (only(2025).settled, only(2025).open) == (20, 4)
    bonus_settle(user=user_factory(), channel=shop, line=None, **PAID | {"year": 2025, "reference": "CN-2"})
    assert only(2025).open == -86


def test_what_was_sold_counts_once(product: Product, line: ProductLine) -> None:
    """The account's own bonus, and that of a line of it, go before that of the trade."""
    above = channel_factory(name="Trade")
    shop = channel_factory(name="Shop", parent=above)
    store = channel_factory(parent=shop)
    bonus_of(above), bonus_of(shop), bonus_of(shop, line=line)
    other = product_factory(line=line_factory())
    sell(product, store, 2026, [1], 100)
    sell(other, store, 2026, [1], 10)
    sell(product, above, 2026, [1], 1)
    found = {(str(row.term.channel), row.term.line): row.revenue for row in bonuses(user_factory(), [2026])}
    assert found == {("Shop", line): 100, ("Shop", None): 10, ("Trade", None): 1}


def test_a_month_goes_by_the_scale_on_its_first_day(product: Product) -> None:
    shop = channel_factory()
    bonus_of(shop, [Step(D(0), D("0.01"))])
    bonus_of(shop, [Step(D(0), D("0.05"))], start_date=datetime.date(2026, 3, 2))
    sell(product, shop, 2026, range(1, 5), 100)
    assert only().accrued == D("8.00")  # three months at 1 %, April at 5 %


def test_by_volume_where_volumes_can_be_added(product: Product, line: ProductLine) -> None:
    shop = channel_factory()
    bonus_of(shop, [Step(D(100), D("0.05"))], line=line, basis="volume")
    sell(product, shop, 2026, range(1, 7), 100, volume=20)
    found = only()
    assert (found.so_far, found.unit, found.accrued) == (120, "carton", D("30.00"))
    sell(product_factory(line=line, unit="bottle"), shop, 2026, [1], 100)
    found = only()
    assert (found.so_far, found.accrued, found.open) == (None, None, None)


def test_volume_of_contracts_cannot_be_added() -> None:
    level = measure_factory(kind=Measure.Kind.LEVEL)
    with pytest.raises(DomainError, match="in force"):
        bonus_of(channel_factory(), line=line_factory(measures=[level]), basis="volume")


def test_a_settlement_is_entered_once_and_stays() -> None:
    shop, user = channel_factory(), user_factory()
    with pytest.raises(DomainError, match="No bonus"):
        bonus_settle(user=user, channel=shop, line=None, **PAID)
    bonus_of(shop)
    made = bonus_settle(user=user, channel=shop, line=None, **PAID)
    with pytest.raises(DomainError) as error:
        bonus_settle(user=user, channel=shop, line=None, **PAID | {"reference": "cn-1 "})
    assert (error.value.code, error.value.field) == ("settled_already", "reference")
    early = {"settled_date": datetime.date(2025, 12, 31), "reference": "CN-0"}
    with pytest.raises(DomainError, match="before the year"):
        bonus_settle(user=user, channel=shop, line=None, **PAID | early)
    with pytest.raises(DomainError, match="to come"):
        bonus_settle(user=user, channel=shop, line=None, **PAID | {"settled_date": day(1)})
    for write in (made.delete, lambda: BonusSettlement.objects.update(amount=1)):
        with pytest.raises(Error), transaction.atomic():
            write()
    assert BonusSettlement.objects.get().amount == 90
